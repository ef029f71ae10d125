"""Datasets as inputs of runs, and the search for runs by them."""

import mlflow
import mlflow.data
import numpy as np
import pandas as pd
import pytest
import requests
from mlflow import MlflowException
from mlflow.entities import Dataset, DatasetInput, InputTag


@pytest.fixture
def frame():
    return pd.DataFrame({"a": [1, 2, 3], "b": ["x", "y", "z"], "target": [0.1, 0.2, 0.3]})


def test_pandas_input(experiment, client, frame):
    data = mlflow.data.from_pandas(frame, source="https://example.org/t.csv", name="table", targets="target")
    with mlflow.start_run() as run:
        mlflow.log_input(data, context="training", tags={"split": "a"})
    (used,) = client.get_run(run.info.run_id).inputs.dataset_inputs
    assert (used.dataset.name, used.dataset.digest, used.dataset.source_type) == ("table", data.digest, "http")
    assert "example.org/t.csv" in used.dataset.source
    assert '"mlflow_colspec"' in used.dataset.schema and '"num_rows": 3' in used.dataset.profile
    assert {t.key: t.value for t in used.tags} == {"mlflow.data.context": "training", "split": "a"}
    assert mlflow.data.get_source(used).to_dict()["url"] == "https://example.org/t.csv"


def test_numpy_inputs(experiment, client):
    train = mlflow.data.from_numpy(np.arange(10.0), name="train")
    test = mlflow.data.from_numpy(np.arange(5.0), name="test", targets=np.ones(5))
    with mlflow.start_run() as run:
        mlflow.log_inputs([train, test], contexts=["training", "testing"], tags_list=[None, {"k": "v"}])
    inputs = client.get_run(run.info.run_id).inputs.dataset_inputs
    found = {i.dataset.name: {t.key: t.value for t in i.tags} for i in inputs}
    assert found == {
        "train": {"mlflow.data.context": "training"}, "test": {"mlflow.data.context": "testing", "k": "v"}}


def test_same_dataset_in_two_runs(experiment, client, frame):
    data = mlflow.data.from_pandas(frame, name="shared")
    for _ in range(2):
        with mlflow.start_run():
            mlflow.log_input(data, context="training")
            mlflow.log_input(data, context="training")
    runs = client.search_runs([experiment.experiment_id])
    assert [len(r.inputs.dataset_inputs) for r in runs] == [1, 1]


def test_search_by_dataset(experiment, client, frame):
    for name, context in (("red", "train"), ("green", "train"), ("blue", "eval")):
        with mlflow.start_run(run_name=name):
            mlflow.log_input(mlflow.data.from_pandas(frame.head(len(name) - 2), name=f"{name} data"), context=context)
    digest = mlflow.data.from_pandas(frame.head(1)).digest

    def found(text):
        return [r.info.run_name for r in client.search_runs([experiment.experiment_id], text, order_by=["start_time"])]

    assert found("dataset.name = 'red data'") == ["red"]
    assert found("dataset.name != 'red data'") == ["green", "blue"]
    assert found("datasets.name LIKE '%e% data'") == ["red", "green", "blue"]
    assert found("dataset.name ILIKE 'BLUE%'") == ["blue"]
    assert found("dataset.name IN ('red data', 'blue data')") == ["red", "blue"]
    assert found("dataset.name NOT IN ('red data', 'blue data')") == ["green"]
    assert found(f"dataset.digest = '{digest}'") == ["red"]
    assert found("dataset.context = 'train'") == ["red", "green"]
    assert found("dataset.context = 'train' and dataset.name LIKE 'g%'") == ["green"]
    assert found("dataset.name = 'none'") == []
    with pytest.raises(MlflowException):
        found("dataset.nonsense = 'x'")
    with pytest.raises(MlflowException):
        found("dataset.name > 'x'")


def test_inputs_by_the_low_level_client(experiment, client):
    run_id = client.create_run(experiment.experiment_id).info.run_id
    data = Dataset(name="d", digest="abc", source_type="local", source='{"uri": "x"}', schema=None, profile=None)
    client.log_inputs(run_id, [DatasetInput(data, [InputTag("k", "v")])])
    (used,) = client.get_run(run_id).inputs.dataset_inputs
    assert (used.dataset.name, used.dataset.digest, used.dataset.source) == ("d", "abc", '{"uri": "x"}')
    assert [(t.key, t.value) for t in used.tags] == [("k", "v")]


@pytest.mark.parametrize("change", [{"name": "n" * 501}, {"digest": "d" * 37}, {"source": "s" * 65536}])
def test_wrong_datasets(experiment, client, rest, change):
    run_id = client.create_run(experiment.experiment_id).info.run_id
    data = {"name": "d", "digest": "abc", "source_type": "local", "source": "x", **change}
    answer = rest.call("POST", "runs/log-inputs", json={"run_id": run_id, "datasets": [{"dataset": data, "tags": []}]})
    assert answer.status_code == 400 and answer.json()["error_code"] == "INVALID_PARAMETER_VALUE"


def test_datasets_of_experiments_for_the_page(experiment, frame, server):
    with mlflow.start_run():
        mlflow.log_input(mlflow.data.from_pandas(frame, name="listed"), context="train")
    answer = requests.post(
        server.uri + "/ajax-api/2.0/mlflow/experiments/search-datasets",
        json={"experiment_ids": [experiment.experiment_id]}, timeout=30,
    )
    (summary,) = answer.json()["dataset_summaries"]
    assert (summary["name"], summary["context"], summary["experiment_id"]) == (
        "listed", "train", experiment.experiment_id)
