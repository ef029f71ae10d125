"""Draws random API calls over a growing picture of what the servers hold. Called by random_calls.py.

A call is symbolic: `@run3@` in a path, query or body stands for what an earlier call captured under that name, `@P@` for the
prefix that makes names unique, so the same calls can be replayed on any server. The picture holds only what both servers
made; one random.Random decides everything, so a seed gives the same calls as long as the answers are the same.
"""

import json
from dataclasses import dataclass, field

NO_BODY = object()


@dataclass
class Call:
    method: str
    path: str
    query: object = None  # dict of strings or lists of strings
    body: object = NO_BODY
    captures: dict = field(default_factory=dict)
    marks: set = field(default_factory=set)  # what was done to a valid call: "type", "drop", ...
    raw: object = None  # text sent instead of the body
    headers: dict = field(default_factory=dict)
    unordered: tuple = ()
    learn: object = None  # called when both servers said yes


KEYS = ["acc", "loss", "Acc", "a b", "a.b", "a/b", "a-b", "a_b", "ünï", "日本", "1num", "lr", "opt", "team", "k:v"]
ODD_KEYS = ["", " ", "../x", "a/../b", "/a", "a/", "./a", "a//b", ".", "..", "x" * 250, "x" * 251, "a'b", 'a"b', "a`b", "%", "a!b",
            "a\nb", "\U0001f600", "a\\b", "mlflow.runName", "mlflow.user", "mlflow.note.content", "mlflow.source.name",
            "mlflow.parentRunId", "mlflow.experimentKind", "mlflow.x", "a#b", "a?b", "a=b", "a,b", "a|b", "ü" * 125, "ü" * 251]
TEXTS = ["x", "X", "red", "Red", "it's", 'say "hi"', "100%", "a_b", "ünï", "ÜNÏ", "1", "0.5", "0.10", "1e3", "a b", "blue", "sgd"]
ODD_TEXTS = ["", " ", " lead", "trail ", "a\nb", "\t", "\U0001f600", "\\", "a\\'b", "x" * 500, "x" * 501, "x" * 5000, "x" * 5001,
             "x" * 6000, "x" * 6001, "x" * 8000, "x" * 8001, "null", "None", "true", "{}", "[1]", "@P@", "é" * 300, "\u0000",
             "a\u0000b", "\u2028", "%s", "../..", "<b>", "NaN", "e\u0301"]
NUMBERS = [0, 1, -1, 0.5, 0.1, 2, 10, 1e3, -2.5, 1e-7, 123456789.125, 3.0, 0.30000000000000004]
ODD_NUMBERS = ["NaN", "Infinity", "-Infinity", 1e308, -1e308, 5e-324, -0.0, "1.5", "1e5", 2**53 + 1, 2**63, 10**25, True, False, None,
               "abc", "", " 1", "0x10", "inf", "+1", [1], {"v": 1}, 1e16, 1e22, 1e-5, 123456789012345680]
TIMES = [0, 1, 2, 5, 1000, 1000, 2000, 12345, 10**12]
ODD_TIMES = [-1, 2**31, 2**53, 2**63 - 1, 2**63, -2**63, "5", 1.0, 1.5, 1e3, "1e3", "abc", "", None, True, [], {}, "5.0", " 7", "+7", "07"]
WRONG = [5555555, -1, 1.5, True, False, None, "", "x", [], {}, ["x"], {"a": 1}, [None], [[]], "null", 2**70, "5555555", [{}], [5555555], "[]", "{}"]
STATUSES = ["RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"]
ODD_STATUSES = ["running", "DONE", "", 1, 3, 0, 6, "3", 3.0, None, "UNKNOWN", True]
STAGES = ["None", "Staging", "Production", "Archived"]
ODD_STAGES = ["staging", "PRODUCTION", "archived", "none", "", "Nope", 5, None, "Staging ", "latest"]
VIEWS = ["ACTIVE_ONLY", "DELETED_ONLY", "ALL"]
HEX = "0123456789abcdef0123456789abcdef"
ODD_IDS = [HEX, " ", "nope", "999999", "m-" + HEX, HEX.upper(), HEX[:-1], "../x", "a/b", "x" * 300, "-1", "1e3", "ünï", "'", "%41",
           "@run1@ ", "@exp1@", "@lm1@", "@run1@", "None", "null", "99999999999999999999"]
