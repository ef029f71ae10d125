"""What clients log from threads of their own: asynchronous logging and system metrics."""

import time

import mlflow
import pytest


def test_async_logging(experiment, client):
    with mlflow.start_run() as run:
        for step in range(200):
            mlflow.log_metric("loss", 1.0 / (step + 1), step=step, synchronous=False)
        mlflow.log_metrics({"a": 1.0, "b": 2.0}, step=0, synchronous=False)
        mlflow.log_params({f"p{i}": i for i in range(150)}, synchronous=False)
        operation = mlflow.set_tags({"x": "1", "y": "2"}, synchronous=False)
        operation.wait()
        mlflow.flush_async_logging()
    back = client.get_run(run.info.run_id)
    assert back.data.metrics["a"] == 1.0 and back.data.metrics["b"] == 2.0
    assert back.data.metrics["loss"] == 1.0 / 200
    assert len(back.data.params) == 150
    assert back.data.tags["y"] == "2"
    assert [m.step for m in client.get_metric_history(run.info.run_id, "loss")] == list(range(200))


def test_async_logging_by_default(experiment, client):
    mlflow.config.enable_async_logging(True)
    try:
        with mlflow.start_run() as run:
            mlflow.log_param("p", 1)
            mlflow.log_metric("m", 1.0)
        mlflow.flush_async_logging()
    finally:
        mlflow.config.enable_async_logging(False)
    back = client.get_run(run.info.run_id)
    assert back.data.params == {"p": "1"} and back.data.metrics == {"m": 1.0}


def test_async_error_reaches_the_caller(experiment, client):
    with mlflow.start_run():
        mlflow.log_param("p", 1)
        operation = mlflow.log_param("p", 2, synchronous=False)
        with pytest.raises(mlflow.MlflowException):
            operation.wait()


def test_system_metrics(experiment, client):
    mlflow.set_system_metrics_sampling_interval(0.2)
    mlflow.set_system_metrics_samples_before_logging(1)
    try:
        with mlflow.start_run(log_system_metrics=True) as run:
            time.sleep(2)
    finally:
        mlflow.set_system_metrics_sampling_interval(None)
        mlflow.set_system_metrics_samples_before_logging(None)
    metrics = client.get_run(run.info.run_id).data.metrics
    assert "system/cpu_utilization_percentage" in metrics
    assert metrics["system/system_memory_usage_megabytes"] > 0
    steps = [m.step for m in client.get_metric_history(run.info.run_id, "system/cpu_utilization_percentage")]
    assert steps == list(range(len(steps))) and len(steps) >= 2
