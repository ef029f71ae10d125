"""The command line: help, versions, refusals in one line with their exit codes, draining, gc, db upgrade."""

import json
import os
import signal
import socket
import sqlite3
import threading
import time

import pytest
from program import ARTIFACTS, BINARY, EXPERIMENTS, RUNS, Millrace, run


def one_line(done, code, part):
    assert (done.returncode, done.stdout) == (code, ""), done
    assert part in done.stderr
    assert done.stderr.count("\n") == 1 and done.stderr.startswith("millrace")


@pytest.mark.parametrize(("line", "part"), [
    ("server --nope", "no such option: --nope"),
    ("server --port", "needs a value"),
    ("server --port x", "not a whole number"),
    ("server --port 70000", "not in the range"),
    ("server --static-prefix x", "must begin with a '/'"),
    ("server --app-name basic-auth", "not served"),
    ("server --enable-workspaces", "not served"),
    ("server --registry-store-uri sqlite:///b.db", "must be the same"),
    ("server --artifacts-only --backend-store-uri sqlite:///b.db", "cannot be combined"),
    ("server what", "unexpected argument: what"),
    ("ui --log-level loud", "none of"),
    ("db upgrade", "missing argument"),
    ("db downgrade", "no such command"),
    ("gc --older-than soon", "time information"),
    ("nonsense", "no such command: nonsense"),
    ("help nonsense", "no such command: nonsense"),
])
def test_wrong_usage_is_exit_2(tmp_path, line, part):
    one_line(run(*line.split(), cwd=tmp_path), 2, part)
    assert not list(tmp_path.iterdir())


def test_failures_are_exit_1(tmp_path):
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        one_line(run("server", "--port", port, cwd=tmp_path), 1, f"cannot listen on 127.0.0.1:{port}: Address already in use")
    one_line(run("server", "--host", "no.such.host.invalid", cwd=tmp_path), 1, "no.such.host.invalid")
    one_line(run("server", "--backend-store-uri", "sqlite:////proc/nope.db", cwd=tmp_path), 1, "/proc/nope.db")
    one_line(run("server", "--backend-store-uri", "oracle://x", cwd=tmp_path), 1, "oracle")
    one_line(run("server", "--artifacts-destination", "/proc/nope", "--port", 0, cwd=tmp_path), 1, "/proc/nope")
    one_line(run("server", "--artifacts-destination", "s3://bucket", "--port", 0, cwd=tmp_path), 1, "s3://bucket")
    (tmp_path / "text.db").write_text("this is no database" * 100)
    one_line(run("server", "--backend-store-uri", "sqlite:///text.db", "--port", 0, cwd=tmp_path), 1, "text.db")


def test_help_and_version():
    assert run("--version").stdout.startswith("millrace, version ")
    assert "3.17.2" in run("--version").stdout
    assert all(name in run("help").stdout for name in ("server", "ui", "db upgrade", "gc"))
    text = run("help", "server").stdout
    assert run("server", "--help").stdout == text
    for flag in ("--backend-store-uri", "--registry-store-uri", "--default-artifact-root", "--artifacts-destination",
                 "--serve-artifacts, --no-serve-artifacts", "--artifacts-only", "-h, --host", "-p, --port", "-w, --workers",
                 "--static-prefix", "--allowed-hosts", "--cors-allowed-origins", "--x-frame-options",
                 "--disable-security-middleware", "--expose-prometheus", "--gunicorn-opts", "--waitress-opts",
                 "--uvicorn-opts", "--dev", "MLFLOW_BACKEND_STORE_URI", "MLFLOW_PORT"):
        assert flag in text
    assert "--older-than" in run("help", "gc").stdout and "--port" not in run("help", "gc").stdout
    assert run().returncode == 2
    assert max(map(len, text.splitlines())) <= 100


def test_flags_of_python_servers_are_warned_of(start):
    server = start("--gunicorn-opts", "--timeout 60", "--uvicorn-opts=--reload", "--waitress-opts", "x", "--dev")
    log = server.log.read_text()
    for flag in ("--gunicorn-opts", "--uvicorn-opts", "--waitress-opts", "--dev"):
        assert f"WARNING {flag} is ignored" in log


def test_log_lines(start):
    server = start("--log-format", "json", "--log-level", "debug")
    server.get("/nope%0Ax?secret=1")
    server.stop()
    lines = [json.loads(line) for line in server.log.read_text().splitlines()]
    assert {"time", "level", "event"} <= set(lines[0])
    request = next(line for line in lines if "/nope" in line["event"])
    assert request["level"] == "DEBUG" and " 404 " in request["event"] and "secret" not in request["event"]


