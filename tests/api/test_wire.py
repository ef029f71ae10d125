"""HTTP itself, by raw sockets: framing of requests, smuggling, limits, pipelining, clients that are slow or go away."""

import json
import socket
import time

import pytest
from program import ARTIFACTS, EXPERIMENTS, RUNS

TAG = EXPERIMENTS + "/set-experiment-tag"
BODY = json.dumps({"experiment_id": "0", "key": "k", "value": "v"}).encode()
HOST = b"Host: localhost\r\n"
JSON = b"Content-Type: application/json\r\n"


def post(*lines, body=BODY, path=TAG, version=b"1.1"):
    head = b"".join(line + b"\r\n" for line in lines)
    return b"POST " + path.encode() + b" HTTP/" + version + b"\r\n" + HOST + JSON + head + b"\r\n" + body


def length(n=len(BODY)):
    return b"Content-Length: %d" % n


def chunked(*pieces):
    return b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in pieces) + b"0\r\n\r\n"


def refused(server, data, statuses=(400,)):
    """The request gets one refusal, and the connection ends with it."""
    with server.connect() as c:
        c.send(data)
        status, _ = c.head()
        assert status in statuses
        while c.fill():
            pass
        assert b"HTTP/1.1 2" not in c.buffer
    assert server.get("/health").status == 200


SMUGGLED = b"GET /version HTTP/1.1\r\n" + HOST + b"\r\n"


@pytest.mark.parametrize("data", [
    pytest.param(post(length(), b"Transfer-Encoding: chunked", body=chunked(BODY)), id="length-and-chunked"),
    pytest.param(post(b"Transfer-Encoding: chunked", length(), body=chunked(BODY)), id="chunked-and-length"),
    pytest.param(post(length(), length()), id="two-lengths"),
    pytest.param(post(length(), length(1)), id="two-different-lengths"),
    pytest.param(post(b"Content-Length: +%d" % len(BODY)), id="signed-length"),
    pytest.param(post(b"Content-Length: %d, %d" % (len(BODY), len(BODY))), id="list-of-lengths"),
    pytest.param(post(b"Content-Length: 0x10"), id="hexadecimal-length"),
    pytest.param(post(b"Content-Length: -1"), id="negative-length"),
    pytest.param(post(b"Content-Length : %d" % len(BODY), body=SMUGGLED), id="blank-before-colon"),
    pytest.param(post(b"Transfer-Encoding : chunked", body=chunked(BODY)), id="blank-before-colon-of-encoding"),
    pytest.param(post(b"Transfer-Encoding: xchunked", body=chunked(BODY)), id="unknown-encoding"),
    pytest.param(post(b"Transfer-Encoding: gzip, chunked", body=chunked(BODY)), id="list-of-encodings"),
    pytest.param(post(b"Transfer-Encoding: chunked", b"Transfer-Encoding: identity", body=chunked(BODY)), id="two-encodings"),
    pytest.param(post(b"Transfer-Encoding: chunked", body=chunked(BODY), version=b"1.0"), id="chunked-in-1.0"),
    pytest.param(post(b"Transfer-Encoding: chunked", body=b"zz\r\n" + BODY), id="chunk-size-no-number"),
    pytest.param(post(b"Transfer-Encoding: chunked", body=b"-1\r\n" + BODY), id="chunk-size-negative"),
    pytest.param(post(b"Host: other"), id="two-hosts"),
    pytest.param(b"GET /version HTTP/1.1\r\n\r\n", id="no-host"),
    pytest.param(b"GET /version HTTP/1.1\r\n" + HOST + b"no colon here\r\n\r\n", id="line-without-colon"),
    pytest.param(b"GET /version HTTP/1.1\r\n" + HOST + b"A(b): c\r\n\r\n", id="name-no-token"),
    pytest.param(b"GET /version HTTP/1.1\r\n" + HOST + b"A: b\x01c\r\n\r\n", id="control-byte"),
    pytest.param(b"GET /ver\x01sion HTTP/1.1\r\n" + HOST + b"\r\n", id="control-byte-in-path"),
    pytest.param(b"GET /ver sion HTTP/1.1\r\n" + HOST + b"\r\n", id="blank-in-path"),
    pytest.param(b"G(T /version HTTP/1.1\r\n" + HOST + b"\r\n", id="method-no-token"),
])
def test_ambiguous_heads_are_refused(raw, data):
    refused(raw, data)


