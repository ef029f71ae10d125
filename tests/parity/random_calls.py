#!/usr/bin/env python3
"""Random calls to the official MLflow server and to Millrace at once, answers compared: finds what nobody thought of.

    random_calls.py --mlflow VENV/bin/mlflow --server build/millrace --calls 5000 --seed 1
    random_calls.py --official http://127.0.0.1:5001 --millrace http://127.0.0.1:5002

Calls come in episodes with objects of their own (random_draw.py draws them). Each kind of difference is told once, with the
fewest calls that still show it. What is deliberate stands in ALLOWED with its reason. Python 3.11, standard library only.
"""

import argparse
import contextlib
import json
import random
import re
import signal
import sys
import time
import urllib.parse
from collections import Counter
from pathlib import Path

import client
import normal
import parity
from casefile import Step
from random_draw import draw
from random_world import NO_BODY, Call, World

TOKEN = re.compile(r"@([A-Za-z]\w*)@")
NUMBER_TOKEN = re.compile(r'"#([a-z]\w*)#"')
OWN_PLACE = re.compile(r"/[\w/]*/parity-\w+")  # the directory of a server started here
WRITES = {"POST", "PUT", "PATCH", "DELETE"}
LISTS_WITHOUT_ORDER = ("run.inputs.model_inputs", "run.outputs.model_outputs", "registered_model.latest_versions", "registered_model.aliases",
                       "registered_models.*.latest_versions", "registered_models.*.aliases", "model_version.aliases", "model_versions.*.aliases",
                       "model.data.metrics", "models.*.data.metrics", "runs.*.inputs.model_inputs", "runs.*.outputs.model_outputs")

