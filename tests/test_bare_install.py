"""The wheel alone, installed from the package index into a new environment: an ONNX file is measured with it, in two
commands, and what an extra would bring says how to get it."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runner.core import extras
from tests import documents
from tests.conftest import QUICK, REPOSITORY, Ended
from tests.models import onnx_files

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
MOST_MB = 500
# What MLflow's client has of the project's runs: as JSON, newest first.
READ_BACK = """
import json, sys
from pathlib import Path
from runner.tracking import mlflow_store
store = mlflow_store.open_store(Path(sys.argv[1]))
runs = store.client.search_runs([store.experiment_id])
files = [[file.path for file in store.client.list_artifacts(run.info.run_id)] for run in runs]
print(json.dumps([{"record": run.data.tags["record_id"], "status": run.info.status, "metrics": run.data.metrics,
                   "files": names} for run, names in zip(runs, files)]))
"""


@dataclass(frozen=True)
class Fresh:
    """A new environment, and a project with a model and its inputs."""

    folder: Path
    project: Path

    def typed(self, command: str, timeout: float = 240) -> Ended:
        """A command, typed in the project with the environment activated."""
        own = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "MLFLOW_"))}
        env = {**own, "PATH": f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}", "PIP_NO_COMPILE": "1"}
        done = subprocess.run(
            shlex.split(command), cwd=self.project, env=env, capture_output=True, text=True, timeout=timeout
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    @property
    def packages(self) -> Path:
        (found,) = self.folder.glob("lib/python3.*/site-packages")
        return found


@pytest.fixture(scope="module")
def commands() -> list[str]:
    """What the README says to type."""
    (lines,) = documents.blocks("README.md", "tests/test_bare_install.py")
    return lines


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory, commands: list[str]) -> Fresh:
    """After the first command."""
    built, fresh = tmp_path_factory.mktemp("built"), Fresh(tmp_path_factory.mktemp("bare"), _project(tmp_path_factory))
    build = (sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(built), str(REPOSITORY))
    for command in (build, (sys.executable, "-m", "venv", str(fresh.folder))):
        subprocess.run(command, check=True, capture_output=True, timeout=240)
    (wheel,) = built.glob("*.whl")
    words = shlex.split(commands[0])
    assert words == ["pip", "install", wheel.name]
    tested = shlex.join(["--constraint", str(REPOSITORY / "constraints.txt")])
    done = fresh.typed(f"pip install {tested} {shlex.quote(str(wheel))}", timeout=600)
    if "(from versions: none)" in done.err:
        pytest.skip("no package index can be reached")
    assert done.code == 0, done.err
    return fresh


def _project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = tmp_path_factory.mktemp("project")
    (project / "runner.toml").touch()
    (project / "my.pt2").write_bytes(b"a network")
    onnx_files.one_node(project / "my.onnx", "Relu", [1, 64], [1, 64])
    np.savez(project / "x.npz", x=np.random.default_rng(0).standard_normal((32, 64), np.float32))
    return project


@pytest.fixture(scope="module")
def measured(bare: Fresh, commands: list[str]) -> Ended:
    """What the second command says."""
    return bare.typed(commands[1])


def test_two_commands_measure_an_onnx_file(bare: Fresh, measured: Ended, commands: list[str]) -> None:
    assert len(commands) == 2
    assert measured.code == 0, measured.err
    assert "latency p50, ms" in measured.out
    assert _kept(bare)["status"] == "ok"


def _kept(bare: Fresh) -> dict[str, Any]:
    """The record of the second command: of all, the first."""
    content: dict[str, Any] = json.loads(min(bare.project.glob("records/*/record.json")).read_text())
    return content


def test_no_extra_came_along(bare: Fresh) -> None:
    listed = {one.name.lower() for one in metadata.distributions(path=[str(bare.packages)])}
    optional = {name for extra in extras.EXTRAS.values() for name in extra.distributions}
    assert {"edge-runner", "onnxruntime"} <= listed
    assert listed & optional == set()
    assert bare.typed("pip check").code == 0


def test_it_is_small(bare: Fresh) -> None:
    size = sum(file.stat().st_blocks * 512 for file in bare.packages.rglob("*"))
    assert size / 1e6 < MOST_MB


def test_mlflow_has_the_run_with_its_files(bare: Fresh, measured: Ended) -> None:
    done = bare.typed(shlex.join(["python", "-c", READ_BACK, str(bare.project)]))
    assert done.code == 0, done.err
    kept = _kept(bare)
    (run,) = [run for run in done.json if run["record"] == kept["record_id"]]
    assert run["status"] == "FINISHED"
    assert run["metrics"] == pytest.approx(kept["metrics"])
    assert {"record.json", "samples.npz", "latency.svg", "environment.json"} <= {*run["files"]}
    assert bare.typed("edge-runner sync").out.startswith("0 records sent")


@pytest.mark.parametrize(
    ("words", "extra"),
    [
        (f"model=gru {shlex.join(QUICK)}", "train"),
        (f"model=mobilenet_v1 data=digits {shlex.join(QUICK)}", "train"),
        ("model=file model.path=my.pt2 backend=torch 'model.shapes.x=[1,4]'", "train"),
        ("ui", "ui"),
        ("report RECORD --png .", "plots"),
        ("model=gru -m seed=1,2 schedule.address=tcp://127.0.0.1:9 schedule.insecure=true", "cluster"),
        ("model=onnx model.path=my.onnx backend=openvino", "openvino"),
    ],
)
def test_what_an_extra_brings_says_how_to_get_it(bare: Fresh, measured: Ended, words: str, extra: str) -> None:
    done = bare.typed(f"edge-runner {words.replace('RECORD', _kept(bare)['record_id'])}")
    assert done.code == 3, done.out + done.err
    assert f"pip install 'edge-runner[{extra}]'" in done.out + done.err
    assert "Traceback" not in done.out + done.err
