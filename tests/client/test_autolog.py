"""scikit-learn: autologging, a grid search with child runs, models logged by hand and loaded back."""

import mlflow
import mlflow.sklearn
import numpy as np
import pytest
from mlflow.models import infer_signature
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.tree import DecisionTreeClassifier

PIP = ["scikit-learn"]  # given, so that the client does not spend seconds on finding out


@pytest.fixture
def iris():
    return load_iris(return_X_y=True, as_frame=True)


@pytest.fixture
def autolog():
    def start(**options):
        mlflow.sklearn.autolog(silent=True, **options)

    yield start
    mlflow.sklearn.autolog(disable=True, silent=True)


def test_autolog(experiment, client, iris, autolog):
    x, y = iris
    autolog(log_models=False, log_datasets=True)
    with mlflow.start_run() as run:
        model = DecisionTreeClassifier(max_depth=3).fit(x, y)
        model.score(x, y)
    back = client.get_run(run.info.run_id)
    assert back.data.params["max_depth"] == "3"
    assert len(back.data.params) > 8
    assert back.data.metrics["training_score"] > 0.9
    assert back.data.metrics["training_f1_score"] > 0.9
    assert back.data.tags["estimator_name"] == "DecisionTreeClassifier"
    assert "training_confusion_matrix.png" in [f.path for f in client.list_artifacts(run.info.run_id)]
    (used,) = back.inputs.dataset_inputs
    assert used.dataset.source_type == "code" and used.tags[0].value == "train"


def test_autolog_writes_a_model(experiment, client, iris, autolog):
    x, y = iris
    autolog(log_models=True, log_input_examples=False, log_post_training_metrics=False)
    with mlflow.start_run() as run:
        model = LogisticRegression(max_iter=200).fit(x, y)
    back = client.get_run(run.info.run_id)
    (output,) = back.outputs.model_outputs
    logged = mlflow.get_logged_model(output.model_id)
    assert logged.source_run_id == run.info.run_id and logged.status == "READY"
    assert logged.params["max_iter"] == "200"
    loaded = mlflow.pyfunc.load_model(f"models:/{logged.model_id}")
    assert list(loaded.predict(x)) == list(model.predict(x))


def test_grid_search_has_child_runs(experiment, client, iris, autolog):
    x, y = iris
    autolog(log_models=False, max_tuning_runs=5)
    with mlflow.start_run(run_name="grid") as run:
        GridSearchCV(DecisionTreeClassifier(), {"max_depth": [1, 2, 3], "min_samples_leaf": [1, 5]}, cv=3).fit(x, y)
    parent = client.get_run(run.info.run_id)
    assert float(parent.data.metrics["best_cv_score"]) > 0.9
    assert "best_max_depth" in parent.data.params
    children = client.search_runs(
        [experiment.experiment_id], f"tags.mlflow.parentRunId = '{run.info.run_id}'",
        order_by=["metrics.mean_test_score DESC"],
    )
    assert len(children) == 5
    scores = [c.data.metrics["mean_test_score"] for c in children]
    assert scores == sorted(scores, reverse=True)
    assert {c.info.status for c in children} == {"FINISHED"}
    assert client.get_parent_run(children[0].info.run_id).info.run_id == run.info.run_id
    assert "cv_results.csv" in [f.path for f in client.list_artifacts(run.info.run_id)]


def test_log_and_load_model(experiment, client, iris):
    x, y = iris
    model = LogisticRegression(max_iter=200).fit(x, y)
    with mlflow.start_run() as run:
        info = mlflow.sklearn.log_model(
            model, name="flowers", signature=infer_signature(x, y), input_example=x.head(2), pip_requirements=PIP,
            params={"kind": "linear"}, tags={"team": "blue"},
        )
    assert info.model_id.startswith("m-")
    assert info.model_uri == f"models:/{info.model_id}"
    for uri in (f"models:/{info.model_id}", f"runs:/{run.info.run_id}/flowers"):
        loaded = mlflow.sklearn.load_model(uri)
        assert np.array_equal(loaded.predict(x), model.predict(x))
    logged = mlflow.get_logged_model(info.model_id)
    assert (logged.name, logged.status, logged.params, logged.tags["team"]) == (
        "flowers", "READY", {"kind": "linear"}, "blue")
    names = {f.path for f in client.list_logged_model_artifacts(info.model_id)}
    assert {"MLmodel", "requirements.txt", "input_example.json"} <= names
    assert mlflow.models.get_model_info(info.model_uri).signature == info.signature
    (output,) = client.get_run(run.info.run_id).outputs.model_outputs
    assert (output.model_id, output.step) == (info.model_id, 0)


def test_metrics_of_a_model_carry_its_id(experiment, client, iris):
    x, y = iris
    with mlflow.start_run() as run:
        info = mlflow.sklearn.log_model(LogisticRegression(max_iter=200).fit(x, y), name="m", pip_requirements=PIP)
        mlflow.log_metric("auc", 0.5, step=1, model_id=info.model_id)
        mlflow.log_metrics({"auc": 0.75, "f1": 0.5}, step=2, model_id=info.model_id)
    metrics = {(m.key, m.step): m for m in mlflow.get_logged_model(info.model_id).metrics}
    assert metrics[("auc", 2)].value == 0.75
    assert {m.run_id for m in metrics.values()} == {run.info.run_id}
    assert client.get_run(run.info.run_id).data.metrics == {"auc": 0.75, "f1": 0.5}
