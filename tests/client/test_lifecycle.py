"""Runs and experiments are deleted and restored; runs have parents; tags come and go."""

import time

import mlflow
import pytest
from helpers import REFUSED, code_of
from mlflow import MlflowException
from mlflow.entities import RunStatus, ViewType


def test_delete_and_restore_a_run(experiment, client):
    run_id = client.create_run(experiment.experiment_id).info.run_id
    client.delete_run(run_id)
    assert client.get_run(run_id).info.lifecycle_stage == "deleted"
    assert client.search_runs([experiment.experiment_id]) == []
    assert code_of(client.log_metric, run_id, "m", 1.0) == "INVALID_PARAMETER_VALUE"
    assert code_of(client.log_param, run_id, "p", 1) == "INVALID_PARAMETER_VALUE"
    assert code_of(client.set_tag, run_id, "t", 1) == "INVALID_PARAMETER_VALUE"
    client.restore_run(run_id)
    client.log_metric(run_id, "m", 1.0)
    back = client.get_run(run_id)
    assert back.info.lifecycle_stage == "active" and back.data.metrics == {"m": 1.0}
    assert code_of(client.restore_run, "0" * 32) == "RESOURCE_DOES_NOT_EXIST"


def test_delete_and_restore_an_experiment(client, unique):
    name = unique("deleted")
    experiment_id = client.create_experiment(name)
    run_id = client.create_run(experiment_id).info.run_id
    client.delete_experiment(experiment_id)
    assert client.get_experiment(experiment_id).lifecycle_stage == "deleted"
    assert client.get_experiment_by_name(name).lifecycle_stage == "deleted"
    assert client.get_run(run_id).info.lifecycle_stage == "deleted"
    assert client.search_runs([experiment_id]) == []
    assert [r.info.run_id for r in client.search_runs([experiment_id], run_view_type=ViewType.ALL)] == [run_id]
    with pytest.raises(MlflowException, match="deleted"):
        mlflow.set_experiment(name)
    assert code_of(client.create_run, experiment_id) == "INVALID_PARAMETER_VALUE"
    assert code_of(client.create_experiment, name) == "RESOURCE_ALREADY_EXISTS"
    assert code_of(client.rename_experiment, experiment_id, name + "x") in REFUSED
    client.restore_experiment(experiment_id)
    assert client.get_experiment(experiment_id).lifecycle_stage == "active"
    assert client.get_run(run_id).info.lifecycle_stage == "active"


def test_nested_runs(experiment, client):
    with mlflow.start_run(run_name="parent") as parent:
        with mlflow.start_run(run_name="child", nested=True) as child:
            with mlflow.start_run(run_name="grandchild", nested=True) as grandchild:
                mlflow.log_metric("m", 1)
        mlflow.start_run(run_name="by id", parent_run_id=parent.info.run_id, nested=True)
        mlflow.end_run()
    assert grandchild.data.tags["mlflow.parentRunId"] == child.info.run_id
    assert client.get_parent_run(grandchild.info.run_id).info.run_id == child.info.run_id
    assert client.get_parent_run(parent.info.run_id) is None
    children = client.search_runs(
        [experiment.experiment_id], f"tags.`mlflow.parentRunId` = '{parent.info.run_id}'", order_by=["start_time"]
    )
    assert [r.info.run_name for r in children] == ["child", "by id"]
    tops = client.search_runs([experiment.experiment_id], "tags.mlflow.parentRunId IS NULL")
    assert [r.info.run_name for r in tops] == ["parent"]


def test_tags_of_a_run(experiment, client):
    run_id = client.create_run(experiment.experiment_id, tags={"a": "1", "b": "2"}).info.run_id
    client.set_tag(run_id, "a", "other")
    client.set_tag(run_id, "long", "x" * 8000)
    client.set_tag(run_id, "weird/key. -_:", "ü\n\t\"'")
    client.delete_tag(run_id, "b")
    tags = client.get_run(run_id).data.tags
    assert tags["a"] == "other" and "b" not in tags
    assert len(tags["long"]) == 8000 and tags["weird/key. -_:"] == "ü\n\t\"'"
    assert code_of(client.delete_tag, run_id, "b") == "RESOURCE_DOES_NOT_EXIST"
    client.set_tag(run_id, "mlflow.runName", "through the tag")
    assert client.get_run(run_id).info.run_name == "through the tag"


@pytest.mark.parametrize("status", [RunStatus.FINISHED, RunStatus.FAILED, RunStatus.KILLED, RunStatus.SCHEDULED])
def test_states_of_a_run(experiment, client, status):
    run = client.create_run(experiment.experiment_id)
    assert run.info.status == "RUNNING" and run.info.end_time is None
    name = RunStatus.to_string(status)
    if RunStatus.is_terminated(status):
        before = int(time.time() * 1000)
        client.set_terminated(run.info.run_id, name)
        assert client.get_run(run.info.run_id).info.end_time >= before
    else:
        client.update_run(run.info.run_id, status=name)
    assert client.get_run(run.info.run_id).info.status == name


def test_run_with_a_start_time_and_a_name(experiment, client):
    run = client.create_run(experiment.experiment_id, start_time=123456789, run_name="näme", tags={"x": "y"})
    back = client.get_run(run.info.run_id)
    assert (back.info.start_time, back.info.run_name, back.data.tags["x"]) == (123456789, "näme", "y")
    assert len(back.info.run_id) == 32 and int(back.info.run_id, 16)


def test_artifact_location_of_an_experiment(client, unique):
    plain = client.get_experiment(client.create_experiment(unique("where")))
    assert plain.artifact_location == f"mlflow-artifacts:/{plain.experiment_id}"
    run = client.create_run(plain.experiment_id)
    assert run.info.artifact_uri == f"{plain.artifact_location}/{run.info.run_id}/artifacts"
    chosen = client.get_experiment(client.create_experiment(unique("where"), artifact_location="s3://bucket/path"))
    assert chosen.artifact_location == "s3://bucket/path"
    run = client.create_run(chosen.experiment_id)
    assert run.info.artifact_uri == f"s3://bucket/path/{run.info.run_id}/artifacts"


def test_ids_rise_and_are_not_reused(client, unique):
    ids = [int(client.create_experiment(unique("rising"))) for _ in range(3)]
    assert ids == sorted(set(ids))
    client.delete_experiment(str(ids[-1]))
    assert int(client.create_experiment(unique("rising"))) > ids[-1]
