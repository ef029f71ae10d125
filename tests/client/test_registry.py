"""The model registry: models, versions, aliases, stages, tags, searches, and models loaded out of it."""

import mlflow
import mlflow.sklearn
import numpy as np
import pytest
from helpers import REFUSED, code_of
from sklearn.linear_model import LinearRegression

PIP = ["scikit-learn"]


@pytest.fixture
def model(client, unique):
    """The name of a registered model without versions."""
    return client.create_registered_model(unique("model"), tags={"team": "a"}, description="words").name


@pytest.fixture
def run_id(experiment, client):
    return client.create_run(experiment.experiment_id).info.run_id


@pytest.fixture
def versions(client, model, run_id):
    """Three versions of the model; returns its name."""
    for number in range(1, 4):
        client.create_model_version(
            model, f"runs:/{run_id}/m{number}", run_id=run_id, tags={"n": str(number), "odd": str(number % 2)},
            description=f"version {number}",
        )
    return model


def fitted(slope):
    x = np.arange(4.0).reshape(-1, 1)
    return LinearRegression().fit(x, slope * x.ravel())


def test_register_and_load(experiment, client, unique):
    name = unique("model")
    with mlflow.start_run() as run:
        info = mlflow.sklearn.log_model(fitted(2), name="line", pip_requirements=PIP, registered_model_name=name)
    assert int(info.registered_model_version) == 1
    second = mlflow.register_model(f"runs:/{run.info.run_id}/line", name, tags={"k": "v"})
    assert int(second.version) == 2 and second.status == "READY" and second.run_id == run.info.run_id
    third = mlflow.register_model(f"models:/{info.model_id}", name)
    assert int(third.version) == 3 and third.run_id == run.info.run_id
    client.set_registered_model_alias(name, "champion", "2")
    for uri in (f"models:/{name}/1", f"models:/{name}@champion", f"models:/{name}/latest", f"models:/{name}/3"):
        assert mlflow.sklearn.load_model(uri).predict([[10.0]])[0] == pytest.approx(20)
    assert mlflow.pyfunc.load_model(f"models:/{name}@champion").predict(np.array([[1.0]]))[0] == pytest.approx(2)
    assert "line" in client.get_model_version_download_uri(name, "2") or "m-" in client.get_model_version_download_uri(name, "2")
    linked = mlflow.get_logged_model(info.model_id)
    assert name in str(linked.tags.get("mlflow.modelVersions", ""))


def test_registered_model(client, model):
    back = client.get_registered_model(model)
    assert (back.name, back.description, back.tags, back.latest_versions, back.aliases) == (
        model, "words", {"team": "a"}, [], {})
    assert back.creation_timestamp <= back.last_updated_timestamp
    client.update_registered_model(model, description="new")
    client.set_registered_model_tag(model, "k", "v")
    client.delete_registered_model_tag(model, "team")
    back = client.get_registered_model(model)
    assert (back.description, back.tags) == ("new", {"k": "v"})
    assert code_of(client.create_registered_model, model) == "RESOURCE_ALREADY_EXISTS"
    assert code_of(client.create_registered_model, "") == "INVALID_PARAMETER_VALUE"
    assert code_of(client.get_registered_model, model + "x") == "RESOURCE_DOES_NOT_EXIST"


@pytest.mark.parametrize("name", ["with space", "ünïcode", "a.b-c_d", "q?x&y", "100%", "a#b", "x" * 200])
def test_names_of_models(client, unique, name):
    name = unique(name)
    client.create_registered_model(name)
    assert client.get_registered_model(name).name == name
    client.set_registered_model_tag(name, "t", "v")
    assert [m.name for m in client.search_registered_models(f"name = '{name}'")] == [name]


def test_versions_count_up_and_are_not_reused(client, versions, run_id):
    client.delete_model_version(versions, "2")
    assert int(client.create_model_version(versions, f"runs:/{run_id}/x", run_id=run_id).version) == 4
    assert code_of(client.get_model_version, versions, "2") == "RESOURCE_DOES_NOT_EXIST"
    found = client.search_model_versions(f"name = '{versions}'")
    assert sorted(int(v.version) for v in found) == [1, 3, 4]
    missing = code_of(client.create_model_version, versions + "x", f"runs:/{run_id}/y", run_id=run_id)
    assert missing == "RESOURCE_DOES_NOT_EXIST"


