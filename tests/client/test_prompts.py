"""Prompts of MLflow 3: registered models with tags that model searches hide."""

import json

import mlflow
import pytest
from mlflow import MlflowException


@pytest.fixture
def name(client, unique):
    return unique("prompt")


def test_register_and_load(client, name):
    first = mlflow.genai.register_prompt(
        name, "Say {{word}} in {{language}}.", commit_message="first", tags={"author": "a"}
    )
    second = mlflow.genai.register_prompt(name, "Repeat {{word}}.")
    assert (first.version, second.version) == (1, 2)
    back = mlflow.genai.load_prompt(f"prompts:/{name}/1")
    assert back.template == "Say {{word}} in {{language}}."
    assert back.variables == {"word", "language"}
    assert back.commit_message == "first" and back.tags == {"author": "a"}
    assert back.format(word="hi", language="German") == "Say hi in German."
    assert mlflow.genai.load_prompt(name).version == 2
    assert mlflow.genai.load_prompt(name, version=1).version == 1


def test_chat_prompt(client, name):
    template = [{"role": "system", "content": "You are {{kind}}."}, {"role": "user", "content": "{{question}}"}]
    mlflow.genai.register_prompt(name, template, response_format={"type": "object"})
    back = mlflow.genai.load_prompt(f"prompts:/{name}/1")
    assert back.template == template and back.response_format == {"type": "object"}


def test_aliases(client, name):
    for number in range(3):
        mlflow.genai.register_prompt(name, f"number {number}")
    mlflow.genai.set_prompt_alias(name, "production", 2)
    assert mlflow.genai.load_prompt(f"prompts:/{name}@production", cache_ttl_seconds=0).version == 2
    mlflow.genai.set_prompt_alias(name, "production", 3)
    assert mlflow.genai.load_prompt(f"prompts:/{name}@production", cache_ttl_seconds=0).version == 3
    mlflow.genai.delete_prompt_alias(name, "production")
    with pytest.raises(MlflowException):
        mlflow.genai.load_prompt(f"prompts:/{name}@production", cache_ttl_seconds=0)


def test_tags(client, name):
    mlflow.genai.register_prompt(name, "x")
    mlflow.genai.set_prompt_tag(name, "team", "blue")
    mlflow.genai.set_prompt_version_tag(name, 1, "quality", "good")
    assert mlflow.genai.get_prompt_tags(name)["team"] == "blue"
    assert mlflow.genai.load_prompt(f"prompts:/{name}/1", cache_ttl_seconds=0).tags["quality"] == "good"
    mlflow.genai.delete_prompt_tag(name, "team")
    mlflow.genai.delete_prompt_version_tag(name, 1, "quality")
    assert "team" not in mlflow.genai.get_prompt_tags(name)


def test_search_and_hiding(client, name):
    mlflow.genai.register_prompt(name, "x")
    client.create_registered_model(name + "-model")
    prompts = mlflow.genai.search_prompts(f"name LIKE '{name}%'")
    assert [p.name for p in prompts] == [name]
    assert [m.name for m in client.search_registered_models(f"name LIKE '{name}%'")] == [name + "-model"]
    assert client.search_model_versions(f"name = '{name}'") == []
    found = client.get_prompt_version(name, 1)
    assert found.template == "x"


def test_a_model_is_no_prompt(client, name):
    client.create_registered_model(name)
    with pytest.raises(MlflowException):
        mlflow.genai.register_prompt(name, "x")
    mlflow.genai.register_prompt(name + "-p", "x")
    with pytest.raises(MlflowException):
        client.create_registered_model(name + "-p")


def test_missing_prompt(client, name):
    with pytest.raises(MlflowException):
        mlflow.genai.load_prompt(f"prompts:/{name}/1")
    assert mlflow.genai.load_prompt(f"prompts:/{name}/1", allow_missing=True) is None


def test_delete(client, name):
    mlflow.genai.register_prompt(name, "x")
    mlflow.genai.register_prompt(name, "y")
    client.delete_prompt_version(name, "1")
    assert mlflow.genai.load_prompt(f"prompts:/{name}/1", allow_missing=True, cache_ttl_seconds=0) is None
    client.delete_prompt(name)
    assert client.get_prompt(name) is None


def test_prompt_used_by_a_run(experiment, client, name):
    prompt = mlflow.genai.register_prompt(name, "x {{y}}")
    with mlflow.start_run() as run:
        client.link_prompt_version_to_run(run.info.run_id, prompt)
    linked = json.loads(client.get_run(run.info.run_id).data.tags["mlflow.linkedPrompts"])
    assert linked == [{"name": name, "version": "1"}]
