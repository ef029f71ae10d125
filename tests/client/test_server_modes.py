"""Servers started with other flags: artifacts written by clients themselves, a path prefix, artifacts alone, refusals."""

import os
import signal
import subprocess
import time

import mlflow
import pytest
import requests
from servers import NO_DATABASE, Server, free_port, kind_under_test, millrace_binary, server_environment


def log_something(uri, name="modes"):
    mlflow.set_tracking_uri(uri)
    experiment = mlflow.set_experiment(name)
    with mlflow.start_run() as run:
        mlflow.log_param("p", 1)
        mlflow.log_text("hello", "sub dir/größe 1.txt")
        mlflow.log_dict({"a": 1}, "d.json")
    return experiment, mlflow.get_run(run.info.run_id)


def test_artifacts_written_by_clients_to_a_path(tmp_path):
    root = tmp_path / "root of runs"
    flags = ["--no-serve-artifacts", "--default-artifact-root", str(root)]
    with Server(tmp_path / "server", flags=flags) as server:
        experiment, run = log_something(server.uri)
        assert experiment.artifact_location.endswith(f"{root}/{experiment.experiment_id}".replace(" ", "%20")) or (
            experiment.artifact_location == f"{root}/{experiment.experiment_id}")
        file = root / experiment.experiment_id / run.info.run_id / "artifacts" / "sub dir" / "größe 1.txt"
        assert file.read_text() == "hello"
        files = mlflow.MlflowClient().list_artifacts(run.info.run_id, "sub dir")
        assert [f.path for f in files] == ["sub dir/größe 1.txt"]
        local = mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path="sub dir/größe 1.txt")
        assert open(local).read() == "hello"
        proxied = requests.get(server.uri + "/api/2.0/mlflow-artifacts/artifacts", params={"path": "x"}, timeout=30)
        assert proxied.status_code == 503
        # the server reads its own disk for the web page
        page = requests.get(
            server.uri + "/get-artifact", params={"run_id": run.info.run_id, "path": "d.json"}, timeout=30
        )
        assert page.json() == {"a": 1}


def test_file_uri_as_artifact_root(tmp_path):
    flags = ["--no-serve-artifacts", "--default-artifact-root", f"file://{tmp_path}/root"]
    with Server(tmp_path / "server", flags=flags) as server:
        experiment, run = log_something(server.uri)
        assert run.info.artifact_uri == f"file://{tmp_path}/root/{experiment.experiment_id}/{run.info.run_id}/artifacts"
        listed = requests.get(
            server.uri + "/api/2.0/mlflow/artifacts/list", params={"run_id": run.info.run_id}, timeout=30
        ).json()
        assert sorted(f["path"] for f in listed["files"]) == ["d.json", "sub dir"]


def test_static_prefix(tmp_path):
    with Server(tmp_path / "server", flags=["--static-prefix", "/tools/mlflow"], prefix="/tools/mlflow") as server:
        mlflow.set_tracking_uri(server.uri)
        experiment = mlflow.set_experiment("prefixed")
        with mlflow.start_run() as run:
            mlflow.log_metric("m", 1.0)
        assert mlflow.search_runs([experiment.experiment_id], output_format="list")[0].info.run_id == run.info.run_id
        bare = f"http://127.0.0.1:{server.port}"
        assert requests.get(bare + "/tools/mlflow/version", timeout=30).text == "3.17.2"
        assert requests.get(bare + "/api/2.0/mlflow/experiments/get?experiment_id=0", timeout=30).status_code == 404


def test_artifacts_only(tmp_path):
    with Server(tmp_path / "server", flags=["--artifacts-only"], database=NO_DATABASE) as server:
        base = server.uri + "/api/2.0/mlflow-artifacts/artifacts"
        assert requests.put(base + "/a/b.txt", data=b"12345", timeout=30).status_code == 200
        listed = requests.get(base, params={"path": "a"}, timeout=30).json()
        assert listed["files"] == [{"path": "b.txt", "is_dir": False, "file_size": 5}]
        assert requests.get(base + "/a/b.txt", timeout=30).content == b"12345"
        assert (server.artifacts / "a" / "b.txt").read_bytes() == b"12345"
        answer = requests.get(server.uri + "/api/2.0/mlflow/experiments/get?experiment_id=0", timeout=30)
        assert answer.status_code == 503


