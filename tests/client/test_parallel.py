"""Many writers at once: processes and threads; everything they logged is counted afterwards."""

import multiprocessing
from concurrent.futures import ThreadPoolExecutor

import mlflow
from mlflow.entities import Metric, Param


def train(uri, experiment_id, worker, runs, steps):
    """One process: `runs` runs with `steps` metric points each. Runs in a fresh interpreter."""
    mlflow.set_tracking_uri(uri)
    for number in range(runs):
        with mlflow.start_run(experiment_id=experiment_id, run_name=f"w{worker}r{number}"):
            mlflow.log_params({"worker": worker, "number": number})
            for step in range(steps):
                mlflow.log_metric("loss", worker + step / 100, step=step)
            mlflow.log_metrics({f"m{i}": float(i) for i in range(20)})
            mlflow.log_text(f"{worker}", "who.txt")


def test_four_processes(experiment, client, server):
    context = multiprocessing.get_context("spawn")
    workers = [
        context.Process(target=train, args=(server.uri, experiment.experiment_id, w, 5, 10)) for w in range(4)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(240)
    assert [w.exitcode for w in workers] == [0] * 4
    runs = client.search_runs([experiment.experiment_id])
    assert {r.info.run_name for r in runs} == {f"w{w}r{n}" for w in range(4) for n in range(5)}
    assert {r.info.status for r in runs} == {"FINISHED"}
    for run in runs:
        assert len(run.data.metrics) == 21 and len(run.data.params) == 2
        history = client.get_metric_history(run.info.run_id, "loss")
        assert [m.step for m in history] == list(range(10))


def test_threads_on_one_run(experiment, client):
    run_id = client.create_run(experiment.experiment_id).info.run_id

    def log(worker):
        for step in range(15):
            client.log_batch(run_id, [Metric("shared", step, step, step), Metric(f"own{worker}", step, step, step)])
        client.log_batch(run_id, params=[Param("same", "value"), Param(f"p{worker}", "v")])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(log, range(8)))
    data = client.get_run(run_id).data
    assert data.metrics == {"shared": 14.0, **{f"own{w}": 14.0 for w in range(8)}}
    assert data.params == {"same": "value", **{f"p{w}": "v" for w in range(8)}}
    assert len(client.get_metric_history(run_id, "shared")) == 15


def test_latest_value_after_concurrent_writes(experiment, client):
    """The latest metric is the one with the greatest step, in whatever order the points arrive."""
    run_id = client.create_run(experiment.experiment_id).info.run_id
    steps = list(range(64))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda s: client.log_metric(run_id, "m", float(s), step=s), [*steps[1::2], *steps[::2]]))
    assert client.get_run(run_id).data.metrics["m"] == 63.0


def test_one_name_many_creators(client, unique):
    """Of eight that create the same experiment at once one wins and the others are told so."""
    name = unique("race")

    def create(_):
        try:
            return client.create_experiment(name)
        except mlflow.MlflowException as error:
            return error.error_code

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(create, range(8)))
    winners = [a for a in answers if a.isdigit()]
    assert len(winners) == 1
    assert set(answers) - set(winners) == {"RESOURCE_ALREADY_EXISTS"}
    assert client.get_experiment_by_name(name).experiment_id == winners[0]
