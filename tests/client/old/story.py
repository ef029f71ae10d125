"""One story for MLflow clients of all ages, from 1.30 on: python story.py VERSION, with MLFLOW_TRACKING_URI set.

Run by test_old_clients.py inside an environment that has that client. It uses what the client has (older ones lack
aliases, datasets, logged models), checks every step with assertions, and says at the end which chapters were told.
"""

import math
import os
import sys
import time
import uuid

import mlflow
from mlflow.entities import Metric, Param, RunTag, ViewType
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

VERSION = sys.argv[1]
CLIENT = MlflowClient()
STEM = f"story-{VERSION}-{uuid.uuid4().hex[:8]}"


def code_of(call, *args, **kwargs):
    """The error code of a call that must fail."""
    try:
        call(*args, **kwargs)
    except MlflowException as error:
        return error.error_code
    raise AssertionError(f"{call.__name__} should have failed")


def names(runs):
    return [r.data.tags.get("mlflow.runName") for r in runs]


def experiment():
    """Made, tagged, renamed, deleted, restored; returns its id."""
    experiment_id = mlflow.set_experiment(STEM).experiment_id
    CLIENT.set_experiment_tag(experiment_id, "team", "blue")
    back = CLIENT.get_experiment(experiment_id)
    assert back.name == STEM and back.tags["team"] == "blue" and back.lifecycle_stage == "active"
    assert CLIENT.get_experiment_by_name(STEM).experiment_id == experiment_id
    other = CLIENT.create_experiment(STEM + " other")
    CLIENT.rename_experiment(other, STEM + " renamed")
    CLIENT.delete_experiment(other)
    assert CLIENT.get_experiment(other).lifecycle_stage == "deleted"
    CLIENT.restore_experiment(other)
    found = CLIENT.search_experiments(filter_string=f"name LIKE '{STEM}%'", order_by=["name ASC"])
    assert [e.name for e in found] == [STEM, STEM + " renamed"]
    return experiment_id


def nested_runs(experiment_id):
    """A parent with three children; returns the id of the parent."""
    with mlflow.start_run(run_name="parent") as parent:
        mlflow.log_param("alpha", 0.5)
        mlflow.log_params({"a": 1, "text": "ä b"})
        mlflow.set_tags({"one": "1", "two": "2"})
        for number in range(3):
            with mlflow.start_run(run_name=f"child {number}", nested=True):
                mlflow.log_param("depth", number)
                for step in range(4):
                    mlflow.log_metric("score", number + step / 10, step=step)
                mlflow.log_metrics({"loss": 1.0 / (number + 1), "acc": number / 3}, step=1)
    back = CLIENT.get_run(parent.info.run_id)
    assert back.info.status == "FINISHED" and back.info.end_time >= back.info.start_time
    assert back.data.params == {"alpha": "0.5", "a": "1", "text": "ä b"}
    assert back.data.tags["two"] == "2" and back.data.tags["mlflow.user"]
    children = CLIENT.search_runs([experiment_id], f"tags.mlflow.parentRunId = '{back.info.run_id}'")
    assert sorted(names(children)) == ["child 0", "child 1", "child 2"]
    return parent.info.run_id


def batch(experiment_id):
    run_id = CLIENT.create_run(experiment_id, tags={"kind": "batch"}).info.run_id
    now = int(time.time() * 1000)
    CLIENT.log_batch(
        run_id,
        metrics=[Metric("m", float(i), now + i, i) for i in range(500)] + [Metric("nan", math.nan, now, 0)],
        params=[Param(f"p{i}", str(i)) for i in range(100)],
        tags=[RunTag(f"t{i}", str(i)) for i in range(50)],
    )
    data = CLIENT.get_run(run_id).data
    assert data.metrics["m"] == 499.0 and math.isnan(data.metrics["nan"])
    assert len(data.params) == 100 and data.tags["t49"] == "49"
    history = CLIENT.get_metric_history(run_id, "m")
    assert [(m.step, m.value, m.timestamp) for m in history] == [(i, float(i), now + i) for i in range(500)]
    CLIENT.delete_tag(run_id, "t0")
    assert "t0" not in CLIENT.get_run(run_id).data.tags
    CLIENT.set_terminated(run_id, "FAILED")
    assert CLIENT.get_run(run_id).info.status == "FAILED"
    CLIENT.delete_run(run_id)
    assert CLIENT.get_run(run_id).info.lifecycle_stage == "deleted"
    deleted = CLIENT.search_runs([experiment_id], run_view_type=ViewType.DELETED_ONLY)
    assert [r.info.run_id for r in deleted] == [run_id]
    CLIENT.restore_run(run_id)


