"""Many clients at the registry at once: versions without gaps or doubles, aliases that always point somewhere."""

import threading
from concurrent.futures import ThreadPoolExecutor

import mlflow
import pytest
import requests


@pytest.fixture
def model(client, unique):
    return client.create_registered_model(unique("raced")).name


def create_version(server, model):
    """One version by a connection of its own; its number."""
    answer = requests.post(
        server.uri + "/api/2.0/mlflow/model-versions/create",
        json={"name": model, "source": "s3://bucket/model", "tags": [{"key": "k", "value": "v"}]}, timeout=60,
    )
    assert answer.status_code == 200, answer.text
    return int(answer.json()["model_version"]["version"])


def test_32_versions_at_once(client, server, model):
    barrier = threading.Barrier(32)

    def create(_):
        barrier.wait(30)
        return create_version(server, model)

    with ThreadPoolExecutor(32) as pool:
        numbers = list(pool.map(create, range(32)))
    assert sorted(numbers) == list(range(1, 33))
    assert len(client.search_model_versions(f"name = '{model}'")) == 32
    assert {v.tags["k"] for v in client.search_model_versions(f"name = '{model}'")} == {"v"}


def test_alias_swaps_are_atomic(client, server, model):
    """While two clients move an alias to and fro, a reader always finds it on one of the two versions."""
    for _ in range(2):
        create_version(server, model)
    client.set_registered_model_alias(model, "champion", "1")
    stop = threading.Event()
    seen, errors = set(), []

    def read():
        mine = mlflow.MlflowClient(server.uri, server.uri)
        while not stop.is_set():
            try:
                seen.add(int(mine.get_model_version_by_alias(model, "champion").version))
            except Exception as error:  # noqa: BLE001
                errors.append(error)

    def swap(version):
        mine = mlflow.MlflowClient(server.uri, server.uri)
        for _ in range(15):
            mine.set_registered_model_alias(model, "champion", version)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(swap, ["1", "2"]))
    stop.set()
    for reader in readers:
        reader.join(60)
    assert errors == [] and seen <= {1, 2}
    assert set(client.get_registered_model(model).aliases) == {"champion"}


@pytest.mark.millrace_only
def test_rename_while_others_write(client, server, model):
    """Versions that were acknowledged are under the new name; nothing is left under the old one."""
    new = model + "-new"
    numbers = []

    def create(_):
        for name in (model, new):
            answer = requests.post(
                server.uri + "/api/2.0/mlflow/model-versions/create",
                json={"name": name, "source": "s3://bucket/model"}, timeout=60,
            )
            if answer.status_code == 200:
                numbers.append(int(answer.json()["model_version"]["version"]))
                return
            assert answer.status_code == 404, answer.text

    with ThreadPoolExecutor(9) as pool:
        creating = [pool.submit(create, n) for n in range(12)]
        renaming = pool.submit(client.rename_registered_model, model, new)
        creating += [pool.submit(create, n) for n in range(12)]
        for future in [*creating, renaming]:
            future.result(60)
    assert sorted(numbers) == list(range(1, len(numbers) + 1))
    assert len(client.search_model_versions(f"name = '{new}'")) == len(numbers)
    assert client.search_model_versions(f"name = '{model}'") == []
