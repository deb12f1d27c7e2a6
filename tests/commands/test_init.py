"""`init`: a project of one's own that works as it is written, and nothing lost of what was there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from runner.commands import dvc_grid, init
from runner.core import project_paths
from runner.core.errors import SpecError
from runner.planning import plan
from runner.spec import options
from runner.sweeps import request
from tests.conftest import QUICK, REPOSITORY, Command

FILES = {
    ".dvcignore",
    ".gitignore",
    "conf/model/small.yaml",
    "dvc.yaml",
    "experiments/first.yaml",
    "params.yaml",
    "plots/latency.json",
    "plots/speedups.json",
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    assert init.main(["mine"]) == 0
    return tmp_path / "mine"


def contents(folder: Path) -> dict[str, str]:
    return {str(file.relative_to(folder)): file.read_text() for file in folder.rglob("*") if file.is_file()}


def test_it_writes_a_project_and_says_what_comes_next(capsys: pytest.CaptureFixture[str], project: Path) -> None:
    assert {*contents(project)} == FILES
    *made, go, first = capsys.readouterr().out.splitlines()
    assert made == [f"made     mine/{name}" for name in init.write(project)]
    assert [go.split(), first.split()] == [["next", "cd", "mine"], ["python", "-m", "runner", "experiment=first"]]
    assert project_paths.root(project / "conf") == project


def test_in_this_folder_the_next_word_is_the_experiment(tmp_path: Path, command: Command) -> None:
    done = command("init")
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[-1] == "next     python -m runner experiment=first"
    assert {*contents(tmp_path)} == FILES


def test_what_is_there_stays_and_the_rest_is_added(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("mine\n")
    (tmp_path / "params.yaml").symlink_to("nowhere")
    made = init.write(tmp_path)
    assert {name for name, state in made.items() if state == "kept"} == {".gitignore", "params.yaml"}
    assert (tmp_path / ".gitignore").read_text() == "mine\n"
    assert not (tmp_path / "nowhere").exists()
    assert {*init.write(tmp_path).values()} == {"kept"}


def test_a_file_in_a_folders_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "conf").write_text("")
    with pytest.raises(SpecError, match=r"conf/model is no folder"):
        init.write(tmp_path)


def test_the_own_model_is_an_option_like_any(project: Path) -> None:
    assert "small" in options.names("model", project)
    spec = request.read(project, ["model=small", "precision=fp32"]).spec
    assert spec.model.settings.hidden == 16


def test_the_first_experiment_has_cells_that_can_run_here(project: Path) -> None:
    made = plan.of_sweep(request.read(project, ["experiment=first"]).sweep, project)
    assert len(made.cells) == 4
    assert not [cell for cell in made.cells if cell.blocked] and not made.impossible


def test_dvcs_stages_are_ours_and_the_grid_has_their_keys(project: Path) -> None:
    assert (project / "dvc.yaml").read_text() == (REPOSITORY / "dvc.yaml").read_text()
    grid = dvc_grid.read(project)
    assert {*grid.axes} == {*yaml.safe_load((REPOSITORY / "params.yaml").read_text())["grid"]}
    assert len([*grid.cells()]) == 4


@pytest.mark.slow
def test_the_first_experiment_runs_by_the_words_of_the_page(tmp_path: Path, command: Command) -> None:
    page = (REPOSITORY / "docs" / "shell.md").read_text()
    init, go, first = re.findall(r"```sh\n(edge-runner init[^`]*)```", page)[0].splitlines()
    assert command(*init.split()[1:]).code == 0
    done = command(*first.split()[1:], *QUICK, "--json", cwd=tmp_path / go.removeprefix("cd "))
    assert done.code == 0, done.err
    assert [cell["status"] for cell in done.json["cells"]] == ["ok"] * 4
