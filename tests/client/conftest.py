"""Fixtures of the client tests: the server under test, clients of it, names that no other test uses."""

import os
import uuid

os.environ.update(
    MLFLOW_DISABLE_TELEMETRY="true",
    MLFLOW_HTTP_REQUEST_MAX_RETRIES="1",  # a 500 shall fail the test at once
    MLFLOW_HTTP_REQUEST_TIMEOUT="60",
    MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR="false",
    MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT="true",
    GIT_PYTHON_REFRESH="quiet",
    MPLBACKEND="Agg",
)
for name in ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI", "MLFLOW_EXPERIMENT_ID", "MLFLOW_EXPERIMENT_NAME", "MLFLOW_RUN_ID"):
    os.environ.pop(name, None)

import mlflow
import pytest
import requests
from servers import RunningServer, Server, kind_under_test, millrace_binary


def pytest_collection_modifyitems(items):
    if kind_under_test() != "official":
        return
    skip = pytest.mark.skip(reason="a promise of Millrace alone")
    for item in items:
        if "millrace_only" in item.keywords:
            item.add_marker(skip)


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """The server nearly all tests share. Stopping it with SIGTERM must give exit code 0."""
    if kind_under_test() == "millrace" and not millrace_binary().exists():
        pytest.exit(f"{millrace_binary()} is missing: build it, or set MILLRACE_BIN", returncode=2)
    # http is for the webhook tests, whose receiver is on this machine
    env = {
        "MLFLOW_WEBHOOK_ALLOWED_SCHEMES": "http,https",
        "MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS": "true",
        "MLFLOW_WEBHOOK_CACHE_TTL": "0",  # the official server looks up webhooks once a minute otherwise
    }
    running = os.environ.get("MLFLOW_TEST_SERVER", "")
    chosen = RunningServer(running) if running.startswith("http") else Server(tmp_path_factory.mktemp("server"), env=env)
    with chosen as started:
        yield started


@pytest.fixture(autouse=True)
def clean_client(tmp_path, monkeypatch):
    """Each test works in a directory of its own and leaves no active run or model behind."""
    monkeypatch.chdir(tmp_path)
    yield
    while mlflow.active_run():
        mlflow.end_run()
    mlflow.clear_active_model()


@pytest.fixture
def client(server):
    """A client of the shared server; the fluent API points there too."""
    mlflow.set_tracking_uri(server.uri)
    mlflow.set_registry_uri(server.uri)
    return mlflow.MlflowClient(server.uri, server.uri)


@pytest.fixture
def unique():
    """unique('model') -> 'model-3f2a...': a name no other test or session has."""
    return lambda stem: f"{stem}-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def experiment(client, unique):
    """A new experiment, set as the active one."""
    return mlflow.set_experiment(unique("experiment"))


class Rest:
    """Plain REST calls, for what the client hides: Rest(uri).post('runs/create', {...}) -> the answer as a dict."""

    def __init__(self, uri, root="/api/2.0/mlflow/"):
        self.base = uri + root
        self.session = requests.Session()

    def call(self, method, path, **kwargs):
        return self.session.request(method, self.base + path, timeout=60, **kwargs)

    def post(self, path, body):
        answer = self.call("POST", path, json=body)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text}"
        return answer.json()

    def get(self, path, **query):
        answer = self.call("GET", path, params=query)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text}"
        return answer.json()


@pytest.fixture
def rest(server):
    return Rest(server.uri)