ODD_NAMES = ["", "@P@ ", "@P@..", "@P@/", "@P@a/b", "@P@a:b", "@P@a.b", "@P@a%b", '@P@a"b', "@P@a'b", "@P@" + "x" * 243, "@P@" + "x" * 248, "@P@" + "x" * 249,
             "@P@" + "x" * 250, "@P@" + "x" * 500, "@P@ünï", " @P@lead", "@P@trail ", "@P@a\nb", "@P@\U0001f600", "@P@a\\b", "@P@exp1",
             "@P@reg1", "@P@", "@P@#", "@P@?", "@P@a#b", "@P@../x", "@P@NULL", "@P@é" * 20]
ODD_FILES = ["a b.txt", "ünï.txt", "a%20b", "a#b", "a?b", "a&b=c", ".hidden", "a..b", "-", "a+b", "~", "a;b", "a'b", 'a"b', "x" * 255,
             "x" * 256, "a\\b", "日本/文.json", "d/e/f/g", "CON", "a|b", "a:b", "*", "[x]", "{x}", "$x", "\U0001f600", "a ", " a", "a.", "a.tar.gz",
             "MLmodel", "d/MLmodel", "a.PNG", "noext", "a.parquet", "a.html"]
BAD_FILES = ["..", "../x", "a/../../x", "/etc/passwd", "a//b", "./a", "a/./b", "a/", "%2e%2e/x", "%2Fetc", "a%00b", "", ".", "//x", "a/..",
             "file:///x", "..%2fx", "a/..%2f..%2fx", "%252e%252e/x", "C:/x"]


class World:
    """What both servers hold by now, and the dice."""

    def __init__(self, dice):
        self.dice = dice
        self.count = {}
        self.exps, self.runs, self.logged, self.regs, self.files = [], [], [], [], []
        self.queue = []  # calls that must come next: further pages
        self.start_time = 1000
        self.settled, self.focus = 120, ""  # from that call on, only calls whose function's name matches
        self.tame = False  # nothing odd: so that a world with a focus comes to be

    # --- dice ---

    def chance(self, percent):
        return self.dice.random() * 100 < percent

    def pick(self, usual, odd=(), percent=12):
        odd_now = odd and (not usual or self.chance(0 if self.tame else percent))
        return self.dice.choice(odd if odd_now else usual)

    def fresh(self, kind):
        self.count[kind] = self.count.get(kind, 0) + 1
        return f"{kind}{self.count[kind]}"

    def key(self):
        return self.dice.choice(KEYS[:5]) if self.chance(60) else self.pick(KEYS, ODD_KEYS, 25)

    def text(self):
        return self.dice.choice(TEXTS[:6]) if self.chance(50) else self.pick(TEXTS, ODD_TEXTS, 20)

    def tags(self, most=3):
        found = [{"key": self.key(), "value": self.text()} for _ in range(self.dice.randint(0, most))]
        return found if self.chance(5) and not self.tame else list({item["key"]: item for item in found}.values())

    def thing(self, things, odd=6, gone=12):
        """An object: mostly alive, sometimes deleted, None for an odd id."""
        alive = [t for t in things if not t.get("deleted")]
        if self.chance(0 if self.tame else odd) or not things:
            return None
        if alive and not self.chance(gone):
            return self.dice.choice(alive[-6:])
        return self.dice.choice(things)

    def id_of(self, things, **how):
        found = self.thing(things, **how)
        return found["id"] if found else self.dice.choice(ODD_IDS)

    def exp(self):
        return self.id_of(self.exps)

    def run(self):
        return self.id_of(self.runs)

    def lm(self):
        return self.id_of(self.logged)

    def reg(self):
        found = self.thing(self.regs)
        return found["id"] if found else self.pick(["@P@none"], ODD_NAMES, 50)

    def version_of(self, name):
        known = next((r["versions"] for r in self.regs if r["id"] == name), 0)
        usual = [str(v + 1) for v in range(known)] or ["1"]
        return self.pick(usual, ["0", "-1", "99", "", "abc", "1.0", "01", " 1", 1, None, "1e0", "latest", str(2**63), "+1"], 8)


