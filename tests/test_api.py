"""The runner in Python: the same spec and the same record as on the command line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from runner import load_spec, load_sweep, run
from runner.core.errors import SpecError
from tests.conftest import QUICK, REPOSITORY, Command

WORDS = ("model=gru", "model.hidden=4", "precision=fp32", "baseline=none", *QUICK)


@pytest.mark.slow
def test_a_run_in_python_is_a_run_on_the_command_line(tmp_path: Path, command: Command) -> None:
    mine = run(load_spec(*WORDS, root=tmp_path), root=tmp_path)
    theirs = command(*WORDS, "--json").json
    assert set(mine) == set(theirs)
    assert (mine["status"], mine["spec"], mine["keys"]) == ("ok", theirs["spec"], theirs["keys"])
    assert set(mine["metrics"]) == set(theirs["metrics"])
    assert mine["record_id"] != theirs["record_id"]
    assert {path.name for path in (tmp_path / "records").iterdir()} == {mine["record_id"], theirs["record_id"]}


def test_what_cant_be_done_is_a_status_not_an_exception(tmp_path: Path) -> None:
    found = run(load_spec("model=gru", "backend=torch", "precision=int8", root=tmp_path), root=tmp_path)
    assert (found["status"], found["metrics"]) == ("unsupported", {})
    assert found["reason"]


def test_a_bad_spec_is_an_exception(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"model=grru: no such model\. Did you mean gru\?"):
        load_spec("model=grru", root=tmp_path)


def test_the_last_of_two_values_counts_and_several_need_a_sweep(tmp_path: Path) -> None:
    assert load_spec("model=gru", "model=lstm", root=tmp_path).model.name == "lstm"
    with pytest.raises(SpecError, match="several values make a sweep"):
        load_spec("model=gru,lstm", root=tmp_path)


def test_an_edited_file_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "experiments" / "mine.yaml"
    file.parent.mkdir()
    for precision in ("fp32", "fp16"):
        file.write_text(f"# Mine\nsweep: {{axes: {{model: [gru, lstm], precision: [{precision}]}}}}\n")
        assert {spec.precision.name for _, spec in load_sweep("experiment=mine").cells} == {precision}


def test_a_sweep_is_no_spec(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="experiment=canonical: a sweep, not one spec"):
        load_spec("experiment=canonical", root=tmp_path)


def test_importing_the_runner_imports_none_of_its_libraries() -> None:
    code = "import sys, runner; print(*{name.split('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, cwd=REPOSITORY)
    assert "runner" in done.stdout.split()
    assert not {"numpy", "hydra", "rich", "yaml", "torch", "mlflow"} & set(done.stdout.split())
