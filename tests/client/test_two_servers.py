"""One database, opened by the official server and by Millrace in turn: each shows what the other wrote, and goes on."""

import pytest
from filling import Picture, differences, fill_models, fill_registry, fill_tracking
from servers import Server

pytestmark = [pytest.mark.slow, pytest.mark.millrace_only]


class Turns:
    """Runs a server on the common database for one turn at a time and compares its picture with the one before."""

    def __init__(self, directory, subtests):
        self.directory, self.subtests = directory, subtests
        self.last = None
        self.count = 0

    def take(self, kind, write=True):
        self.count += 1
        turn = f"turn {self.count}, {kind}"
        with Server(self.directory, kind=kind) as server:
            if self.last is not None:
                self.compare(turn, Picture(server.uri))
            if write:
                self.write(turn, server.uri)
                self.last = Picture(server.uri)

    def compare(self, turn, picture):
        wrong = differences(self.last, picture)
        for group in self.last.parts:
            with self.subtests.test(f"{turn} shows {group}"):
                if group in wrong:
                    pytest.fail(f"{len(wrong[group])} answers differ:\n" + "\n".join(wrong[group][:3]), pytrace=False)

    def write(self, turn, uri):
        with self.subtests.test(f"{turn} writes"):
            experiment_id, runs = fill_tracking(uri, turn)
            models = fill_models(uri, turn.replace(" ", "-").replace(",", ""), experiment_id, runs[0])
            fill_registry(uri, turn.replace(",", ""), runs[0], models)


def test_official_first(tmp_path, subtests):
    turns = Turns(tmp_path, subtests)
    turns.take("official")
    turns.take("millrace")
    turns.take("official")
    turns.take("millrace", write=False)


def test_millrace_first(tmp_path, subtests):
    turns = Turns(tmp_path, subtests)
    turns.take("millrace")
    turns.take("official")
    turns.take("millrace")
