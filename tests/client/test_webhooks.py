"""Webhooks by the real client: create, list, change, test, delete; deliveries with their signature."""

import base64
import hashlib
import hmac
import json
import queue
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from helpers import REFUSED, code_of

ALL_EVENTS = [
    "registered_model.created", "model_version.created", "model_version_tag.set", "model_version_tag.deleted",
    "model_version_alias.created", "model_version_alias.deleted", "prompt.created", "prompt_version.created",
    "prompt_tag.set", "prompt_tag.deleted", "prompt_version_tag.set", "prompt_version_tag.deleted",
    "prompt_alias.created", "prompt_alias.deleted",
]


class Receiver:
    """An HTTP server that keeps what it was sent; answers 200, or what `answers` says first."""

    def __init__(self):
        self.got = queue.Queue()
        self.answers = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.put((dict(self.headers), body))
                self.send_response(receiver.answers.pop(0) if receiver.answers else 200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def next(self, seconds=20):
        headers, body = self.got.get(timeout=seconds)
        return {k.lower(): v for k, v in headers.items()}, json.loads(body), body


@pytest.fixture
def receiver():
    made = Receiver()
    yield made
    made.server.shutdown()


@pytest.fixture
def hook(client, unique):
    """hook(url, events, **options) creates a webhook that is deleted after the test."""
    made = []

    def create(url, events, **options):
        made.append(client.create_webhook(unique("hook"), url, events, **options))
        return made[-1]

    yield create
    for webhook in made:
        try:
            client.delete_webhook(webhook.webhook_id)
        except Exception:  # noqa: BLE001  (the test deleted it)
            pass


def signature(secret, headers, body):
    signed = f"{headers['x-mlflow-delivery-id']}.{headers['x-mlflow-timestamp']}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest()).decode()


def test_create_get_list_update_delete(client, unique, hook):
    made = hook("https://example.com/hook", ALL_EVENTS, description="words", secret="s3cret")
    back = client.get_webhook(made.webhook_id)
    assert (back.name, back.url, back.description, str(back.status)) == (
        made.name, "https://example.com/hook", "words", "ACTIVE")
    assert {str(e) for e in back.events} == set(ALL_EVENTS)
    assert back.secret is None
    assert back.creation_timestamp <= back.last_updated_timestamp
    assert made.webhook_id in [w.webhook_id for w in client.list_webhooks()]
    new_name = unique("renamed")
    client.update_webhook(made.webhook_id, name=new_name, status="DISABLED", events=["model_version.created"])
    back = client.get_webhook(made.webhook_id)
    assert (back.name, str(back.status), [str(e) for e in back.events]) == (
        new_name, "DISABLED", ["model_version.created"])
    client.delete_webhook(made.webhook_id)
    assert code_of(client.get_webhook, made.webhook_id) == "RESOURCE_DOES_NOT_EXIST"


def test_pages(client, hook):
    ids = {hook("https://example.com/", ["prompt.created"]).webhook_id for _ in range(5)}
    seen, token = [], None
    while True:
        page = client.list_webhooks(max_results=2, page_token=token)
        seen += [w.webhook_id for w in page]
        token = page.token
        if not token:
            break
    assert ids <= set(seen) and len(seen) == len(set(seen))


@pytest.mark.parametrize("url", ["ftp://example.com", "example.com", "", "https://", "file:///etc/passwd"])
def test_wrong_urls(client, unique, url):
    assert code_of(client.create_webhook, unique("hook"), url, ["model_version.created"]) in REFUSED


def test_wrong_names_and_events(client, unique):
    url = "https://example.com/"
    assert code_of(client.create_webhook, "", url, ["model_version.created"]) in REFUSED
    assert code_of(client.create_webhook, unique("hook"), url, []) in REFUSED
    assert code_of(client.get_webhook, "no-such-id") == "RESOURCE_DOES_NOT_EXIST"


def test_delivery(client, unique, hook, receiver):
    hook(receiver.url, ["registered_model.created", "model_version.created", "model_version_alias.created"], secret="key")
    name = unique("model")
    client.create_registered_model(name, tags={"a": "b"}, description="words")
    headers, message, body = receiver.next()
    assert (message["entity"], message["action"]) == ("registered_model", "created")
    assert message["data"] == {"name": name, "tags": {"a": "b"}, "description": "words"}
    assert message["timestamp"]
    assert headers["content-type"].startswith("application/json")
    assert headers["x-mlflow-signature"] == signature("key", headers, body)
    client.create_model_version(name, "s3://bucket/model", description="v")
    _, message, _ = receiver.next()
    assert message["entity"] == "model_version"
    assert (message["data"]["name"], message["data"]["version"], message["data"]["source"]) == (
        name, "1", "s3://bucket/model")
    client.set_model_version_tag(name, "1", "not", "subscribed")
    client.set_registered_model_alias(name, "champion", "1")
    _, message, _ = receiver.next()
    assert message["entity"] == "model_version_alias"
    assert message["data"] == {"name": name, "alias": "champion", "version": "1"}


def test_no_delivery_when_disabled_or_deleted(client, unique, hook, receiver):
    made = hook(receiver.url, ["registered_model.created"])
    client.update_webhook(made.webhook_id, status="DISABLED")
    client.create_registered_model(unique("model"))
    with pytest.raises(queue.Empty):
        receiver.next(1.5)


def test_test_call(client, hook, receiver):
    made = hook(receiver.url, ["model_version.created", "prompt.created"])
    result = client.test_webhook(made.webhook_id)
    assert result.success and result.response_status == 200
    _, message, _ = receiver.next()
    assert message["entity"] == "model_version" and message["action"] == "created" and message["data"]["name"]
    result = client.test_webhook(made.webhook_id, event="prompt.created")
    assert result.success and receiver.next()[1]["entity"] == "prompt"
    receiver.answers = [404]
    result = client.test_webhook(made.webhook_id)
    assert not result.success and result.response_status == 404


def test_failed_deliveries_are_tried_again(client, unique, hook, receiver):
    hook(receiver.url, ["registered_model.created"])
    receiver.answers = [503, 500]
    name = unique("model")
    client.create_registered_model(name)
    tries = [receiver.next(30)[1] for _ in range(3)]
    assert {t["data"]["name"] for t in tries} == {name}
