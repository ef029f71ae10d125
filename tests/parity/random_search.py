"""Random searches: filters from the whole grammar and beyond it, orders, pages to the end. Called by random_draw.py."""

import json
import re

from random_world import HEX, NUMBERS, ODD_IDS, STATUSES, TEXTS, VIEWS, Call, paged

# --- searches ---------------------------------------------------------------------------------------------------------


def quoted_key(w, key):
    plain = key.replace("`", "").replace('"', "")
    bare = [plain] if re.fullmatch(r"[\w.]+", plain) else []
    return w.pick([f"`{plain}`", f'"{plain}"', *bare], [key, f"'{plain}'", f"`{key}`"], 4)


def string_value(w, values):
    text = w.dice.choice(values)
    if "'" in text:
        return f'"{text}"'
    return w.pick([f"'{text}'", f'"{text}"'] if '"' not in text else [f"'{text}'"], [text, f"`{text}`", f"'{text}", "''", "5", "0.5", "NULL"], 5)


def like_value(w, values):
    text = w.dice.choice(values).replace("'", "")
    forms = [f"{text[:1]}%", f"%{text[-1:]}", f"%{text[1:3]}%", text, text.upper(), text.lower(), f"_{text[1:]}", "%", "_%", "\\%", "", "%%",
             text[:-1] + "_", "[a-z]%", "*", text.replace("a", "%")]
    return "'" + w.dice.choice(forms) + "'"


def condition(w, left, values, kind):
    """`left` compared somehow: kind is "text" or "number"."""
    roll = w.dice.random()
    word = w.pick(["{}"], ["{}", "lower"], 10)
    numbers = [str(v) for v in values] if kind == "number" else []
    if kind == "number" and roll < 0.85:
        sign = w.pick(["=", "!=", ">", ">=", "<", "<="], ["<>", "==", "LIKE", "IN", "is", "=>"], 4)
        value = w.pick(numbers, ["'1'", "abc", "1e400", "-0", "+1", ".5", "1.", "0x10", "1e", "'abc'", "NaN", "inf", "1_000", "--1", "- 1", "", "null"], 8)
        gap = w.pick([" ", ""], ["  ", "\t", "\n"], 5)
        return f"{left}{gap}{sign}{gap}{value}"
    values = [str(v) for v in values]
    if roll < 0.40:
        return f"{left} {w.pick(['=', '!='], ['>', '<', '>=', '<=', '==', '<>'], 12)} {string_value(w, values)}"
    if roll < 0.65:
        return f"{left} {w.pick(['LIKE', 'ILIKE'], ['like', 'ilike', 'NOT LIKE', 'Like', 'NOT ILIKE', 'REGEXP'], 15)} {like_value(w, values)}"
    if roll < 0.85:
        items = ", ".join(string_value(w, values) for _ in range(w.dice.randint(1, 3)))
        items = w.pick([f"({items})"], [f"( {items} )", f"({items},)", "()", items, f"[{items}]", f"(({items}))"], 8)
        return f"{left} {w.pick(['IN', 'NOT IN'], ['in', 'not in', 'NOT  IN', 'not IN'], 15)} {items}"
    text = w.pick(["IS NULL", "IS NOT NULL"], ["is null", "is not null", "IS  NULL", "IS NOT  NULL", "IS", "= NULL", "NOT NULL", "IS 'x'"], 15)
    return f"{left} {text.lower() if word == 'lower' else text}"


def prefixed(w, name, prefixes):
    return w.pick(prefixes, ["", "nope.", "attributes.", "metric.", "params.", "tags."], 3) + name


TIME_VALUES = [0, 1, 1000, 1010, 1050, 1100, 2000, 10**12, -1]


def run_condition(w):
    roll = w.dice.random()
    if roll < 0.3:
        return condition(w, prefixed(w, quoted_key(w, w.key()), ["metrics.", "metric."]), NUMBERS, "number")
    if roll < 0.5:
        return condition(w, prefixed(w, quoted_key(w, w.key()), ["params.", "param.", "parameters."]), TEXTS, "text")
    if roll < 0.7:
        return condition(w, prefixed(w, quoted_key(w, w.key()), ["tags.", "tag."]), TEXTS, "text")
    if roll < 0.8:
        name = w.pick(["name", "digest", "context"], ["nope", "source", "Name", "profile"], 6)
        return condition(w, prefixed(w, name, ["datasets.", "dataset."]), ["iris", "wine", "d1", "training", "testing"], "text")
    if roll < 0.9:
        return condition(w, prefixed(w, w.pick(["start_time", "end_time", "created", "duration"], ["Start Time", "`Start Time`", "startTime"], 5),
                                     ["attributes.", "", "attribute.", "attr.", "run."]), TIME_VALUES, "number")
    name, values = w.pick([("status", [*STATUSES, "finished"]), ("run_name", ["nrun1", "nrun2", "renamed", "x"]), ("run_id", ["@run1@", "@run2@", HEX, "x"]),
                           ("artifact_uri", ["x", "mlflow-artifacts:/1"]), ("user_id", TEXTS), ("`run name`", ["nrun1"]), ("`Run name`", ["nrun1"]),
                           ("lifecycle_stage", ["active"]), ("experiment_id", ["@exp1@"]), ("run_uuid", ["@run1@"]), ("source_type", ["x"]),
                           ("source_name", ["x"]), ("name", ["nrun1"]), ("Status", ["FINISHED"]), ("entry_point_name", ["x"])])
    return condition(w, prefixed(w, name, ["attributes.", "", "attribute.", "attr."]), values, "text")


