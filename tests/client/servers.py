"""Starts and stops the servers under test.

Used by conftest.py and by the tests that need a server of their own (other flags, kill -9, two servers in turn).
Invariant: a server started here is stopped here, by its own process handle, and a clean stop has exit code 0.
"""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
NO_DATABASE = object()  # for Server(database=...): give no --backend-store-uri
START_SECONDS = {"millrace": 20, "official": 120}


def kind_under_test():
    """Which server the suite runs against: 'millrace' or 'official'."""
    return "official" if os.environ.get("MLFLOW_TEST_SERVER") else "millrace"


def millrace_binary():
    return Path(os.environ.get("MILLRACE_BIN") or REPO / "build" / "millrace").resolve()


def free_port():
    """A port nobody listens on; out of MILLRACE_TEST_PORTS=FIRST-LAST when that is set, else one the kernel chooses."""
    wanted = os.environ.get("MILLRACE_TEST_PORTS")
    ports = [0]
    if wanted:
        first, last = (int(p) for p in wanted.split("-"))
        ports = list(range(first, last + 1))
        start = time.monotonic_ns() // 1000 % len(ports)
        ports = ports[start:] + ports[:start]
    for port in ports:
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
            except OSError:
                continue
            return s.getsockname()[1]
    raise RuntimeError(f"no free port in {wanted}")


def server_environment(extra=None):
    """The caller's environment without what would change a server's or client's defaults."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("MLFLOW_", "_MLFLOW_"))}
    env["MLFLOW_DISABLE_TELEMETRY"] = "true"
    env["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] = "false"  # read by the official server only: starts quicker
    env.update(extra or {})
    return env


class Server:
    """One server process. `directory` holds its database, its artifacts and its log."""

    def __init__(self, directory, kind=None, flags=(), env=None, database=None, artifacts=None, prefix=""):
        self.directory = Path(directory)
        self.kind = kind or kind_under_test()
        self.database = database or self.directory / "mlflow.db"
        self.artifacts = Path(artifacts or self.directory / "artifacts")
        self.flags = list(flags)
        self.env = server_environment(env)
        self.prefix = prefix
        self.port = None
        self.process = None
        self.log = self.directory / f"{self.kind}.log"

    @property
    def uri(self):
        return f"http://127.0.0.1:{self.port}{self.prefix}"

    def command(self):
        if self.kind == "official":
            program = [sys.executable, "-m", "mlflow", "server", "--workers", "1"]
        else:
            program = [str(millrace_binary()), "server"]
        command = program + ["--host", "127.0.0.1", "--port", str(self.port)] + self.flags
        if "--backend-store-uri" not in self.flags and self.database is not NO_DATABASE:
            command += ["--backend-store-uri", f"sqlite:///{self.database}"]
        if not {"--no-serve-artifacts", "--artifacts-destination"} & set(self.flags):
            command += ["--artifacts-destination", str(self.artifacts)]
        return command

    def start(self):
        self.directory.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                self.command(), stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=self.env,
                cwd=self.directory, start_new_session=True,
            )
        try:
            self._wait_until_healthy()
        except BaseException:
            self.kill()
            raise
        return self

    def _wait_until_healthy(self):
        deadline = time.monotonic() + START_SECONDS[self.kind]
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError(f"the server ended with {self.process.returncode}:\n{self.log_tail()}")
            try:
                with urllib.request.urlopen(self.uri + "/health", timeout=2) as answer:
                    if answer.status == 200:
                        return
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.02)
        raise RuntimeError(f"no answer on {self.uri}/health:\n{self.log_tail()}")

    def log_tail(self, lines=30):
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])

    def stop(self):
        """SIGTERM; waits; returns the exit code."""
        if self.process is None:
            return None
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(30)
        finally:
            self.kill()

    def kill(self):
        """SIGKILL to the server and, for the official one, to its workers (one process group)."""
        if self.process is None:
            return
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        self.process = None

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, error, trace):
        code = self.stop()
        if error is None and self.kind == "millrace":
            assert code == 0, f"exit code {code} after SIGTERM:\n{self.log_tail()}"


class RunningServer:
    """An official server that somebody else started and will stop: MLFLOW_TEST_SERVER=http://HOST:PORT."""

    kind = "official"

    def __init__(self, uri):
        self.uri = uri

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        pass
