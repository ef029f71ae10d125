"""Search of experiments: filters, orders, view types, pages."""

import mlflow
import pytest
from mlflow import MlflowException
from mlflow.entities import ViewType


@pytest.fixture
def four(client, unique):
    """Four experiments with a common, otherwise unused stem in their names; (stem, ids by short name)."""
    stem = unique("exp")
    ids = {}
    for short, tags in (("One", {"t": "x"}), ("two", {"t": "y", "k ey": "v"}), ("three", {}), ("gone", {"t": "x"})):
        ids[short] = client.create_experiment(f"{stem}-{short}", tags={**tags, "stem": stem})
    client.delete_experiment(ids["gone"])
    return stem, ids


def found(client, stem, extra="", **options):
    text = f"tags.stem = '{stem}'" + (f" AND {extra}" if extra else "")
    return [e.name.rsplit("-", 1)[1] for e in client.search_experiments(filter_string=text, **options)]


def test_filters(client, four):
    stem, ids = four
    by_id = ["experiment_id ASC"]
    for extra, expected in [
        ("", "One two three"),
        (f"name = '{stem}-One'", "One"),
        (f"attribute.name != '{stem}-One'", "two three"),
        ("name LIKE '%-t%'", "two three"),
        ("attribute.name ILIKE '%-O%'", "One"),
        ("name LIKE '%-o%'", ""),
        ("tags.t = 'x'", "One"),
        ("tags.t != 'x'", "two"),
        ("tag.`k ey` = 'v'", "two"),
        ("tags.t ILIKE 'Y'", "two"),
        (f"experiment_id IN ('{ids['two']}', '{ids['three']}')", "two three"),
        (f"attribute.experiment_id NOT IN ('{ids['two']}', '{ids['three']}')", "One"),
        ("creation_time > 0 and last_update_time >= 1000", "One two three"),
        ("creation_time < 1000", ""),
    ]:
        assert " ".join(found(client, stem, extra, order_by=by_id)) == expected, extra


@pytest.mark.millrace_only
def test_or_and_not(client, four):
    stem, _ = four
    assert found(client, stem, "(tags.t = 'x' OR tags.t = 'y')", order_by=["experiment_id"]) == ["One", "two"]
    assert found(client, stem, "NOT name LIKE '%-t%'") == ["One"]


def test_orders(client, four):
    stem, _ = four
    assert found(client, stem) == ["three", "two", "One"]  # newest first
    assert found(client, stem, order_by=["name"]) == ["One", "three", "two"]
    assert found(client, stem, order_by=["name DESC"]) == ["two", "three", "One"]
    assert found(client, stem, order_by=["creation_time ASC", "experiment_id"]) == ["One", "two", "three"]
    assert found(client, stem, order_by=["attribute.experiment_id DESC"]) == ["three", "two", "One"]


def test_last_update_time_moves(client, four):
    stem, ids = four
    client.rename_experiment(ids["One"], f"{stem}-One")
    assert found(client, stem, order_by=["last_update_time DESC"])[0] == "One"


def test_view_types(client, four):
    stem, _ = four
    assert found(client, stem, view_type=ViewType.DELETED_ONLY) == ["gone"]
    assert sorted(found(client, stem, view_type=ViewType.ALL)) == ["One", "gone", "three", "two"]


def test_pages(client, unique):
    stem = unique("paged")
    for number in range(7):
        client.create_experiment(f"{stem}-{number}", tags={"stem": stem})
    seen, token = [], None
    while True:
        page = client.search_experiments(
            filter_string=f"tags.stem = '{stem}'", max_results=3, order_by=["name"], page_token=token
        )
        seen += [e.name for e in page]
        token = page.token
        if not token:
            break
    assert seen == [f"{stem}-{n}" for n in range(7)]
    assert len(mlflow.search_experiments(filter_string=f"name LIKE '{stem}%'")) == 7


@pytest.mark.parametrize(
    "text", ["nonsense", "name > 'x'", "metrics.x = 1", "name = 3", "creation_time = 'x'", "name = 'x", "tags.a LIKE 5"]
)
def test_bad_filter(client, text):
    with pytest.raises(MlflowException) as error:
        client.search_experiments(filter_string=text)
    assert error.value.error_code == "INVALID_PARAMETER_VALUE"


@pytest.mark.parametrize("order", ["nonsense", "tags.a", "name UP"])
def test_bad_order(client, order):
    with pytest.raises(MlflowException) as error:
        client.search_experiments(order_by=[order])
    assert error.value.error_code == "INVALID_PARAMETER_VALUE"
