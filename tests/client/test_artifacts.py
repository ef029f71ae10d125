"""Artifacts through the server: figures, images, tables, dictionaries, text; odd names; lists, downloads, deletion."""

import io
import os
from urllib.parse import quote

import matplotlib.pyplot as plt
import mlflow
import numpy as np
import pandas as pd
import pytest
import requests
from mlflow import MlflowException
from mlflow.artifacts import download_artifacts, list_artifacts, load_dict, load_image, load_text
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

ODD_NAMES = [
    "two words.txt", "100%.txt", "grüße.txt", "日本語.txt", "plus+plus.txt", "semi;colon.txt", "(brackets) [x] {y}.txt",
    "'quoted'.txt", ".hidden", "emoji 🚀.txt", "comma,tilde~.txt", "a=b&c.txt", "dollar$at@star*.txt", "...",
]
# "#", "?" and "%25" are missing: the Python client does not escape them in the URLs it makes. They are tried over REST.


@pytest.fixture
def run(experiment):
    with mlflow.start_run() as started:
        yield started


def paths(run, path=None):
    return [f.path for f in list_artifacts(run_id=run.info.run_id, artifact_path=path)]


def test_text_and_dictionaries(run):
    mlflow.log_text("hällo\nworld\n", "notes/hello.txt")
    mlflow.log_dict({"a": [1, 2, {"b": None}]}, "data.json")
    mlflow.log_dict({"a": [1, 2]}, "data.yaml")
    uri = run.info.artifact_uri
    assert load_text(f"{uri}/notes/hello.txt") == "hällo\nworld\n"
    assert load_dict(f"{uri}/data.json") == {"a": [1, 2, {"b": None}]}
    assert load_text(f"{uri}/data.yaml").split() == ["a:", "-", "1", "-", "2"]
    assert paths(run) == ["data.json", "data.yaml", "notes"]
    mlflow.log_text("second", "notes/hello.txt")
    assert load_text(f"{uri}/notes/hello.txt") == "second"


def test_figure(run):
    figure, axes = plt.subplots()
    axes.plot([1, 2, 3])
    mlflow.log_figure(figure, "plots/line.png")
    mlflow.log_figure(figure, "plots/line.svg")
    plt.close(figure)
    assert load_image(f"{run.info.artifact_uri}/plots/line.png").size == (640, 480)
    assert paths(run, "plots") == ["plots/line.png", "plots/line.svg"]


def test_images_with_key_and_steps(run, client):
    for step in range(3):
        mlflow.log_image(np.full((8, 8, 3), step * 40, dtype=np.uint8), key="dogs/pug", step=step)
    mlflow.flush_artifact_async_logging()
    files = paths(run, "images")
    assert len(files) == 6  # a compressed and a full one each
    assert all(f.startswith("images/dogs~pug+step+") for f in files)
    assert sorted({f.split("+")[2] for f in files}) == ["0", "1", "2"]
    full = [f for f in files if f.endswith(".png")]
    image = load_image(f"{run.info.artifact_uri}/{full[0]}")
    assert image.size == (8, 8)
    tags = client.get_run(run.info.run_id).data.tags
    assert tags.get("mlflow.loggedImages") == "True"


def test_image_with_a_name(run):
    mlflow.log_image(np.zeros((4, 6), dtype=np.uint8), "black.png")
    assert load_image(f"{run.info.artifact_uri}/black.png").size == (6, 4)


def test_tables(run, client):
    mlflow.log_table({"in": ["a", "b"], "out": [1, 2]}, "eval/table.json")
    mlflow.log_table(pd.DataFrame({"in": ["c"], "out": [3]}), "eval/table.json")
    table = mlflow.load_table("eval/table.json", run_ids=[run.info.run_id], extra_columns=["run_id"])
    assert list(table["in"]) == ["a", "b", "c"] and list(table["out"]) == [1, 2, 3]
    assert set(table["run_id"]) == {run.info.run_id}
    assert "eval/table.json" in client.get_run(run.info.run_id).data.tags["mlflow.loggedArtifacts"]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_names(run, tmp_path, name):
    source = tmp_path / name
    source.write_bytes(name.encode())
    mlflow.log_artifact(source, artifact_path="odd dir, ä")
    assert paths(run, "odd dir, ä") == [f"odd dir, ä/{name}"]
    local = download_artifacts(run_id=run.info.run_id, artifact_path=f"odd dir, ä/{name}", dst_path=tmp_path / "out")
    assert open(local, "rb").read() == name.encode()


