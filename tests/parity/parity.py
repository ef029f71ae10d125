#!/usr/bin/env python3
"""Parity: the same HTTP calls to the official MLflow server and to Millrace, answers compared.

    parity.py record --mlflow VENV/bin/mlflow     start the official server, store its answers in recorded/
    parity.py check --server build/millrace       start the binary, replay the cases, compare with recorded/
    parity.py check --url http://127.0.0.1:5000   the same against a server that runs already

See README.md. Python 3.11, standard library only.
"""

import argparse
import json
import random
import re
import string
import sys
import time
from pathlib import Path

import casefile
import client
import normal

HERE = Path(__file__).resolve().parent
CASES, RECORDED = HERE / "cases", HERE / "recorded"


def play(case, http, nonce):
    """Run a case; yields (step, normalised answer or None for set-up steps, raw status and body)."""
    env = {"case": re.sub(r"[^a-z0-9]+", "-", case.name.lower()).strip("-") + "-" + nonce, "nonce": nonce,
           "now": int(time.time() * 1000)}
    names = normal.Names(nonce)
    for step in case.steps:
        if step.sleep:
            time.sleep(step.sleep)
            continue
        target, body, headers = client.request_of(step, env)
        status, found, raw = http.call(step.method, target, body, headers)
        capture(step, raw, env, names)
        answer = None if step.setup else normal.normal_answer(step, status, found, raw, names)
        yield step, answer, status, raw


def capture(step, raw, env, names):
    if not step.captures:
        return
    try:
        body = json.loads(raw)
    except ValueError:
        body = None
    for name, path in step.captures.items():
        value = normal.pick_path(body, path)
        env[name] = value if value is not None else f"missing-{name}"
        if value is not None:
            names.capture(name, value)


def new_nonce():
    return "x" + "".join(random.choices(string.ascii_lowercase, k=5))


# --- record -------------------------------------------------------------------------------------------------------------


def record(options):
    files = selected(options)
    official = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
    if options.url:
        record_files(files, options.url)
        return 0
    with client.Server([options.mlflow], options.port, official) as server:
        record_files(files, server.url)
    return 0


def record_files(files, url):
    RECORDED.mkdir(exist_ok=True)
    for stem, cases in files.items():
        path = RECORDED / f"{stem}.json"
        known = load_record(stem)
        started, steps = time.monotonic(), 0
        for case in cases:
            lines = [record_line(*item) for item in play(case, client.Client(url), new_nonce())]
            known[case.name] = [line for line in lines if line]
            steps += len(lines)
        order = [case.name for case in casefile.load(CASES)[stem]]
        path.write_text(dump_record({name: known[name] for name in order if name in known}), encoding="utf-8")
        print(f"{stem}: {len(cases)} cases, {steps} steps, {time.monotonic() - started:.1f} s")


def record_line(step, answer, status, raw):
    if answer is None:
        if status != 200:
            raise SystemExit(f"{step.where}: set-up step answered {status}: {raw[:500]!r}")
        return None
    return {"step": step.source, **answer}


def dump_record(cases):
    """One line per answer, so that a new recording shows as a small diff."""
    blocks = []
    for name, lines in cases.items():
        rows = ",\n".join(json.dumps(line, ensure_ascii=False) for line in lines)
        blocks.append(f"{json.dumps(name, ensure_ascii=False)}: [\n{rows}\n]")
    return "{\n" + ",\n".join(blocks) + "\n}\n"


def load_record(stem):
    path = RECORDED / f"{stem}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


# --- compare ------------------------------------------------------------------------------------------------------------


def same(left, right):
    """Equal as JSON values: 1 and 1.0 are the same number, true is not 1, NaN equals NaN."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, (int, float)) and isinstance(right, (int, float)):
        return left == right or (left != left and right != right)
    if type(left) is not type(right):
        return False
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same(left[k], right[k]) for k in left)
    if isinstance(left, list):
        return len(left) == len(right) and all(map(same, left, right))
    return left == right


def differences(want, got, path=""):
    """Lines that tell where two JSON values differ."""
    if isinstance(want, dict) and isinstance(got, dict):
        for key in sorted(want.keys() | got.keys()):
            where = f"{path}.{key}" if path else key
            if key not in got:
                yield f"{where}: missing, official has {short(want[key])}"
            elif key not in want:
                yield f"{where}: official has none, got {short(got[key])}"
            else:
                yield from differences(want[key], got[key], where)
    elif isinstance(want, list) and isinstance(got, list) and len(want) == len(got):
        for index, (left, right) in enumerate(zip(want, got)):
            yield from differences(left, right, f"{path}[{index}]")
    elif not same(want, got):
        yield f"{path}: official {short(want)}\n{' ' * len(path)}  got      {short(got)}"


def short(value):
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 400 else text[:400] + f"... ({len(text)})"


def is_error(answer):
    return answer["status"] >= 400 and isinstance(answer.get("json"), dict) and "error_code" in answer["json"]


def is_plain_detail(answer):
    """An error of the official server's second web framework, which knows no error codes: {"detail": "..."}."""
    return answer["status"] >= 400 and isinstance(answer.get("json"), dict) and answer["json"].keys() == {"detail"}


def crashed(answer):
    """A 500 of the official server that is an unhandled exception: Millrace must answer a clean 4xx instead."""
    return answer["status"] == 500 and (not is_error(answer) or answer["json"]["error_code"] == "INTERNAL_ERROR")


def message_is_free(step, want):
    """Search parsers and JSON parsers speak their own words, nobody quotes a database driver; else a step says so."""
    parser = not step.exact and (step.path.rsplit("/", 1)[-1] == "search" or step.body_kind == "raw")
    return step.loose or parser or normal.SQL_MARK in want["json"].get("message", "")