def experiment_condition(w):
    roll = w.dice.random()
    if roll < 0.4:
        return condition(w, prefixed(w, quoted_key(w, w.key()), ["tags.", "tag."]), TEXTS, "text")
    if roll < 0.6:
        return condition(w, prefixed(w, w.pick(["creation_time", "last_update_time"]), ["attributes.", "", "attribute."]), TIME_VALUES, "number")
    return condition(w, prefixed(w, w.pick(["name"], ["experiment_id", "Name", "lifecycle_stage", "artifact_location"], 8), ["attributes.", "", "attribute."]),
                     ["@P@exp1", "@P@exp2", "@P@EXP1", "Default"], "text")


def reg_condition(w):
    if w.chance(50):
        return condition(w, prefixed(w, quoted_key(w, w.key()), ["tags.", "tag."]), TEXTS, "text")
    return condition(w, prefixed(w, "name", ["", "attribute.", "attributes."]), ["@P@reg1", "@P@reg2", "@P@REG1"], "text")


def version_condition(w):
    roll = w.dice.random()
    if roll < 0.35:
        return condition(w, prefixed(w, quoted_key(w, w.key()), ["tags.", "tag."]), TEXTS, "text")
    if roll < 0.5:
        return condition(w, w.pick(["version_number"], ["version", "creation_timestamp", "last_updated_timestamp"], 10), [1, 2, 3], "number")
    if roll < 0.65:
        return condition(w, "run_id", ["@run1@", "@run2@", HEX, ""], "text")
    name = w.pick(["source_path"], ["source", "current_stage", "status", "user_id"], 10)
    if roll < 0.75:
        return condition(w, name, ["s3://bucket/a", "s3://bucket/b/c", "None"], "text")
    return condition(w, prefixed(w, "name", ["", "", "attribute."]), ["@P@reg1", "@P@reg2", "@P@REG1"], "text")


def logged_condition(w):
    roll = w.dice.random()
    if roll < 0.25:
        return condition(w, prefixed(w, quoted_key(w, w.key()), ["metrics."]), NUMBERS, "number")
    if roll < 0.45:
        return condition(w, prefixed(w, quoted_key(w, w.key()), ["params."]), TEXTS, "text")
    if roll < 0.65:
        return condition(w, prefixed(w, quoted_key(w, w.key()), ["tags."]), TEXTS, "text")
    if roll < 0.75:
        return condition(w, prefixed(w, w.pick(["creation_timestamp", "last_updated_timestamp", "creation_time", "last_updated_timestamp_ms"]),
                                     ["attributes.", ""]), TIME_VALUES, "number")
    name, values = w.pick([("name", ["nlm1", "nlm2", "x"]), ("model_id", ["@lm1@", "@lm2@", "x"]), ("model_type", TEXTS), ("source_run_id", ["@run1@", "x"]),
                           ("status", ["READY", "PENDING", "FAILED", "2"]), ("experiment_id", ["@exp1@"]), ("artifact_uri", ["x"])])
    return condition(w, prefixed(w, name, ["attributes.", ""]), values, "text")


def filter_of(w, one):
    if w.chance(10):
        return w.pick(["", " "], ["x", "=", "'", "AND", ";", "--", "tags", "tags.", ".a = 1", "1 = 1", "a = 'b", "name", "\u0000", "name = 'a'; name = 'b'"], 50)
    glue = w.pick([" AND "], [" and ", " And ", "  AND  ", "\nAND\n", ", ", " ", " AND AND ", " & "], 6)
    text = glue.join(one(w) for _ in range(w.pick([1, 1, 1, 2, 2, 3])))
    if w.chance(4):
        at = w.dice.randrange(len(text))
        text = text[:at] + w.pick(["", " ", "'", '"', "`", ".", "("]) + text[at + 1:]
    if w.chance(3):
        text = w.pick([" " + text, text + " ", text + ";", text + " AND", "AND " + text])
    return text


def order_key(w, plain, prefixes):
    if w.chance(45):
        key = w.pick(plain)
    else:
        key = w.pick(prefixes) + quoted_key(w, w.key())
    return key + w.pick(["", " ASC", " DESC"], [" asc", " desc", " Desc", " UP", " ASC DESC", ",", " NULLS LAST", "  DESC"], 8)


def max_results(w):
    return w.pick([1, 2, 3, 5, 100], [0, -1, 1000, 1001, 50000, 50001, "2", "x", 2.0, 1.5, None, 2**31, 2**63, True], 10)


def exp_ids(w):
    ids = [e["id"] for e in w.exps] or ["0"]
    found = [w.pick(ids, ODD_IDS, 4) for _ in range(w.dice.randint(1, 3))]
    return found if not w.chance(4) else w.pick([[], None, "x", found + found])


