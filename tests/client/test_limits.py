"""Limits and the errors that clients see: lengths, batch sizes, wrong names, what does not exist."""

import mlflow
import pytest
import requests
from helpers import REFUSED, code_of
from mlflow.entities import Metric, Param, RunTag


@pytest.fixture
def run_id(experiment, client):
    return client.create_run(experiment.experiment_id).info.run_id


def refused(rest, path, body):
    """The error code of a REST call that must fail with 400; goes past the client's own checks."""
    answer = rest.call("POST", path, json=body)
    assert answer.status_code == 400, answer.text
    return answer.json()["error_code"]


def points(count):
    return [{"key": "m", "value": 1.0, "timestamp": 1, "step": n} for n in range(count)]


def pairs(stem, count):
    return [{"key": f"{stem}{n}", "value": "v"} for n in range(count)]


def test_full_batch(client, run_id):
    client.log_batch(
        run_id,
        [Metric(f"m{i}", i, 1, 0) for i in range(800)],
        [Param(f"p{i}", str(i)) for i in range(100)],
        [RunTag(f"t{i}", str(i)) for i in range(100)],
    )
    data = client.get_run(run_id).data
    assert len(data.metrics) == 800 and len(data.params) == 100
    assert len([t for t in data.tags if t.startswith("t")]) == 100


@pytest.mark.parametrize(
    "batch",
    [
        {"metrics": points(1001)},
        {"params": pairs("p", 101)},
        {"tags": pairs("t", 101)},
        {"metrics": points(901), "params": pairs("p", 50), "tags": pairs("t", 50)},
    ],
    ids=["metrics", "params", "tags", "together"],
)
def test_batch_too_large(client, rest, run_id, batch):
    assert refused(rest, "runs/log-batch", {"run_id": run_id, **batch}) == "INVALID_PARAMETER_VALUE"
    data = client.get_run(run_id).data
    assert data.metrics == {} and data.params == {}


def test_batch_is_all_or_nothing(client, rest, run_id):
    client.log_param(run_id, "p", "1")
    body = {"run_id": run_id, "metrics": points(3), "params": [*pairs("new", 2), {"key": "p", "value": "2"}]}
    assert refused(rest, "runs/log-batch", body) == "INVALID_PARAMETER_VALUE"
    data = client.get_run(run_id).data
    assert data.params == {"p": "1"} and data.metrics == {}


def test_duplicate_keys_in_a_batch(rest, run_id):
    twice = [{"key": "p", "value": "1"}, {"key": "p", "value": "2"}]
    assert refused(rest, "runs/log-batch", {"run_id": run_id, "params": twice}) == "INVALID_PARAMETER_VALUE"


def test_client_splits_what_is_too_much_for_one_batch(experiment, client):
    with mlflow.start_run() as run:
        mlflow.log_params({f"p{i}": i for i in range(250)})
        mlflow.set_tags({f"t{i}": i for i in range(150)})
        mlflow.log_metrics({f"m{i}": float(i) for i in range(1000)})
    data = client.get_run(run.info.run_id).data
    assert len(data.params) == 250 and len(data.metrics) == 1000 and data.tags["t149"] == "149"


@pytest.mark.parametrize(
    "path,body",
    [
        ("runs/log-parameter", {"key": "k" * 251, "value": "v"}),
        ("runs/log-parameter", {"key": "../up", "value": "v"}),
        ("runs/log-parameter", {"key": "bad\x00key", "value": "v"}),
        ("runs/log-parameter", {"value": "no key"}),
        ("runs/log-metric", {"key": "k" * 251, "value": 1.0, "timestamp": 1}),
        ("runs/log-metric", {"key": "m", "value": "text", "timestamp": 1}),
        ("runs/log-metric", {"key": "m", "timestamp": 1}),
        ("runs/log-metric", {"key": "m", "value": 1.0}),
        ("runs/log-metric", {"key": "/rooted", "value": 1.0, "timestamp": 1}),
        ("runs/log-metric", {"key": "m", "value": 1.0, "timestamp": 1, "step": "x"}),
        ("runs/set-tag", {"key": "k" * 251, "value": "v"}),
        ("runs/set-tag", {"key": "a/../b", "value": "v"}),
    ],
)
def test_wrong_values(rest, run_id, path, body):
    assert refused(rest, path, {"run_id": run_id, **body}) in REFUSED