def compare(step, want, got, strict):
    """Lines of difference, empty when the answer is as it should be."""
    want = {k: v for k, v in want.items() if k != "step"}
    if not strict and is_accepted(step, got):
        return []
    if not strict and (step.expect or crashed(want)):
        return compare_expected(step.expect or (400, "INVALID_PARAMETER_VALUE", "the official server crashes here"), got)
    if want.keys() == {"status"}:  # an HTML page
        got = {"status": got["status"]}
    got = forgive_headers(want, got)
    if not strict and is_plain_detail(want) and is_error(got):
        return [] if got["status"] == want["status"] else list(differences(want, got))
    if is_error(want) and is_error(got) and (message_is_free(step, want) or (strict and crashed(want))):
        want, got = without_message(want), without_message(got)
    return list(differences(want, got))


def forgive_headers(want, got):
    """A header that the official server forgets on some answers may be there; so may these two on any file."""
    official, headers = want.get("headers", {}), dict(got.get("headers", {}))
    headers.update((name, None) for name, value in official.items() if value is None)
    for name in ("cache-control", "accept-ranges"):
        if name not in official:
            headers.pop(name, None)
    return {**got, "headers": headers} if headers else {k: v for k, v in got.items() if k != "headers"}


def is_accepted(step, got):
    """Whether the step itself allows this answer besides the recorded one."""
    if step.half and not compare_expected((400, "INVALID_PARAMETER_VALUE", ""), got):
        return True
    return bool(step.accept) and not compare_expected(step.accept, got)


def without_message(answer):
    return {**answer, "json": {k: v for k, v in answer["json"].items() if k != "message"}}


def compare_expected(expect, got):
    status, code, reason = expect
    lines = []
    if got["status"] != status:
        lines.append(f"status: expected {status} ({reason}), got {got['status']} {short(got.get('json', ''))}")
    elif code and (not is_error(got) or got["json"]["error_code"] != code):
        lines.append(f"error_code: expected {code} ({reason}), got {short(got.get('json', got.get('text')))}")
    elif status >= 400 and code and not got["json"].get("message"):
        lines.append("message: expected some text")
    return lines


# --- check --------------------------------------------------------------------------------------------------------------


def check(options):
    if options.url:
        return check_files(options, options.url)
    command = options.server.split() if options.server else [options.mlflow]
    if "/" in command[0]:
        command[0] = str(Path(command[0]).resolve())
    environment = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
    with client.Server(command, options.port, environment) as server:
        return check_files(options, server.url)


def check_files(options, url):
    passed = failed = 0
    totals = []
    started = time.monotonic()
    http = client.Client(url)
    for stem, cases in selected(options).items():
        known = load_record(stem)
        before = failed
        for case in cases:
            good, bad = check_case(stem, case, known.get(case.name), http, options)
            passed, failed = passed + good, failed + bad
        totals.append(f"{stem} {failed - before}" if failed > before else "")
        if options.verbose:
            print(f"{stem}: {time.monotonic() - started:.1f} s since the start")
    if failed:
        print("failed: " + ", ".join(filter(None, totals)))
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


def check_case(stem, case, lines, http, options):
    if lines is None:
        print(f"FAIL {stem}: {case.name}\n  has no recording; run: parity.py record")
        return 0, 1
    passed = failed = 0
    lines = iter(lines)
    for step, got, status, raw in play(case, http, new_nonce()):
        want = None if step.setup else next(lines, None)
        problems = step_problems(step, want, got, status, raw, options.strict)
        passed, failed = passed + (not problems), failed + bool(problems)
        if problems:
            report(stem, case, step, problems)
        elif options.verbose:
            print(f"ok   {stem}: {case.name}: {step.source}")
    return passed, failed


def step_problems(step, want, got, status, raw, strict):
    if step.setup:
        return [] if status == 200 else [f"set-up step answered {status}: {raw[:300]!r}"]
    if want is None or want["step"] != step.source:
        return ["the recording is older than the case; run: parity.py record"]
    return compare(step, want, got, strict)


def report(stem, case, step, problems):
    print(f"FAIL {stem}: {case.name} ({step.where})\n  {step.source[:300]}")
    for problem in problems[:12]:
        print("    " + problem.replace("\n", "\n    "))
    if len(problems) > 12:
        print(f"    ... {len(problems) - 12} more")


# --- command line -------------------------------------------------------------------------------------------------------


def selected(options):
    """The cases whose `file: name` contains the -k text."""
    files = {}
    for stem, cases in casefile.load(CASES).items():
        cases = [case for case in cases if not options.keyword or options.keyword in f"{stem}: {case.name}"]
        if cases:
            files[stem] = cases
    return files


def main():
    parser = argparse.ArgumentParser(description="Compare Millrace with the official MLflow server.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, function, text in (("record", record, "store the official server's answers"),
                                 ("check", check, "replay the cases and compare with the stored answers")):
        sub = commands.add_parser(name, help=text)
        sub.set_defaults(run=function)
        sub.add_argument("--url", help="a server that runs already")
        sub.add_argument("--mlflow", default="mlflow", help="the official mlflow command (default: mlflow)")
        sub.add_argument("--port", type=int, default=0, help="port for the started server (default: a free one)")
        sub.add_argument("-k", dest="keyword", default="", help="only cases whose 'file: name' contains this")
        sub.add_argument("-v", dest="verbose", action="store_true", help="name every step and tell the time")
        sub.add_argument("--server", default="", help="the Millrace binary to start")
        sub.add_argument("--strict", action="store_true",
                         help="no deliberate differences: for checking the official server against itself")
    options = parser.parse_args()
    return options.run(options)


if __name__ == "__main__":
    sys.exit(main())
