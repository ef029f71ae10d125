"""Artifacts over HTTP: names, ranges, validators, refusals, broken and large transfers, the ways to an artifact by run,
model version and logged model. What is stored is checked in the destination directory itself."""

import os
import socket
import threading
import time
import uuid
from urllib.parse import quote

import pytest
from conftest import Api
from servers import Server

SERVED = "/api/2.0/mlflow-artifacts/artifacts"
LIST = "/api/2.0/mlflow/artifacts/list"
UPLOAD = "/ajax-api/2.0/mlflow/upload-artifact"
MIB = 1 << 20


@pytest.fixture
def folder(api):
    """A directory beneath the destination that no other test uses: its URL path and its real path."""
    name = "t" + uuid.uuid4().hex
    return f"{SERVED}/{name}", api.server.artifacts / name


def files_below(path):
    below = [os.path.join(at, name) for at, dirs, files in os.walk(path) for name in dirs + files]
    return sorted(os.path.relpath(name, path) for name in below)


def new_run(api, **experiment):
    experiment_id = "0"
    if experiment:
        experiment_id = api.ok("POST", "/api/2.0/mlflow/experiments/create", experiment)["experiment_id"]
    run = api.ok("POST", "/api/2.0/mlflow/runs/create", {"experiment_id": experiment_id})["run"]["info"]
    return run["run_id"], run["artifact_uri"]


def memory(server, field="VmHWM"):
    with open(f"/proc/{server.process.pid}/status") as f:
        return next(int(line.split()[1]) * 1024 for line in f if line.startswith(field + ":"))


# ---- names


NAMES = [
    "plain.txt", "with space.txt", "hash#tag.txt", "100%.txt", "a%20b.txt", "question?.txt", "semi;colon=1.txt", "plus+.txt",
    "ümläut.txt", "日本語.json", "emoji 🎉.bin", "back\\slash.txt", "quote'\".txt", "~tilde&amp.txt", "...", "a..b", "-dash",
    "deep/er/and/deep/er/" + "/".join("abcdefghij") + "/x.txt", "n" * 255,
]


@pytest.mark.parametrize("name", NAMES, ids=lambda n: ascii(n)[:30])
def test_names_come_back_as_they_went(api, folder, name):
    url, path = folder
    content = name.encode() * 3
    assert api.put(f"{url}/{quote(name)}", content).status == 200
    assert (path / name).read_bytes() == content
    answer = api.get(f"{url}/{quote(name)}")
    assert (answer.status, answer.body) == (200, content)
    parent = os.path.dirname(name)
    listing = api.ok("GET", f"{SERVED}?path={quote(path.name + '/' + parent, safe='')}")["files"]
    assert {"path": os.path.basename(name), "is_dir": False, "file_size": len(content)} in listing
    assert api.call("DELETE", f"{url}/{quote(name)}").status == 200
    assert api.get(f"{url}/{quote(name)}").status == 404


def test_control_characters_are_escaped_on_disk(api, folder):
    url, path = folder
    assert api.put(f"{url}/a%0Ab%7Fc", "x").status == 200
    assert files_below(path) == ["a%0ab%7fc"]
    assert api.get(f"{url}/a%0Ab%7Fc").body == b"x"


@pytest.mark.parametrize(
    "name, disposition",
    [
        ("a.txt", "attachment; filename=a.txt"),
        ("a b.txt", 'attachment; filename="a b.txt"'),
        ('q"\\.txt', 'attachment; filename="q\\"\\\\.txt"'),
        ("m nä.json", "attachment; filename=\"m na.json\"; filename*=UTF-8''m%20n%C3%A4.json"),
        ("日本語", "attachment; filename=download; filename*=UTF-8''%E6%97%A5%E6%9C%AC%E8%AA%9E"),
    ],
)
def test_files_are_attachments_under_their_name(api, folder, name, disposition):
    url, _ = folder
    assert api.put(f"{url}/{quote(name)}", "x").status == 200
    answer = api.get(f"{url}/{quote(name)}")
    assert answer.headers["content-disposition"] == disposition
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "name, kind",
    [
        ("a.json", "text/plain"), ("MLmodel", "text/plain"), ("a.csv", "text/plain"), ("a.html", "text/html"),
        ("a.svg", "image/svg+xml"), ("a.png", "image/png"), ("a.pdf", "application/pdf"),
        ("model.pkl", "application/octet-stream"), ("noextension", "application/octet-stream"),
    ],
)
def test_types_follow_names(api, folder, name, kind):
    url, _ = folder
    api.put(f"{url}/{name}", "x")
    assert api.get(f"{url}/{name}").headers["content-type"] == kind


