"""Search of runs: every operator and prefix, orders with their NULL rules, view types, pages."""

import uuid

import mlflow
import pytest
from mlflow import MlflowException
from mlflow.entities import Metric, Param, RunTag, ViewType

# name: (params, metrics, tags, status); created in this order
RUNS = {
    "ann": ({"depth": "1", "opt": "Adam"}, {"acc": 0.5, "loss": 2.0}, {"team": "red"}, "FINISHED"),
    "bob": ({"depth": "2", "opt": "adamW"}, {"acc": 0.7, "loss": 1.0}, {"team": "blue"}, "FAILED"),
    "cid": ({"depth": "10", "opt": "SGD"}, {"acc": 0.9}, {"team": "blue", "odd key/x": "it's"}, "FINISHED"),
    "dee": ({"opt": "sgd%"}, {"acc": float("nan"), "loss": 0.5}, {}, "RUNNING"),
    "eve": ({}, {"val/acc": -1.5}, {"team": "Red", "empty": ""}, "KILLED"),
}

FILTERS = [
    ("", "ann bob cid dee eve"),
    ("metrics.acc = 0.7", "bob"),
    ("metrics.acc != 0.7", "ann cid dee"),
    ("metrics.acc > 0.5", "bob cid"),
    ("metrics.acc >= 0.5", "ann bob cid"),
    ("metrics.acc < 0.7", "ann"),
    ("metrics.acc <= 0.7 and metrics.loss >= 1", "ann bob"),
    ("metric.acc > 5e-1", "bob cid"),
    ("metrics.`val/acc` < -1", "eve"),
    ('metrics."val/acc" <= -1.5', "eve"),
    ("params.depth = '2'", "bob"),
    ("params.depth != '2'", "ann cid"),
    ("params.depth != ''", "ann bob cid"),
    ('parameters.opt = "Adam"', "ann"),
    ("param.opt LIKE 'Adam%'", "ann"),
    ("params.opt ILIKE 'adam%'", "ann bob"),
    ("params.opt ilike 'SGD'", "cid"),
    ("params.opt LIKE '_GD'", "cid"),
    ("tags.team = 'blue'", "bob cid"),
    ("tag.team != 'blue'", "ann eve"),
    ("tags.team ILIKE 'red'", "ann eve"),
    ("tags.`odd key/x` LIKE '%s'", "cid"),
    ("tags.empty = ''", "eve"),
    ("tags.mlflow.runName = 'cid'", "cid"),
    ("attributes.status = 'FINISHED'", "ann cid"),
    ("status != 'FINISHED'", "bob dee eve"),
    ("attribute.status LIKE 'FIN%'", "ann cid"),
    ("attr.run_name = 'dee'", "dee"),
    ("run_name ILIKE 'A%'", "ann"),
    ("attributes.`run name` = 'bob'", "bob"),
    ("attributes.'Run name' = 'bob'", "bob"),
    ("user_id = 'tester'", "ann bob cid dee eve"),
    ("attributes.start_time >= 1003 and attributes.start_time < 1005", "cid dee"),
    ("start_time > 1001 AND tags.team = 'blue'", "bob cid"),
    ("created <= 1001", "ann"),
    ("end_time < 2003", "ann bob"),
    ("params.depth IS NULL", "dee eve"),
    ("params.depth IS NOT NULL and metrics.loss < 1.5", "bob"),
    ("tags.team IS NULL", "dee"),
    ("tags.`odd key/x` IS NOT NULL", "cid"),
    ("metrics.acc > 0.1 and params.opt LIKE '%d%' and tags.team = 'blue' and status = 'FAILED'", "bob"),
]
# Not in the official grammar.
MORE_FILTERS = [
    ("params.depth = '1' OR params.depth = '2'", "ann bob"),
    ("NOT params.depth = '1' AND params.depth IS NOT NULL", "bob cid"),
    ("(metrics.acc > 0.6 OR status = 'RUNNING') AND NOT tags.team = 'blue'", "dee"),
    ("tags.team = 'red' OR tags.team = 'blue' AND metrics.acc > 0.8", "ann cid"),
    ("(tags.team = 'red' OR tags.team = 'blue') AND metrics.acc > 0.6", "bob cid"),
]
BAD_FILTERS = [
    "metrics.acc", "metrics.acc > 'x'", "params.depth = 2", "acc > 1", "metrics.acc LIKE 'x'", "tags.team > 'x'",
    "attributes.nonsense = 'x'", "start_time LIKE '1'", "params.depth = '1", "= 1",
    "params.'depth' 'x' = '1'", "run_id IN ()", "metrics.acc == == 1", "status = FINISHED", "metrics.acc IN (1, 2)",
    "attributes.start_time > 'x'", "attributes.status IS NULL", "; drop table runs", "foo.bar = 'x'",
]
ORDERS = [
    (["start_time ASC"], "ann bob cid dee eve"),
    (["attributes.start_time DESC"], "eve dee cid bob ann"),
    (["metrics.acc"], "ann bob cid dee eve"),  # NaN after numbers, absent last
    (["metrics.acc ASC"], "ann bob cid dee eve"),
    (["metrics.acc DESC"], "cid bob ann dee eve"),
    (["metrics.loss DESC", "start_time"], "ann bob dee cid eve"),
    (["params.depth"], "ann cid bob eve dee"),  # as text; absent last, newest first
    (["params.depth DESC", "start_time ASC"], "bob cid ann dee eve"),
    (["tags.team", "metrics.acc DESC"], "eve cid bob ann dee"),
    (["tag.`odd key/x` desc", "run_name desc"], "cid eve dee bob ann"),
    (["attributes.run_name DESC"], "eve dee cid bob ann"),
    (["status", "run_name DESC"], "bob cid ann eve dee"),
    (["end_time DESC", "run_name"], "cid bob ann dee eve"),
    (["attributes.end_time", "start_time"], "ann bob cid dee eve"),
    (["metrics.`val/acc`", "metric.loss asc"], "eve dee bob ann cid"),
    (["created DESC"], "eve dee cid bob ann"),
]


