"""Reads the case files of tests/parity/cases (format: README.md).

A file is a list of cases, a case is a list of steps, a step is one HTTP call. Called by parity.py. The reader never talks to
a server: `$name` captures stay in the text and are filled in by `render` when the step runs.
"""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"}
PREFIXES = {"ajax:": "/ajax-api/2.0/mlflow/", "v3:": "/api/3.0/mlflow/", "ajax3:": "/ajax-api/3.0/mlflow/",
            "preview:": "/api/2.0/preview/mlflow/", "art:": "/api/2.0/mlflow-artifacts/",
            "ajaxart:": "/ajax-api/2.0/mlflow-artifacts/"}
WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")
OPTIONS_AT_END = re.compile(r"\s--((?:\s+(?:setup|loose|exact|half|(?:unordered|ignore|type|header)=\S+))+)$")
NAME = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)")


class CaseError(Exception):
    """A case file that cannot be read; the message names file and line."""


@dataclass
class Step:
    where: str  # file:line
    source: str  # the line as written, for reports and for spotting stale records
    method: str
    path: str
    query: str = ""  # relaxed JSON object, sent as the query string
    body: str = ""
    body_kind: str = "none"  # none, json, raw, text
    captures: dict = field(default_factory=dict)
    pick: list = field(default_factory=list)
    headers: dict = field(default_factory=dict)
    setup: bool = False
    loose: bool = False
    exact: bool = False
    half: bool = False  # the official server works with a half-read message here; a clean 400 is as good
    unordered: list = field(default_factory=list)
    ignore: list = field(default_factory=list)
    expect: tuple = ()  # (status, error_code or "", reason): instead of the recording
    accept: tuple = ()  # the same, besides the recording
    sleep: float = 0.0


@dataclass
class Case:
    name: str
    steps: list = field(default_factory=list)


def expand_repeats(text):
    """`<x*5>` is xxxxx; `<<3: item#>>` is item0,item1,item2."""
    def many(match):
        return ",".join(match[2].replace("#", str(i)) for i in range(int(match[1])))

    text = re.sub(r"<<(\d+):\s*(.*?)>>", many, text)
    return re.sub(r"<([^<>*]+)\*(\d+)>", lambda m: m[1] * int(m[2]), text)


def in_string_at(text, position):
    """Whether `position` of a JSON-like text lies within a string literal."""
    inside, i = False, 0
    while i < position:
        if inside and text[i] == "\\":
            i += 1
        elif text[i] == '"':
            inside = not inside
        i += 1
    return inside


def scan_value(text, start):
    """The end of the JSON-like value that begins at `start`."""
    depth, i, inside = 0, start, False
    while i < len(text):
        c = text[i]
        if inside:
            if c == "\\":
                i += 1
            elif c == '"':
                inside = False
                if depth == 0:
                    return i + 1
        elif c == '"':
            inside = True
        elif c in "{[":
            depth += 1
        elif c in "}]":
            depth -= 1
            if depth == 0:
                return i + 1
        i += 1
    raise CaseError("unbalanced value: " + text[start:])


def render(text, env):
    """Relaxed JSON to JSON text: bare keys get quotes, `$name` becomes the captured value; numbers stay as written."""
    text = expand_repeats(text)
    out, i = [], 0
    while i < len(text):
        c = text[i]
        if c == '"':
            end = scan_value(text, i)
            out.append(NAME.sub(lambda m: json.dumps(str(env[m[1]]))[1:-1] if m[1] in env else m[0], text[i:end]))
            i = end
            continue
        name = NAME.match(text, i)
        word = WORD.match(text, i)
        if name and name[1] in env:
            out.append(json.dumps(env[name[1]]))
            i = name.end()
        elif word:
            key = re.match(r"\s*:", text[word.end():])
            out.append(json.dumps(word[0]) if key else word[0])
            i = word.end()
        else:
            out.append(c)
            i += 1
    return "".join(out)


def expand_def(template, words):
    """Fill `$1`..`$9`, `$*` and `$2*` of a def; arguments that land inside a string literal are escaped for it."""
    rest = words.split()

    def value(match):
        spec = match[1]
        if spec == "*":
            text = words
        elif spec.endswith("*"):
            text = words.split(None, int(spec[0]) - 1)[int(spec[0]) - 1] if len(rest) >= int(spec[0]) else ""
        else:
            text = rest[int(spec) - 1] if len(rest) >= int(spec) else ""
        if in_string_at(template, match.start()):
            return json.dumps(text, ensure_ascii=False)[1:-1]
        return text

    return re.sub(r"\$([1-9]\*|\*|[1-9])", value, template)