def test_longest_keys_and_values(client, run_id):
    client.log_param(run_id, "p" * 250, "v" * 6000)
    client.set_tag(run_id, "t" * 250, "v" * 8000)
    data = client.get_run(run_id).data
    assert data.params == {"p" * 250: "v" * 6000} and data.tags["t" * 250] == "v" * 8000


def test_longer_values_are_cut(client, run_id, rest):
    rest.post("runs/log-parameter", {"run_id": run_id, "key": "p", "value": "é" * 6001})
    rest.post("runs/set-tag", {"run_id": run_id, "key": "t", "value": "é" * 8001})
    data = client.get_run(run_id).data
    assert data.params == {"p": "é" * 6000} and data.tags["t"] == "é" * 8000


def test_experiment_names(client, unique):
    name = unique("twice")
    client.create_experiment(name)
    assert code_of(client.create_experiment, name) == "RESOURCE_ALREADY_EXISTS"
    assert code_of(client.create_experiment, "n" * 501) == "INVALID_PARAMETER_VALUE"
    assert code_of(client.create_experiment, "") == "INVALID_PARAMETER_VALUE"
    other = client.create_experiment(unique("other"))
    assert code_of(client.rename_experiment, other, name) in ("RESOURCE_ALREADY_EXISTS", "BAD_REQUEST")


def test_what_is_not_there(client):
    missing = "f" * 32
    assert code_of(client.get_run, missing) == "RESOURCE_DOES_NOT_EXIST"
    assert code_of(client.get_experiment, "987654321") == "RESOURCE_DOES_NOT_EXIST"
    assert client.get_experiment_by_name("no such experiment") is None
    assert code_of(client.log_metric, missing, "m", 1.0) == "RESOURCE_DOES_NOT_EXIST"
    assert code_of(client.log_batch, missing, [Metric("m", 1.0, 1, 0)]) == "RESOURCE_DOES_NOT_EXIST"
    assert code_of(client.set_tag, missing, "t", "v") == "RESOURCE_DOES_NOT_EXIST"
    assert code_of(client.delete_run, missing) == "RESOURCE_DOES_NOT_EXIST"
    assert code_of(client.delete_experiment, "987654321") == "RESOURCE_DOES_NOT_EXIST"
    assert code_of(client.create_run, "987654321") == "RESOURCE_DOES_NOT_EXIST"
    assert code_of(client.list_artifacts, missing) == "RESOURCE_DOES_NOT_EXIST"


def test_answers_to_broken_requests(rest, server):
    answer = rest.call("POST", "runs/create", data="{broken", headers={"Content-Type": "application/json"})
    assert answer.status_code == 400 and answer.json()["error_code"]
    answer = rest.call("POST", "runs/create", data="[1, 2]", headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert rest.call("GET", "no/such/thing").status_code == 404
    assert rest.call("PUT", "runs/create", json={}).status_code in (404, 405)
    assert rest.call("GET", "runs/get").json()["error_code"] == "INVALID_PARAMETER_VALUE"


def test_foreign_hosts_and_origins_are_refused(rest):
    assert rest.call("GET", "experiments/get?experiment_id=0", headers={"Host": "evil.example"}).status_code == 403
    answer = rest.call("POST", "experiments/search", json={"max_results": 1}, headers={"Origin": "http://evil.example"})
    assert answer.status_code == 403
    answer = rest.call("POST", "experiments/search", json={"max_results": 1}, headers={"Origin": "http://localhost:3000"})
    assert answer.status_code == 200


def test_version_and_server_info(server, rest):
    assert requests.get(server.uri + "/version", timeout=30).text == "3.17.2"
    assert requests.get(server.uri + "/health", timeout=30).text == "OK"
    info = requests.get(server.uri + "/api/3.0/mlflow/server-info", timeout=30)
    assert info.status_code == 200 and info.json()
