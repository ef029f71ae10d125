"""Which paths exist: unknown ones, wrong methods, HEAD and OPTIONS, slashes, prefixes, parts switched off. The statuses
and texts were taken from the official server 3.17.2."""

import time

import pytest
from program import ARTIFACTS, EXPERIMENTS, RUNS

SEARCH = EXPERIMENTS + "/search?max_results=1"


def test_health_and_version(raw):
    health = raw.get("/health")
    assert (health.status, health.text, health.header("content-type")) == (200, "OK", "text/plain; charset=utf-8")
    version = raw.get("/version")
    assert (version.status, version.text, version.header("content-type")) == (200, "3.17.2", "text/html; charset=utf-8")


@pytest.mark.parametrize("prefix", ["api", "ajax-api"])
def test_server_info(raw, prefix):
    info = raw.get(f"/{prefix}/3.0/mlflow/server-info")
    assert info.header("content-type") == "application/json"
    assert info.json == {
        "store_type": "SqlStore", "workspaces_enabled": False, "trace_archival_enabled": False,
        "multipart_uploads_enabled": False, "multipart_downloads_enabled": False,
        "presigned_upload_run_id_supported": True, "presigned_upload_model_id_supported": True,
        "features_enabled": {"gateway": False},
    }


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "DELETE"])
@pytest.mark.parametrize("path", ["/nope", "/api/2.0/mlflow/nope", RUNS + "/create/", "/health/", "/api", "*", "/%2e%2e/health",
                                  "/api/2.0/mlflow/../mlflow/experiments/search", "/api/4.0/mlflow/runs/create"])
def test_unknown_paths(raw, method, path):
    answer = raw.request(method, path, body=b"" if method == "POST" else None)
    assert answer.status == 404
    assert answer.header("content-type") == "text/html; charset=utf-8"
    assert answer.text.startswith("<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>")


@pytest.mark.parametrize(("method", "path", "allow"), [
    ("GET", RUNS + "/create", {"POST", "OPTIONS"}),
    ("HEAD", RUNS + "/create", {"POST", "OPTIONS"}),
    ("POST", "/health", {"GET", "HEAD", "OPTIONS"}),
    ("BREW", "/version", {"GET", "HEAD", "OPTIONS"}),
    ("PUT", EXPERIMENTS + "/search", {"GET", "HEAD", "POST", "OPTIONS"}),
    ("PATCH", ARTIFACTS + "/a/b.txt", {"GET", "HEAD", "PUT", "DELETE", "OPTIONS"}),
])
def test_wrong_methods(raw, method, path, allow):
    answer = raw.request(method, path, body=None if method == "GET" else b"")
    assert answer.status == 405
    assert set(answer.header("allow").split(", ")) == allow


def test_head_is_get_without_a_body(raw):
    for path in ("/health", "/version", SEARCH, "/nope"):
        get, head = raw.get(path), raw.request("HEAD", path)
        assert (head.status, head.body) == (get.status, b"")
        assert head.header("content-length") == get.header("content-length")


def test_options(raw):
    api = raw.request("OPTIONS", SEARCH)
    assert (api.status, api.body) == (204, b"")
    assert set(api.header("allow").split(", ")) == {"GET", "HEAD", "POST", "OPTIONS"}
    assert raw.request("OPTIONS", "/health").status == 200


def test_names_may_be_quoted(raw):
    assert raw.get("/api/2.0/mlflow/%65xperiments/search?max%5Fresults=%31").status == 200


def test_doubled_slashes_are_redirected(raw):
    answer = raw.get("/api/2.0//mlflow///experiments/search?max_results=1")
    assert (answer.status, answer.header("location")) == (308, SEARCH)
    assert raw.get("//evil.example/%2e%2e").status == 404


def test_preview_paths(raw):
    assert raw.get("/api/2.0/preview/mlflow/experiments/get?experiment_id=0").status == 200
    assert raw.get("/ajax-api/2.0/preview/mlflow/experiments/get?experiment_id=0").status == 200


def test_static_prefix(start):
    server = start("--static-prefix", "/tools/mlflow")
    assert server.get("/tools/mlflow/health").text == "OK"
    assert server.get("/tools/mlflow" + SEARCH).status == 200
    assert server.get("/health").status == 404
    assert server.get(SEARCH).status == 404
    assert server.get("/tools/mlflowx/health").status == 404
    # the official server has these outside of the prefix as well
    assert server.request("PUT", ARTIFACTS + "/f.txt", body=b"1").status == 200
    assert server.get("/tools/mlflow" + ARTIFACTS + "/f.txt").body == b"1"


def test_artifacts_only(start):
    server = start("--artifacts-only")
    answer = server.post(RUNS + "/create", {})
    assert (answer.status, answer.text) == (503, (
        "Endpoint: /api/2.0/mlflow/runs/create disabled due to the mlflow server running in `--artifacts-only` mode. To "
        "enable tracking server functionality, run `mlflow server` without `--artifacts-only`"))
    assert server.request("PUT", ARTIFACTS + "/f.txt", body=b"1").status == 200
    assert server.get("/health").status == 200
    assert not (server.directory / "mlflow.db").exists()


def test_no_serve_artifacts(start):
    server = start("--no-serve-artifacts")
    answer = server.get("/api/2.0/mlflow-artifacts/artifacts?path=x")
    assert (answer.status, answer.text) == (503, (
        "Endpoint: /api/2.0/mlflow-artifacts/artifacts disabled due to the mlflow server running with "
        "`--no-serve-artifacts`. To enable artifacts server functionality, run `mlflow server` with `--serve-artifacts`"))
    assert server.request("PUT", ARTIFACTS + "/f.txt", body=b"x" * 100000).status == 503
    assert server.get(SEARCH).status == 200


def until(read, good, seconds=5):
    """What `read` gives once it is `good`: a request is counted after its answer has gone out."""
    end = time.monotonic() + seconds
    while not good(value := read()) and time.monotonic() < end:
        time.sleep(0.05)
    return value


def test_metrics_only_when_asked_for(start, raw):
    assert raw.get("/metrics").status == 404
    exposing = start("--expose-prometheus", "figures")
    exposing.get(SEARCH)
    exposing.get("/nope")
    exposing.make_run()
    created = 'millrace_requests_total{method="POST",operation="2.0/mlflow/runs/create"} 1\n'
    text = until(lambda: exposing.get("/metrics").text, lambda text: created in text)
    assert created in text
    assert 'mlflow_http_request_total{method="GET",status="200"} ' in text
    assert 'mlflow_http_request_total{method="GET",status="404"} 1\n' in text
    assert 'mlflow_http_request_duration_seconds_bucket{le="+Inf",method="POST",status="200"} 1\n' in text
    assert "millrace_store_commits_total" in text