def paged(w, method, path, arguments, kind, **more):
    """A call whose next page is asked for as well, until there is none."""
    token = w.fresh("page")
    call = Call(method, path, captures={token: "next_page_token"}, **{kind: arguments}, **more)

    def learn(world):
        if isinstance(getattr(call, kind), dict) and world.has(token):
            world.queue.append(paged(world, method, path, {**getattr(call, kind), "page_token": f"@{token}@"}, kind, **more))
    call.learn = learn
    return call


# --- experiments ------------------------------------------------------------------------------------------------------


def experiment_create(w):
    ref = w.fresh("exp")
    body = {"name": w.pick([f"@P@{ref}", f"@P@ {ref} ü"], ["@P@exp1", "@P@EXP1", *ODD_NAMES], 10)}
    if w.chance(30):
        body["tags"] = w.tags()
    if w.chance(0 if w.tame else 12):
        body["artifact_location"] = w.pick(["s3://b/x", "s3://b/x/", "mlflow-artifacts:/own@P@", "/abs/x", "file:///abs/x"],
                                           ["", "rel", "s3://b/x?q=1", "s3://b/x#f", "s3://b/../x", "http://h/a%20b", "x" * 3000, "a\\b", "dbfs:/x",
                                            "s3://", "gs://b", "file:rel", "file://host/x", "nope://x", "s3://b/%2e%2e/x", " "], 40)

    def learn(world):
        world.exps.append({"id": f"@{ref}@", "name": body["name"], "deleted": False,
                           "own": "artifact_location" in body})
    return Call("POST", "experiments/create", body=body, captures={ref: "experiment_id"}, learn=learn)


def set_deleted(things, ident, value, cascade=()):
    for thing in things:
        if thing["id"] == ident:
            thing["deleted"] = value
    for thing in cascade:
        if thing.get("exp") == ident:
            thing["deleted"] = value


def experiment_delete(w):
    ident = w.exp() if w.chance(35) else w.dice.choice(ODD_IDS)
    return Call("POST", "experiments/delete", body={"experiment_id": ident},
                learn=lambda world: set_deleted(world.exps, ident, True, world.runs))


def experiment_restore(w):
    ident = w.id_of(w.exps, gone=70)
    return Call("POST", "experiments/restore", body={"experiment_id": ident},
                learn=lambda world: set_deleted(world.exps, ident, False, world.runs))


def experiment_update(w):
    ident, name = w.exp(), w.pick([f"@P@{w.fresh('name')}"], ["@P@exp1", *ODD_NAMES], 30)
    return Call("POST", "experiments/update", body={"experiment_id": ident, "new_name": name})


def experiment_get(w):
    return Call("GET", "experiments/get", query={"experiment_id": w.exp()})


def experiment_by_name(w):
    names = [e["name"] for e in w.exps] or ["@P@"]
    return Call("GET", "experiments/get-by-name", query={"experiment_name": w.pick(names, ODD_NAMES + ["@P@EXP1"], 20)})


def experiment_tag(w):
    return Call("POST", "experiments/set-experiment-tag", body={"experiment_id": w.exp(), "key": w.key(), "value": w.text()})


def experiment_untag(w):
    return Call("POST", "experiments/delete-experiment-tag", body={"experiment_id": w.exp(), "key": w.key()})


# --- runs -------------------------------------------------------------------------------------------------------------


def run_create(w):
    ref, exp = w.fresh("run"), w.id_of(w.exps, odd=3, gone=4)
    w.start_time += 10  # never twice the same: ties are broken by run ids, which are random
    body = {"experiment_id": exp, "start_time": w.start_time, "run_name": w.pick([f"n{ref}"], ["", *TEXTS, *ODD_NAMES], 15)}
    if w.chance(40):
        body["tags"] = w.tags()
    if w.chance(20):
        body["user_id"] = w.text()

    def learn(world):
        world.runs.append({"id": f"@{ref}@", "exp": exp, "deleted": False})
    return Call("POST", "runs/create", body=body, captures={ref: "run.info.run_id"}, learn=learn)


def run_get(w):
    return Call("GET", "runs/get", query={w.pick(["run_id"], ["run_uuid"], 8): w.run()})


def run_update(w):
    body = {"run_id": w.run()}
    if w.chance(60):
        body["status"] = w.pick(STATUSES, ODD_STATUSES, 15)
    if w.chance(50):
        body["end_time"] = w.pick(TIMES, ODD_TIMES)
    if w.chance(40):
        body["run_name"] = w.pick(["renamed", "other"], ["", *ODD_TEXTS, *ODD_NAMES], 40)
    return Call("POST", "runs/update", body=body)