def test_version_fields(client, versions, run_id):
    version = client.get_model_version(versions, "2")
    assert (version.name, int(version.version), version.description, version.run_id, version.source) == (
        versions, 2, "version 2", run_id, f"runs:/{run_id}/m2")
    assert (version.status, version.current_stage, version.tags) == ("READY", "None", {"n": "2", "odd": "0"})
    client.update_model_version(versions, "2", description="better")
    client.set_model_version_tag(versions, "2", "k", "v")
    client.delete_model_version_tag(versions, "2", "odd")
    version = client.get_model_version(versions, "2")
    assert version.description == "better" and version.tags == {"n": "2", "k": "v"}
    assert version.last_updated_timestamp >= version.creation_timestamp


def test_aliases(client, versions):
    client.set_registered_model_alias(versions, "champion", "1")
    client.set_registered_model_alias(versions, "other", "1")
    client.set_registered_model_alias(versions, "champion", "2")
    assert client.get_registered_model(versions).aliases in ({"champion": "2", "other": "1"}, {"champion": 2, "other": 1})
    assert int(client.get_model_version_by_alias(versions, "champion").version) == 2
    assert client.get_model_version(versions, "1").aliases == ["other"]
    client.delete_registered_model_alias(versions, "other")
    assert client.get_model_version(versions, "1").aliases == []
    assert code_of(client.get_model_version_by_alias, versions, "other") == "INVALID_PARAMETER_VALUE"
    assert code_of(client.set_registered_model_alias, versions, "a", "9") == "RESOURCE_DOES_NOT_EXIST"
    for wrong in ("v1", "V22", "latest", "", "a b", "x" * 256):
        assert code_of(client.set_registered_model_alias, versions, wrong, "1") == "INVALID_PARAMETER_VALUE", wrong
    client.delete_model_version(versions, "2")
    assert client.get_registered_model(versions).aliases == {}


def test_stages(client, versions):
    client.transition_model_version_stage(versions, "1", "Staging")
    client.transition_model_version_stage(versions, "2", "production")
    assert client.get_model_version(versions, "2").current_stage == "Production"
    client.transition_model_version_stage(versions, "3", "Production", archive_existing_versions=True)
    stages = [client.get_model_version(versions, v).current_stage for v in "123"]
    assert stages == ["Staging", "Archived", "Production"]
    latest = {v.current_stage: int(v.version) for v in client.get_latest_versions(versions)}
    assert latest == {"Staging": 1, "Archived": 2, "Production": 3}
    assert [int(v.version) for v in client.get_latest_versions(versions, stages=["Production"])] == [3]
    assert client.get_latest_versions(versions, stages=["None"]) == []
    assert code_of(client.transition_model_version_stage, versions, "1", "Nowhere") == "INVALID_PARAMETER_VALUE"
    wrong = code_of(client.transition_model_version_stage, versions, "1", "None", archive_existing_versions=True)
    assert wrong in REFUSED
    assert code_of(client.get_latest_versions, versions, stages=["Nowhere"]) in REFUSED


def test_rename_takes_everything_along(client, versions):
    client.set_registered_model_alias(versions, "champion", "2")
    new = versions + "-new"
    client.rename_registered_model(versions, new)
    assert code_of(client.get_registered_model, versions) == "RESOURCE_DOES_NOT_EXIST"
    back = client.get_registered_model(new)
    assert back.tags == {"team": "a"}
    assert int(client.get_model_version_by_alias(new, "champion").version) == 2
    assert client.get_model_version(new, "3").tags["n"] == "3"
    client.create_registered_model(versions)
    assert code_of(client.rename_registered_model, new, versions) == "RESOURCE_ALREADY_EXISTS"


def test_delete_takes_everything_along(client, versions, run_id):
    client.set_registered_model_alias(versions, "champion", "2")
    client.delete_registered_model(versions)
    assert code_of(client.get_registered_model, versions) == "RESOURCE_DOES_NOT_EXIST"
    assert client.search_model_versions(f"name = '{versions}'") == []
    client.create_registered_model(versions)
    back = client.get_registered_model(versions)
    assert back.tags == {} and back.aliases == {}
    assert int(client.create_model_version(versions, f"runs:/{run_id}/x", run_id=run_id).version) == 1


