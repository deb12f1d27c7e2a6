"""The package of docs/adding-a-backend.md as a wheel, installed into a new environment beside the runner's own: its
backend is found by entry point, its option by Hydra's search path, and its session travels to a device over ssh."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests import sshd
from tests.backends.test_guide import FILES, commands
from tests.conftest import QUICK, REPOSITORY
from tests.models import onnx_files
from tests.sshd import Sshd

pytestmark = [sshd.needed, pytest.mark.slow]
SHORT = (*QUICK, "measure.min_pairs=1", "measure.max_pairs=1", "baseline=none")


@dataclass(frozen=True)
class Fresh:
    """A new environment with the two wheels; what they need lies in this one's packages."""

    folder: Path

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    def typed(self, line: str, project: Path, path: str = os.environ["PATH"]) -> subprocess.CompletedProcess[str]:
        """A command of the page, in a project elsewhere, where nothing leads to the sources."""
        own = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        env = {**own, "PATH": path, "MLFLOW_DISABLE_TELEMETRY": "true"}
        words = [str(self.python), *shlex.split(line)[1:]]
        return subprocess.run(words, cwd=project, env=env, capture_output=True, text=True, timeout=280)


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Fresh:
    package, wheels = tmp_path_factory.mktemp("package"), tmp_path_factory.mktemp("wheels")
    for name, text in FILES.items():
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text(text, encoding="utf-8")
    found = Fresh(tmp_path_factory.mktemp("fresh"))
    did(sys.executable, "-m", "venv", "--without-pip", str(found.folder))
    for source in (REPOSITORY, package):
        did(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(wheels), str(source))
    quiet = ("--quiet", "--no-index", "--no-deps", "--no-compile")
    did(sys.executable, "-m", "pip", "--python", str(found.python), "install", *quiet, *map(str, wheels.glob("*.whl")))
    (packages,) = found.folder.glob("lib/python3.*/site-packages")
    (packages / "needed.pth").write_text("\n".join(path for path in sys.path if path.endswith("site-packages")))
    return found


def did(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    (folder / "runner.toml").touch()
    onnx_files.one_node(folder / "my.onnx", "Relu", [1, 64], [1, 64])
    return folder


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    with sshd.serving(tmp_path_factory.mktemp("sshd")) as found:
        yield found


def test_both_lie_in_the_new_environment_alone(fresh: Fresh, project: Path) -> None:
    where = "import reference_backend, runner; print(reference_backend.__file__, runner.__file__)"
    done = fresh.typed(shlex.join(["python", "-c", where]), project)
    assert all(Path(file).is_relative_to(fresh.folder) for file in done.stdout.split()), done.stderr
    here = subprocess.run([sys.executable, "-c", "import reference_backend"], capture_output=True, text=True)
    assert "No module named 'reference_backend'" in here.stderr


def test_its_backend_is_listed_with_its_own_option(fresh: Fresh, project: Path) -> None:
    done = fresh.typed(commands()[0], project)
    assert "\nreference " in done.stdout, done.stderr
    shown = fresh.typed("python -m runner show backend=reference model=gru", project)
    assert "backend.verbose=0" in shown.stdout, shown.stderr


def test_its_session_travels_to_a_device_that_does_not_have_it(fresh: Fresh, project: Path, server: Sshd) -> None:
    words = ("model=onnx", "model.path=my.onnx", "backend=reference", *server.words(), *SHORT, "--json")
    done = fresh.typed(shlex.join(["python", "-m", "runner", *words]), project, server.path)
    assert done.returncode == 0, done.stdout + done.stderr
    record: dict[str, Any] = json.loads(done.stdout)
    assert record["status"] == "ok"
    assert record["effective"]["candidate"]["settings"]["verbose"] == 0
    assert record["metrics"]["latency/p50_ms"] > 0
    assert any(server.cache.rglob("*"))  # what travelled lies there