# ---- refusals


TRAVERSALS = [
    "..", "../x", "a/../../x", "%2e%2e/x", "%2e%2e%2fx", "a%2f..%2f..%2fx", "..%2f..%2fetc%2fpasswd", "%252e%252e/x",
    "a%252f..%252f..%252fx", "%25252e%25252e%25252fx", "/etc/passwd", "%2fetc/passwd", "//etc/passwd", "%252fetc/passwd",
    "..%5cx", "a%5c..%5cx", "%5c%5chost%5cx", "C:/x", "c:%5cx", "file:/etc/passwd", "file:///etc/passwd", "file:../x",
    "a%00b", "a%2500b", "..%00/x", "a/..%2f..", ".%2e/x", "%2e./x",
]


@pytest.mark.parametrize("path", TRAVERSALS)
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_no_path_leads_out(api, method, path):
    before = files_below(api.server.directory / "artifacts")
    answer = api.call(method, f"{SERVED}/{path}", "x" if method == "PUT" else None)
    assert answer.status in (400, 404), answer.body
    if answer.status == 400 and "json" in answer.headers["content-type"]:
        assert answer.json()["message"] == "Invalid path"
        assert answer.json()["error_code"] == "INVALID_PARAMETER_VALUE"
    assert b"root:" not in answer.body
    assert files_below(api.server.directory / "artifacts") == before


@pytest.mark.parametrize("path", ["..", "../x", "%2e%2e/x", "%252e%252e%252fx", "/etc", "%2fetc", "C:/x", "file:///etc"])
def test_no_listing_leads_out(api, path):
    run, _ = new_run(api)
    for url in (f"{SERVED}?path={path}", f"{LIST}?run_id={run}&path={path}", f"/get-artifact?run_id={run}&path={path}"):
        answer = api.get(url)
        assert (answer.status, answer.json()["message"]) == (400, "Invalid path")


def test_links_do_not_lead_out(api, folder, tmp_path):
    url, path = folder
    (tmp_path / "secret").write_text("secret")
    api.put(f"{url}/in.txt", "fine")
    (path / "out").symlink_to(tmp_path)
    (path / "file").symlink_to(tmp_path / "secret")
    (path / "rel").symlink_to("../../../../../../../../../../etc")
    (path / "proc").symlink_to("/proc/self/cwd")
    (path / "ok").symlink_to("in.txt")
    for name in ("out/secret", "file", "rel/passwd", "proc/mlflow.db"):
        answer = api.get(f"{url}/{name}")
        assert answer.status == 400 and "secret" not in answer.body.decode()
        assert "outside the artifact directory" in answer.json()["message"]
    assert api.put(f"{url}/out/new", "x").status == 400
    assert api.get(f"{url}/ok").body == b"fine"
    names = [f["path"] for f in api.ok("GET", f"{SERVED}?path={path.name}")["files"]]
    assert names == ["in.txt", "ok"]
    assert api.call("DELETE", url).status == 200
    assert [p.name for p in tmp_path.iterdir()] == ["secret"]


@pytest.mark.parametrize(
    "name, status, part",
    [
        ("dir/", 400, "must include a filename"),
        ("a/./b", 400, "would resolve to"),
        ("a//b/c", 400, "would resolve to"),
        (".artifact.uploading.x", 400, "are reserved"),
        (".artifact.uploading.millrace/x", 400, "are reserved"),
        ("n" * 256, 400, "too long"),
        ("%ff%fe/" + "n" * 300, 400, ""),
    ],
)
def test_names_that_cannot_be_written(api, folder, name, status, part):
    url, path = folder
    answer = api.put(f"{url}/{name}", "x")
    assert answer.status == status and part in answer.json()["message"]
    assert files_below(path) == []