def runs_search(w):
    body = {"experiment_ids": exp_ids(w)}
    if w.chance(75):
        body["filter"] = filter_of(w, run_condition)
    if w.chance(50):
        plain = ["attributes.start_time", "start_time", "attribute.end_time", "status", "run_name", "Created", "duration", "`Start Time`",
                 "user_id", "lifecycle_stage", "`Run Name`", "attributes.`start_time`", "end_time", "nope", "datasets.name"]
        body["order_by"] = [order_key(w, plain, ["metrics.", "params.", "tags.", "metric.", "param.", "tag."]) for _ in range(w.dice.randint(0, 2))]
    if w.chance(50):
        body["max_results"] = max_results(w)
    if w.chance(40):
        body["run_view_type"] = w.pick(VIEWS, ["all", 1, 2, 3, 0, 4, "", None, "NOPE"], 10)
    return paged(w, "POST", "runs/search", body, "body")


def experiments_search(w):
    body = {"filter": filter_of(w, experiment_condition) + " AND name LIKE '@P@%'" if w.chance(60) else "name LIKE '@P@%'"}
    if w.chance(50):
        plain = ["name", "creation_time", "last_update_time", "experiment_id", "attribute.name", "nope", "tags.team", "`name`"]
        body["order_by"] = [order_key(w, plain, ["", "tags."]) if w.chance(15) else w.pick(plain[:3]) + w.pick(["", " DESC", " asc"])
                            for _ in range(w.dice.randint(0, 2))]
    body["max_results"] = w.pick([1, 2, 3, 5, 100], [0, -1, 50000, 50001, "2", "x", 2.0, 1.5, None], 10)
    if w.chance(40):
        body["view_type"] = w.pick(VIEWS, ["all", 1, 2, 3, 0, 4, ""], 10)
    if w.chance(40):
        return paged(w, "GET", "experiments/search", queryable(body), "query")
    return paged(w, "POST", "experiments/search", body, "body")


def queryable(body):
    """A body as query parameters: all strings."""
    def text(value):
        return value if isinstance(value, str) else json.dumps(value)
    return {k: [text(i) for i in v] if isinstance(v, list) else text(v) for k, v in body.items()}


def regs_search(w):
    query = {"filter": filter_of(w, reg_condition) + " AND name LIKE '@P@%'" if w.chance(60) else "name LIKE '@P@%'"}
    if w.chance(50):
        query["order_by"] = [w.pick(["name", "timestamp", "last_updated_timestamp"], ["creation_timestamp", "nope", "tags.x", "attribute.name"], 8)
                             + w.pick(["", " ASC", " DESC"], [" UP", "  desc"], 6) for _ in range(w.dice.randint(0, 2))]
    query["max_results"] = w.pick([1, 2, 3, 100], [0, -1, 1000, 1001, "x", 1.5], 8)
    return paged(w, "GET", "registered-models/search", queryable(query), "query")


def versions_search(w):
    query = {"filter": filter_of(w, version_condition) + " AND name LIKE '@P@%'" if w.chance(60) else "name LIKE '@P@%'"}
    if w.chance(60):
        query["order_by"] = [w.pick(["name", "version_number", "last_updated_timestamp", "creation_timestamp"],
                                    ["version", "nope", "tags.x", "source_path", "current_stage"], 10)
                             + w.pick(["", " ASC", " DESC"], [" UP", "  desc"], 6) for _ in range(w.dice.randint(0, 2))]
    query["max_results"] = w.pick([1, 2, 3, 100], [0, -1, 200000, 200001, "x", 1.5], 8)
    return paged(w, "GET", "model-versions/search", queryable(query), "query")


def logged_search(w):
    body = {"experiment_ids": exp_ids(w)}
    if w.chance(70):
        body["filter"] = filter_of(w, logged_condition)
    if w.chance(40):
        plain = ["name", "creation_timestamp", "last_updated_timestamp", "model_type", "status", "nope", "creation_time", "attributes.name"]
        body["order_by"] = []
        for _ in range(w.dice.randint(0, 2)):
            item = {"field_name": w.pick(plain) if w.chance(60) else "metrics." + quoted_key(w, w.key())}
            if w.chance(60):
                item["ascending"] = w.pick([True, False], ["true", 1, None])
            if w.chance(15):
                item["dataset_name"] = w.pick(["iris", "wine"])
                if w.chance(60):
                    item["dataset_digest"] = w.pick(["d1", "d2"])
            body["order_by"].append(item)
    if w.chance(20):
        body["datasets"] = [{"dataset_name": w.pick(["iris", "wine"]), **({"dataset_digest": w.pick(["d1", "d2"])} if w.chance(50) else {})}]
    if w.chance(40):
        body["max_results"] = w.pick([1, 2, 3, 50], [0, -1, 51, "2", "x", 1.5, None], 10)
    return paged(w, "POST", "logged-models/search", body, "body")


def datasets_search(w):
    return Call("POST", "/ajax-api/2.0/mlflow/experiments/search-datasets", body={"experiment_ids": exp_ids(w)}, unordered=("dataset_summaries",))
