"""The story of a training with checkpoints: ten models in one run, ranked on a dataset, the best one served, swapped,
moved through the stages, and traced back to its data."""

import os
import subprocess
import sys

import mlflow
import mlflow.sklearn
import numpy as np
import pandas as pd
from mlflow.entities import ViewType
from sklearn.linear_model import SGDClassifier

PREDICT = """
import sys, mlflow
model = mlflow.sklearn.load_model(sys.argv[1])
print(model.checkpoint_)
"""


def make_data(seed, rows=200):
    random = np.random.default_rng(seed)
    x = random.normal(size=(rows, 4))
    y = (x[:, 0] + 0.5 * x[:, 1] + random.normal(scale=0.5, size=rows) > 0).astype(int)
    frame = pd.DataFrame(x, columns=list("abcd")).assign(y=y)
    return frame


def load_elsewhere(uri, model_uri):
    """The number of the checkpoint behind model_uri, as a fresh process that has done nothing sees it."""
    env = {**os.environ, "MLFLOW_TRACKING_URI": uri, "MLFLOW_REGISTRY_URI": uri}
    done = subprocess.run(
        [sys.executable, "-c", PREDICT, model_uri], env=env, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def train_with_checkpoints(frames):
    """Ten checkpoints with their accuracy on each of the data sets; {model id: {dataset name: accuracy}}, run id."""
    datasets = {n: mlflow.data.from_pandas(f, name=n, targets="y") for n, f in frames.items()}
    train = frames["validation"]
    model = SGDClassifier(random_state=0, learning_rate="constant", eta0=0.05)
    scores = {}
    with mlflow.start_run(run_name="training") as run:
        for step in range(10):
            model.partial_fit(train[list("abcd")].head(20 * (step + 1)), train["y"].head(20 * (step + 1)), classes=[0, 1])
            model.checkpoint_ = step
            info = mlflow.sklearn.log_model(
                model, name=f"checkpoint-{step}", step=step, params={"step": step}, pip_requirements=["scikit-learn"],
                serialization_format="cloudpickle",
            )
            scores[info.model_id] = {}
            for name, frame in frames.items():
                accuracy = model.score(frame[list("abcd")], frame["y"]) + step / 10_000  # no ties
                mlflow.log_metric("accuracy", accuracy, step=step, model_id=info.model_id, dataset=datasets[name])
                scores[info.model_id][name] = accuracy
    return scores, run.info.run_id


def test_checkpoints(experiment, client, unique, server):
    frames = {"validation": make_data(1), "test": make_data(2)}
    scores, run_id = train_with_checkpoints(frames)

    # ten models of one run, each at its step
    outputs = client.get_run(run_id).outputs.model_outputs
    assert sorted(o.step for o in outputs) == list(range(10))
    assert {o.model_id for o in outputs} == set(scores)

    # ranked by their metric on each of the data sets
    for name in frames:
        ranked = mlflow.search_logged_models(
            experiment_ids=[experiment.experiment_id],
            order_by=[{"field_name": "metrics.accuracy", "ascending": False, "dataset_name": name}],
            output_format="list",
        )
        assert [m.model_id for m in ranked] == sorted(scores, key=lambda m: -scores[m][name])
    best, second = ranked[0], ranked[1]
    threshold = scores[second.model_id]["test"]
    digest = next(m.dataset_digest for m in best.metrics if m.dataset_name == "test")
    good = mlflow.search_logged_models(
        experiment_ids=[experiment.experiment_id], filter_string=f"metrics.accuracy >= {threshold}",
        datasets=[{"dataset_name": "test", "dataset_digest": digest}], output_format="list",
    )
    assert {m.model_id for m in good} == {best.model_id, second.model_id}

    # the best becomes the champion, the next one its challenger
    name = unique("classifier")
    first_version = mlflow.register_model(best.model_uri, name)
    client.set_registered_model_alias(name, "champion", first_version.version)
    second_version = mlflow.register_model(second.model_uri, name)
    client.set_registered_model_alias(name, "challenger", second_version.version)
    assert load_elsewhere(server.uri, f"models:/{name}@champion") == int(best.params["step"])

    # swapped
    client.set_registered_model_alias(name, "champion", second_version.version)
    client.set_registered_model_alias(name, "challenger", first_version.version)
    assert load_elsewhere(server.uri, f"models:/{name}@champion") == int(second.params["step"])

    check_stages(client, name)
    check_lineage(client, name, run_id, frames)


def check_stages(client, name):
    """None -> Staging -> Production; whoever was there goes to the archive."""
    for version in ("1", "2"):
        for stage in ("Staging", "Production"):
            client.transition_model_version_stage(name, version, stage, archive_existing_versions=True)
    assert [client.get_model_version(name, v).current_stage for v in "12"] == ["Archived", "Production"]
    (latest,) = client.get_latest_versions(name, stages=["Production"])
    assert int(latest.version) == 2
    assert mlflow.sklearn.load_model(f"models:/{name}/Production").checkpoint_ >= 0


def check_lineage(client, name, run_id, frames):
    """From the version to the model, from there to the run and to the data it was measured on."""
    version = client.get_model_version_by_alias(name, "champion")
    model = mlflow.get_logged_model(version.source.removeprefix("models:/").split("/")[-1])
    assert model.source_run_id == version.run_id == run_id
    run = client.get_run(model.source_run_id)
    used = {i.dataset.name: i.dataset.digest for i in run.inputs.dataset_inputs}
    assert {m.dataset_name: m.dataset_digest for m in model.metrics} == used and set(used) == set(frames)
    found = client.search_runs([run.info.experiment_id], "dataset.name = 'test'", run_view_type=ViewType.ALL)
    assert [r.info.run_id for r in found] == [run_id]
