"""Clients of all ages tell the same story (old/story.py) to one server.

Each version lives in a virtual environment of its own under MILLRACE_TEST_CACHE (~/.cache/millrace-tests by default),
made on the first use. `python test_old_clients.py` makes them all ahead of time.
"""

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

STORY = Path(__file__).parent / "old" / "story.py"
CACHE = Path(os.environ.get("MILLRACE_TEST_CACHE") or Path.home() / ".cache" / "millrace-tests")

# Version of the story -> what pip installs. 1.30 needs a pyarrow that has no build for newer Pythons: the small package
# of the same client takes its place. The oldest ones import pkg_resources, which setuptools 81 has dropped.
CLIENTS = {
    "1.30": ["mlflow-skinny==1.30.1", "numpy<2", "pandas<2", "setuptools<81", "pillow<12"],
    "2.7": ["mlflow==2.7.1", "numpy<2", "setuptools<81"],
    "2.22": ["mlflow==2.22.5"],
    "3.0": ["mlflow==3.0.1"],
    "3.6": ["mlflow==3.6.0"],
    "3.17": ["mlflow==3.17.2"],
}


def interpreter(version):
    """The Python of the environment with that client; made when it is missing. Skips when it cannot be had."""
    home = CACHE / f"client-{version}"
    python = home / "bin" / "python"
    done = home / "complete"
    if done.exists():
        return python
    venv.create(home, with_pip=True, clear=True)
    command = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *CLIENTS[version]]
    installed = subprocess.run(command, capture_output=True, text=True, timeout=1500, check=False)
    if installed.returncode != 0:
        pytest.skip(f"MLflow {version} CANNOT BE INSTALLED HERE, this client is not tested: {installed.stderr[-500:]}")
    done.touch()
    return python


def tell_story(version, uri, directory):
    env = {k: v for k, v in os.environ.items() if not k.startswith("MLFLOW_")}
    env.update(
        MLFLOW_TRACKING_URI=uri, MLFLOW_HTTP_REQUEST_MAX_RETRIES="1", MLFLOW_DISABLE_TELEMETRY="true",
        GIT_PYTHON_REFRESH="quiet", MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR="false",
    )
    command = [interpreter(version), STORY, version]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, env=env, cwd=directory, check=False)


@pytest.mark.slow
@pytest.mark.parametrize("version", CLIENTS)
def test_client(server, tmp_path, version):
    done = tell_story(version, server.uri, tmp_path)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr[-6000:]}"
    assert done.stdout.splitlines()[-1] == f"story of {version} told"


if __name__ == "__main__":
    for name in CLIENTS:
        print(f"{name}: {interpreter(name)}", file=sys.stderr)
