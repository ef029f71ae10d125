"""The Java client (java/): built by Maven from Maven Central, run against the server under test."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parent / "java"
CACHE = Path(os.environ.get("MILLRACE_TEST_CACHE") or Path.home() / ".cache" / "millrace-tests")


@pytest.mark.slow
def test_java_client(server, tmp_path):
    for tool in ("mvn", "java"):
        if not shutil.which(tool):
            pytest.skip(f"{tool} IS MISSING, the Java client is not tested: install maven and a JDK of 17 or newer")
    env = {
        **os.environ,
        "MLFLOW_TRACKING_URI": server.uri,
        "MLFLOW_PYTHON_EXECUTABLE": sys.executable,  # the Java client hands artifacts to the Python client
    }
    command = ["mvn", "-q", "-B", "-f", PROJECT / "pom.xml", "compile", "exec:java",
               f"-Dtarget.dir={CACHE / 'java'}", f"-Dexec.args={server.uri}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, env=env, cwd=tmp_path, check=False)
    assert done.returncode == 0 and "story of Java told" in done.stdout, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