def search(experiment_id):
    def found(text, order=("attributes.start_time ASC",)):
        return names(CLIENT.search_runs([experiment_id], text, order_by=list(order)))

    assert found("metrics.score > 1.25") == ["child 1", "child 2"]
    assert found("metrics.loss <= 0.5 and params.depth != '2'") == ["child 1"]
    assert found("params.depth LIKE '%' and tags.mlflow.runName ILIKE 'CHILD 0'") == ["child 0"]
    assert found("attributes.status = 'FINISHED' and metrics.acc >= 0", ["metrics.acc DESC"]) == [
        "child 2", "child 1", "child 0"]
    first = CLIENT.search_runs([experiment_id], "metrics.acc >= 0", max_results=2, order_by=["params.depth"])
    second = CLIENT.search_runs([experiment_id], "metrics.acc >= 0", max_results=2, order_by=["params.depth"],
                                page_token=first.token)
    assert names(first) + names(second) == ["child 0", "child 1", "child 2"] and not second.token
    frame = mlflow.search_runs([experiment_id], "metrics.acc >= 0", order_by=["metrics.acc"])
    assert list(frame["params.depth"]) == ["0", "1", "2"] and list(frame["metrics.loss"])[0] == 1.0


def artifacts(run_id):
    with open("two words ä.txt", "w", encoding="utf-8") as file:
        file.write("hällo")
    os.makedirs("tree/deep", exist_ok=True)
    with open("tree/deep/b.bin", "wb") as file:
        file.write(b"\0" * 100000)
    CLIENT.log_artifact(run_id, "two words ä.txt", "sub dir")
    CLIENT.log_artifacts(run_id, "tree", "tree")
    CLIENT.log_text(run_id, "text", "a.txt")
    CLIENT.log_dict(run_id, {"k": [1, 2]}, "d.json")
    listed = [(f.path, f.is_dir) for f in CLIENT.list_artifacts(run_id)]
    assert listed == [("a.txt", False), ("d.json", False), ("sub dir", True), ("tree", True)], listed
    (file,) = CLIENT.list_artifacts(run_id, "tree/deep")
    assert (file.path, file.file_size) == ("tree/deep/b.bin", 100000)
    os.makedirs("back", exist_ok=True)
    local = CLIENT.download_artifacts(run_id, "sub dir/two words ä.txt", "back")
    with open(local, encoding="utf-8") as file:
        assert file.read() == "hällo"
    local = CLIENT.download_artifacts(run_id, "tree", "back")
    assert os.path.getsize(os.path.join(local, "deep", "b.bin")) == 100000
    if hasattr(CLIENT, "log_table"):
        CLIENT.log_table(run_id, {"x": [1, 2]}, "table.json")


def registry(run_id):
    """Registered model with versions, tags, stages, searches, rename, delete."""
    name = STEM + "-model"
    uri = CLIENT.get_run(run_id).info.artifact_uri
    CLIENT.create_registered_model(name, tags={"team": "a"}, description="words")
    for number in range(3):
        version = CLIENT.create_model_version(name, f"{uri}/tree", run_id=run_id, tags={"n": str(number)})
        assert int(version.version) == number + 1 and version.status == "READY"
    CLIENT.update_model_version(name, "1", description="first")
    CLIENT.update_registered_model(name, description="more words")
    CLIENT.set_model_version_tag(name, "1", "k", "v")
    CLIENT.set_registered_model_tag(name, "k", "v")
    CLIENT.delete_registered_model_tag(name, "team")
    version = CLIENT.get_model_version(name, "1")
    assert version.description == "first" and version.tags == {"n": "0", "k": "v"} and version.run_id == run_id
    model = CLIENT.get_registered_model(name)
    assert model.description == "more words" and model.tags == {"k": "v"}
    assert CLIENT.get_model_version_download_uri(name, "1") == f"{uri}/tree"
    stages(name)
    assert sorted(int(v.version) for v in CLIENT.search_model_versions(f"name='{name}'")) == [1, 2, 3]
    assert len(CLIENT.search_model_versions(f"run_id = '{run_id}'")) == 3
    assert [m.name for m in CLIENT.search_registered_models(f"name LIKE '{name}%'")] == [name]
    CLIENT.rename_registered_model(name, name + "-new")
    CLIENT.delete_model_version(name + "-new", "2")
    assert code_of(CLIENT.get_model_version, name + "-new", "2") == "RESOURCE_DOES_NOT_EXIST"
    if hasattr(CLIENT, "set_registered_model_alias"):
        aliases(name + "-new")
    CLIENT.create_registered_model(name)
    CLIENT.delete_registered_model(name)
    assert code_of(CLIENT.get_registered_model, name) == "RESOURCE_DOES_NOT_EXIST"


