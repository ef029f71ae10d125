"""Turns an answer into a form that is the same on every server and in every run: ids, clocks, tokens and random names get
symbols. Called by parity.py, both when recording and when checking, so a rule added here needs a new recording.
"""

import hashlib
import json
import re
import time

HEX = re.compile(r"(?<![0-9a-zA-Z])(m-)?([0-9a-f]{32})(?![0-9a-zA-Z])")
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
NICKNAME = re.compile(r"[a-z]+-[a-z]+-\d{1,4}")
TYPE_HINT = re.compile(r"(Hint: Value was of type ')\w+'")
BAD_TOKEN = re.compile(r"(Invalid page token), .*", re.S)  # the rest is the token as Python prints bytes
SQL_DETAIL = re.compile(r"\(?(?:sqlite3|builtins)\.\w*Error.*", re.S)
SQL_MARK = "<sql>"  # a message with it quotes the database driver: nobody else can say the same
CLOCK = re.compile(r"(?<!\d)1\d{12}(?!\d)")
DAY_MS = 86_400_000
TOKEN_KEYS = {"next_page_token", "page_token"}
KEPT_HEADERS = ("content-type", "content-disposition", "x-content-type-options", "x-frame-options", "allow", "location",
                "content-range", "accept-ranges", "cache-control", "www-authenticate", "access-control-allow-origin")
DEFAULT_HEADERS = {"content-type": "application/json", "x-content-type-options": "nosniff",
                   "x-frame-options": "SAMEORIGIN"}


class Names:
    """The symbols of a case: captured values carry the capture's name, others are numbered within each answer."""

    def __init__(self, nonce):
        self.nonce = nonce
        self.known = {}
        self.seen = {}  # ids of this answer that nobody captured
        self.numbers = {}  # short decimal ids, replaced only where an id can stand

    def capture(self, name, value):
        text = str(value)
        if text.isdigit() and len(text) < 12:
            self.numbers.setdefault(text, f"<{name}>")
        elif HEX.search(text) or UUID.search(text):
            for match in list(HEX.finditer(text)) or list(UUID.finditer(text)):
                self.known.setdefault(match[0], f"<{name}>")

    def symbol(self, match):
        text = match[0]
        return self.known.get(text) or self.seen.setdefault(text, f"<id{len(self.seen) + 1}>")

    def next_answer(self):
        self.seen = {}

    def text(self, key, value):
        value = value.replace(self.nonce, "~~~~~~")
        value = HEX.sub(self.symbol, value)
        value = UUID.sub(self.symbol, value)
        value = TYPE_HINT.sub(r"\1<type>'", value)
        value = BAD_TOKEN.sub(r"\1", value)
        value = SQL_DETAIL.sub(SQL_MARK, value)
        value = CLOCK.sub(lambda m: "<time>" if is_clock(int(m[0])) else m[0], value)
        if key in ("experiment_id", "experiment_ids") and value.isdigit() and value != "0":
            return self.numbers.get(value) or self.seen.setdefault(value, f"<experiment{len(self.seen) + 1}>")
        for number, symbol in self.numbers.items():
            value = re.sub(rf"(?i)((?:\bids?[ =:'\"\[]{{1,3}}|experiment '?|value |for '?|:/|, |/)){number}(?![\w.])",
                           lambda m, s=symbol: m[1] + s, value)
            value = re.sub(rf"(?<=['\"]){number}(?=/)", symbol, value)
        return value


def is_clock(value):
    now = time.time() * 1000
    return isinstance(value, int) and not isinstance(value, bool) and now - DAY_MS < value < now + DAY_MS


def normal_value(value, names, key=""):
    if isinstance(value, dict):
        return {k.replace(names.nonce, "~~~~~~"): normal_value(value[k], names, k) for k in sorted(value)}
    if isinstance(value, list):
        return sort_keyed([normal_value(v, names, key) for v in value], key)
    if is_clock(value):
        return "<time>"
    if not isinstance(value, str):
        return value
    if key in TOKEN_KEYS:
        return "<token>" if value else ""
    if key in ("run_name", "value", "name") and NICKNAME.fullmatch(value):
        return "<nickname>"
    return names.text(key, value)


