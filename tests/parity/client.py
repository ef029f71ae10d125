"""Talks HTTP to a server and starts and stops the server under test. Called by parity.py; Python standard library only."""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request

from casefile import NAME, expand_repeats, render

SAFE = "%/?&=:;,.@!*'()[]~+$#"


class Client:
    """One keep-alive connection; reconnects when the server closed it."""

    def __init__(self, url):
        parts = urllib.parse.urlsplit(url)
        self.host, self.port = parts.hostname, parts.port or 80
        self.connection = None

    def call(self, method, target, body, headers):
        for attempt in (1, 2):
            if self.connection is None:
                self.connection = http.client.HTTPConnection(self.host, self.port, timeout=120)
            try:
                return self.exchange(method, target, body, headers)
            except (http.client.HTTPException, ConnectionError):
                self.close()
                if attempt == 2:
                    raise
        raise AssertionError("not reached")

    def exchange(self, method, target, body, headers):
        self.connection.putrequest(method, target, skip_host="host" in headers, skip_accept_encoding=True)
        if body is not None or method in ("POST", "PUT", "PATCH"):
            headers = {**headers, "content-length": str(len(body or b""))}
        for name, value in headers.items():
            self.connection.putheader(name, value)
        self.connection.endheaders(body or None)
        response = self.connection.getresponse()
        raw = response.read()
        found = {name.lower(): value for name, value in response.getheaders()}
        if response.will_close:
            self.close()
        return response.status, found, raw

    def close(self):
        if self.connection is not None:
            self.connection.close()
        self.connection = None


def query_string(text, env):
    pairs = []
    for key, value in json.loads(render(text, env)).items():
        for item in value if isinstance(value, list) else [value]:
            pairs.append((key, item if isinstance(item, str) else json.dumps(item)))
    return urllib.parse.urlencode(pairs)


def request_of(step, env):
    """(target, body bytes or None, headers) of a step, captures filled in."""
    def fill(match):
        return urllib.parse.quote(str(env[match[1]]), safe="") if match[1] in env else match[0]

    target = urllib.parse.quote(NAME.sub(fill, expand_repeats(step.path)), safe=SAFE)
    if step.query:
        target += "?" + query_string(step.query, env)
    headers = {}
    body = None
    if step.body_kind == "json":
        body = render(step.body, env).encode()
        headers["content-type"] = "application/json"
    elif step.body_kind == "raw":
        body = NAME.sub(lambda m: str(env.get(m[1], m[0])), expand_repeats(step.body)).encode()
        headers["content-type"] = "application/json"
    elif step.body_kind == "text":
        body = json.loads(render(step.body, env)).encode()
    headers.update(step.headers)
    return target, body, headers


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A server on a fresh directory, for the time of a `with` block."""

    def __init__(self, command, port=0, environment=None):
        self.directory = tempfile.mkdtemp(prefix="parity-")
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.command = [*command, "server", "--backend-store-uri", f"sqlite:///{self.directory}/mlflow.db",
                        "--artifacts-destination", f"{self.directory}/artifacts",
                        "--host", "127.0.0.1", "--port", str(self.port)]
        self.environment = {**os.environ, **(environment or {})}
        self.process = None

    def __enter__(self):
        log = open(f"{self.directory}/server.log", "wb")
        self.process = subprocess.Popen(self.command, cwd=self.directory, stdout=log, stderr=subprocess.STDOUT,
                                        env=self.environment, start_new_session=True)
        log.close()
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(self.url + "/health", timeout=2):
                    return self
            except OSError:
                time.sleep(0.05)
        with open(f"{self.directory}/server.log", encoding="utf-8", errors="replace") as log:
            text = log.read()[-2000:]
        self.__exit__(None, None, None)
        raise SystemExit(f"the server did not start:\n{text}")

    def __exit__(self, *_):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)
