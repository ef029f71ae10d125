"""The first script of every user: log a run with the fluent API, find it again, load it back."""

import getpass
import time

import mlflow
import pytest
from mlflow import MlflowException


def test_first_run(experiment, client, tmp_path):
    report = tmp_path / "report.txt"
    report.write_text("all is well\n")
    folder = tmp_path / "folder"
    (folder / "deep" / "er").mkdir(parents=True)
    (folder / "a.txt").write_text("a")
    (folder / "deep" / "er" / "b.txt").write_text("b")

    before = int(time.time() * 1000)
    with mlflow.start_run(run_name="first", description="words **about** it") as run:
        mlflow.log_param("alpha", 0.5)
        mlflow.log_params({"layers": 3, "name": "näive ☃", "empty": ""})
        mlflow.log_metric("loss", 3.0, step=0)
        mlflow.log_metric("loss", 1.5, step=1)
        mlflow.log_metrics({"loss": 0.75, "accuracy": 0.9}, step=2)
        mlflow.set_tag("stage", "draft")
        mlflow.set_tags({"stage": "final", "team": "blue"})
        mlflow.log_artifact(report)
        mlflow.log_artifacts(folder, artifact_path="tree")
    after = int(time.time() * 1000)

    back = mlflow.get_run(run.info.run_id)
    assert back.info.run_name == "first"
    assert back.info.status == "FINISHED"
    assert back.info.lifecycle_stage == "active"
    assert back.info.experiment_id == experiment.experiment_id
    assert before <= back.info.start_time <= back.info.end_time <= after
    assert back.info.user_id == getpass.getuser()
    assert back.data.params == {"alpha": "0.5", "layers": "3", "name": "näive ☃", "empty": ""}
    assert back.data.metrics == {"loss": 0.75, "accuracy": 0.9}
    assert back.data.tags["stage"] == "final"
    assert back.data.tags["team"] == "blue"
    assert back.data.tags["mlflow.runName"] == "first"
    assert back.data.tags["mlflow.note.content"] == "words **about** it"
    assert back.info.artifact_uri.startswith("mlflow-artifacts:/")

    history = client.get_metric_history(run.info.run_id, "loss")
    assert [(m.step, m.value) for m in history] == [(0, 3.0), (1, 1.5), (2, 0.75)]
    assert mlflow.artifacts.load_text(back.info.artifact_uri + "/report.txt") == "all is well\n"
    local = mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path="tree", dst_path=str(tmp_path / "out"))
    assert open(f"{local}/deep/er/b.txt").read() == "b"


def test_search_as_pandas(experiment):
    for depth in (1, 2, 3):
        with mlflow.start_run(run_name=f"depth {depth}"):
            mlflow.log_param("depth", depth)
            mlflow.log_metric("score", depth / 10)
    frame = mlflow.search_runs(order_by=["metrics.score DESC"])
    assert list(frame["tags.mlflow.runName"]) == ["depth 3", "depth 2", "depth 1"]
    assert list(frame["metrics.score"]) == [0.3, 0.2, 0.1]
    assert set(frame["status"]) == {"FINISHED"}
    best = mlflow.search_runs(filter_string="metrics.score > 0.15 and params.depth = '2'")
    assert len(best) == 1 and best.iloc[0]["params.depth"] == "2"
    by_name = mlflow.search_runs(experiment_names=[experiment.name], output_format="list")
    assert [r.info.run_name for r in by_name] == ["depth 3", "depth 2", "depth 1"]  # newest first


def test_set_experiment_twice_is_the_same(client, unique):
    name = unique("again")
    first = mlflow.set_experiment(name)
    assert mlflow.set_experiment(name).experiment_id == first.experiment_id
    assert mlflow.set_experiment(experiment_id=first.experiment_id).name == name
    assert first.lifecycle_stage == "active"
    assert first.creation_time > 0 and first.last_update_time >= first.creation_time


def test_default_experiment_is_there(client):
    default = client.get_experiment("0")
    assert default.name == "Default"
    assert client.get_experiment_by_name("Default").experiment_id == "0"


def test_run_without_a_name_gets_one(experiment, client):
    run = client.create_run(experiment.experiment_id)
    words = run.info.run_name.split("-")
    assert len(words) == 3 and words[2].isdigit()
    assert run.data.tags["mlflow.runName"] == run.info.run_name
    client.update_run(run.info.run_id, status="FINISHED", name="better")
    again = client.get_run(run.info.run_id)
    assert (again.info.run_name, again.info.status) == ("better", "FINISHED")
    assert again.data.tags["mlflow.runName"] == "better"


def test_failing_script_marks_its_run(experiment):
    with pytest.raises(ZeroDivisionError):
        with mlflow.start_run() as run:
            _ = 1 / 0
    back = mlflow.get_run(run.info.run_id)
    assert back.info.status == "FAILED" and back.info.end_time


def test_resume_a_run(experiment):
    with mlflow.start_run() as run:
        mlflow.log_param("first", 1)
    with mlflow.start_run(run_id=run.info.run_id):
        assert mlflow.get_run(run.info.run_id).info.status == "RUNNING"
        mlflow.log_param("second", 2)
    back = mlflow.get_run(run.info.run_id)
    assert back.data.params == {"first": "1", "second": "2"} and back.info.status == "FINISHED"


def test_a_param_is_written_once(experiment):
    with mlflow.start_run():
        mlflow.log_param("alpha", 1)
        mlflow.log_param("alpha", 1)
        with pytest.raises(MlflowException) as error:
            mlflow.log_param("alpha", 2)
    assert error.value.error_code == "INVALID_PARAMETER_VALUE"


def test_experiment_tags_and_rename(client, unique):
    name = unique("tags")
    experiment_id = client.create_experiment(name, tags={"team": "red", "kind": "x"})
    client.set_experiment_tag(experiment_id, "team", "blue")
    client.delete_experiment_tag(experiment_id, "kind")
    client.rename_experiment(experiment_id, name + "-new")
    back = client.get_experiment(experiment_id)
    assert {k: v for k, v in back.tags.items() if not k.startswith("mlflow.")} == {"team": "blue"}
    assert back.name == name + "-new"
    assert client.get_experiment_by_name(name) is None
