"""Host and Origin checks, CORS and security headers, compared with the official server 3.17.2."""

import pytest
from program import EXPERIMENTS, RUNS

READ = EXPERIMENTS + "/get?experiment_id=0"
WRITE = EXPERIMENTS + "/set-experiment-tag"
TAG = {"experiment_id": "0", "key": "k", "value": "v"}


def test_headers_of_every_answer(raw):
    for path in ("/health", READ, "/nope"):
        answer = raw.get(path)
        assert answer.header("x-content-type-options") == "nosniff"
        assert answer.header("x-frame-options") == "SAMEORIGIN"
        assert answer.header("access-control-allow-origin") is None


@pytest.mark.parametrize("host", ["localhost", "localhost:1", "127.0.0.1:5000", "[::1]:5000", "10.0.0.1", "192.168.1.1:80",
                                  "172.20.0.1", "10.evil.example"])
def test_hosts_accepted(raw, host):
    assert raw.request("GET", READ, host=host).status == 200


@pytest.mark.parametrize("host", ["evil.example", "LOCALHOST", "localhost.evil.example", "172.32.0.1", ""])
def test_hosts_refused(raw, host):
    answer = raw.request("GET", READ, host=host)
    assert (answer.status, answer.text) == (403, "Invalid Host header - possible DNS rebinding attack detected")
    assert raw.request("GET", "/health", host=host).status == 200
    assert raw.request("GET", "/version", host=host).status == 200


def test_allowed_hosts(start):
    server = start("--allowed-hosts", "mlflow.example, app-*.example")
    assert server.request("GET", READ, host="mlflow.example").status == 200
    assert server.request("GET", READ, host="app-1.example").status == 200
    assert server.request("GET", READ, host="localhost").status == 403


@pytest.mark.parametrize("origin", ["http://evil.example", "https://localhost.evil.example", "null", "http://evil.example/localhost"])
def test_foreign_origins(raw, origin):
    refused = raw.post(WRITE, TAG, Origin=origin)
    assert (refused.status, refused.text) == (403, "Cross-origin request blocked")
    assert raw.request("POST", "/%61pi/2.0/mlflow/experiments/set-experiment-tag", {"Origin": origin}, TAG).status == 403
    read = raw.get(READ, Origin=origin)
    assert read.status == 200
    assert read.header("access-control-allow-origin") is None
    assert "origin" in read.header("vary").lower()


@pytest.mark.parametrize("origin", ["http://localhost:3000", "http://127.0.0.1", "http://[::1]:8"])
def test_local_origins(raw, origin):
    answer = raw.post(WRITE, TAG, Origin=origin)
    assert answer.status == 200
    assert answer.header("access-control-allow-origin") == origin
    assert answer.header("access-control-allow-credentials") == "true"
    assert answer.header("access-control-expose-headers") == "*"


def test_local_origins_of_other_schemes_write_but_cannot_read(raw):
    answer = raw.post(WRITE, TAG, Origin="https://localhost:9")
    assert answer.status == 200
    assert answer.header("access-control-allow-origin") is None


def preflight(server, origin, method="POST", **more):
    return server.request("OPTIONS", RUNS + "/create", {"Origin": origin, "Access-Control-Request-Method": method, **more})


def test_preflight(raw):
    good = preflight(raw, "http://localhost:3000", **{"Access-Control-Request-Headers": "content-type, x-a"})
    assert (good.status, good.text) == (200, "OK")
    assert good.header("access-control-allow-origin") == "http://localhost:3000"
    assert good.header("access-control-allow-methods") == "GET, POST, PUT, DELETE, OPTIONS, PATCH"
    assert good.header("access-control-allow-headers") == "content-type, x-a"
    assert good.header("access-control-allow-credentials") == "true"
    assert good.header("access-control-max-age") == "600"
    foreign = preflight(raw, "http://evil.example")
    assert (foreign.status, foreign.text) == (400, "Disallowed CORS origin")
    assert foreign.header("access-control-allow-origin") is None
    wrong = preflight(raw, "http://localhost:3000", "BREW")
    assert (wrong.status, wrong.text) == (400, "Disallowed CORS method")
    both = preflight(raw, "http://evil.example", "BREW")
    assert both.text == "Disallowed CORS origin, method"


def test_allowed_origins(start):
    server = start("--cors-allowed-origins", "https://a.example,https://*.b.example")
    assert server.post(WRITE, TAG, Origin="https://a.example").header("access-control-allow-origin") == "https://a.example"
    assert server.post(WRITE, TAG, Origin="https://x.b.example").status == 200
    assert server.post(WRITE, TAG, Origin="https://c.example").status == 403


def test_any_origin(start):
    server = start("--cors-allowed-origins", "*")
    answer = server.post(WRITE, TAG, Origin="https://a.example")
    assert (answer.status, answer.header("access-control-allow-origin")) == (200, "*")
    assert answer.header("access-control-allow-credentials") is None
    assert preflight(server, "https://a.example").header("access-control-allow-origin") == "*"


def test_frame_options(start):
    assert start("--x-frame-options", "deny").get("/health").header("x-frame-options") == "DENY"
    assert start("--x-frame-options", "NONE").get("/health").header("x-frame-options") is None


def test_disabled(start):
    server = start("--disable-security-middleware")
    answer = server.request("POST", WRITE, {"Origin": "http://evil.example"}, TAG, host="evil.example")
    assert answer.status == 200
    assert answer.header("x-frame-options") is None
    assert answer.header("access-control-allow-origin") is None


def test_environment(start):
    server = start(env={"MLFLOW_SERVER_ALLOWED_HOSTS": "only.example", "MLFLOW_SERVER_X_FRAME_OPTIONS": "DENY"})
    assert server.request("GET", READ, host="localhost").status == 403
    assert server.get("/health").header("x-frame-options") == "DENY"