def test_files_and_directories_are_told_apart(api, folder):
    url, path = folder
    api.put(f"{url}/d/x", "1")
    assert api.put(f"{url}/d", "1").status == 400
    assert api.put(f"{url}/d/x/y", "1").status == 400
    answer = api.get(f"{url}/d")
    assert (answer.status, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert "refers to a directory" in answer.json()["message"]
    answer = api.get(f"{url}/d/nothing")
    assert answer.status == 404
    assert answer.json()["error_code"] == "RESOURCE_DOES_NOT_EXIST"
    assert answer.json()["message"] == f"No such artifact: '{path.name}/d/nothing'"
    assert api.ok("GET", f"{SERVED}?path={path.name}/nothing") == {}
    assert api.ok("GET", f"{SERVED}?path={path.name}/d/x") == {}
    assert api.ok("DELETE", f"{url}/nothing") == {}
    assert api.ok("DELETE", f"{url}/d") == {}
    assert files_below(path) == []


def test_transfers_that_local_storage_does_not_have(api):
    base = "/api/2.0/mlflow-artifacts"
    bodies = {
        f"{base}/mpu/create/a/b": {"path": "x", "num_parts": 2},
        f"{base}/mpu/complete/a/b": {"path": "x", "upload_id": "u", "parts": [{"part_number": 1, "etag": "e"}]},
        f"{base}/mpu/abort/a/b": {"path": "x", "upload_id": "u"},
    }
    for url, body in bodies.items():
        answer = api.call("POST", url, body)
        assert answer.status == 501
        assert answer.json() == {
            "error_code": "NOT_IMPLEMENTED",
            "message": "Multipart upload is not supported for the current artifact repository",
        }
        assert api.call("POST", url, {}).status == 400
    answer = api.get(f"{base}/presigned/a/b")
    assert answer.status == 501 and "Multipart download is not supported" in answer.json()["message"]
    assert api.get(f"{base}/presigned/%2e%2e/b").status == 400


# ---- parts and validators


@pytest.mark.parametrize(
    "asked, status, body, told",
    [
        ("bytes=1-2", 206, b"12", "bytes 1-2/10"),
        ("bytes=7-", 206, b"789", "bytes 7-9/10"),
        ("bytes=-3", 206, b"789", "bytes 7-9/10"),
        ("bytes=-30", 206, b"0123456789", "bytes 0-9/10"),
        ("bytes=8-99", 206, b"89", "bytes 8-9/10"),
        ("bytes=10-", 416, b"", "bytes */10"),
        ("bytes=-0", 416, b"", "bytes */10"),
        ("bytes=99999999999999999999-", 200, b"0123456789", None),
        ("bytes=2-1", 200, b"0123456789", None),
        ("bites=1-2", 200, b"0123456789", None),
        ("bytes=0-1,3-4", 200, b"0123456789", None),
    ],
)
def test_ranges(api, folder, asked, status, body, told):
    url, _ = folder
    api.put(f"{url}/x", "0123456789")
    run, _ = new_run(api)
    api.call("POST", f"{UPLOAD}?run_uuid={run}&path=x", "0123456789")
    for path in (f"{url}/x", f"/get-artifact?run_id={run}&path=x"):
        answer = api.get(path, Range=asked)
        assert (answer.status, answer.body, answer.headers.get("content-range")) == (status, body, told)


def test_validators_and_head(api, folder):
    url, path = folder
    api.put(f"{url}/x", "0123456789")
    first = api.get(f"{url}/x")
    tag, date = first.headers["etag"], first.headers["last-modified"]
    assert first.headers["accept-ranges"] == "bytes"
    head = api.call("HEAD", f"{url}/x")
    assert (head.status, head.body, head.headers["content-length"]) == (200, b"", "10")
    assert head.headers["etag"] == tag and head.headers["content-type"] == first.headers["content-type"]
    for header, value in (("If-None-Match", tag), ("If-None-Match", f'"other", W/{tag}'), ("If-None-Match", "*"),
                          ("If-Modified-Since", date)):
        answer = api.call("GET", f"{url}/x", headers={header: value})
        assert (answer.status, answer.body, answer.headers["etag"]) == (304, b"", tag)
    assert api.call("GET", f"{url}/x", headers={"If-None-Match": '"other"', "If-Modified-Since": date}).status == 200
    both = {"Range": "bytes=0-1", "If-Range": tag}
    assert api.call("GET", f"{url}/x", headers=both).status == 206
    assert api.call("GET", f"{url}/x", headers=both | {"If-Range": '"other"'}).status == 200
    api.put(f"{url}/x", "9876543210")
    assert api.get(f"{url}/x").headers["etag"] != tag
    os.utime(path / "x", (0, 0))
    assert api.get(f"{url}/x").headers["last-modified"] == "Thu, 01 Jan 1970 00:00:00 GMT"


# ---- broken and large transfers


def raw_put(api, path, head, body):
    s = socket.create_connection(("127.0.0.1", api.server.port), timeout=30)
    s.sendall(f"PUT {path} HTTP/1.1\r\nHost: localhost\r\n{head}\r\n\r\n".encode() + body)
    return s


def wait_for(check, seconds=10):
    deadline = time.monotonic() + seconds
    while not check() and time.monotonic() < deadline:
        time.sleep(0.02)
    return check()


@pytest.mark.parametrize("head, body", [
    ("Content-Length: 5000000", b"x" * 700000),
    ("Transfer-Encoding: chunked", b"186A0\r\n" + b"x" * 100000 + b"\r\n5\r\nab"),
])
def test_a_broken_upload_leaves_nothing(api, folder, head, body):
    url, path = folder
    api.put(f"{url}/old", "old")
    for name in ("old", "new/deep/file"):
        s = raw_put(api, f"{url}/{name}", head, body)
        if name != "old":
            assert wait_for(lambda: (path / "new" / "deep").exists())
        time.sleep(0.1)
        s.close()
    assert wait_for(lambda: files_below(path) == ["old"])
    assert (path / "old").read_text() == "old"
    staging = api.server.artifacts / ".artifact.uploading.millrace"
    assert files_below(staging) == []


def test_a_killed_server_leaves_nothing_half(tmp_path):
    server = Server(tmp_path / "s", kind="millrace").start()
    api = Api(server)
    try:
        assert api.put(f"{SERVED}/a/done", "done").status == 200
        s = raw_put(api, f"{SERVED}/a/half", "Content-Length: 5000000", b"x" * 2000000)
        time.sleep(0.3)
        server.kill()
        s.close()
        server.start()
        assert api.ok("GET", f"{SERVED}?path=a") == {"files": [{"path": "done", "is_dir": False, "file_size": 4}]}
        assert files_below(server.artifacts) in (["a", "a/done"], [".artifact.uploading.millrace", "a", "a/done"])
        assert server.stop() == 0
    finally:
        server.kill()


def test_chunked_uploads(api, folder):
    url, path = folder
    pieces = [os.urandom(n) for n in (1, 70000, 3, 300000, 65536)]
    connection = api.connect()
    connection.request("PUT", f"{url}/x", body=iter(pieces), encode_chunked=True)
    assert connection.getresponse().status == 200
    connection.close()
    assert (path / "x").read_bytes() == b"".join(pieces)


def test_many_writers_of_one_name(api, folder):
    url, path = folder
    statuses = []

    def write(letter):
        for _ in range(10):
            statuses.append(api.put(f"{url}/same", letter * 100000).status)

    threads = [threading.Thread(target=write, args=(letter,)) for letter in "abcd"]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    content = (path / "same").read_text()
    assert set(statuses) == {200} and len(content) == 100000 and len(set(content)) == 1


def test_a_large_file_needs_no_memory(tmp_path):
    """512 MiB in and out, with less growth than a hundredth of it; the same bytes come back."""
    size, piece = 512 * MIB, os.urandom(MIB)
    with Server(tmp_path / "s", kind="millrace") as server:
        api = Api(server)
        assert api.put(f"{SERVED}/warm", b"x" * MIB).status == 200
        before = memory(server)
        connection = api.connect(timeout=300)
        connection.putrequest("PUT", f"{SERVED}/big")
        connection.putheader("Content-Length", str(size))
        connection.endheaders()
        for _ in range(size // MIB):
            connection.send(piece)
        assert connection.getresponse().status == 200
        connection.close()
        connection = api.connect(timeout=300)
        connection.request("GET", f"{SERVED}/big")
        answer = connection.getresponse()
        assert int(answer.headers["Content-Length"]) == size
        for _ in range(size // MIB):
            assert answer.read(MIB) == piece
        connection.close()
        assert memory(server) - before < 5 * MIB


def test_more_than_the_disk_holds_is_refused_at_once(api, folder):
    url, path = folder
    s = raw_put(api, f"{url}/x", "Content-Length: 9000000000000000\r\nExpect: 100-continue", b"")
    head = s.recv(65536).decode()
    s.close()
    assert head.startswith("HTTP/1.1 507") and "RESOURCE_EXHAUSTED" in head
    assert files_below(path) == []


# ---- artifacts of runs, versions, models


@pytest.mark.parametrize("local", [False, True], ids=["proxied", "local"])
def test_artifacts_of_a_run(api, tmp_path, local):
    location = {"name": uuid.uuid4().hex, "artifact_location": f"file://{tmp_path}/a b"} if local else {}
    run, uri = new_run(api, **location)
    for path, content in (("b.txt", "bb"), ("d/a.html", "<b>"), ("d/e/z.bin", "zzz")):
        answer = api.call("POST", f"{UPLOAD}?run_uuid={run}&path={quote(path)}", content)
        assert (answer.status, answer.body) == (200, b"")
    assert api.ok("GET", f"{LIST}?run_id={run}") == {
        "root_uri": uri,
        "files": [{"path": "b.txt", "is_dir": False, "file_size": 2}, {"path": "d", "is_dir": True}],
    }
    assert api.ok("GET", f"{LIST}?run_uuid={run}&path=d/")["files"] == [
        {"path": "d/a.html", "is_dir": False, "file_size": 3}, {"path": "d/e", "is_dir": True},
    ]
    for path in ("nothing", "b.txt"):
        assert api.ok("GET", f"{LIST}?run_id={run}&path={path}") == {"root_uri": uri}
    answer = api.get(f"/get-artifact?run_uuid={run}&path=d/a.html")
    assert (answer.status, answer.body, answer.headers["content-type"]) == (200, b"<b>", "text/html")
    assert answer.headers["content-disposition"] == "attachment; filename=a.html"
    assert api.get(f"/get-artifact?run_id={run}&path=d").status == 400
    assert api.get(f"/get-artifact?run_id={run}&path=nothing").status == 404
    assert api.get("/get-artifact?run_id=nothing&path=x").status == 404
    if local:
        assert (tmp_path / "a b" / run / "artifacts" / "d" / "e" / "z.bin").read_text() == "zzz"
        assert files_below(tmp_path / "a b")[0] == run


@pytest.mark.parametrize(
    "query, body, message",
    [
        ("path=x", "x", "Request must specify run_uuid."),
        ("run_uuid={run}", "x", "Request must specify path."),
        ("run_uuid={run}&path=../x", "x", "Invalid path"),
        ("run_uuid={run}&path=x", "", "Request must specify data."),
        ("run_uuid={run}&path=x", "x" * (10 * MIB + 1), "Artifact size is too large. Max size is 10MB."),
        ("run_uuid=nothing&path=x", "x", "Run with id=nothing not found"),
    ],
)
def test_uploads_of_the_ui_are_checked(api, query, body, message):
    run, _ = new_run(api)
    answer = api.call("POST", f"{UPLOAD}?{query.format(run=run)}", body)
    assert answer.status in (400, 404) and answer.json()["message"] == message
    assert "files" not in api.ok("GET", f"{LIST}?run_id={run}")


def test_a_chunked_upload_of_the_ui_is_limited_too(api):
    run, _ = new_run(api)
    connection = api.connect()
    connection.request("POST", f"{UPLOAD}?run_uuid={run}&path=x", body=iter([b"x" * MIB] * 11), encode_chunked=True)
    answer = connection.getresponse()
    assert answer.status == 400 and b"Max size is 10MB" in answer.read()
    connection.close()
    assert "files" not in api.ok("GET", f"{LIST}?run_id={run}")


def test_presigned_urls_are_refused(api, tmp_path):
    proxied, _ = new_run(api)
    local, _ = new_run(api, name=uuid.uuid4().hex, artifact_location=str(tmp_path))
    for kind, needs in (("download", "a run with a direct"), ("upload", "a direct")):
        url = f"/api/2.0/mlflow/artifacts/presigned-{kind}-url"
        answer = api.call("POST", url, {"run_id": proxied, "path": "a"})
        assert answer.status == 400
        assert f"Presigned {kind} is not supported for" in answer.json()["message"]
        assert f"This endpoint requires {needs} cloud storage artifact URI." in answer.json()["message"]
        answer = api.call("POST", url, {"run_id": local, "path": "a"})
        assert answer.status == 501
        assert answer.json()["message"] == f"Presigned {kind} is not supported for the current artifact repository"
        assert api.call("POST", url, {"run_id": local, "path": "../a"}).json()["message"] == "Invalid path"
        assert "'path'" in api.call("POST", url, {"run_id": local}).json()["message"]


def test_artifacts_of_models_and_versions(api):
    model = api.ok("POST", "/api/2.0/mlflow/logged-models", {"experiment_id": "0", "name": "m"})["model"]["info"]
    root = model["artifact_uri"].removeprefix("mlflow-artifacts:/")
    assert api.put(f"{SERVED}/{root}/sub/MLmodel", "flavors: {}").status == 200
    base = f"mlflow/logged-models/{model['model_id']}/artifacts"
    listing = api.ok("GET", f"/api/2.0/{base}/directories?artifact_directory_path=sub")
    assert listing["files"] == [{"path": "sub/MLmodel", "is_dir": False, "file_size": 11}]
    answer = api.get(f"/ajax-api/2.0/{base}/files?artifact_file_path=sub/MLmodel")
    assert (answer.body, answer.headers["content-type"]) == (b"flavors: {}", "text/plain")
    assert api.get(f"/ajax-api/2.0/{base}/files?artifact_file_path=../x").status == 400
    assert api.get(f"/ajax-api/2.0/{base}/files").status == 400
    assert api.get("/ajax-api/2.0/mlflow/logged-models/m-none/artifacts/files?artifact_file_path=x").status == 404
    name = uuid.uuid4().hex
    api.ok("POST", "/api/2.0/mlflow/registered-models/create", {"name": name})
    api.ok("POST", "/api/2.0/mlflow/model-versions/create",
           {"name": name, "source": f"models:/{model['model_id']}", "model_id": model["model_id"]})
    answer = api.get(f"/model-versions/get-artifact?name={name}&version=1&path=sub/MLmodel")
    assert (answer.status, answer.body) == (200, b"flavors: {}")
    assert api.get(f"/model-versions/get-artifact?name={name}&version=2&path=x").status == 404
    assert api.get(f"/model-versions/get-artifact?name={name}&version=x&path=x").status == 400


# ---- modes


def test_without_serving_artifacts(tmp_path):
    with Server(tmp_path / "s", kind="millrace", flags=["--no-serve-artifacts"]) as server:
        api = Api(server)
        answer = api.get(f"{SERVED}/x")
        assert answer.status == 503 and b"--serve-artifacts" in answer.body
        run, uri = new_run(api)
        assert uri == f"{server.directory}/mlruns/0/{run}/artifacts"
        assert api.ok("GET", f"{LIST}?run_id={run}") == {"root_uri": uri}
        api.call("POST", f"{UPLOAD}?run_uuid={run}&path=x", "y")
        assert api.get(f"/get-artifact?run_id={run}&path=x").body == b"y"
        assert files_below(server.directory / "mlruns" / "0") == [run, f"{run}/artifacts", f"{run}/artifacts/x"]


def test_a_destination_that_is_removed_is_made_again(tmp_path):
    with Server(tmp_path / "s", kind="millrace") as server:
        api = Api(server)
        assert api.put(f"{SERVED}/a/b", "1").status == 200
        os.rename(server.artifacts, tmp_path / "moved")
        assert api.get(f"{SERVED}/a/b").status == 404
        assert api.put(f"{SERVED}/a/b", "2").status == 200
        assert api.get(f"{SERVED}/a/b").body == b"2"