def test_default_artifact_root_while_serving(tmp_path):
    """An explicit root wins over the proxied default."""
    flags = ["--default-artifact-root", "mlflow-artifacts:/team/a"]
    with Server(tmp_path / "server", flags=flags) as server:
        experiment, run = log_something(server.uri.replace("127.0.0.1", "localhost"))
        assert experiment.artifact_location == f"mlflow-artifacts:/team/a/{experiment.experiment_id}"
        stored = server.artifacts / "team" / "a" / experiment.experiment_id / run.info.run_id / "artifacts" / "d.json"
        assert stored.read_text().replace("\n", "").replace(" ", "") == '{"a":1}'


def test_everything_is_there_after_a_restart(tmp_path):
    with Server(tmp_path / "server") as server:
        experiment, run = log_something(server.uri, "kept")
    with Server(tmp_path / "server") as server:
        mlflow.set_tracking_uri(server.uri)
        back = mlflow.get_run(run.info.run_id)
        assert back.to_dictionary() == run.to_dictionary()
        assert mlflow.get_experiment_by_name("kept").experiment_id == experiment.experiment_id
        assert mlflow.artifacts.load_dict(run.info.artifact_uri + "/d.json") == {"a": 1}


@pytest.mark.millrace_only
def test_requests_under_way_are_answered_before_it_ends(tmp_path):
    """SIGTERM while a slow upload is under way: the upload is answered, then the server ends with 0."""
    with Server(tmp_path / "server") as server:
        def slow():
            for part in range(10):
                if part == 3:
                    os.kill(server.process.pid, signal.SIGTERM)
                time.sleep(0.1)
                yield b"x" * 1000

        answer = requests.put(server.uri + "/api/2.0/mlflow-artifacts/artifacts/slow.bin", data=slow(), timeout=30)
        assert answer.status_code == 200
        assert (server.artifacts / "slow.bin").stat().st_size == 10_000
        assert server.process.wait(20) == 0


@pytest.mark.millrace_only
@pytest.mark.parametrize(
    "flags",
    [
        ["--no-such-flag"],
        ["--port", "notanumber"],
        ["--port", "99999"],
        ["--backend-store-uri", "carrier-pigeon://x/y"],
        ["--backend-store-uri", "sqlite:////proc/nowhere/mlflow.db"],
        ["--host", "not an address"],
        ["--static-prefix", "no-slash"],
    ],
    ids=lambda f: " ".join(f),
)
def test_wrong_flags_give_one_clear_line(tmp_path, flags):
    command = [str(millrace_binary()), "server", "--port", str(free_port()), *flags]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, cwd=tmp_path, env=server_environment())
    assert done.returncode in (1, 2)
    lines = done.stderr.strip().splitlines()
    assert 1 <= len(lines) <= 3, done.stderr


@pytest.mark.millrace_only
def test_busy_port_gives_one_clear_line(tmp_path, server):
    command = [str(millrace_binary()), "server", "--port", str(server.port)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, cwd=tmp_path, env=server_environment())
    assert done.returncode in (1, 2)
    assert str(server.port) in done.stderr and len(done.stderr.strip().splitlines()) <= 3


def test_metrics_for_prometheus(tmp_path):
    if kind_under_test() == "official":
        pytest.skip("the official server needs another package for this")
    with Server(tmp_path / "server", flags=["--expose-prometheus", str(tmp_path / "prometheus")]) as server:
        requests.get(server.uri + "/health", timeout=30)
        text = requests.get(server.uri + "/metrics", timeout=30)
        assert text.status_code == 200 and "# TYPE" in text.text