def parse_tail(step, tail):
    """What follows the body: `pick paths`, `-> name=path`, `-- options`."""
    for part in re.split(r"\s+(?=->\s|--\s|pick\s)", " " + tail.strip()):
        part = part.strip()
        if part.startswith("-> "):
            for item in part[3:].split(","):
                name, _, path = item.strip().partition("=")
                step.captures[name] = path
        elif part.startswith("pick "):
            step.pick = [p.strip() for p in part[5:].split(",")]
        elif part.startswith("-- "):
            for option in part[3:].split():
                parse_option(step, option)
        elif part:
            raise CaseError("unknown tail: " + part)


def parse_option(step, option):
    name, _, value = option.partition("=")
    if name in ("setup", "loose", "exact", "half"):
        setattr(step, name, True)
    elif name in ("unordered", "ignore"):
        getattr(step, name).append(value)
    elif name == "type":
        step.headers["content-type"] = value
    elif name == "header":
        key, _, text = value.partition(":")
        step.headers[key] = text
    else:
        raise CaseError("unknown option: " + option)


def parse_step(line, where):
    method, _, rest = line.partition(" ")
    if method == "sleep":
        return Step(where, line, "SLEEP", "", sleep=float(rest))
    path, _, rest = rest.strip().partition(" ")
    for prefix, full in PREFIXES.items():
        if path.startswith(prefix):
            path = full + path[len(prefix):]
    if not path.startswith("/"):
        path = "/api/2.0/mlflow/" + path
    step = Step(where, line, method, path)
    rest = rest.strip()
    if rest.startswith("?{"):
        end = scan_value(rest, 1)
        step.query, rest = rest[1:end], rest[end:].strip()
    if rest.startswith(("{", "[", '"')):
        end = scan_value(rest, 0)
        step.body, step.body_kind, rest = rest[:end], "json", rest[end:]
    elif rest.startswith("text "):
        end = scan_value(rest, 5)
        step.body, step.body_kind, rest = rest[5:end], "text", rest[end:]
    elif rest.startswith("raw "):
        match = re.match(r"raw (.*?)(?=\s+(?:--|->)\s|$)(.*)", rest)
        step.body, step.body_kind, rest = match[1], "raw", match[2]
    parse_tail(step, rest)
    return step


def parse_note(step, text):
    """An indented line below a step: `expect STATUS [CODE] because REASON`, `loose because REASON` ..."""
    head, _, reason = text.partition(" because ")
    words = head.split()
    if words[0] in ("expect", "accept"):
        if not reason:
            raise CaseError(words[0] + " needs a reason")
        setattr(step, words[0], (int(words[1]), words[2] if len(words) > 2 else "", reason))
    elif words[0] in ("loose", "half"):
        setattr(step, words[0], True)
    elif words[0] in ("unordered", "ignore"):
        getattr(step, words[0]).extend(words[1:])
    else:
        raise CaseError("unknown note: " + text)


class Reader:
    """Reads one file; `defs` start as those of _common.txt."""

    def __init__(self, defs):
        self.defs = dict(defs)
        self.cases = []

    def read(self, path):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            try:
                self.line(line.rstrip(), f"{path.name}:{number}")
            except (CaseError, IndexError, ValueError) as error:
                raise CaseError(f"{path}:{number}: {error}") from error
        return self.cases

    def line(self, line, where):
        if not line or line.lstrip().startswith("#"):
            return
        if line.startswith("  "):
            parse_note(self.cases[-1].steps[-1], line.strip())
            return
        head, _, rest = line.partition(" ")
        if head == "case":
            self.cases.append(Case(rest.strip()))
        elif head == "def":
            name, _, template = rest.partition(" ")
            self.defs[name] = template.strip()
        elif head in METHODS or head == "sleep":
            self.cases[-1].steps.append(parse_step(line, where))
        elif head in self.defs:
            self.expand(head, rest.strip(), line, where)
        else:
            raise CaseError("unknown word: " + head)

    def expand(self, name, words, line, where):
        options = OPTIONS_AT_END.search(words)
        if options:
            words = words[:options.start()]
        full = expand_def(self.defs[name], words)
        step = parse_step(full, where)
        for option in options[1].split() if options else ():
            parse_option(step, option)
        step.source = line
        self.cases[-1].steps.append(step)


def load(directory):
    """All case files: {file stem: [Case]}; names of cases are unique within a file."""
    directory = Path(directory)
    common = Reader({})
    common.read(directory / "_common.txt")
    files = {}
    for path in sorted(directory.glob("[!_]*.txt")):
        cases = Reader(common.defs).read(path)
        names = [case.name for case in cases]
        if len(set(names)) != len(names):
            raise CaseError(f"{path}: a case name is used twice")
        files[path.stem] = cases
    return files
