"""Logged models: made, finished, described, measured on datasets, searched, linked to runs, deleted."""

import mlflow
import numpy as np
import pytest
from helpers import REFUSED, code_of
from mlflow.entities import Dataset, DatasetInput, LoggedModelOutput, LoggedModelStatus

DATASETS = {
    name: Dataset(name=name, digest=f"{name}1", source_type="local", source='{"uri": "x"}') for name in ("train", "test")
}


@pytest.fixture
def scored(experiment, client):
    """Four models in one run with metrics on two datasets; (run id, {name: model})."""
    run_id = client.create_run(experiment.experiment_id).info.run_id
    client.log_inputs(run_id, [DatasetInput(d, []) for d in DATASETS.values()])
    models = {}
    scores = {"a": (0.9, 0.1), "b": (0.8, 0.7), "c": (0.7, 0.4), "d": (0.6, None)}
    for number, (name, by_dataset) in enumerate(scores.items()):
        model = client.create_logged_model(
            experiment.experiment_id, name=name, source_run_id=run_id, params={"depth": str(number)},
            tags={"odd": str(number % 2)}, model_type="tree",
        )
        for dataset, score in zip(DATASETS.values(), by_dataset):
            if score is not None:
                client.log_metric(
                    run_id, "acc", score, step=number, model_id=model.model_id, dataset_name=dataset.name,
                    dataset_digest=dataset.digest,
                )
        models[name] = model
    client.log_metric(run_id, "plain", 5.0, model_id=models["b"].model_id)
    return run_id, models


def test_create_finish_get(experiment, client):
    model = client.create_logged_model(
        experiment.experiment_id, name="näme", params={"p": "v"}, tags={"t": "x"}, model_type="agent"
    )
    assert model.model_id.startswith("m-") and len(model.model_id) == 34
    assert (model.status, model.name, model.params, model.tags["t"], model.model_type) == (
        "PENDING", "näme", {"p": "v"}, "x", "agent")
    assert model.artifact_location == f"{experiment.artifact_location}/models/{model.model_id}/artifacts"
    done = client.finalize_logged_model(model.model_id, LoggedModelStatus.READY)
    assert done.status == "READY"
    back = client.get_logged_model(model.model_id)
    assert back.status == "READY" and back.last_updated_timestamp >= back.creation_timestamp
    assert back.experiment_id == experiment.experiment_id and back.source_run_id in ("", None)


def test_unnamed_models_get_a_name(experiment, client):
    assert client.create_logged_model(experiment.experiment_id).name


def test_params_and_tags(experiment, client):
    model_id = mlflow.initialize_logged_model(name="m").model_id
    many = {f"p{i}": "v" * 100 for i in range(250)}
    mlflow.log_model_params(many, model_id=model_id)
    mlflow.set_logged_model_tags(model_id, {"a": "1", "b/ü": "2"})
    mlflow.set_logged_model_tags(model_id, {"a": "3"})
    mlflow.delete_logged_model_tag(model_id, "a")
    back = mlflow.get_logged_model(model_id)
    assert back.params == many
    assert "a" not in back.tags and back.tags["b/ü"] == "2"
    assert code_of(mlflow.delete_logged_model_tag, model_id, "a") == "RESOURCE_DOES_NOT_EXIST"
    mlflow.finalize_logged_model(model_id, "READY")


def test_external_model(experiment):
    model = mlflow.create_external_model(name="elsewhere", params={"size": "7B"}, tags={"k": "v"})
    assert model.status == "READY" and model.params == {"size": "7B"}
    assert mlflow.get_logged_model(model.model_id).tags["k"] == "v"


def test_model_of_an_active_run(experiment, client):
    with mlflow.start_run() as run:
        model = mlflow.initialize_logged_model(name="m")
        mlflow.finalize_logged_model(model.model_id, "READY")
        mlflow.log_outputs([LoggedModelOutput(model.model_id, 7)])
    back = client.get_run(run.info.run_id)
    assert [(o.model_id, o.step) for o in back.outputs.model_outputs] == [(model.model_id, 7)]
    assert mlflow.get_logged_model(model.model_id).source_run_id == run.info.run_id


def test_metrics_of_models_and_datasets(scored, client):
    run_id, models = scored
    metrics = client.get_logged_model(models["b"].model_id).metrics
    found = {(m.key, m.dataset_name, m.dataset_digest): m.value for m in metrics}
    assert found == {("acc", "train", "train1"): 0.8, ("acc", "test", "test1"): 0.7, ("plain", None, None): 5.0}
    assert {m.run_id for m in metrics} == {run_id} and {m.model_id for m in metrics} == {models["b"].model_id}


