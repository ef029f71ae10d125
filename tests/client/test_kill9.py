"""SIGKILL in the middle of load: after a restart everything acknowledged is there and nothing is there by half."""

import http.client
import random
import sqlite3
import time

import pytest
from conftest import Rest
from load import Journal, Writer
from servers import Server, kind_under_test

ROUNDS = 3
WRITERS = 8


def all_runs(rest, experiment_id):
    """Every run of the experiment by id, through the pages of search."""
    runs, token = {}, None
    while True:
        body = {"experiment_ids": [experiment_id], "max_results": 1000, **({"page_token": token} if token else {})}
        page = rest.post("runs/search", body)
        runs.update((r["info"]["run_id"], r) for r in page.get("runs", []))
        token = page.get("next_page_token")
        if not token:
            return runs


def keys(run, part):
    return {item["key"] for item in run["data"].get(part, [])}


def parts_of_batch(run, key):
    """How many of the 50 entries of a batch are there."""
    found = sum(f"{key}_m{i}" in keys(run, "metrics") for i in range(30))
    found += sum(f"{key}_p{i}" in keys(run, "params") for i in range(10))
    return found + sum(f"{key}_t{i}" in keys(run, "tags") for i in range(10))


def history(rest, run_id):
    steps, token = set(), None
    while True:
        query = {"run_id": run_id, "metric_key": "loss", **({"page_token": token} if token else {})}
        page = rest.get("metrics/get-history", **query)
        steps |= {int(m.get("step", 0)) for m in page.get("metrics", [])}
        token = page.get("next_page_token")
        if not token:
            return steps


def check(rest, experiment_id, journal):
    runs = all_runs(rest, experiment_id)
    assert journal.runs <= set(runs), "an acknowledged run is lost"
    for run_id, wanted in journal.params.items():
        assert set(wanted) <= keys(runs[run_id], "params"), "an acknowledged param is lost"
    for run_id, wanted in journal.tags.items():
        assert set(wanted) <= keys(runs[run_id], "tags"), "an acknowledged tag is lost"
    for run_id, wanted in journal.metrics.items():
        assert set(wanted) <= history(rest, run_id), "an acknowledged metric is lost"
        latest = {m["key"]: m for m in runs[run_id]["data"]["metrics"]}["loss"]
        assert int(latest["step"]) >= max(wanted), "the latest value is behind the history"
    for run_id, wanted in journal.batches.items():
        assert all(parts_of_batch(runs[run_id], key) == 50 for key in wanted), "an acknowledged batch is lost"
    if kind_under_test() == "millrace":  # the official server commits a batch in three steps
        for run_id, wanted in journal.unsure_batches.items():
            assert all(parts_of_batch(runs[run_id], key) in (0, 50) for key in wanted), "a batch is there by half"
    for run in runs.values():
        assert "mlflow.runName" in keys(run, "tags"), "a run is there by half"


def test_nothing_acknowledged_is_lost(tmp_path):
    journal = Journal()
    server = Server(tmp_path / "server").start()
    experiment_id = Rest(server.uri).post("experiments/create", {"name": "killed"})["experiment_id"]
    for _ in range(ROUNDS):
        writers = [Writer(n, server.port, experiment_id, journal) for n in range(WRITERS)]
        for writer in writers:
            writer.start()
        time.sleep(random.uniform(0.5, 1.5))
        server.kill()
        for writer in writers:
            writer.join(60)
        assert journal.refused == []
        server.start()
        check(Rest(server.uri), experiment_id, journal)
    assert len(journal.runs) > 10 and journal.batches and journal.metrics
    assert server.stop() == 0 or server.kind == "official"
    with sqlite3.connect(server.database) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []


@pytest.mark.millrace_only
def test_a_broken_upload_leaves_nothing(tmp_path):
    """The server dies while it receives a file: neither the file nor a rest of it is listed afterwards."""
    server = Server(tmp_path / "server").start()
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.putrequest("PUT", "/api/2.0/mlflow-artifacts/artifacts/dir/half.bin")
    connection.putheader("Content-Length", str(1 << 20))
    connection.endheaders()
    connection.send(b"x" * (1 << 19))
    time.sleep(0.3)
    server.kill()
    connection.close()
    with server:
        listed = Rest(server.uri, "/api/2.0/mlflow-artifacts/").get("artifacts?path=dir")
        assert listed.get("files", []) == []


@pytest.mark.millrace_only
def test_a_client_that_goes_away_leaves_nothing(server):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.putrequest("PUT", "/api/2.0/mlflow-artifacts/artifacts/gone/half.bin")
    connection.putheader("Content-Length", str(1 << 20))
    connection.endheaders()
    connection.send(b"x" * (1 << 19))
    connection.close()
    time.sleep(0.3)
    listed = Rest(server.uri, "/api/2.0/mlflow-artifacts/").get("artifacts?path=gone")
    assert listed.get("files", []) == []