def run_delete(w):
    ident = w.run()
    return Call("POST", "runs/delete", body={"run_id": ident}, learn=lambda world: set_deleted(world.runs, ident, True))


def run_restore(w):
    ident = w.id_of(w.runs, gone=70)
    return Call("POST", "runs/restore", body={"run_id": ident}, learn=lambda world: set_deleted(world.runs, ident, False))


def metric(w):
    found = {"key": w.key(), "value": w.pick(NUMBERS, ODD_NUMBERS, 15), "timestamp": w.pick(TIMES, ODD_TIMES, 5)}
    if w.chance(60):
        found["step"] = w.pick([0, 1, 2, 3, 10], [-1, *ODD_TIMES], 8)
    if w.chance(15):
        found["model_id"] = w.lm()
    if w.chance(12):
        found.update(dataset_name=w.pick(["iris", "wine"], ODD_TEXTS), dataset_digest=w.pick(["d1", "d2"], ODD_TEXTS))
        if w.chance(20):
            del found["dataset_digest"]
    return found


def metric_log(w):
    return Call("POST", "runs/log-metric", body={"run_id": w.run(), **metric(w)})


def param_log(w):
    return Call("POST", "runs/log-parameter", body={"run_id": w.run(), "key": w.key(), "value": w.text()})


def tag_set(w):
    return Call("POST", "runs/set-tag", body={"run_id": w.run(), "key": w.key(), "value": w.text()})


def tag_delete(w):
    return Call("POST", "runs/delete-tag", body={"run_id": w.run(), "key": w.key()})


def batch_log(w):
    body = {"run_id": w.run()}
    if w.chance(70):
        body["metrics"] = [metric(w) for _ in range(w.dice.randint(0, 4))]
    if w.chance(60):
        body["params"] = w.tags(4)
    if w.chance(60):
        body["tags"] = w.tags(4)
    if w.chance(2):
        body["params"] = [{"key": f"p{i}", "value": "v"} for i in range(w.pick([100, 101]))]
    if w.chance(6):
        body["metrics"] = [{"key": "acc", "value": i / 4, "timestamp": 100 + i % 7, "step": (i * 7) % 23} for i in range(w.pick([20, 60, 200]))]
    if w.chance(2):
        body["metrics"] = [{"key": f"m{i}", "value": i, "timestamp": i} for i in range(w.pick([1000, 1001, 950]))]
    return Call("POST", "runs/log-batch", body=body)


def dataset(w):
    found = {"name": w.pick(["iris", "wine"], ODD_TEXTS, 10), "digest": w.pick(["d1", "d2"], ["", "x" * 36, "x" * 37], 10),
             "source_type": w.pick(["local", "http"], ODD_TEXTS, 6), "source": w.pick(["{}", "s"], ODD_TEXTS, 6)}
    if w.chance(20):
        found["schema"] = w.text()
    if w.chance(20):
        found["profile"] = w.text()
    item = {"dataset": found}
    if w.chance(60):
        item["tags"] = [{"key": "mlflow.data.context", "value": w.pick(["training", "testing"], ODD_TEXTS)}]
        if w.chance(15):
            item["tags"] += w.tags(2)
    return item


def inputs_log(w):
    body = {"run_id": w.run()}
    if w.chance(80):
        body["datasets"] = [dataset(w) for _ in range(w.dice.randint(0, 3))]
    if w.chance(30):
        body["models"] = [{"model_id": w.lm()} for _ in range(w.dice.randint(0, 2))]
    return Call("POST", "runs/log-inputs", body=body)


def outputs_log(w):
    ids = [w.lm() for _ in range(w.dice.randint(0, 3))]
    models = [{"model_id": ident, "step": w.pick([0, 1, 2], ODD_TIMES, 8)} for ident in (ids if w.chance(5) else dict.fromkeys(ids))]
    return Call("POST", "runs/outputs", body={"run_id": w.run(), "models": models})


