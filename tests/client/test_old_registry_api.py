"""Paths of the registry that only old clients know: under 2.0/preview, and its very first form."""

import pytest
from conftest import Rest

pytestmark = pytest.mark.millrace_only


@pytest.fixture
def preview(server):
    return Rest(server.uri, "/api/2.0/preview/mlflow/")


@pytest.fixture
def model(client, unique):
    name = unique("model")
    client.create_registered_model(name)
    client.create_model_version(name, "s3://bucket/model")
    return name


def test_registry_under_preview(preview, unique):
    name = unique("model")
    assert preview.post("registered-models/create", {"name": name})["registered_model"]["name"] == name
    version = preview.post("model-versions/create", {"name": name, "source": "s3://bucket/model"})["model_version"]
    assert version["version"] == "1"
    body = {"name": name, "version": "1", "stage": "Staging", "archive_existing_versions": False}
    assert preview.post("model-versions/transition-stage", body)["model_version"]["current_stage"] == "Staging"
    latest = preview.get("registered-models/get-latest-versions", name=name)["model_versions"]
    assert [v["version"] for v in latest] == ["1"]
    found = preview.get("model-versions/search", filter=f"name = '{name}'")["model_versions"]
    assert len(found) == 1
    assert preview.call("DELETE", "registered-models/delete", json={"name": name}).status_code == 200


def test_tracking_under_preview(preview, experiment):
    run = preview.post("runs/create", {"experiment_id": experiment.experiment_id})["run"]
    run_id = run["info"]["run_id"]
    preview.post("runs/log-metric", {"run_uuid": run_id, "key": "m", "value": 1.5, "timestamp": 1})
    preview.post("runs/log-parameter", {"run_id": run_id, "key": "p", "value": "v"})
    data = preview.get("runs/get", run_uuid=run_id)["run"]["data"]
    assert data["metrics"][0]["value"] == 1.5 and data["params"] == [{"key": "p", "value": "v"}]
    assert preview.get("metrics/get-history", run_id=run_id, metric_key="m")["metrics"][0]["timestamp"] == 1


@pytest.mark.parametrize("root", ["/api/2.0/mlflow/", "/api/2.0/preview/mlflow/"])
def test_get_details(server, model, root):
    rest = Rest(server.uri, root)
    found = rest.call("POST", "registered-models/get-details", json={"registered_model": {"name": model}})
    if found.status_code in (404, 405):
        found = rest.call("GET", "registered-models/get-details", params={"name": model})
    assert found.status_code == 200 and model in found.text


def test_stage_given_to_an_update(preview, client, model):
    answer = preview.call("PATCH", "model-versions/update", json={"name": model, "version": "1", "stage": "Production"})
    assert answer.status_code == 200, answer.text
    assert client.get_model_version(model, "1").current_stage == "Production"