def test_environment_variables(tmp_path):
    env = {"MLFLOW_BACKEND_STORE_URI": f"sqlite:///{tmp_path}/other.db", "MLFLOW_ARTIFACTS_DESTINATION": str(tmp_path / "art"),
           "MLFLOW_STATIC_PREFIX": "/p", "MLFLOW_HOST": "localhost", "MLFLOW_WORKERS": "2"}
    with Millrace(tmp_path, env=env) as server:
        assert server.get("/p/health").status == 200
        assert server.request("PUT", ARTIFACTS + "/a.txt", body=b"1").status == 200
    assert (tmp_path / "other.db").exists() and not (tmp_path / "mlflow.db").exists()
    assert (tmp_path / "art" / "a.txt").read_bytes() == b"1"


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_uploads_finish(tmp_path, sig):
    server = Millrace(tmp_path).__enter__()
    with server.connect() as busy, server.connect() as idle, server.connect() as partial:
        idle.send(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert idle.answer().status == 200
        partial.send(b"GET /health HTTP/1.1\r\nHo")
        busy.send(f"PUT {ARTIFACTS}/slow.bin HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n".encode() + b"01234")
        time.sleep(0.2)
        server.process.send_signal(sig)
        time.sleep(0.3)
        assert server.process.poll() is None
        with pytest.raises(OSError):
            late = server.connect(timeout=1)
            late.send(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
            late.answer()
        busy.send(b"56789")
        answer = busy.answer()
        assert answer.status == 200 and answer.header("connection").lower() == "close"
        start = time.monotonic()
        assert server.process.wait(20) == 0
        assert time.monotonic() - start < 5
    assert (tmp_path / "mlartifacts" / "slow.bin").read_bytes() == b"0123456789"


def test_a_second_signal_ends_at_once(tmp_path):
    server = Millrace(tmp_path).__enter__()
    with server.connect() as busy:
        busy.send(f"PUT {ARTIFACTS}/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n01".encode())
        time.sleep(0.2)
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(5) == -signal.SIGTERM


def test_stop_under_load_loses_nothing_acknowledged(tmp_path):
    server = Millrace(tmp_path).__enter__()
    run_id, done = server.make_run(), []

    def write(worker):
        try:
            with server.connect() as c:
                for i in range(10_000):
                    body = json.dumps({"run_id": run_id, "key": f"k{worker}", "value": i, "timestamp": i, "step": i}).encode()
                    c.send(f"POST {RUNS}/log-metric HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                           f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
                    assert c.answer().status == 200
                    done.append((f"k{worker}", i))
        except (EOFError, OSError):
            pass

    threads = [threading.Thread(target=write, args=(n,)) for n in range(8)]
    for t in threads:
        t.start()
    time.sleep(0.5)
    assert server.stop() == 0
    for t in threads:
        t.join()
    with sqlite3.connect(tmp_path / "mlflow.db") as db:
        stored = set(db.execute("SELECT key, step FROM metrics"))
    assert done and set(done) <= stored


def test_starts_quickly_and_small(tmp_path):
    with Millrace(tmp_path):
        pass
    start = time.monotonic()
    with Millrace(tmp_path) as server:
        assert server.get("/health").status == 200
        took = time.monotonic() - start
        size = server.pss_kib()
    if "asan" not in str(BINARY):
        assert took < 1 and size < 10 * 1024


# ---- gc and db upgrade


def test_db_upgrade(tmp_path):
    assert run("db", "upgrade", "sqlite:///new.db", cwd=tmp_path).returncode == 0
    with sqlite3.connect(tmp_path / "new.db") as db:
        assert db.execute("SELECT version_num FROM alembic_version").fetchall() == [("dc11669786a5",)]
    assert run("db", "upgrade", "sqlite:///new.db", cwd=tmp_path).returncode == 0
    with sqlite3.connect(tmp_path / "new.db") as db:
        db.execute("UPDATE alembic_version SET version_num = 'cafe'")
    one_line(run("server", "--backend-store-uri", "sqlite:///new.db", "--port", 0, cwd=tmp_path), 1,
             "millrace db upgrade sqlite:///new.db")
    one_line(run("db", "upgrade", "postgresql://nobody@localhost/x", cwd=tmp_path), 2, "postgresql")


class Garbage:
    """A stopped server's directory with active and deleted things in it."""

    def __init__(self, directory):
        self.directory = directory
        with Millrace(directory) as s:
            self.active, self.deleted = s.make_run(), s.make_run()
            self.experiment = s.post(EXPERIMENTS + "/create", {"name": "old"}).json["experiment_id"]
            self.inside = s.post(RUNS + "/create", {"experiment_id": self.experiment}).json["run"]["info"]["run_id"]
            s.post(EXPERIMENTS + "/set-experiment-tag", {"experiment_id": self.experiment, "key": "k", "value": "v"})
            for experiment, run_id in ((0, self.active), (0, self.deleted), (self.experiment, self.inside)):
                s.post(RUNS + "/log-metric", {"run_id": run_id, "key": "m", "value": 1, "timestamp": 1})
                s.post(RUNS + "/log-parameter", {"run_id": run_id, "key": "p", "value": "1"})
                s.post(RUNS + "/log-inputs", {"run_id": run_id, "datasets": [{
                    "tags": [{"key": "mlflow.data.context", "value": "train"}],
                    "dataset": {"name": "d", "digest": "1", "source_type": "local", "source": "x"}}]})
                s.request("PUT", f"{ARTIFACTS}/{experiment}/{run_id}/artifacts/d/f.txt", body=b"1")
            s.post(RUNS + "/delete", {"run_id": self.deleted})
            s.post(EXPERIMENTS + "/delete", {"experiment_id": self.experiment})

    def gc(self, *flags):
        return run("gc", *flags, cwd=self.directory)

    def rows(self, table, column="run_uuid"):
        with sqlite3.connect(self.directory / "mlflow.db") as db:
            return sorted(row[0] for row in db.execute(f"SELECT DISTINCT {column} FROM {table}"))

    def files(self):
        return sorted(p.parts[-4] for p in (self.directory / "mlartifacts").rglob("f.txt"))


def test_gc_removes_all_that_is_deleted(tmp_path):
    garbage = Garbage(tmp_path)
    done = garbage.gc()
    assert done.returncode == 0, done.stderr
    assert sorted(done.stdout.splitlines()) == sorted([
        f"Run with ID {garbage.deleted} has been permanently deleted.",
        f"Run with ID {garbage.inside} has been permanently deleted.",
        f"Experiment with ID {garbage.experiment} has been permanently deleted."])
    for table in ("runs", "metrics", "latest_metrics", "params", "tags"):
        assert garbage.rows(table) == [garbage.active]
    assert garbage.rows("inputs", "destination_id") == [garbage.active]
    assert len(garbage.rows("input_tags", "input_uuid")) == 1
    assert garbage.rows("experiments", "experiment_id") == [0]
    assert garbage.rows("experiment_tags", "experiment_id") == []
    assert garbage.rows("datasets", "experiment_id") == [0]
    assert garbage.files() == [garbage.active]
    assert garbage.gc().stdout == ""


def test_gc_by_age(tmp_path):
    garbage = Garbage(tmp_path)
    assert garbage.gc("--older-than", "1d2h3m4.5s").stdout == ""
    one_line(garbage.gc("--older-than", "1d", "--run-ids", garbage.deleted), 1, "not older than the required age")
    assert len(garbage.rows("runs")) == 3
    time.sleep(0.1)
    assert garbage.deleted in garbage.gc("--older-than", "0.05s").stdout
    assert garbage.rows("runs") == [garbage.active]


def test_gc_by_id(tmp_path):
    garbage = Garbage(tmp_path)
    one_line(garbage.gc("--run-ids", f"{garbage.deleted},{garbage.active}"), 1, "not in the deleted lifecycle stage")
    one_line(garbage.gc("--run-ids", "nope"), 1, "'nope' not found")
    one_line(garbage.gc("--experiment-ids", "0"), 1, "not in the deleted lifecycle stage")
    assert len(garbage.rows("runs")) == 3 and len(garbage.files()) == 3
    assert garbage.gc("--experiment-ids", garbage.experiment, "--run-ids", garbage.deleted).returncode == 0
    assert garbage.rows("runs") == [garbage.active]


def test_gc_leaves_artifacts_that_are_not_the_runs_own(tmp_path):
    garbage = Garbage(tmp_path)
    with sqlite3.connect(tmp_path / "mlflow.db") as db:
        db.execute("UPDATE runs SET artifact_uri = 'mlflow-artifacts:/' WHERE run_uuid = ?", (garbage.deleted,))
        db.execute("UPDATE runs SET artifact_uri = ? WHERE run_uuid = ?", (str(tmp_path), garbage.inside))
    assert "were not removed" in garbage.gc().stderr
    assert len(garbage.files()) == 3


def test_gc_keeps_a_run_whose_storage_is_out_of_reach(tmp_path):
    garbage = Garbage(tmp_path)
    with sqlite3.connect(tmp_path / "mlflow.db") as db:
        db.execute("UPDATE runs SET artifact_uri = ? WHERE run_uuid = ?", (f"s3://b/{garbage.deleted}", garbage.deleted))
    done = garbage.gc()
    assert done.returncode == 1 and "s3" in done.stderr
    assert garbage.rows("runs") == sorted([garbage.active, garbage.deleted])
    os.remove(tmp_path / "mlflow.db")
    one_line(garbage.gc(), 1, "does not exist")