def model_log(w):
    text = json.dumps({"run_id": "@run1@", "artifact_path": w.pick(["model", "m2"]), "utc_time_created": "2024-01-01 00:00:00",
                       "flavors": {"python_function": {"x": w.text()}}, "model_uuid": "u"})
    return Call("POST", "runs/log-model", body={"run_id": w.run(), "model_json": w.pick([text], ["", "{}", "[]", "x", "null", '{"flavors": 5}'], 20)})


def history(w):
    query = {"run_id": w.run(), "metric_key": w.key()}
    if w.chance(50):
        query["max_results"] = w.pick(["1", "2", "3"], ["0", "-1", "abc", "25000", "25001", "1.5", "", "99999999999"], 20)
    return paged(w, "GET", "metrics/get-history", query, "query")


def history_bulk(w):
    query = {"run_id": [w.run() for _ in range(w.dice.randint(0, 3))], "metric_key": w.key()}
    if w.chance(40):
        query["max_results"] = w.pick(["1", "3"], ["0", "-1", "abc", "30000"], 20)
    return Call("GET", "/ajax-api/2.0/mlflow/metrics/get-history-bulk", query=query, unordered=("metrics",))


def history_interval(w):
    query = {"run_ids": [w.run() for _ in range(w.dice.randint(0, 3))], "metric_key": w.key()}
    for name in ("start_step", "end_step"):
        if w.chance(30):
            query[name] = w.pick(["0", "1", "2", "5"], ["-1", "abc", "1.5", "", str(2**31), str(2**63)], 20)
    if w.chance(40):
        query["max_results"] = w.pick(["1", "2", "3", "10"], ["0", "-1", "abc", "2500", "2501"], 20)
    return Call("GET", "metrics/get-history-bulk-interval", query=query, unordered=("metrics",))


# --- logged models ----------------------------------------------------------------------------------------------------


def logged_create(w):
    ref, exp = w.fresh("lm"), w.id_of(w.exps, odd=3, gone=4)
    body = {"experiment_id": exp, "name": w.pick([f"n{ref}"], ODD_NAMES, 10)}
    if w.chance(40):
        body["model_type"] = w.text()
    if w.chance(40):
        body["source_run_id"] = w.run()
    if w.chance(40):
        body["params"] = w.tags()
    if w.chance(40):
        body["tags"] = w.tags()

    def learn(world):
        world.logged.append({"id": f"@{ref}@", "exp": exp})
    return Call("POST", "logged-models", body=body, captures={ref: "model.info.model_id"}, learn=learn)


def logged_get(w):
    return Call("GET", f"logged-models/{w.lm()}", query={"allow_deleted": w.pick(["true", "false"], ["1", "", "True", "x"])} if w.chance(25) else None)


def logged_finalize(w):
    ident = w.lm()
    status = w.pick(["LOGGED_MODEL_READY", "LOGGED_MODEL_UPLOAD_FAILED", "LOGGED_MODEL_PENDING"], [1, 2, 3, 0, "x", "", None, "READY", 9])
    return Call("PATCH", f"logged-models/{ident}", body={"model_id": ident, "status": status})


def logged_delete(w):
    ident = w.lm()
    return Call("DELETE", f"logged-models/{ident}", learn=lambda world: set_deleted(world.logged, ident, True))


def logged_params(w):
    ident = w.lm()
    body = {"params": w.tags(), "model_id": ident}
    return Call("POST", f"logged-models/{ident}/params", body=body)


def logged_tags(w):
    ident = w.lm()
    return Call("PATCH", f"logged-models/{ident}/tags", body={"tags": w.tags(), **({"model_id": ident} if w.chance(50) else {})})


def logged_untag(w):
    return Call("DELETE", f"logged-models/{w.lm()}/tags/{w.key()}")


# --- registry ---------------------------------------------------------------------------------------------------------


def reg_create(w):
    ref = w.fresh("reg")
    body = {"name": w.pick([f"@P@{ref}", f"@P@ {ref} ü"], ["@P@reg1", "@P@REG1", *ODD_NAMES], 12)}
    if w.chance(30):
        body["tags"] = w.tags()
    if w.chance(40):
        body["description"] = w.text()

    def learn(world):
        world.regs.append({"id": f"@{ref}@", "versions": 0, "deleted": False})
    return Call("POST", "registered-models/create", body=body, captures={ref: "registered_model.name"}, learn=learn)