def put_and_get_back(server, run, name):
    root = f"{server.uri}/api/2.0/mlflow-artifacts/artifacts/{run.info.experiment_id}/{run.info.run_id}/artifacts/"
    url = root + quote(name, safe="")
    assert requests.put(url, data=name.encode(), timeout=30).status_code == 200
    assert requests.get(url, timeout=30).content == name.encode()
    query = {"run_id": run.info.run_id, "path": name}
    assert requests.get(f"{server.uri}/get-artifact", params=query, timeout=30).content == name.encode()
    listed = requests.get(
        f"{server.uri}/api/2.0/mlflow/artifacts/list", params={"run_id": run.info.run_id}, timeout=30
    ).json()
    assert [f["path"] for f in listed["files"]] == [name]


@pytest.mark.parametrize("name", ["two words.txt", "100%.txt", "grüße.txt", "q?x=1.txt"])
def test_odd_names_over_rest(run, server, name):
    put_and_get_back(server, run, name)


@pytest.mark.millrace_only
@pytest.mark.parametrize("name", ["a#b.txt", "#", "50%#.txt"])
def test_hashes_over_rest(run, server, name):
    put_and_get_back(server, run, name)


def test_a_whole_tree_comes_back(run, tmp_path):
    for number in range(25):
        file = tmp_path / "tree" / f"d{number % 3}" / f"e {number % 2}" / f"{number}.bin"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(os.urandom(number * 100))
    mlflow.log_artifacts(tmp_path / "tree")
    local = download_artifacts(run_id=run.info.run_id, dst_path=tmp_path / "back")
    sent = {f.relative_to(tmp_path / "tree"): f.read_bytes() for f in (tmp_path / "tree").rglob("*.bin")}
    back = {f.relative_to(local): f.read_bytes() for f in (tmp_path / "back").rglob("*.bin")}
    assert sent == back


def test_listing_tells_sizes_and_directories(run, client):
    mlflow.log_text("12345", "five.txt")
    mlflow.log_text("1", "one.txt")
    mlflow.log_text("x", "sub/dir/x.txt")
    listed = [(f.path, f.is_dir, f.file_size) for f in client.list_artifacts(run.info.run_id)]
    assert listed == [("five.txt", False, 5), ("one.txt", False, 1), ("sub", True, None)]
    assert [f.path for f in client.list_artifacts(run.info.run_id, "sub")] == ["sub/dir"]
    assert client.list_artifacts(run.info.run_id, "nothing/here") == []


def test_large_file(run, tmp_path):
    data = os.urandom(1 << 20) * 24
    (tmp_path / "large.bin").write_bytes(data)
    mlflow.log_artifact(tmp_path / "large.bin")
    local = download_artifacts(run_id=run.info.run_id, artifact_path="large.bin", dst_path=tmp_path / "back")
    assert open(local, "rb").read() == data


def test_what_is_not_there(run, tmp_path):
    with pytest.raises((MlflowException, OSError, requests.HTTPError)):
        download_artifacts(run_id=run.info.run_id, artifact_path="missing.txt", dst_path=tmp_path / "out")


def test_delete_artifacts(run):
    mlflow.log_text("1", "keep.txt")
    mlflow.log_text("2", "drop/a.txt")
    mlflow.log_text("3", "drop/b.txt")
    repository = get_artifact_repository(run.info.artifact_uri)
    repository.delete_artifacts("drop")
    assert paths(run) == ["keep.txt"]


def test_get_artifact_for_browsers(run, server):
    mlflow.log_text("<script>x</script>", "page.html")
    answer = requests.get(f"{server.uri}/get-artifact", params={"run_id": run.info.run_id, "path": "page.html"}, timeout=30)
    assert answer.status_code == 200 and answer.text == "<script>x</script>"
    assert "attachment" in answer.headers["Content-Disposition"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_stream(run, client):
    client.log_stream(run.info.run_id, io.BytesIO(b"abc" * 1000), "stream.bin")
    assert list_artifacts(run_id=run.info.run_id)[0].file_size == 3000
