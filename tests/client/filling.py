"""Fills a server with one of everything, and takes a picture of all it answers.

Used by test_two_servers.py: what one server wrote, the other must show in the same words.
"""

import math

import mlflow
import requests
from mlflow.entities import (
    Dataset, DatasetInput, InputTag, LoggedModelInput, LoggedModelOutput, LoggedModelStatus, Metric, Param, RunTag,
)


def fill_tracking(uri, stem):
    """Experiments, runs, metrics, params, tags, datasets, artifacts; deleted ones too."""
    client = mlflow.MlflowClient(uri)
    experiment_id = client.create_experiment(f"{stem} main", tags={"team": "blau ☃", "mlflow.note.content": "**text**"})
    other = client.create_experiment(f"{stem} other", artifact_location="s3://bucket/there")
    gone = client.create_experiment(f"{stem} gone")
    client.create_run(gone, run_name="in a deleted experiment")
    client.delete_experiment(gone)
    data = Dataset("training data", "d1", "http", '{"url": "https://example.org"}', '{"a": 1}', '{"rows": 3}')
    test_data = Dataset("test data", "d2", "local", '{"uri": "x"}')
    runs = []
    for number in range(5):
        tags = {"mlflow.parentRunId": runs[0]} if number else {}
        run_id = client.create_run(experiment_id, start_time=1000 + number, tags=tags, run_name=f"rün {number}").info.run_id
        runs.append(run_id)
        client.log_batch(
            run_id,
            [Metric("loss", 1 / (step + number + 1), 100 + step, step) for step in range(20)]
            + [Metric("odd/näme", v, 7, s) for s, v in enumerate([math.nan, math.inf, -math.inf, 0.1, -0.0, 1e-300])],
            [Param("depth", str(number)), Param("empty", ""), Param("text", "ä'\"\n\\%_")],
            [RunTag("tag", "välue"), RunTag("long", "x" * 5000)],
        )
        client.log_inputs(run_id, [DatasetInput(data, [InputTag("mlflow.data.context", "training")])])
    client.log_inputs(runs[1], [DatasetInput(test_data, [InputTag("mlflow.data.context", "eval"), InputTag("k", "v")])])
    client.log_text(runs[0], "hello", "sub dir/text ä.txt")
    client.set_terminated(runs[0], "FINISHED", end_time=5000)
    client.set_terminated(runs[1], "FAILED", end_time=5001)
    client.delete_run(runs[2])
    client.delete_run(runs[3])
    client.restore_run(runs[3])
    client.delete_tag(runs[4], "tag")
    client.create_run(other, start_time=1)
    return experiment_id, runs


def fill_models(uri, stem, experiment_id, run_id):
    """Logged models with metrics on a dataset, and their links to a run."""
    client = mlflow.MlflowClient(uri)
    data = Dataset("eval data", "e1", "local", '{"uri": "x"}')
    client.log_inputs(run_id, [DatasetInput(data, [InputTag("mlflow.data.context", "eval")])])
    models = [
        client.create_logged_model(
            experiment_id, name=f"{stem}-{n}", source_run_id=run_id, tags={"n": str(n)}, params={"p": f"v{n}"}, model_type="t"
        )
        for n in range(3)
    ]
    for number, model in enumerate(models):
        client.log_metric(
            run_id, "auc", number / 4, step=1, timestamp=9, model_id=model.model_id, dataset_name="eval data", dataset_digest="e1"
        )
        client.log_metric(run_id, "plain", float(number), step=2, timestamp=9, model_id=model.model_id)
    client.finalize_logged_model(models[0].model_id, LoggedModelStatus.READY)
    client.finalize_logged_model(models[1].model_id, LoggedModelStatus.FAILED)
    client.set_logged_model_tags(models[0].model_id, {"late": "ä"})
    client.log_outputs(run_id, [LoggedModelOutput(models[0].model_id, 3)])
    mlflow.set_tracking_uri(uri)
    client._tracking_client.store.log_inputs(run_id, models=[LoggedModelInput(models[1].model_id)])
    return models


def fill_registry(uri, stem, run_id, models):
    """Registered models with versions, stages, aliases and tags; a prompt."""
    client = mlflow.MlflowClient(uri, uri)
    name = f"{stem} modèl"
    client.create_registered_model(name, tags={"team": "a"}, description="words")
    for number in range(3):
        model_id = models[0].model_id if number == 1 else None
        source = f"models:/{model_id}" if model_id else f"runs:/{run_id}/model"
        client.create_model_version(
            name, source, run_id=run_id, tags={"n": str(number)}, description=f"version {number}", model_id=model_id
        )
    client.transition_model_version_stage(name, "1", "Staging")
    client.transition_model_version_stage(name, "2", "Production")
    client.set_registered_model_alias(name, "champion", "2")
    client.set_registered_model_alias(name, "challenger", "3")
    client.create_registered_model(f"{stem} empty")
    client.create_registered_model(f"{stem} renamed")
    client.create_model_version(f"{stem} renamed", "models:/" + models[0].model_id, model_id=models[0].model_id)
    client.rename_registered_model(f"{stem} renamed", f"{stem} new name")
    client.delete_model_version(name, "1")
    mlflow.set_tracking_uri(uri)
    mlflow.set_registry_uri(uri)
    prompt = f"{stem.replace(' ', '-')}-prompt"
    mlflow.genai.register_prompt(prompt, "Say {{word}} loud.", commit_message="first", tags={"a": "b"})
    mlflow.genai.register_prompt(prompt, "Say {{word}} twice.")
    mlflow.genai.set_prompt_alias(prompt, "best", 2)