@pytest.fixture(scope="module")
def filled(server):
    """An experiment with the five runs; (client, experiment id)."""
    client = mlflow.MlflowClient(server.uri)
    experiment_id = client.create_experiment(f"search-{uuid.uuid4().hex}")
    for number, (name, (params, metrics, tags, status)) in enumerate(RUNS.items(), 1):
        run = client.create_run(
            experiment_id, start_time=1000 + number, tags={**tags, "mlflow.user": "tester"}, run_name=name
        )
        client.log_batch(
            run.info.run_id,
            metrics=[Metric(k, v, 1000 + number, 0) for k, v in metrics.items()],
            params=[Param(k, v) for k, v in params.items()],
            tags=[RunTag("number", str(number))],
        )
        if name in ("ann", "bob", "cid"):
            client.set_terminated(run.info.run_id, status, end_time=2000 + number)
        else:
            client.update_run(run.info.run_id, status=status)
    return client, experiment_id


def names(runs):
    return " ".join(r.info.run_name for r in runs)


@pytest.mark.parametrize("text,expected", FILTERS, ids=[f[0] for f in FILTERS])
def test_filter(filled, text, expected):
    client, experiment_id = filled
    assert names(client.search_runs([experiment_id], text, order_by=["start_time"])) == expected


@pytest.mark.millrace_only
@pytest.mark.parametrize("text,expected", MORE_FILTERS, ids=[f[0] for f in MORE_FILTERS])
def test_filter_with_or_and_not(filled, text, expected):
    client, experiment_id = filled
    assert names(client.search_runs([experiment_id], text, order_by=["start_time"])) == expected


@pytest.mark.parametrize("text", BAD_FILTERS)
def test_bad_filter(filled, text):
    client, experiment_id = filled
    with pytest.raises(MlflowException) as error:
        client.search_runs([experiment_id], text)
    assert error.value.error_code in ("INVALID_PARAMETER_VALUE", "BAD_REQUEST")


@pytest.mark.parametrize("order,expected", ORDERS, ids=[" ".join(o[0]) for o in ORDERS])
def test_order(filled, order, expected):
    client, experiment_id = filled
    assert names(client.search_runs([experiment_id], order_by=order)) == expected


