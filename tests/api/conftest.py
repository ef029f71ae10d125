"""Fixtures of the API tests: raw HTTP against the running binary, with Python's standard library and pytest alone."""

import http.client
import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "client"))

from program import Millrace  # noqa: E402
from servers import Server, millrace_binary  # noqa: E402


class Answer:
    def __init__(self, response, body):
        self.status = response.status
        self.body = body
        self.headers = {name.lower(): value for name, value in response.getheaders()}

    def json(self):
        return json.loads(self.body)


class Api:
    """Sends requests as they are written: no redirect, no quoting, no retry."""

    def __init__(self, server):
        self.server = server

    def connect(self, timeout=60):
        return http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=timeout)

    def call(self, method, path, body=None, headers=None):
        headers = dict(headers or {})
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
            headers.setdefault("Content-Type", "application/json")
        connection = self.connect()
        try:
            connection.request(method, path, body=body, headers=headers)
            response = connection.getresponse()
            return Answer(response, response.read())
        finally:
            connection.close()

    def get(self, path, **headers):
        return self.call("GET", path, headers={k.replace("_", "-"): v for k, v in headers.items()})

    def put(self, path, body):
        return self.call("PUT", path, body)

    def ok(self, method, path, body=None):
        answer = self.call(method, path, body)
        assert answer.status == 200, answer.body
        return answer.json()


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    if not millrace_binary().exists():
        pytest.exit(f"{millrace_binary()} is missing: build it, or set MILLRACE_BIN", returncode=2)
    with Server(tmp_path_factory.mktemp("server"), kind="millrace") as started:
        yield started


@pytest.fixture(scope="session")
def api(server):
    return Api(server)


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    """A server with default flags for raw sockets (program.py), shared by the tests of one file."""
    with Millrace(tmp_path_factory.mktemp("raw")) as started:
        yield started


@pytest.fixture
def start(tmp_path):
    """start(*flags, env={}) gives a server for one test; it is stopped at the end and must exit with 0."""
    running = []

    def begin(*flags, env=None):
        started = Millrace(tmp_path, flags, env).__enter__()
        running.append(started)
        return started

    yield begin
    for each in running:
        each.__exit__(None, None, None)
