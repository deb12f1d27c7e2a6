"""A backend of one's own, written, found and measured."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from runner.commands import new
from runner.core.errors import SpecError
from tests.backends.test_guide import FILES
from tests.conftest import QUICK, REPOSITORY, Command


def test_it_writes_what_the_guide_shows() -> None:
    assert new.files("reference") == FILES


def test_it_writes_a_package_and_says_what_to_type(command: Command, tmp_path: Path) -> None:
    ended = command("new", "backend", "npu_2")
    assert ended.code == 0, ended.err
    assert ended.out.splitlines()[-3:] == [
        "next     pip install -e ./npu-2-backend",
        "         python -m pytest --pyargs runner.testing.backend_contract -k npu_2",
        "         python -m runner backend=npu_2 model=gru",
    ]
    assert (tmp_path / "npu-2-backend" / "npu_2_backend" / "conf" / "backend" / "npu_2.yaml").is_file()
    again = command("new", "backend", "npu_2")
    assert (again.code, again.err.splitlines()[0]) == (
        2,
        "error: new backend npu_2: npu-2-backend is there already.",
    )


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("My-NPU", "new backend My-NPU: not a backend's name."),
        ("class", "new backend class: not a backend's name."),
        ("onnxruntime", "new backend onnxruntime: there is a backend of that name."),
    ],
)
def test_a_name_that_no_backend_can_have_is_refused(
    name: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SpecError) as error:
        new.main(["backend", name])
    assert error.value.reason == reason
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def installed(tmp_path: Path) -> dict[str, str]:
    """The environment in which `mynpu` is installed, as pip would leave it."""
    folder = tmp_path / "mynpu-backend"
    new.write("mynpu", folder)
    (entry,) = re.findall(r"^mynpu = \"(\S+)\"$", (folder / "pyproject.toml").read_text(), re.MULTILINE)
    info = folder / "mynpu_backend-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: mynpu-backend\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[runner.backends]\nmynpu = {entry}\n")
    return {"PYTHONPATH": os.pathsep.join((str(folder), str(REPOSITORY)))}


@pytest.mark.slow
@pytest.mark.usefixtures("already_trained")
def test_it_measures_as_it_stands(command: Command, installed: dict[str, str]) -> None:
    short = (*QUICK, "measure.min_pairs=1", "measure.max_pairs=1", "model.hidden=4")
    ended = command("backend=mynpu", "model=gru", *short, "--json", env=installed)
    assert (ended.code, ended.json["title"]) == (0, "gru fp32 mynpu"), ended.err