LATEST = ("registered_model.latest_versions", "registered_model.aliases", "registered_models.*.latest_versions",
          "registered_models.*.aliases", "model_version.aliases", "model_versions.*.aliases")


def reg_get(w):
    return Call("GET", "registered-models/get", query={"name": w.reg()})


def reg_update(w):
    return Call("PATCH", "registered-models/update", body={"name": w.reg(), "description": w.pick(TEXTS, ODD_TEXTS + [None], 30)})


def reg_rename(w):
    old, ref = w.reg(), w.fresh("reg")

    def learn(world):
        for reg in world.regs:
            if reg["id"] == old:
                reg["id"] = f"@{ref}@"
    return Call("POST", "registered-models/rename", body={"name": old, "new_name": w.pick([f"@P@{ref}"], ["@P@reg1", *ODD_NAMES], 25)},
                captures={ref: "registered_model.name"}, learn=learn)


def reg_delete(w):
    name = w.reg() if w.chance(40) else w.dice.choice(ODD_NAMES)
    return Call("DELETE", "registered-models/delete", body={"name": name}, learn=lambda world: forget_reg(world, name))


def forget_reg(world, name):
    world.regs = [reg for reg in world.regs if reg["id"] != name]


def reg_tag(w):
    return Call("POST", "registered-models/set-tag", body={"name": w.reg(), "key": w.key(), "value": w.text()})


def reg_untag(w):
    return Call("DELETE", "registered-models/delete-tag", body={"name": w.reg(), "key": w.key()})


def latest_versions(w):
    stages = [w.pick(STAGES, ODD_STAGES) for _ in range(w.dice.randint(0, 3))]
    body = {"name": w.reg(), **({"stages": stages} if w.chance(70) else {})}
    if w.chance(50):
        return Call("GET", "registered-models/get-latest-versions", query=body, unordered=("model_versions",))
    return Call("POST", "registered-models/get-latest-versions", body=body, unordered=("model_versions",))


ALIASES = ["champion", "challenger", "Champion", "a-b", "a_b", "ünï"]
ODD_ALIASES = ["", "latest", "LATEST", "v1", "V12", "v", "v1x", "a b", "a/b", "a.b", "x" * 255, "x" * 256, "1", "a:b", "é", "\U0001f600", "a@b", "Latest"]


def alias_set(w):
    name = w.reg()
    return Call("POST", "registered-models/alias", body={"name": name, "alias": w.pick(ALIASES, ODD_ALIASES, 25), "version": w.version_of(name)})


def alias_delete(w):
    return Call("DELETE", "registered-models/alias", body={"name": w.reg(), "alias": w.pick(ALIASES, ODD_ALIASES, 15)})


def alias_get(w):
    return Call("GET", "registered-models/alias", query={"name": w.reg(), "alias": w.pick(ALIASES, ODD_ALIASES, 15)})


def source(w):
    run = w.thing(w.runs, odd=0)
    exp, ident = (run["exp"], run["id"]) if run else ("1", HEX)
    usual = ["s3://bucket/a", "s3://bucket/b/c", f"mlflow-artifacts:/{exp}/{ident}/artifacts/model", f"runs:/{ident}/model",
             "dbfs:/a/b", f"models:/{w.lm()}"]
    odd = ["", "/abs/path", "file:///abs", "rel/path", "s3://b/../c", "s3://b/%2e%2e/c", "http://h/x?y=1#z", "s3://b/x?a=../b", "s3://b/x#..",
           f"models:/{w.reg()}/1", f"models:/{w.reg()}/Production", f"models:/{w.reg()}@champion", "models:/", "models:/a/b/c", "mlflow-artifacts:/x",
           f"mlflow-artifacts:/{exp}/{ident}/artifacts/../x", f"mlflow-artifacts://host/{exp}/{ident}/artifacts/m", "runs:/x", "C:\\x", "s3:/x",
           "mlflow-artifacts:/../x", "//host/x", "file://host/x", "FILE:///x", "s3://b/a b", "x" * 600, "a\\..\\b", "gs://b/ü", "s3://b//x", "."]
    return w.pick(usual, odd, 35), ident