def sort_keyed(items, key):
    """Lists of tags and params have no order in MLflow: they are compared sorted by key."""
    if key in ("tags", "params") and all(isinstance(item, dict) and "key" in item for item in items):
        return sorted(items, key=lambda item: json.dumps(item, sort_keys=True))
    return items


def sort_metrics(body):
    """The latest metrics of a run or model have no order either; a metric history has one and is left alone."""
    if isinstance(body, dict):
        data = body.get("data")
        if isinstance(data, dict) and isinstance(data.get("metrics"), list):
            data["metrics"].sort(key=lambda item: json.dumps(item, sort_keys=True))
        for value in body.values():
            sort_metrics(value)
    elif isinstance(body, list):
        for value in body:
            sort_metrics(value)


def pick_path(value, path):
    """`runs.*.info.run_name` -> the list of names; a missing key is null."""
    if not path:
        return value
    head, _, rest = path.partition(".")
    if head == "*":
        return [pick_path(item, rest) for item in value or []]
    if isinstance(value, list) and head.isdigit():
        return pick_path(value[int(head)], rest) if int(head) < len(value) else None
    return pick_path(value.get(head), rest) if isinstance(value, dict) else None


def apply_pick(body, paths):
    picked = {path: pick_path(body, path) for path in paths}
    if isinstance(body, dict) and "next_page_token" in body:
        picked["next_page_token"] = body["next_page_token"]
    return picked


def edit_path(value, path, edit):
    """Call edit(container, key) for every place that `path` names."""
    head, _, rest = path.partition(".")
    places = []
    if isinstance(value, list):
        places = range(len(value)) if head == "*" else [int(head)]
    elif isinstance(value, dict) and head in value:
        places = [head]
    for place in list(places):
        if rest:
            edit_path(value[place], rest, edit)
        else:
            edit(value, place)


def order_free(container, key):
    container[key].sort(key=lambda item: json.dumps(item, sort_keys=True))


def forget(container, key):
    container[key] = "<ignored>"


def normal_headers(headers):
    kept = {}
    for name in KEPT_HEADERS:
        value = headers.get(name)
        if name == "allow" and value:
            value = ", ".join(sorted(v.strip() for v in value.split(",")))
        if name == "location" and value:
            value = re.sub(r"^https?://[^/]+", "", value)
        if value != DEFAULT_HEADERS.get(name):
            kept[name] = value
    return kept


def normal_text(raw, names):
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = None
    if text is None or len(raw) > 2000:
        return f"<{len(raw)} bytes, sha256 {hashlib.sha256(raw).hexdigest()[:16]}>"
    return names.text("", text)


def normal_answer(step, status, headers, raw, names):
    """The comparable form of an answer: {"status", "headers"?, "json" or "text"}."""
    names.next_answer()
    answer = {"status": status}
    kind = headers.get("content-type") or ""
    if status >= 400 and kind.startswith("text/html"):
        return answer  # error pages: only the status is the contract
    kept = normal_headers(headers)
    if kept:
        answer["headers"] = kept
    if status >= 300 and kind.startswith("text/html"):
        return answer  # the page of a redirect
    try:
        body = json.loads(raw) if kind.startswith("application/json") and raw else None
    except ValueError:
        body = None
    if body is None:
        answer["text"] = normal_text(raw, names)
        return answer
    if step.pick and status < 400:
        body = apply_pick(body, step.pick)
    body = normal_value(body, names)
    sort_metrics(body)
    for path in step.unordered:
        edit_path(body, path, order_free)
    for path in step.ignore:
        edit_path(body, path, forget)
    answer["json"] = body
    return answer
