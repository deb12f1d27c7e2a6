"""A sweep shares its steps, goes on past whatever a backend does, and ends with a table."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import QUICK, Command

PLUGIN = Path(__file__).parent / "plugin"
BACKENDS = ("segfaults", "exits", "hangs", "crowds")
WORDS = ("model=gru", "model.hidden=4", "precision=fp32", *QUICK)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project whose `conf/` has the options of somebody else's package."""
    (tmp_path / "runner.toml").touch()
    folder = tmp_path / "conf" / "backend"
    folder.mkdir(parents=True)
    for name in BACKENDS:
        (folder / f"{name}.yaml").write_text(
            f"# A backend that goes wrong.\n"
            f"defaults:\n  - /hardware@_global_.hardware: local\n  - /precision@_global_.precision: fp32\n  - _self_\n"
            f"name: {name}\n"
        )
    return tmp_path


def plugged() -> dict[str, str]:
    return {"PYTHONPATH": os.pathsep.join(filter(None, [str(PLUGIN), os.environ.get("PYTHONPATH")]))}


@pytest.mark.slow
def test_a_sweep_goes_on_past_a_segfault_an_exit_a_hang_and_full_memory(project: Path, command: Command) -> None:
    backends = ",".join((*BACKENDS, "onnxruntime"))
    done = command("-m", "--json", f"backend={backends}", *WORDS, "limits.answer_s=15", env=plugged())
    cells: dict[str, Any] = {cell["spec"]["backend"]["name"]: cell for cell in done.json["cells"]}
    assert {name: cell["status"] for name, cell in cells.items()} == {
        "segfaults": "failed",
        "exits": "failed",
        "hangs": "timeout",
        "crowds": "failed",
        "onnxruntime": "ok",
    }
    assert "killed by SIGSEGV" in cells["segfaults"]["reason"]
    assert "ended without an answer (exit code 0)" in cells["exits"]["reason"]
    assert "took longer than 15 s" in cells["hangs"]["reason"]
    assert "no more memory" in cells["crowds"]["reason"]
    assert all(cell["next_step"] for name, cell in cells.items() if name != "onnxruntime")
    assert done.code == 5
    assert "Traceback" not in done.err


@pytest.mark.slow
def test_a_sweep_shares_steps_prints_a_table_and_resumes(tmp_path: Path, command: Command) -> None:
    words = ("-m", "backend=onnxruntime,openvino,torch", *WORDS)
    first = command(*words)
    assert first.code == 0, first.err
    assert first.err.count("train gru: done") == 1
    for name in ("onnxruntime", "openvino", "torch"):
        assert name in first.out
    dates = sorted(path.name for path in (tmp_path / "records").iterdir())
    again = command(*words, "--json")
    assert sorted(cell["record_id"] for cell in again.json["cells"]) == dates
    afresh = command(*words, "--json", "--fresh")
    assert not {cell["record_id"] for cell in afresh.json["cells"]} & set(dates)


def test_unsupported_cells_count_only_where_asked(command: Command) -> None:
    words = ("-m", "backend=torch", "model=gru", "precision=int8", *QUICK)
    assert command(*words).code == 0
    assert command(*words, "--strict").code == 4