def test_search_versions(client, versions, run_id):
    def found(text, **options):
        return [int(v.version) for v in client.search_model_versions(text, **options)]

    by_number = ["version_number ASC"]
    assert found(f"name = '{versions}'", order_by=by_number) == [1, 2, 3]
    assert found(f"name = '{versions}'") == [3, 2, 1]
    assert found(f"name LIKE '{versions[:-1]}%'", order_by=["name ASC", "version_number DESC"]) == [3, 2, 1]
    assert found(f"name ILIKE '{versions.upper()}'", order_by=by_number) == [1, 2, 3]
    assert found(f"run_id = '{run_id}' and version_number > 1", order_by=by_number) == [2, 3]
    assert found(f"run_id IN ('{run_id}', 'x')", order_by=by_number) == [1, 2, 3]
    assert found(f"name = '{versions}' and tags.odd = '1'", order_by=by_number) == [1, 3]
    assert found(f"name = '{versions}' and tag.`odd` != '1'") == [2]
    assert found(f"name = '{versions}' and tags.n LIKE '3%' and tags.odd ILIKE '1'") == [3]
    assert found(f"source_path = 'runs:/{run_id}/m2'") == [2]
    assert found(f"source_path LIKE 'runs:/{run_id}/%' and version_number <= 2", order_by=by_number) == [1, 2]
    assert found(f"name = '{versions}'", order_by=["creation_timestamp ASC", "version_number"], max_results=2) == [1, 2]
    for wrong in ("nonsense = 'x'", "name > 'x'", "run_id", "version_number = 'x'", "tags.a > 'b'", "name = x"):
        assert code_of(client.search_model_versions, wrong) == "INVALID_PARAMETER_VALUE", wrong


def test_search_models(client, unique):
    stem = unique("find")
    for short, tags in (("One", {"t": "x"}), ("two", {"t": "y", "k ey": "v"}), ("three", {})):
        client.create_registered_model(f"{stem}-{short}", tags=tags)

    def found(text, **options):
        return " ".join(m.name.rsplit("-", 1)[1] for m in client.search_registered_models(text, **options))

    assert found(f"name LIKE '{stem}%'") == "One three two"
    assert found(f"name LIKE '{stem}%'", order_by=["name DESC"]) == "two three One"
    assert found(f"name LIKE '{stem}%'", order_by=["last_updated_timestamp DESC", "name"]).split()[0] == "three"
    assert found(f"name ILIKE '{stem}-o%'") == "One"
    assert found(f"name = '{stem}-two'") == "two"
    assert found(f"name != '{stem}-two' and name LIKE '{stem}%'") == "One three"
    assert found(f"name LIKE '{stem}%' and tags.t = 'x'") == "One"
    assert found(f"name LIKE '{stem}%' and tags.t != 'x'") == "two"
    assert found(f"name LIKE '{stem}%' and tags.`k ey` ILIKE 'V'") == "two"
    first = client.search_registered_models(f"name LIKE '{stem}%'", max_results=2)
    second = client.search_registered_models(f"name LIKE '{stem}%'", max_results=2, page_token=first.token)
    assert (len(first), len(second), second.token) == (2, 1, None) or not second.token
    for wrong in ("nonsense = 'x'", "name > 'x'", "name = x", "version = 3"):
        assert code_of(client.search_registered_models, wrong) == "INVALID_PARAMETER_VALUE", wrong


@pytest.mark.parametrize(
    "source", ["/etc/passwd", "file:///etc/passwd", "mlflow-artifacts:/../../etc", "mlflow-artifacts:/1/%2e%2e/x", "file:///"]
)
def test_refused_sources(client, model, source):
    assert code_of(client.create_model_version, model, source) == "INVALID_PARAMETER_VALUE"


def test_copy_a_version(client, experiment, unique):
    name, copy = unique("model"), unique("copy")
    with mlflow.start_run():
        mlflow.sklearn.log_model(fitted(3), name="line", pip_requirements=PIP, registered_model_name=name)
    version = client.copy_model_version(f"models:/{name}/1", copy)
    assert (version.name, int(version.version), version.source) == (copy, 1, f"models:/{name}/1")
    assert mlflow.sklearn.load_model(f"models:/{copy}/1").predict([[1.0]])[0] == pytest.approx(3)


def test_tags_of_versions_by_stage(client, versions):
    client.transition_model_version_stage(versions, "1", "Production")
    client.set_model_version_tag(versions, key="k", value="v", stage="Production")
    assert client.get_model_version(versions, "1").tags["k"] == "v"
    client.delete_model_version_tag(versions, key="k", stage="Production")
    assert "k" not in client.get_model_version(versions, "1").tags