SEARCHES = [
    ({}, "d c b a"),
    ({"filter_string": "name = 'a'"}, "a"),
    ({"filter_string": "name != 'a' AND name != 'b'"}, "d c"),
    ({"filter_string": "name LIKE '%b%'"}, "b"),
    ({"filter_string": "name IN ('a', 'd')"}, "d a"),
    ({"filter_string": "model_type = 'tree' AND name != 'c'"}, "d b a"),
    ({"filter_string": "params.depth = '2'"}, "c"),
    ({"filter_string": "tags.odd = '1'"}, "d b"),
    ({"filter_string": "tags.odd != '1'"}, "c a"),
    ({"filter_string": "metrics.plain > 4"}, "b"),
    ({"filter_string": "metrics.acc >= 0.7 AND params.depth != '0'"}, "c b"),
    ({"filter_string": "metrics.acc > 0.3", "datasets": [{"dataset_name": "test", "dataset_digest": "test1"}]}, "c b"),
    ({"filter_string": "metrics.acc > 0.65", "datasets": [{"dataset_name": "train", "dataset_digest": "train1"}]}, "c b a"),
    ({"filter_string": "metrics.acc > 0.65", "datasets": [{"dataset_name": "train", "dataset_digest": "other"}]}, ""),
    ({"order_by": [{"field_name": "name"}]}, "a b c d"),
    ({"order_by": [{"field_name": "name", "ascending": False}]}, "d c b a"),
    ({"order_by": [{"field_name": "creation_timestamp"}, {"field_name": "name"}]}, "a b c d"),
    ({"order_by": [{"field_name": "metrics.acc", "ascending": False, "dataset_name": "test"}]}, "b c a d"),
    ({"order_by": [{"field_name": "metrics.acc", "ascending": True, "dataset_name": "train"}]}, "d c b a"),
    ({"order_by": [{"field_name": "metrics.plain"}, {"field_name": "metrics.acc", "dataset_name": "train"}]}, "b d c a"),
    ({"filter_string": "metrics.acc > 0", "max_results": 2, "order_by": [{"field_name": "name"}]}, "a b"),
]


@pytest.mark.parametrize("query,expected", SEARCHES, ids=[str(q[0])[:80] for q in SEARCHES])
def test_search(scored, experiment, client, query, expected):
    found = client.search_logged_models([experiment.experiment_id], **query)
    assert " ".join(m.name for m in found) == expected


def test_search_by_run_and_time(scored, experiment, client):
    run_id, models = scored
    for text in (f"source_run_id = '{run_id}'", "creation_timestamp > 1000", f"experiment_id = '{experiment.experiment_id}'"):
        assert len(client.search_logged_models([experiment.experiment_id], filter_string=text)) == 4, text
    (one,) = client.search_logged_models(
        [experiment.experiment_id], filter_string=f"model_id = '{models['a'].model_id}'"
    )
    assert one.name == "a"


@pytest.mark.millrace_only
def test_a_dataset_by_its_name_alone(scored, experiment, client):
    """The digest is optional; the official server takes its absence for an empty one and finds nothing."""
    found = client.search_logged_models(
        [experiment.experiment_id], filter_string="metrics.acc > 0.3", datasets=[{"dataset_name": "test"}]
    )
    assert [m.name for m in found] == ["c", "b"]


@pytest.mark.millrace_only
def test_search_by_status(scored, experiment, client):
    """By the name of the status; the official server compares names with the numbers it stores and finds nothing."""
    _, models = scored
    client.finalize_logged_model(models["c"].model_id, "READY")
    found = client.search_logged_models([experiment.experiment_id], filter_string="status = 'READY'")
    assert [m.name for m in found] == ["c"]


@pytest.mark.millrace_only
def test_search_by_run_id(scored, experiment, client):
    run_id, _ = scored
    assert len(client.search_logged_models([experiment.experiment_id], filter_string=f"run_id = '{run_id}'")) == 4


def test_pages(scored, experiment, client):
    seen, token = [], None
    while True:
        page = client.search_logged_models(
            [experiment.experiment_id], max_results=3, page_token=token, order_by=[{"field_name": "name"}]
        )
        seen += [m.name for m in page]
        token = page.token
        if not token:
            break
    assert seen == ["a", "b", "c", "d"]


def test_search_as_pandas(scored, experiment):
    frame = mlflow.search_logged_models([experiment.experiment_id], filter_string="params.depth = '1'")
    assert list(frame["name"]) == ["b"]
    listed = mlflow.search_logged_models([experiment.experiment_id], output_format="list")
    assert len(listed) == 4


