"""The runner in Python: the same spec and the same record as on the command line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import runner
from runner import SpecError, load_spec, load_sweep, run
from tests.conftest import QUICK, REPOSITORY, Command
from tests.report import fixtures

WORDS = ("model=gru", "model.hidden=4", "precision=fp32", "baseline=none", *QUICK)


@pytest.mark.slow
@pytest.mark.usefixtures("already_trained")
def test_a_run_in_python_is_a_run_on_the_command_line(tmp_path: Path, command: Command) -> None:
    mine = run(*WORDS, root=tmp_path).to_dict()
    theirs = command(*WORDS, "--json").json
    assert set(mine) == set(theirs)
    assert (mine["status"], mine["spec"], mine["keys"]) == ("ok", theirs["spec"], theirs["keys"])
    assert set(mine["metrics"]) == set(theirs["metrics"])
    assert mine["record_id"] != theirs["record_id"]
    assert {path.name for path in (tmp_path / "records").iterdir()} == {mine["record_id"], theirs["record_id"]}


def test_what_cant_be_done_is_a_status_not_an_exception(tmp_path: Path) -> None:
    found = run("model=gru", "backend=torch", "precision=fp16", root=tmp_path)
    assert (found.status, found.metrics, found.samples, found.rows) == ("unsupported", {}, {}, [])
    assert found.reason
    assert found.next_step


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
    for call in (load_spec, run):
        with pytest.raises(SpecError, match="experiment=canonical: a sweep, not one spec"):
            call("experiment=canonical", root=tmp_path)


def test_importing_the_runner_imports_none_of_its_libraries() -> None:
    code = "import sys, runner; dir(runner), runner.run; print(*{name.split('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, cwd=REPOSITORY)
    assert "runner" in done.stdout.split()
    assert not {"numpy", "hydra", "rich", "yaml", "torch", "mlflow"} & set(done.stdout.split())


def test_what_the_module_lists_is_the_api() -> None:
    assert dir(runner) == sorted(runner.__all__, key=str)
    assert [name for name in dir(runner) if not callable(getattr(runner, name))] == []


def test_every_public_name_says_what_it_is() -> None:
    classes = [one for name in dir(runner) if isinstance(one := getattr(runner, name), type)]
    members = [
        (f"{one.__name__}.{name}", member)
        for one in classes
        for name, member in vars(one).items()
        if not name.startswith("_") and (callable(member) or hasattr(member, "func") or isinstance(member, property))
    ]
    named = [*((name, getattr(runner, name)) for name in dir(runner)), *members]
    assert ("RunResult.samples" in dict(named), "SweepResult.plot" in dict(named)) == (True, True)
    assert [name for name, one in named if not one.__doc__] == []


def test_records_that_cant_be_read_are_warnings(tmp_path: Path) -> None:
    fixtures.write(tmp_path, fixtures.measured("20261101T100000-00000aaa", fixtures.spec(), fixtures.spec(), "x", 2.0))
    (tmp_path / "records" / "20261101T100000-00000bbb").mkdir()
    with pytest.warns(UserWarning, match="left out: .*00000bbb"):
        assert len(runner.compare(root=tmp_path).rows) == 1