def stages(name):
    CLIENT.transition_model_version_stage(name, "1", "Staging")
    CLIENT.transition_model_version_stage(name, "2", "Production")
    CLIENT.transition_model_version_stage(name, "3", "Production", archive_existing_versions=True)
    found = [CLIENT.get_model_version(name, v).current_stage for v in "123"]
    assert found == ["Staging", "Archived", "Production"]
    latest = CLIENT.get_latest_versions(name, stages=["Production", "Staging"])
    assert sorted(int(v.version) for v in latest) == [1, 3]


def aliases(name):
    CLIENT.set_registered_model_alias(name, "champion", "1")
    CLIENT.set_registered_model_alias(name, "champion", "3")
    assert int(CLIENT.get_model_version_by_alias(name, "champion").version) == 3
    assert CLIENT.get_model_version(name, "3").aliases == ["champion"]
    CLIENT.delete_registered_model_alias(name, "champion")
    assert CLIENT.get_model_version(name, "3").aliases == []


def trained_model():
    """A scikit-learn model logged, registered and loaded; only where scikit-learn is installed."""
    import mlflow.sklearn
    from sklearn.linear_model import LinearRegression

    name = STEM + "-line"
    with mlflow.start_run() as run:
        mlflow.sklearn.log_model(
            LinearRegression().fit([[0.0], [1.0]], [0.0, 2.0]), "line", pip_requirements=["scikit-learn"],
            registered_model_name=name,
        )
    for uri in (f"runs:/{run.info.run_id}/line", f"models:/{name}/1", f"models:/{name}/latest"):
        assert abs(mlflow.sklearn.load_model(uri).predict([[4.0]])[0] - 8.0) < 1e-9


def dataset_input(experiment_id):
    import pandas

    data = mlflow.data.from_pandas(pandas.DataFrame({"a": [1, 2]}), name="table")
    with mlflow.start_run() as run:
        mlflow.log_input(data, context="training")
    (used,) = CLIENT.get_run(run.info.run_id).inputs.dataset_inputs
    assert (used.dataset.name, used.dataset.digest) == ("table", data.digest)
    assert [(t.key, t.value) for t in used.tags] == [("mlflow.data.context", "training")]
    found = CLIENT.search_runs([experiment_id], "dataset.name = 'table' and dataset.context = 'training'")
    assert [r.info.run_id for r in found] == [run.info.run_id]


def logged_model(experiment_id):
    with mlflow.start_run() as run:
        model = CLIENT.create_logged_model(experiment_id, name="m", source_run_id=run.info.run_id, params={"p": "v"})
        CLIENT.log_metric(run.info.run_id, "auc", 0.75, step=3, model_id=model.model_id)
    CLIENT.set_logged_model_tags(model.model_id, {"t": "x"})
    CLIENT.finalize_logged_model(model.model_id, "READY")
    back = CLIENT.get_logged_model(model.model_id)
    assert str(back.status) == "READY" and back.params == {"p": "v"} and back.tags["t"] == "x"
    assert [(m.key, m.value, m.step) for m in back.metrics] == [("auc", 0.75, 3)]
    found = CLIENT.search_logged_models([experiment_id], filter_string="metrics.auc > 0.5 AND params.p = 'v'")
    assert [m.model_id for m in found] == [model.model_id]


def errors(experiment_id, run_id):
    assert code_of(CLIENT.get_run, "f" * 32) == "RESOURCE_DOES_NOT_EXIST"
    assert code_of(CLIENT.create_experiment, STEM) == "RESOURCE_ALREADY_EXISTS"
    assert code_of(CLIENT.log_param, run_id, "alpha", "other") == "INVALID_PARAMETER_VALUE"
    assert code_of(CLIENT.search_runs, [experiment_id], "nonsense >") == "INVALID_PARAMETER_VALUE"
    assert code_of(CLIENT.get_registered_model, STEM + "-none") == "RESOURCE_DOES_NOT_EXIST"
    assert CLIENT.get_experiment_by_name(STEM + "-none") is None


def installed(module):
    try:
        __import__(module)
    except ImportError:
        return False
    return True


def main():
    assert mlflow.__version__.startswith(VERSION), mlflow.__version__
    experiment_id = experiment()
    run_id = nested_runs(experiment_id)
    search(experiment_id)
    batch(experiment_id)
    artifacts(run_id)
    registry(run_id)
    chapters = ["tracking", "artifacts", "registry"]
    if installed("sklearn"):
        trained_model()
        chapters.append("scikit-learn")
    if hasattr(mlflow, "log_input"):
        dataset_input(experiment_id)
        chapters.append("datasets")
    if hasattr(CLIENT, "create_logged_model"):
        logged_model(experiment_id)
        chapters.append("logged models")
    errors(experiment_id, run_id)
    print("chapters:", ", ".join(chapters))
    print(f"story of {VERSION} told")


main()
