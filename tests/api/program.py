"""The program under test: started on a free port, spoken to by raw sockets, stopped by SIGTERM."""

import json
import os
import re
import signal
import socket
import subprocess
import time
from pathlib import Path

BINARY = Path(os.environ.get("MILLRACE_BIN") or Path(__file__).resolve().parents[2] / "build" / "millrace").resolve()
RUNS = "/api/2.0/mlflow/runs"
EXPERIMENTS = "/api/2.0/mlflow/experiments"
ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts"


def clean_environment(extra=None):
    env = {k: v for k, v in os.environ.items() if not k.startswith(("MLFLOW_", "MILLRACE_LOG"))}
    env.update(extra or {})
    return env


def run(*arguments, cwd=None, env=None):
    """Runs a command to its end; gives the completed process with its output as text."""
    return subprocess.run([BINARY, *map(str, arguments)], cwd=cwd, env=clean_environment(env), capture_output=True,
                          text=True, timeout=60)


class Answer:
    """One answer: status, headers (names in lower case, all values), body."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def header(self, name):
        values = self.headers.get(name.lower(), [])
        assert len(values) < 2, f"{name} is sent {len(values)} times"
        return values[0] if values else None

    @property
    def text(self):
        return self.body.decode()

    @property
    def json(self):
        return json.loads(self.body)


class Connection:
    """A raw connection: bytes out, answers in."""

    def __init__(self, port, timeout=20):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout)
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def fill(self):
        more = self.socket.recv(65536)
        self.buffer += more
        return bool(more)

    def closed(self):
        """True when the server closes without sending more."""
        try:
            return not self.fill()
        except ConnectionResetError:
            return True

    def head(self):
        while b"\r\n\r\n" not in self.buffer:
            if not self.fill():
                raise EOFError(f"closed after {self.buffer!r}")
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {}
        for line in lines:
            name, value = line.split(":", 1)
            headers.setdefault(name.lower(), []).append(value.strip())
        return int(first.split()[1]), headers

    def answer(self, method="GET"):
        status, headers = self.head()
        bodyless = method == "HEAD" or status in (204, 304) or status < 200
        length = 0 if bodyless else int(headers["content-length"][0])
        while len(self.buffer) < length:
            if not self.fill():
                raise EOFError(f"body ended after {len(self.buffer)} of {length} bytes")
        body, self.buffer = self.buffer[:length], self.buffer[length:]
        return Answer(status, headers, body)


class Millrace:
    """A running server."""

    def __init__(self, directory, flags=(), env=None):
        self.directory, self.flags, self.env = Path(directory), flags, env
        self.log = self.directory / "server.log"

    def __enter__(self):
        with open(self.log, "ab") as log:
            log.truncate(0)
            self.process = subprocess.Popen([BINARY, "server", "--port", "0", *self.flags], cwd=self.directory,
                                            env=clean_environment(self.env), stderr=log, stdout=log)
        end = time.monotonic() + 30
        while not (found := re.search(r"listens on http://[^ ]*?:(\d+)", self.log.read_text())):
            assert self.process.poll() is None and time.monotonic() < end, self.log.read_text()
            time.sleep(0.005)
        self.port = int(found[1])
        return self

    def __exit__(self, *_):
        assert self.stop() == 0, self.log.read_text()

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def connect(self, timeout=20):
        return Connection(self.port, timeout)

    def request(self, method, path, headers=None, body=None, host=None):
        """One request on a connection of its own."""
        fields = {"Host": f"localhost:{self.port}" if host is None else host, "Connection": "close"}
        if isinstance(body, (dict, list)):
            body = json.dumps(body).encode()
            fields["Content-Type"] = "application/json"
        if body is not None:
            fields["Content-Length"] = len(body)
        fields.update(headers or {})
        head = f"{method} {path} HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in fields.items()) + "\r\n"
        with self.connect() as c:
            c.send(head.encode("latin-1") + (body or b""))
            return c.answer(method)

    def get(self, path, **headers):
        return self.request("GET", path, headers)

    def post(self, path, body, **headers):
        return self.request("POST", path, headers, body)

    def make_run(self):
        return self.post(RUNS + "/create", {"experiment_id": "0"}).json["run"]["info"]["run_id"]

    def pss_kib(self):
        """Memory of the process, shared pages counted in part."""
        return int(re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{self.process.pid}/smaps_rollup").read_text(), re.M)[1])