def version_create(w):
    name = w.reg()
    where, run = source(w)
    body = {"name": name, "source": where}
    if w.chance(50):
        body["run_id"] = run if w.chance(75) else w.run()
    if w.chance(20):
        body["run_link"] = w.text()
    if w.chance(30):
        body["tags"] = w.tags()
    if w.chance(30):
        body["description"] = w.text()
    if w.chance(12):
        body["model_id"] = w.lm()

    def learn(world):
        for reg in world.regs:
            if reg["id"] == name:
                reg["versions"] += 1
    return Call("POST", "model-versions/create", body=body, learn=learn)


def version_body(w, **more):
    name = w.reg()
    return {"name": name, "version": w.version_of(name), **more}


def version_get(w):
    return Call("GET", "model-versions/get", query=version_body(w))


def version_uri(w):
    return Call("GET", "model-versions/get-download-uri", query=version_body(w))


def version_update(w):
    return Call("PATCH", "model-versions/update", body=version_body(w, description=w.pick(TEXTS, ODD_TEXTS + [None], 30)))


def version_delete(w):
    return Call("DELETE", "model-versions/delete", body=version_body(w))


def version_stage(w):
    body = version_body(w, stage=w.pick(STAGES, ODD_STAGES, 20))
    if w.chance(60) and (body["stage"] in ("Staging", "Production") or w.chance(10)):
        body["archive_existing_versions"] = w.pick([True, False], ["true", 1, None, "x"])
    return Call("POST", "model-versions/transition-stage", body=body)


def version_tag(w):
    return Call("POST", "model-versions/set-tag", body=version_body(w, key=w.key(), value=w.text()))


def version_untag(w):
    return Call("DELETE", "model-versions/delete-tag", body=version_body(w, key=w.key()))


# --- artifacts --------------------------------------------------------------------------------------------------------


def file_name(w):
    return w.pick(["a.txt", "b.json", "d/x.txt", "d/e/y.bin", *ODD_FILES], BAD_FILES, 20)


def file_home(w):
    """The directory of a run or logged model as the artifact routes name it."""
    thing = w.thing(w.runs + w.logged, odd=0)
    if thing is None:
        return "nobody"
    kind = "models/" if thing["id"].startswith("@lm") else ""
    return f"{thing['exp']}/{kind}{thing['id']}/artifacts"


def put_file(w):
    text = w.pick(["hello\n", "{}", "", "x" * 3000])
    return Call("PUT", f"/api/2.0/mlflow-artifacts/artifacts/{file_home(w)}/{file_name(w)}", raw=text)


def get_file(w):
    return Call("GET", f"/api/2.0/mlflow-artifacts/artifacts/{file_home(w)}/{file_name(w)}")


def delete_file(w):
    return Call("DELETE", f"/api/2.0/mlflow-artifacts/artifacts/{file_home(w)}/{file_name(w)}")


def list_files(w):
    query = {"path": w.pick([file_home(w), file_home(w) + "/d"], [file_home(w) + "/" + w.pick(BAD_FILES + ODD_FILES)], 40)}
    return Call("GET", "/api/2.0/mlflow-artifacts/artifacts", query=query)


def list_run_files(w):
    query = {"run_id": w.run()}
    if w.chance(60):
        query["path"] = w.pick(["d", "d/e", "a.txt", *ODD_FILES], BAD_FILES, 25)
    return Call("GET", "artifacts/list", query=query)


def get_run_file(w):
    return Call("GET", "/get-artifact", query={w.pick(["run_id", "run_uuid"]): w.run(), "path": file_name(w)})


def upload_run_file(w):
    query = {"run_uuid": w.run(), "path": file_name(w)}
    if w.chance(10):
        del query[w.pick(["run_uuid", "path"])]
    return Call("POST", "/ajax-api/2.0/mlflow/upload-artifact", query=query, raw=w.pick(["hello", "", "x" * 100]),
                headers={"content-type": "application/octet-stream"})


def get_version_file(w):
    return Call("GET", "/model-versions/get-artifact", query=version_body(w, path=file_name(w)))


def list_logged_files(w):
    query = {"artifact_directory_path": w.pick(["d", "d/e", ""], BAD_FILES + ODD_FILES, 40)} if w.chance(60) else None
    return Call("GET", f"logged-models/{w.lm()}/artifacts/directories", query=query)


def get_logged_file(w):
    return Call("GET", f"/ajax-api/2.0/mlflow/logged-models/{w.lm()}/artifacts/files", query={"artifact_file_path": file_name(w)})
