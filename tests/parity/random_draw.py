"""Which random call comes next, and what is done to make it odd. Called by random_calls.py."""

import json
import re

import random_search as search
import random_world as made
from random_world import NO_BODY, ODD_KEYS, ODD_NAMES, ODD_TEXTS, WRONG

CALLS = ((made.experiment_create, 4), (made.experiment_delete, 2), (made.experiment_restore, 2), (made.experiment_update, 2), (made.experiment_get, 2),
         (made.experiment_by_name, 2), (made.experiment_tag, 4), (made.experiment_untag, 1), (made.run_create, 7), (made.run_get, 4), (made.run_update, 5), (made.run_delete, 2),
         (made.run_restore, 2), (made.metric_log, 6), (made.param_log, 5), (made.tag_set, 5), (made.tag_delete, 2), (made.batch_log, 9), (made.inputs_log, 4), (made.outputs_log, 2),
         (made.model_log, 1), (made.history, 4), (made.history_bulk, 2), (made.history_interval, 3), (made.logged_create, 4), (made.logged_get, 3), (made.logged_finalize, 2),
         (made.logged_delete, 1), (made.logged_params, 2), (made.logged_tags, 2), (made.logged_untag, 1), (made.reg_create, 3), (made.reg_get, 2), (made.reg_update, 2),
         (made.reg_rename, 1), (made.reg_delete, 1), (made.reg_tag, 2), (made.reg_untag, 1), (made.latest_versions, 2), (made.alias_set, 3), (made.alias_delete, 1),
         (made.alias_get, 2), (made.version_create, 6), (made.version_get, 2), (made.version_uri, 1), (made.version_update, 1), (made.version_delete, 1), (made.version_stage, 3),
         (made.version_tag, 2), (made.version_untag, 1), (made.put_file, 5), (made.get_file, 3), (made.delete_file, 1), (made.list_files, 2), (made.list_run_files, 3),
         (made.get_run_file, 2), (made.upload_run_file, 2), (made.get_version_file, 1), (made.list_logged_files, 1), (made.get_logged_file, 1), (search.runs_search, 14),
         (search.experiments_search, 6), (search.regs_search, 4), (search.versions_search, 5), (search.logged_search, 6), (search.datasets_search, 1))
FIRST = (made.experiment_create, made.experiment_create, made.run_create, made.run_create, made.run_create, made.logged_create, made.reg_create, made.version_create)


def draw(world, position):
    """The next call."""
    if world.queue:
        return world.queue.pop(0)
    if position < len(FIRST):
        return FIRST[position](world)
    focused = position > world.settled and [(f, n) for f, n in CALLS if re.search(world.focus, f.__name__)]
    world.tame = bool(world.focus) and not focused
    functions, weights = zip(*(focused or CALLS))
    call = world.dice.choices(functions, weights)[0](world)
    if world.chance(0 if world.tame else 14):
        damage(world, call)
    elif world.chance(3) and isinstance(call.body, dict):
        call.raw = json.dumps(json.dumps(call.body))  # as old clients write it
    if world.chance(8) and not call.path.startswith("/"):
        call.path = "/ajax-api/2.0/mlflow/" + call.path
    if call.method == "GET" and call.query and world.chance(3):
        call.query, call.body = None, call.query
        call.marks.add("body of a GET")
    return call


def places(value, path=()):
    """Every (container, key) in a JSON value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in list(items):
        yield value, key
        yield from places(item, (*path, key))


def damage(world, call):
    """Make a valid call odd in one or two ways."""
    target = call.body if call.body is not NO_BODY else call.query
    if not isinstance(target, dict):
        return
    target = json.loads(json.dumps(target))
    for _ in range(world.pick([1, 1, 1, 2])):
        spots = [spot for spot in places(target) if spot[1] != "filter"]  # it keeps a search among the episode's own
        if spots:
            one_damage(world, call, target, *world.dice.choice(spots))
    if call.body is NO_BODY:
        call.query = search.queryable(target)
        return
    call.body = target
    if world.chance(12):
        call.raw = json.dumps(json.dumps(target))
        call.marks.add("twice encoded")
    elif world.chance(8):
        text = json.dumps(target)
        call.raw = world.pick(["", "[]", "null", "5", '"x"', text[:-1], text + "x", "{}", '""', "true", f"[{text}]", text.replace(":", " :\n"), "\ufeff" + text,
                               text[:-1] + ",}"])
        call.marks.add("raw")
    elif world.chance(8):
        call.headers = {"content-type": world.pick(["text/plain", "application/json; charset=utf-8", "application/x-www-form-urlencoded", "",
                                                    "APPLICATION/JSON", "application/json;x", "application/jsonx", "application/vnd.api+json"])}
        call.marks.add("type header")


def one_damage(world, call, whole, container, key):
    what = world.pick(["drop", "type", "type", "null", "odd text", "unknown", "camel", "again", "number"])
    if what == "drop" and isinstance(container, dict):
        del container[key]
    elif what == "type":
        container[key] = world.dice.choice(WRONG)
    elif what == "null":
        container[key] = None
    elif what == "odd text":
        container[key] = world.dice.choice(ODD_TEXTS + ODD_KEYS + ODD_NAMES)
    elif what == "unknown":
        whole[world.pick(["unknown", "_x", "", "run_ids", "Name"])] = world.dice.choice(WRONG)
    elif what == "camel" and isinstance(container, dict):
        head, *rest = key.split("_")
        container[head + "".join(word.title() for word in rest)] = container.pop(key)
    elif what == "again" and isinstance(container, list):
        container.append(container[key])
    elif what == "number" and isinstance(container[key], str):
        container[key] = container[key].replace("@", "#") if container[key].startswith("@exp") else world.pick([5555555, 1.5])
    else:
        return
    call.marks.add(what)