# (what the kind of difference looks like, what the call looks like, reason). A kind is "METHOD route | where | official | Millrace".
REFUSES = r"\| (200|4\d\d [^|]*) \| 400 INVALID_PARAMETER_VALUE: "
ALLOWED = (
    (REFUSES + r"Invalid value .* Hint: Value was of type", "", "half-read message: the official server goes on without the fields it could not read"),
    (REFUSES + r"The request body is not valid JSON", "", "half-read message: the official server takes broken JSON for no body"),
    (REFUSES + r"Invalid boolean value", "", "half-read message: one handler takes every word but true for false"),
    (r"search \| status \| [45]\d\d( [^|]*)? \| 200$", "", "Millrace's grammar is the same for every search and knows more"),
    (r"search \| .* 400 INVALID_PARAMETER_VALUE: Invalid value for max_results", r'max_results[\\": ]+(0|-1)\b', "a page of nothing never ends"),
    (r"(runs|logged-models)/search \| status \| 200 \| 400 ", r'AND AND|"filter": "AND|AND"|" *AND', "half-read filter: a word too many"),
    (r"artifact.* \| 400 INVALID_PARAMETER_VALUE: Invalid path \| (200|404|501)", r"#", "a # in a name is a plain character"),
    (r"artifact.* \| 400 INVALID_PARAMETER_VALUE: Invalid path$", r"%00|u0000", "no file name holds a zero byte"),
    (r"artifact.* json.message \| 404 [^|]*No such artifact", r'" |//|%2F|/\.|/"|""|/$|"\.', "slashes that say nothing are gone from the message"),
    (r"status \| (500|404 [^|]*Failed to download)[^|]* \| 501", "", "a client for that store is not built in, on both sides"),
    (r"logged-models/\* .*Missing value for required parameter ~.*\| 200|logged-models/\*/params .*Missing value .*\| 200", "", "the path names the model"),
    (r"mlflow-artifacts/artifacts \| json.files", r"^GET [^ ]* \?\{\}", "the root of all artifacts: other episodes have been there"),
    (r"json.message \| 400 [^|]*Model json is missing mandatory fields", "", "the official server prints a Python set"),
    (r"artifacts.* \| json.files", r'"path": "(\./?)?[ "]|/ ', "white space at the ends of a name belongs to it"),
    (r"(PATCH|POST) logged-models/\* .*Missing value for required parameter", "", "the path names the model"),
    (r"search \| status \| 200 \| 400", r"NaN|inf|1_0", "Python's own spellings of numbers are no part of the grammar"),
    (r"search \| json.error_class", "order_by", "of two faults the other one is told"),
    (r"get-history-bulk-interval \| status \| 200 \| 400", r"^GET [^?]*\{", "half-read message: one handler looks for some fields in the query alone"),
    (r"PATCH logged-models/\* \| (json.message|status) \| 404", "model_id", "the path names the model"),
    (r"artifact.* \| (json.message|status) \| 404", r"%20", "the official server decodes twice on its way"),
    (r"get-artifact \| status \| 500 [^|]*the tracking URI must be", "", "the official server cannot read its own proxied artifacts here"),
    (r"experiments/update \| status \| 500 INVALID_STATE", "", "a fault of the request is a 400"),
    (REFUSES + r"The request body must be a JSON object", "", "half-read message: a list is no object"),
    (r"artifact.* json.message \| 400 [^|]*refers to a directory", r'"\.|/\.|/"', "slashes that say nothing are gone from the message"),
    (r"artifact", r"\\[nt]|%0[a9]", "control characters in names of files"),
    (r"logged-models/search \| (json.models|order of models|status \| 200 \| 400)", r'filter.*(\\"|status|\w!\w|IN \(\()', "quotes, the names of a status"),
    (r"logged-models/search \| json.error_code \| 400 BAD_REQUEST", "", "the database driver's own refusal"),
    (r"get-history-bulk-interval \| ", r"^GET [^?]*\{", "half-read message: one handler looks for some fields in the query alone"),
    (r"json.message \| 400 [^|]*Invalid value[^|]*\| 400 [^|]*Missing value", r'"[a-z]+[A-Z]', "a field under its other name and of a wrong type"),
    (r"logged-models/\*/params \| .* 400 [^|]*Missing value", "", "the path names the model"),
    (r"get-artifact \| json.message \| 400", "#", "a # in a name is a plain character"),
    (r"runs/log-batch \| status \| 500 \| 200", "null", "null is the same as absent"),
    (r"artifacts/\* \| status \| (200|404).* \| 400 [^|]*too long", "", "no file can have that name"),
    (r"artifacts/list \| json.files \| 200", "", "an upload of the official server goes to the default place, whatever the place of the experiment"),
    (r"400 [^|]*Missing value .* \| 404 .*with name=", "", "white space of Unicode is a name"),
    (r"get-history-bulk \| json.metrics.value", "", "a bare NaN is no JSON"),
    (r"search \| status \| 200 \| 400 [^|]*parsing a list", r"IN \(\(", "one pair of parentheses goes around a list"),
    (r"get-history-bulk \| .* at least one run_id. \| 200", r"^GET [^?]*\{", "a GET may have a body everywhere"),
    (r"get-history-bulk \| .* It must not be negative", "", "a page of fewer than no points"),
    (r"search .* \| 400 [^|]*a key is missing", "", "half-read filter: no key"),
    (r"json.message \| 4", r"\\u0000", "a message ends at a zero byte"),
    (r"model-versions/create \| json.message \| 400", r'FILE:|"rel/path|"source": "\.', "the absolute form names the directory of the server"),
)