@pytest.mark.parametrize(
    "query",
    [
        {"filter_string": "nonsense = 'x'"}, {"filter_string": "metrics.a = 'x'"}, {"filter_string": "name"},
        {"filter_string": "params.a > 'x'"}, {"order_by": [{"field_name": "nonsense"}]},
        {"order_by": [{"field_name": "params.depth"}]}, {"order_by": [{"field_name": ""}]},
        {"filter_string": "name = 'a", "max_results": 5},
    ],
    ids=str,
)
def test_wrong_searches(experiment, client, query):
    assert code_of(client.search_logged_models, [experiment.experiment_id], **query) in REFUSED


def test_delete(scored, experiment, client):
    _, models = scored
    gone = models["a"].model_id
    client.delete_logged_model(gone)
    assert code_of(client.get_logged_model, gone) == "RESOURCE_DOES_NOT_EXIST"
    assert [m.name for m in client.search_logged_models([experiment.experiment_id])] == ["d", "c", "b"]


def test_a_model_stays_when_its_run_is_deleted(scored, experiment, client):
    run_id, models = scored
    client.delete_run(run_id)
    assert len(client.get_logged_model(models["b"].model_id).metrics) == 3
    assert len(client.search_logged_models([experiment.experiment_id])) == 4
    best = client.search_logged_models(
        [experiment.experiment_id], order_by=[{"field_name": "metrics.acc", "ascending": False, "dataset_name": "test"}]
    )
    assert best[0].name == "b"


def test_artifacts_of_a_model(experiment, client, tmp_path):
    model = mlflow.initialize_logged_model(name="files")
    (tmp_path / "dir").mkdir()
    (tmp_path / "dir" / "a ü.txt").write_text("a")
    (tmp_path / "b.txt").write_text("b")
    client.log_model_artifacts(model.model_id, tmp_path / "dir")
    client.log_model_artifact(model.model_id, tmp_path / "b.txt")
    mlflow.finalize_logged_model(model.model_id, "READY")
    listed = [(f.path, f.is_dir) for f in client.list_logged_model_artifacts(model.model_id)]
    assert listed == [("a ü.txt", False), ("b.txt", False)]
    mlflow.artifacts.download_artifacts(f"models:/{model.model_id}", dst_path=str(tmp_path / "out"))
    assert (tmp_path / "out" / "a ü.txt").read_text() == "a" and (tmp_path / "out" / "b.txt").read_text() == "b"


def test_python_model(experiment, client):
    class Add(mlflow.pyfunc.PythonModel):
        def predict(self, context, model_input: list[float], params=None) -> list[float]:
            return [x + 1 for x in model_input]

    with mlflow.start_run():
        info = mlflow.pyfunc.log_model(name="add", python_model=Add(), pip_requirements=[])
    assert list(mlflow.pyfunc.load_model(f"models:/{info.model_id}").predict([1.0, 2.0])) == [2.0, 3.0]


def test_model_inputs_by_evaluation(experiment, client):
    """Metrics of a model logged from another run keep both ids, and the dataset that run used."""
    model = mlflow.create_external_model(name="m")
    data = mlflow.data.from_numpy(np.arange(3.0), name="held out")
    with mlflow.start_run() as run:
        mlflow.log_metrics({"f1": 0.5}, step=4, model_id=model.model_id, dataset=data)
    (metric,) = mlflow.get_logged_model(model.model_id).metrics
    assert (metric.key, metric.value, metric.step, metric.run_id, metric.dataset_name, metric.dataset_digest) == (
        "f1", 0.5, 4, run.info.run_id, "held out", data.digest)
    assert client.get_run(run.info.run_id).inputs.dataset_inputs[0].dataset.name == "held out"


def test_what_is_not_there(experiment, client):
    missing = "m-" + "0" * 32
    assert code_of(client.get_logged_model, missing) == "RESOURCE_DOES_NOT_EXIST"
    assert code_of(client.finalize_logged_model, missing, "READY") == "RESOURCE_DOES_NOT_EXIST"
    assert code_of(client.set_logged_model_tags, missing, {"a": "b"}) in REFUSED | {"RESOURCE_DOES_NOT_EXIST"}
    assert code_of(client.log_model_params, missing, {"a": "b"}) in REFUSED | {"RESOURCE_DOES_NOT_EXIST"}
    assert code_of(client.create_logged_model, "987654321") == "RESOURCE_DOES_NOT_EXIST"
