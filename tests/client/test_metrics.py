"""Metric values and their histories: extremes, order, latest values, pages."""

import math
import time

import mlflow
import numpy as np
import pytest
from mlflow.entities import Metric

VALUES = [0.0, -0.0, 0.1, 1 / 3, 1e-300, 5e-324, 1.7976931348623157e308, -1e22, 123456789012345678.0, 2.0**53, 1e21, 42]


@pytest.fixture
def run_id(experiment, client):
    return client.create_run(experiment.experiment_id).info.run_id


def history(client, run_id, key):
    return [m.value for m in client.get_metric_history(run_id, key)]


def test_values_come_back_bit_by_bit(client, run_id):
    client.log_batch(run_id, [Metric("v", v, 1, step) for step, v in enumerate(VALUES)])
    back = history(client, run_id, "v")
    assert back == [float(v) for v in VALUES]
    for number, value in enumerate(VALUES):
        client.log_metric(run_id, f"single{number}", value)
    assert [client.get_run(run_id).data.metrics[f"single{n}"] for n in range(len(VALUES))] == [float(v) for v in VALUES]


def test_nan_and_infinities(client, run_id):
    client.log_batch(run_id, [Metric("m", v, 1, s) for s, v in enumerate([1.0, math.nan, math.inf, -math.inf])])
    back = history(client, run_id, "m")
    assert back[0] == 1.0 and math.isnan(back[1])
    assert back[2] == math.inf or back[2] == 1.7976931348623157e308
    assert back[3] == -math.inf or back[3] == -1.7976931348623157e308
    client.log_metric(run_id, "nan", math.nan)
    assert math.isnan(client.get_run(run_id).data.metrics["nan"])
    client.log_metric(run_id, "nan", 2.0, step=1)
    client.log_metric(run_id, "numpy", np.float32(0.5))
    assert client.get_run(run_id).data.metrics["nan"] == 2.0
    assert client.get_run(run_id).data.metrics["numpy"] == 0.5


def test_latest_is_by_step_then_time_then_value(client, run_id):
    points = [(1.0, 10, 0), (5.0, 10, 3), (9.0, 99, 2), (6.0, 11, 3), (4.0, 11, 3), (7.0, 12, -1)]
    for value, timestamp, step in points:
        client.log_metric(run_id, "m", value, timestamp=timestamp, step=step)
    assert client.get_run(run_id).data.metrics["m"] == 6.0
    assert len(history(client, run_id, "m")) == 6


def test_history_order_and_fields(client, run_id):
    now = int(time.time() * 1000)
    client.log_batch(run_id, [Metric("m", 3.0, now + 2, 2), Metric("m", 1.0, now, 0), Metric("m", 2.0, now + 1, 1)])
    points = [(p.key, p.value, p.timestamp, p.step) for p in client.get_metric_history(run_id, "m")]
    assert points == [("m", 1.0, now, 0), ("m", 2.0, now + 1, 1), ("m", 3.0, now + 2, 2)]
    assert client.get_metric_history(run_id, "absent") == []


def test_same_point_twice_counts_once(client, run_id):
    for _ in range(2):
        client.log_batch(run_id, [Metric("m", 1.0, 5, 0), Metric("m", 1.0, 5, 0), Metric("m", 2.0, 5, 1)])
    assert history(client, run_id, "m") == [1.0, 2.0]


def test_negative_and_huge_steps(client, run_id):
    steps = [-(2**62), -1, 0, 2**31, 2**62]
    for step in steps:
        client.log_metric(run_id, "m", float(step), step=step, timestamp=1)
    assert [m.step for m in client.get_metric_history(run_id, "m")] == steps


def test_long_history_in_pages(client, run_id, rest):
    for start in range(0, 3000, 1000):
        client.log_batch(run_id, [Metric("m", float(i), 1_000_000 + i, i) for i in range(start, start + 1000)])
    assert history(client, run_id, "m") == [float(i) for i in range(3000)]
    seen, token = [], None
    while True:
        query = {"run_id": run_id, "metric_key": "m", "max_results": 700, **({"page_token": token} if token else {})}
        page = rest.get("metrics/get-history", **query)
        seen += [m["value"] for m in page["metrics"]]
        token = page.get("next_page_token")
        if not token:
            break
    assert seen == [float(i) for i in range(3000)]


def test_odd_names(client, run_id):
    names = ["a/b", "a b", "a.b", "a-b_c", "ünïcode", "with:colon", "x" * 250]
    client.log_batch(run_id, [Metric(n, 1.0, 1, 0) for n in names])
    assert set(client.get_run(run_id).data.metrics) == set(names)
    for name in names:
        assert history(client, run_id, name) == [1.0]


def test_fluent_metrics_of_numpy(experiment, client):
    with mlflow.start_run() as run:
        for epoch in range(20):
            mlflow.log_metrics({"loss": np.exp(-epoch), "lr": np.float64(0.1)}, step=epoch)
    assert history(client, run.info.run_id, "loss") == [float(np.exp(-e)) for e in range(20)]


def test_history_in_bulk(client, run_id, rest):
    """What the charts of the web page ask for."""
    client.log_batch(run_id, [Metric("m", float(i), 1000 + i, i) for i in range(1000)])
    answer = rest.get("metrics/get-history-bulk-interval", run_ids=[run_id], metric_key="m", max_results=100)
    steps = [m["step"] for m in answer["metrics"]]
    assert 0 in steps and 999 in steps and len(steps) <= 110
    assert {m["run_id"] for m in answer["metrics"]} == {run_id}
    answer = rest.get(
        "metrics/get-history-bulk-interval", run_ids=[run_id], metric_key="m", start_step=10, end_step=20, max_results=2500
    )
    assert [int(m["step"]) for m in answer["metrics"]] == list(range(10, 21))