class Side:
    """One of the two servers within an episode: its connection, what was captured, and the symbols of its ids."""

    def __init__(self, url, nonce):
        self.http = client.Client(url)
        self.env = {"P": nonce}
        self.names = normal.Names(nonce)

    def fill(self, text, escape=lambda s: s):
        return TOKEN.sub(lambda m: escape(str(self.env[m[1]])) if m[1] in self.env else m[0], text)

    def target(self, call):
        path = call.path if call.path.startswith("/") else "/api/2.0/mlflow/" + call.path
        target = urllib.parse.quote(self.fill(path), safe=client.SAFE.replace("?", "").replace("#", ""))
        if call.query is not None:
            pairs = [(k, self.fill(str(i))) for k, v in call.query.items() for i in (v if isinstance(v, list) else [v])]
            target += "?" + urllib.parse.urlencode(pairs)
        return target

    def body(self, call):
        text = call.raw
        if text is None and call.body is not NO_BODY:
            text = json.dumps(call.body)
        if text is None:
            return None
        text = NUMBER_TOKEN.sub(lambda m: str(self.env.get(m[1], 7)), text)
        return self.fill(text, lambda s: json.dumps(s)[1:-1]).encode("utf-8", "surrogatepass")

    def send(self, call, step):
        body = self.body(call)
        headers = {"content-type": "application/json", **call.headers} if body is not None and not call.path.startswith("/api/2.0/mlflow-artifacts") else dict(call.headers)
        status, found, raw = self.http.call(call.method, self.target(call), body, headers)
        if status < 300:
            self.capture(call, raw)
        return normal.normal_answer(step, status, found, raw, self.names)

    def capture(self, call, raw):
        try:
            answer = json.loads(raw)
        except ValueError:
            return
        for name, path in call.captures.items():
            value = normal.pick_path(answer, path)
            if value:
                self.env[name] = value
                if "token" not in path:
                    self.names.capture(name, value)


class Episode:
    """Both servers through one sequence of calls."""

    def __init__(self, urls):
        nonce = parity.new_nonce() + "-"
        self.sides = [Side(url, nonce) for url in urls]

    def has(self, name):
        return all(name in side.env for side in self.sides)

    def call(self, call):
        """The kind of difference ("" when none), its lines, and both answers."""
        step = Step("", "", call.method, call.path, unordered=[*LISTS_WITHOUT_ORDER, *call.unordered])
        if call.raw is not None:
            step.body_kind = "raw"
        want, got = (json.loads(OWN_PLACE.sub("<directory>", json.dumps(side.send(call, step)))) for side in self.sides)
        if "datasets" in json.dumps(want) or "dataset_inputs" in json.dumps(want):
            sort_datasets(want), sort_datasets(got)
        lines = parity.compare(step, want, got, strict=False)
        return (kind_of(call, lines, want, got) if lines else ""), lines, want, got

    def close(self):
        for side in self.sides:
            side.http.close()


def sort_datasets(answer):
    def sort(value):
        if isinstance(value, dict):
            for key, item in value.items():
                if key == "dataset_inputs":
                    item.sort(key=lambda i: json.dumps(i, sort_keys=True))
                else:
                    sort(item)
        elif isinstance(value, list):
            for item in value:
                sort(item)
    sort(answer)


# --- kinds of difference ----------------------------------------------------------------------------------------------


def route_of(call):
    path = re.sub(r"^/?(ajax-)?api/[23]\.0/(mlflow/)?", "", call.path)
    if path.startswith("mlflow-artifacts/artifacts/"):
        return call.method + " mlflow-artifacts/artifacts/*"
    return call.method + " " + re.sub(r"^(logged-models)/(?!search)[^/]*(/tags/.*)?", lambda m: m[1] + "/*" + ("/tags/*" if m[2] else ""), path)


def masked(message):
    message = re.sub(r"(.)\1{20,}", r"\1", message, flags=re.S)
    message = re.sub(r"<\w+>|'[^']*'|\"[^\"]*\"|`[^`]*`|[\w@~-]*\d[\w@~.-]*", "~", message)
    return re.sub(r"~(\W+~)+", "~", message)[:110]


def gist(answer):
    """An answer in a few words."""
    body = answer.get("json")
    if answer["status"] < 400 or not isinstance(body, dict):
        return str(answer["status"])
    return f"{answer['status']} {body.get('error_code', '')}: {masked(str(body.get('message', body.get('detail', ''))))}"


def kind_of(call, lines, want, got):
    what = re.sub(r"\[\d+\]", "", lines[0].split(":", 1)[0]) if want["status"] == got["status"] else "status"
    if want["status"] == got["status"] and want["status"] < 400 and want.get("json") != got.get("json"):
        what = next((order for order in [order_only(want["json"], got["json"])] if order), what)
    return f"{route_of(call)} | {what} | {gist(want)} | {gist(got)}"


