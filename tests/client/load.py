"""Raw load over keep-alive connections, with a note of every call that was answered 200.

Used by test_kill9.py. Invariant: a call is noted as acknowledged only after its whole answer was read.
"""

import http.client
import json
import random
import threading
import time


class Journal:
    """What was acknowledged, and what was sent without an answer (may be there or not, but never by half)."""

    def __init__(self):
        self.lock = threading.Lock()
        self.runs, self.metrics, self.params, self.tags, self.batches = set(), {}, {}, {}, {}
        self.unsure_batches = {}
        self.refused = []

    def note(self, table, key, value=True):
        with self.lock:
            table.setdefault(key, []).append(value)


class Writer(threading.Thread):
    """One client: creates runs and logs into them until the connection breaks."""

    def __init__(self, number, port, experiment_id, journal):
        super().__init__(daemon=True)
        self.number, self.port, self.experiment_id, self.journal = number, port, experiment_id, journal
        self.random = random.Random(number * 7919 + port + time.monotonic_ns())
        self.count = 0

    def call(self, path, body):
        """The decoded answer, or None when the server did not answer."""
        try:
            self.connection.request(
                "POST", "/api/2.0/mlflow/" + path, json.dumps(body), {"Content-Type": "application/json"}
            )
            answer = self.connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException):
            return None
        if answer.status != 200:
            self.journal.refused.append((path, answer.status, text[:300]))
            return None
        return json.loads(text)

    def run(self):
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        run_id = None
        while not self.journal.refused:
            if run_id is None or self.random.random() < 0.1:
                answer = self.call("runs/create", {"experiment_id": self.experiment_id, "start_time": 1})
                if answer is None:
                    return
                run_id = answer["run"]["info"]["run_id"]
                self.journal.runs.add(run_id)
            if not self.log_once(run_id):
                return

    def log_once(self, run_id):
        self.count += 1
        key = f"w{self.number}_{self.count}"
        step = self.random.choice([self.metric, self.param, self.tag, self.batch, self.batch])
        return step(run_id, key)

    def metric(self, run_id, key):
        body = {"run_id": run_id, "key": "loss", "value": self.count, "timestamp": self.count, "step": self.count}
        done = self.call("runs/log-metric", body) is not None
        if done:
            self.journal.note(self.journal.metrics, run_id, self.count)
        return done

    def param(self, run_id, key):
        done = self.call("runs/log-parameter", {"run_id": run_id, "key": key, "value": key}) is not None
        if done:
            self.journal.note(self.journal.params, run_id, key)
        return done

    def tag(self, run_id, key):
        done = self.call("runs/set-tag", {"run_id": run_id, "key": key, "value": key}) is not None
        if done:
            self.journal.note(self.journal.tags, run_id, key)
        return done

    def batch(self, run_id, key):
        """30 metrics, 10 params and 10 tags that belong together."""
        body = {
            "run_id": run_id,
            "metrics": [{"key": f"{key}_m{i}", "value": i, "timestamp": 1, "step": 0} for i in range(30)],
            "params": [{"key": f"{key}_p{i}", "value": "v"} for i in range(10)],
            "tags": [{"key": f"{key}_t{i}", "value": "v"} for i in range(10)],
        }
        done = self.call("runs/log-batch", body) is not None
        self.journal.note(self.journal.batches if done else self.journal.unsure_batches, run_id, key)
        return done