def test_huge_chunk_and_length(raw):
    refused(raw, post(b"Transfer-Encoding: chunked", body=b"fffffffffffffffff\r\n"), (400, 413))
    refused(raw, post(b"Content-Length: 99999999999999999999"), (400, 413))


def test_huge_heads(raw):
    refused(raw, b"GET /version HTTP/1.1\r\n" + HOST + b"A: " + b"a" * 200_000 + b"\r\n\r\n", (431,))
    refused(raw, b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", (414,))
    refused(raw, b"GET /version HTTP/1.1\r\n" + HOST + b"".join(b"A%d: b\r\n" % i for i in range(20_000)) + b"\r\n", (431,))
    # 8 KiB is fine, in the head and in the query
    with raw.connect() as c:
        c.send(b"GET /version?a=" + b"a" * 8000 + b" HTTP/1.1\r\n" + HOST + b"A: " + b"a" * 8000 + b"\r\n\r\n")
        assert c.answer().text == "3.17.2"
    # and so are a thousand arguments: the handler answers them
    with raw.connect() as c:
        runs = b"&".join(b"run_id=id_%d" % i for i in range(1000))
        c.send(b"GET /ajax-api/2.0/mlflow/metrics/get-history-bulk?" + runs + b" HTTP/1.1\r\n" + HOST + b"\r\n")
        assert "cannot specify more than 100 run_ids" in c.answer().text


@pytest.mark.parametrize("data", [b"garbage\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", b"\0" * 100_000,
                                  b"GET /version HTTP/2.0\r\n" + HOST + b"\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"])
def test_what_is_no_http_ends_the_connection(raw, data):
    with raw.connect() as c:
        try:
            c.send(data)
            c.socket.shutdown(socket.SHUT_WR)
            while c.fill():
                pass
        except OSError:
            pass
        assert not c.buffer or c.buffer.startswith((b"HTTP/1.1 400", b"HTTP/1.1 505", b"HTTP/1.1 414", b"HTTP/1.1 431"))
    assert raw.get("/health").status == 200


def test_chunked_bodies(raw):
    with raw.connect() as c:
        c.send(post(b"Transfer-Encoding: chunked", body=chunked(*(BODY[i:i + 1] for i in range(len(BODY))))))
        assert c.answer().status == 200
        c.send(post(b"transfer-encoding: CHUNKED", body=b"%x;ext=1\r\n%s\r\n0\r\nTrailer: x\r\n\r\n" % (len(BODY), BODY)))
        assert c.answer().status == 200


def test_keep_alive_and_pipelining(raw):
    with raw.connect() as c:
        c.send(b"GET /health HTTP/1.1\r\n" + HOST + b"\r\n" + post(length()) + b"GET /nope HTTP/1.1\r\n" + HOST + b"\r\n" + SMUGGLED)
        assert [c.answer().status for _ in range(4)] == [200, 200, 404, 200]
        c.send(b"HEAD /health HTTP/1.1\r\n" + HOST + b"\r\n" + SMUGGLED)
        assert c.answer("HEAD").status == 200
        assert c.answer().text == "3.17.2"
        c.send(b"GET /health HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
        assert c.answer().header("connection").lower() == "close"
        assert c.closed()


def test_http_1_0(raw):
    with raw.connect() as c:
        c.send(b"GET /health HTTP/1.0\r\n\r\n")
        assert c.answer().text == "OK"
        assert c.closed()


def test_absolute_form(raw):
    with raw.connect() as c:
        c.send(b"GET http://localhost/version?x=1 HTTP/1.1\r\n" + HOST + b"\r\n")
        assert c.answer().text == "3.17.2"


def test_expect_100(raw):
    with raw.connect() as c:
        c.send(post(length(), b"Expect: 100-continue", body=b""))
        assert c.head()[0] == 100
        c.send(BODY)
        assert c.answer().status == 200
    with raw.connect() as c:  # a refusal comes instead of the leave to send
        c.send(post(length(10_000_000), b"Expect: 100-continue", body=b"", path="/nope"))
        assert c.answer().status == 404
        assert c.closed()


def test_too_large_bodies(raw):
    with raw.connect() as c:
        c.send(post(length(200 * 1024 * 1024), b"Expect: 100-continue", body=b""))
        answer = c.answer()
        assert (answer.status, answer.json["error_code"]) == (413, "BAD_REQUEST")
    before = raw.pss_kib()
    with raw.connect() as c:  # without telling the size before
        c.send(post(b"Transfer-Encoding: chunked", body=b""))
        piece = b"%x\r\n%s\r\n" % (1 << 20, b" " * (1 << 20))
        try:
            for _ in range(80):
                c.send(piece)
            c.send(b"0\r\n\r\n")
            assert c.answer().status == 413
        except (BrokenPipeError, ConnectionResetError):
            pass
    assert raw.get("/health").status == 200
    assert raw.pss_kib() - before < 150 * 1024


def test_a_refused_body_is_read_so_the_answer_arrives(raw):
    with raw.connect() as c:
        c.send(b"PUT /nope HTTP/1.1\r\n" + HOST + length(8_000_000) + b"\r\n\r\n" + b"x" * 8_000_000)
        assert c.answer().status == 404
        c.send(SMUGGLED)
        assert c.answer().text == "3.17.2"


def test_bytes_one_by_one(raw):
    with raw.connect() as c:
        for byte in post(length()):
            c.send(bytes([byte]))
        assert c.answer().status == 200


def test_slow_and_silent_clients_block_nobody(raw):
    held = [raw.connect() for _ in range(100)]
    for i, c in enumerate(held):
        c.send((b"", b"G", b"GET /health HTTP/1.1\r\nHos", post(length(), body=b"{"))[i % 4])
    start = time.monotonic()
    for _ in range(20):
        assert raw.get("/health").status == 200
    assert time.monotonic() - start < 5
    for c in held:
        c.socket.close()


def test_clients_that_go_away(raw):
    run = raw.make_run()
    for data in (post(length(), body=BODY[:5]), post(b"Transfer-Encoding: chunked", body=b"5\r\nab"), post(length()),
                 b"PUT " + f"{ARTIFACTS}/0/{run}/artifacts/cut.bin".encode() + b" HTTP/1.1\r\n" + HOST + length(1000) + b"\r\n\r\nabc"):
        for _ in range(10):
            c = raw.connect()
            c.send(data)
            c.socket.close()
    time.sleep(0.2)
    listed = raw.get(f"{ARTIFACTS}?path=0/{run}/artifacts")
    assert listed.json.get("files", []) == []
    assert not [p for p in (raw.directory / "mlartifacts").rglob("*") if p.is_file() and p.stat().st_size]


def test_query_values_are_decoded_once(raw):
    name = "a b+c&d=é%41"
    quoted = "".join(f"%{b:02x}" for b in name.encode())
    assert raw.post(EXPERIMENTS + "/create", {"name": name}).status == 200
    found = raw.get(f"{EXPERIMENTS}/get-by-name?experiment_name={quoted}")
    assert found.json["experiment"]["name"] == name
    assert raw.get(EXPERIMENTS + "/get-by-name?experiment_name=a+b%2Bc%26d%3D%c3%a9%2541").status == 200
    assert raw.get(EXPERIMENTS + "/get-by-name?experiment_name=%ff%00").status == 404


def test_many_connections_at_once(raw):
    many = [raw.connect() for _ in range(300)]
    for c in many:
        c.send(b"GET /health HTTP/1.1\r\n" + HOST + b"\r\n")
    assert all(c.answer().text == "OK" for c in many)
    for c in many:
        c.socket.close()


def test_connections_beyond_the_bound_are_refused(start):
    server = start("--workers", "1")
    held = [server.connect() for _ in range(256)]
    for c in held:
        c.send(b"GET /health HTTP/1.1\r\n" + HOST + b"\r\n")
        assert c.answer().status == 200
    for _ in range(5):
        with pytest.raises((OSError, EOFError)):
            server.get("/health")
    for c in held:
        c.socket.close()
    end = time.monotonic() + 20
    while time.monotonic() < end:
        try:
            assert server.get("/health").status == 200
            break
        except (OSError, EOFError):
            time.sleep(0.01)
    while "5 connections were refused" not in server.log.read_text() and time.monotonic() < end:
        time.sleep(0.1)
    assert "connections were refused" in server.log.read_text()


def test_memory_of_64_connections(raw):
    run = raw.make_run()
    many = [raw.connect() for _ in range(64)]
    body = json.dumps({"run_id": run, "metrics": [{"key": f"m{i}", "value": i, "timestamp": 1, "step": 0} for i in range(500)]})
    for c in many:
        c.send(post(length(len(body)), body=body.encode(), path=RUNS + "/log-batch"))
    assert all(c.answer().status == 200 for c in many)
    if "asan" not in str(raw.process.args[0]):
        assert raw.pss_kib() < 40 * 1024
    for c in many:
        c.socket.close()