def order_only(want, got):
    """The name of a list that differs in its order alone."""
    if not isinstance(want, dict) or not isinstance(got, dict):
        return ""
    for key, value in want.items():
        other = got.get(key)
        if isinstance(value, list) and isinstance(other, list) and value != other:
            if sorted(map(json.dumps, value)) == sorted(map(json.dumps, other)):
                return f"order of {key}"
    return ""


def allowance(kind, call):
    text = told(call)
    return next((reason for shape, words, reason in ALLOWED if re.search(shape, kind) and re.search(words, text)), None)


# --- the fewest calls that show it ------------------------------------------------------------------------------------


def words_of(call):
    text = f"{call.path} {json.dumps(call.query)} {call.raw or ''} " + (json.dumps(call.body) if call.body is not NO_BODY else "")
    return set(TOKEN.findall(text)) | set(NUMBER_TOKEN.findall(text)) - {"P"}


def shows(urls, calls, kind):
    """Whether the last of these calls still differs in this way."""
    episode = Episode(urls)
    try:
        for call in calls[:-1]:
            episode.call(call)
        return episode.call(calls[-1])[0] == kind
    finally:
        episode.close()


def minimal(urls, calls, kind, budget):
    """The calls needed for the last one to differ: first those that name the same objects, then one by one fewer."""
    last = calls[-1]
    wanted, kept = words_of(last), []
    if "search" in last.path or "latest" in last.path:
        wanted |= {name for call in calls for name in call.captures}
    for call in reversed(calls[:-1]):
        if call.method in WRITES and "search" not in call.path and (words_of(call) & wanted or set(call.captures) & wanted) or set(call.captures) & words_of(last):
            kept.insert(0, call)
            wanted |= words_of(call)
    if not shows(urls, [*kept, last], kind):
        kept = calls[:-1]
        if not shows(urls, [*kept, last], kind):
            return None
    size = max(1, len(kept) // 2)
    while budget > 0 and kept:
        at, shrunk = len(kept), False
        while at > 0 and budget > 0:
            start = max(0, at - size)
            fewer = kept[:start] + kept[at:]
            budget -= 1
            if shows(urls, [*fewer, last], kind):
                kept, shrunk = fewer, True
            at = start
        if size == 1 and not shrunk:
            break
        size = max(1, size // 2)
    return [*kept, smaller_last(urls, kept, last, kind)]


def smaller_last(urls, before, last, kind):
    """The last call with every field gone that does not matter."""
    for part in ("body", "query"):
        value = getattr(last, part)
        if not isinstance(value, dict) or last.raw is not None:
            continue
        for name in list(value):
            fewer = Call(**{**last.__dict__, part: {k: v for k, v in getattr(last, part).items() if k != name}})
            if shows(urls, [*before, fewer], kind):
                last = fewer
    return last


def told(call):
    text = f"{call.method} {call.path}"
    if call.query is not None:
        text += " ?" + json.dumps(call.query, ensure_ascii=False)
    if call.raw is not None:
        text += " raw " + (call.raw if len(call.raw) < 1500 else call.raw[:1500] + "...")
    elif call.body is not NO_BODY:
        text += " " + re.sub(r"((.)\2{5})\2{30,}", lambda m: f"{m[1]}<{len(m[0])} times>", json.dumps(call.body, ensure_ascii=False))
    if call.headers:
        text += f" {call.headers}"
    if call.captures:
        text += " -> " + ", ".join(f"{k}={v}" for k, v in call.captures.items())
    return text[:3000]


# --- the run ----------------------------------------------------------------------------------------------------------


class Findings:
    def __init__(self, options, urls):
        self.options, self.urls = options, urls
        self.kinds, self.allowed, self.answers = Counter(), Counter(), Counter()

    def add(self, kind, lines, calls):
        reason = allowance(kind, calls[-1])
        if reason:
            if self.options.verbose:
                print(f"allowed ({reason[:20]}): {kind}\n    {told(calls[-1])[:600]}\n    {lines}"[:1500])
            self.allowed[reason] += 1
            return
        self.kinds[kind] += 1
        if self.kinds[kind] > 1:
            return
        print(f"--- {kind}")
        found = minimal(self.urls, calls, kind, self.options.minimise) if self.options.minimise else [calls[-1]]
        if found is None:
            print("    (a replay does not show it: the calls before it matter, or chance does)")
            found = [calls[-1]]
        for call in found:
            print("    " + told(call))
        for line in lines[:4]:
            print("      " + line.replace("\n", "\n      "))
        sys.stdout.flush()


def may_differ_now(call, want, got):
    """Whether the servers may hold different things after this call: where the official server fails half-way, it keeps
    what it wrote, Millrace keeps nothing."""
    if call.path.endswith(("search", "get-latest-versions")):
        return False
    if (want["status"] < 300) != (got["status"] < 300) or (want["status"] >= 500 and "artifact" not in call.path):
        return True
    late = call.path.endswith("model-versions/create") and want["status"] == 404  # it looked for the logged model last
    return late or ("/runs/" in "/" + call.path and normal.SQL_MARK in json.dumps(want))


def run_episode(findings, number, left):
    dice = random.Random(f"{findings.options.seed}-{number}")
    world, episode, calls = World(dice), Episode(findings.urls), []
    world.has, world.focus = episode.has, findings.options.focus
    try:
        while len(calls) < min(findings.options.episode, left):
            call = draw(world, len(calls))
            calls.append(call)
            kind, lines, want, got = episode.call(call)
            findings.answers[want["status"] // 100] += 1
            both = want["status"] < 300 and got["status"] < 300
            if both and call.learn and all(name in side.env for name in call.captures if "page" not in name for side in episode.sides):
                call.learn(world)
            if kind:
                findings.add(kind, lines, calls)
            if call.method in WRITES and may_differ_now(call, want, got):
                if findings.options.verbose:
                    print(f"an episode ends after {len(calls)} calls: {gist(want)} | {gist(got)}: {told(call)[:300]}")
                break
    finally:
        episode.close()
    return len(calls)


def run(options, urls):
    findings = Findings(options, urls)
    started, done, number = time.monotonic(), 0, options.first
    while done < options.calls and (not options.seconds or time.monotonic() - started < options.seconds):
        done += run_episode(findings, number, options.calls - done)
        number += 1
    print(f"{done} calls in {number - options.first} episodes, {time.monotonic() - started:.0f} s; official answers: "
          + ", ".join(f"{k}xx {v}" for k, v in sorted(findings.answers.items())))
    for reason, count in findings.allowed.most_common():
        print(f"  allowed {count} times: {reason}")
    for kind, count in findings.kinds.most_common():
        print(f"  {count} times: {kind}")
    print(f"{len(findings.kinds)} kinds of difference")
    return 1 if findings.kinds else 0


def main():
    parser = argparse.ArgumentParser(description="Compare Millrace with the official MLflow server on random calls.")
    parser.add_argument("--official", help="an official server that runs already")
    parser.add_argument("--millrace", help="a Millrace that runs already")
    parser.add_argument("--mlflow", default="mlflow", help="the official mlflow command, to start it")
    parser.add_argument("--server", default="build/millrace", help="the Millrace binary, to start it")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--calls", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=0, help="stop after this time")
    parser.add_argument("--episode", type=int, default=150, help="calls before a fresh start (default: 150)")
    parser.add_argument("--first", type=int, default=0, help="number of the first episode: to run one again")
    parser.add_argument("--minimise", type=int, default=40, help="replays spent on making a finding small, 0 for none")
    parser.add_argument("--focus", default="", help="after 120 calls of an episode only those whose name in random_draw.py matches")
    parser.add_argument("-v", dest="verbose", action="store_true", help="show what is allowed too")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the servers are stopped too
    quiet = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
    with contextlib.ExitStack() as stack:
        urls = [options.official or stack.enter_context(client.Server([options.mlflow], environment=quiet)).url,
                options.millrace or stack.enter_context(client.Server([str(Path(options.server).resolve())], environment=quiet)).url]
        return run(options, urls)


if __name__ == "__main__":
    sys.exit(main())