@pytest.mark.parametrize("order", ["metrics.acc UP", "nonsense", "metrics.acc DESC extra", "", "attributes.foo"])
def test_bad_order(filled, order):
    client, experiment_id = filled
    with pytest.raises(MlflowException) as error:
        client.search_runs([experiment_id], order_by=[order])
    assert error.value.error_code == "INVALID_PARAMETER_VALUE"


def test_run_id_in_a_list(filled):
    client, experiment_id = filled
    ids = {r.info.run_name: r.info.run_id for r in client.search_runs([experiment_id])}
    found = client.search_runs([experiment_id], f"run_id IN ('{ids['ann']}', '{ids['dee']}')", order_by=["run_name"])
    assert names(found) == "ann dee"
    found = client.search_runs([experiment_id], f"attributes.run_id NOT IN ('{ids['ann']}')", order_by=["run_name"])
    assert names(found) == "bob cid dee eve"
    assert names(client.search_runs([experiment_id], f"run_id = '{ids['bob']}'")) == "bob"
    assert names(client.search_runs([experiment_id], f"run_id LIKE '{ids['bob'][:12]}%'")) == "bob"


def test_newest_first_by_default(filled):
    client, experiment_id = filled
    assert names(client.search_runs([experiment_id])) == "eve dee cid bob ann"


def test_several_experiments_and_view_types(client, unique):
    first, second = (client.create_experiment(unique("views")) for _ in range(2))
    a = client.create_run(first, run_name="a", start_time=1)
    b = client.create_run(second, run_name="b", start_time=2)
    client.create_run(second, run_name="c", start_time=3)
    client.delete_run(b.info.run_id)
    assert names(client.search_runs([first, second])) == "c a"
    assert names(client.search_runs([first, second], run_view_type=ViewType.DELETED_ONLY)) == "b"
    assert names(client.search_runs([first, second], run_view_type=ViewType.ALL)) == "c b a"
    assert client.search_runs([]) == []
    assert client.search_runs(["987654321"]) == []
    assert a.info.lifecycle_stage == "active"


@pytest.mark.parametrize("order", [[], ["start_time ASC"], ["metrics.m DESC"], ["params.p", "tags.t DESC"]])
def test_pages_together_are_everything(client, unique, order):
    experiment_id = client.create_experiment(unique("pages"))
    expected = set()
    for number in range(23):
        tags = {"t": str(number % 3)} if number % 4 else {}
        run = client.create_run(experiment_id, start_time=1000 + number // 5, tags=tags)
        expected.add(run.info.run_id)
        if number % 3:
            client.log_batch(run.info.run_id, [Metric("m", number % 7, 1, 0)], [Param("p", str(number % 4))])
    whole = [r.info.run_id for r in client.search_runs([experiment_id], order_by=order)]
    assert set(whole) == expected
    seen, token, sizes = [], None, []
    while True:
        page = client.search_runs([experiment_id], max_results=5, order_by=order, page_token=token)
        seen += [r.info.run_id for r in page]
        sizes.append(len(page))
        token = page.token
        if not token:
            break
    assert seen == whole and sizes == [5, 5, 5, 5, 3]


@pytest.mark.millrace_only
def test_pages_survive_inserts(client, unique):
    """Runs created between two pages neither repeat a run nor hide one."""
    experiment_id = client.create_experiment(unique("inserts"))
    old = [client.create_run(experiment_id, start_time=1000 + n).info.run_id for n in range(12)]
    seen, token = [], None
    while True:
        page = client.search_runs([experiment_id], max_results=4, page_token=token)
        seen += [r.info.run_id for r in page]
        token = page.token
        if not token:
            break
        client.create_run(experiment_id, start_time=5000)
    assert seen == old[::-1]


def test_max_results_has_limits(client, experiment):
    for wrong in (-1, 50001):
        with pytest.raises(MlflowException) as error:
            client.search_runs([experiment.experiment_id], max_results=wrong)
        assert error.value.error_code == "INVALID_PARAMETER_VALUE"
    with pytest.raises(MlflowException):
        client.search_runs([experiment.experiment_id], page_token="not a token")