def canonical(value):
    """Lists whose order means nothing (tags, params, aliases, summaries of datasets) in one order; others as they are."""
    if isinstance(value, dict):
        return {k: canonical(v) for k, v in value.items()}
    if isinstance(value, list):
        items = [canonical(v) for v in value]
        keyed = all(isinstance(v, dict) and {"key", "alias", "digest"} & v.keys() for v in items)
        return sorted(items, key=lambda v: sorted(map(str, v.items()))) if keyed else items
    return value


class Picture:
    """All answers of a server about what is in it: self.parts maps a group to {call: answer}."""

    def __init__(self, uri):
        self.base = uri
        self.parts = {}
        self.tracking()
        self.models()
        self.registry()

    def ask(self, group, method, call, /, _root="/api/2.0/mlflow/", **body):
        how = {"json": body} if method == "POST" else {"params": body}
        answer = requests.request(method, self.base + _root + call, timeout=60, **how)
        content = canonical(answer.json()) if answer.headers["Content-Type"].startswith("application/json") else answer.text
        self.parts.setdefault(group, {})[f"{call} {sorted(body.items())}"] = (answer.status_code, content)
        return content if isinstance(content, dict) else {}

    def tracking(self):
        found = self.ask("experiments", "POST", "experiments/search", max_results=1000, view_type="ALL")
        ids = [e["experiment_id"] for e in found["experiments"]]
        for experiment_id in ids:
            self.ask("experiments", "GET", "experiments/get", experiment_id=experiment_id)
        self.ask("datasets", "POST", "experiments/search-datasets", _root="/ajax-api/2.0/mlflow/", experiment_ids=ids[:20])
        found = self.ask("runs", "POST", "runs/search", experiment_ids=ids, max_results=1000, run_view_type="ALL")
        self.experiment_ids = ids
        self.ask("runs", "POST", "runs/search", experiment_ids=ids, filter="metrics.loss < 0.04 and params.depth != '3'",
                 order_by=["metrics.loss DESC"])
        for run in found.get("runs", []):
            run_id = run["info"]["run_id"]
            self.ask("runs", "GET", "runs/get", run_id=run_id)
            for metric in run["data"].get("metrics", []):
                self.ask("metrics", "GET", "metrics/get-history", run_id=run_id, metric_key=metric["key"])
            if "s3:" not in run["info"]["artifact_uri"]:
                self.ask("artifacts", "GET", "artifacts/list", run_id=run_id)
                self.ask("artifacts", "GET", "artifacts/list", run_id=run_id, path="sub dir")
        runs = [r["info"]["run_id"] for r in found.get("runs", [])]
        self.ask("metrics", "GET", "metrics/get-history-bulk-interval", run_ids=runs[:50], metric_key="loss", max_results=10)

    def models(self):
        found = self.ask("logged models", "POST", "logged-models/search", experiment_ids=self.experiment_ids[:50])
        self.ask("logged models", "POST", "logged-models/search", experiment_ids=self.experiment_ids[:50],
                 filter="metrics.auc > 0.2", datasets=[{"dataset_name": "eval data", "dataset_digest": "e1"}],
                 order_by=[{"field_name": "metrics.auc", "ascending": False, "dataset_name": "eval data"}])
        for model in found.get("models", []):
            self.ask("logged models", "GET", f"logged-models/{model['info']['model_id']}")

    def registry(self):
        found = self.ask("registry", "GET", "registered-models/search", max_results=100)
        self.ask("registry", "GET", "registered-models/search", filter="tags.`mlflow.prompt.is_prompt` = 'true'")
        versions = self.ask("registry", "GET", "model-versions/search", max_results=100)
        for model in found.get("registered_models", []):
            self.ask("registry", "GET", "registered-models/get", name=model["name"])
            self.ask("registry", "POST", "registered-models/get-latest-versions", name=model["name"])
            for alias in model.get("aliases", []):
                self.ask("registry", "GET", "registered-models/alias", name=model["name"], alias=alias["alias"])
        for version in versions.get("model_versions", []):
            for call in ("get", "get-download-uri"):
                self.ask("registry", "GET", f"model-versions/{call}", name=version["name"], version=version["version"])


def differences(expected, got):
    """{group: [what differs]} between two pictures; only groups with a difference."""
    found = {}
    for group, calls in expected.parts.items():
        other = got.parts.get(group, {})
        wrong = [f"{call}\n  first:  {calls.get(call)}\n  second: {other.get(call)}"
                 for call in sorted(calls.keys() | other.keys()) if calls.get(call) != other.get(call)]
        if wrong:
            found[group] = wrong
    return found
