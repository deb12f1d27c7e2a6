"""A wheel, installed where the checkout is not: its own code, its own `conf/`, from any folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests import documents
from tests.conftest import QUICK, REPOSITORY, Ended

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Installed:
    """The folder with the wheel's packages."""

    folder: Path

    def python(self, cwd: Path, *words: str) -> Ended:
        # -P and our path alone: neither the working folder nor the checkout is where `runner` comes from.
        env = {**os.environ, "PYTHONPATH": str(self.folder), "PYTHONSAFEPATH": "1"}
        done = subprocess.run([sys.executable, *words], cwd=cwd, env=env, capture_output=True, text=True, timeout=240)
        return Ended(done.returncode, done.stdout, done.stderr)


def checked(*words: str) -> None:
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    built, folder = tmp_path_factory.mktemp("built"), tmp_path_factory.mktemp("installed")
    checked("-m", "build", "--wheel", "--no-isolation", "--outdir", str(built), str(REPOSITORY))
    (wheel,) = built.glob("edge_runner-*.whl")
    checked("-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(folder), str(wheel))
    return Installed(folder)


def test_the_code_is_the_wheels(installed: Installed, tmp_path: Path) -> None:
    done = installed.python(tmp_path, "-c", "import runner; print(runner.__file__)")
    assert Path(done.out.strip()).is_relative_to(installed.folder)


def test_the_wheel_carries_every_option_and_study(installed: Installed) -> None:
    for name in ("conf", "experiments"):
        ours, theirs = REPOSITORY / name, installed.folder / "runner" / name
        assert {file.relative_to(ours) for file in ours.rglob("*.yaml")} == {
            file.relative_to(theirs) for file in theirs.rglob("*.yaml")
        }


def test_the_wheel_carries_the_template_of_the_page(installed: Installed) -> None:
    page = Path("runner", "report", "views", "page.html")
    assert (installed.folder / page).read_bytes() == (REPOSITORY / page).read_bytes()


def test_the_wheel_says_that_it_is_typed(installed: Installed) -> None:
    assert (installed.folder / "runner" / "py.typed").is_file()


def test_options_come_from_the_wheel(installed: Installed, tmp_path: Path) -> None:
    done = installed.python(tmp_path, "-m", "runner", "show", "model=gru", "--json")
    assert done.code == 0, done.err
    file = Path(done.json["options"][0]["file"])
    assert file == installed.folder / "runner" / "conf" / "model" / "gru.yaml"


def test_the_wheel_carries_dvcs_stages_and_pictures(installed: Installed) -> None:
    for name in ("dvc.yaml", "plots/latency.json", "plots/speedups.json"):
        assert (installed.folder / "runner" / name).read_bytes() == (REPOSITORY / name).read_bytes()


def test_a_project_that_it_makes_is_built_by_dvc(installed: Installed, tmp_path: Path) -> None:
    (lines,) = documents.blocks("docs/dvc.md", "tests/test_install.py")
    small = {
        "grid": {"model": ["gru"], "precision": ["fp32"], "backend": ["onnxruntime"]},
        "data": {"name": "co2"},
        "train": {"name": "smoke", "epochs": 1},
        "measure": {"name": "quick", "min_pairs": 1, "max_pairs": 1, "iterations": 10, "min_seconds": 0},
    }
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(small))
    script = "\n".join([*lines[:-1], "cp ../params.yaml .", lines[-1]])
    places = (installed.folder / "bin", Path(sys.executable).parent, os.environ["PATH"])
    env = {"PYTHONPATH": str(installed.folder), "PYTHONSAFEPATH": "1", "PATH": os.pathsep.join(map(str, places))}

    done = subprocess.run(
        ["bash", "-ec", script], cwd=tmp_path, env={**os.environ, **env}, capture_output=True, text=True, timeout=280
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert set(json.loads((tmp_path / "mine/metrics/gru-fp32-onnxruntime.json").read_text())) == {"p50_ms", "mae_ppm"}
    assert (tmp_path / "mine/metrics/speedups.csv").read_text() == "cell,speedup,low,high,baseline\n"


def test_a_study_is_found(installed: Installed, tmp_path: Path) -> None:
    done = installed.python(tmp_path, "-m", "runner", "plan", "experiment=mobilenet_int8", "--json")
    assert done.code == 0, done.err
    assert done.json["root"] == str(tmp_path)
    assert "mobilenet_v1 int8" in done.json["cells"][0]["title"]


def test_it_runs_from_a_folder_below_the_project(installed: Installed, tmp_path: Path) -> None:
    (tmp_path / "runner.toml").touch()
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    words = ("model=gru", "model.hidden=4", "precision=fp32", "baseline=none", *QUICK, "--json")
    done = installed.python(below, "-m", "runner", *words)
    assert done.code == 0, done.err
    assert done.err.splitlines()[0] == f"project {tmp_path}"
    assert done.json["status"] == "ok"
    assert (tmp_path / "records" / done.json["record_id"] / "record.json").is_file()
    assert not list(below.iterdir())


def test_no_run_writes_into_the_wheel(installed: Installed) -> None:
    known = {"runner", "bin", "edge_runner-0.1.0.dist-info"}
    assert {path.name for path in installed.folder.iterdir()} <= known
