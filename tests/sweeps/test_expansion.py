"""Sweeps. Before any work: what is impossible is left out and told, what is wrong stops them. Then: they share steps,
go on past whatever a backend does, and end with a table."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from runner import sweep
from runner.core.errors import Impossible, SpecError
from runner.planning import plan
from runner.spec.schema import Sweep
from runner.sweeps import request
from tests.conftest import QUICK, Command

PLUGIN = Path(__file__).parents[1] / "plugin"
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
@pytest.mark.usefixtures("already_trained")
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
    words = ("-m", "backend=torch", "model=gru", "precision=fp16", *QUICK)
    assert command(*words).code == 0
    assert command(*words, "--strict").code == 4


# --- before any work ---


def read(tmp_path: Path, *words: str) -> Sweep:
    return request.cells(tmp_path, words)


def test_impossible_cells_dont_stop_the_others(tmp_path: Path) -> None:
    found = read(tmp_path, "model=gru,mobilenet_v1", "data=co2,digits", "precision=fp32")
    assert [spec.title for _, spec in found.cells] == ["gru fp32 onnxruntime", "mobilenet_v1 fp32 onnxruntime"]
    assert [(cell.words, cell.error.reason) for cell in found.impossible] == [
        (
            "model=gru data=digits",
            "model=gru can't use data=digits: it does forecast, the data are for classify.",
        ),
        (
            "model=mobilenet_v1 data=co2",
            "model=mobilenet_v1 can't use data=co2: it does classify, the data are for forecast.",
        ),
    ]


def test_what_only_the_plan_can_tell_is_impossible_too(tmp_path: Path) -> None:
    made = plan.of_sweep(read(tmp_path, "model=gru", "model.window=12,9000", "backend.threads=1,999"), tmp_path)
    assert len(made.cells) == 1
    reasons = [cell.error.reason for cell in made.impossible]
    assert any("too few rows" in reason for reason in reasons)
    assert any("backend.threads=999" in reason for reason in reasons)


def test_a_sweep_without_a_possible_cell_is_a_bad_spec(tmp_path: Path) -> None:
    with pytest.raises(Impossible, match="model=gru can't use data=digits"):
        read(tmp_path, "model=gru", "data=digits", "seed=1,2")


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("model=gru,grru", "model=grru: no such model. Did you mean gru?"),
        ("model.hidden=8,wide", "model.hidden=wide: a whole number expected."),
        ("model.hiden=8,16", "model.hiden: model has no such key. Did you mean hidden?"),
        ("modl=gru,lstm", "modl=gru,lstm: no such key. Did you mean model?"),
        ("seed=1,-1", "seed=-1: a whole number from 0 to 4294967295 expected."),
    ],
)
def test_one_wrong_word_stops_the_sweep(tmp_path: Path, word: str, reason: str) -> None:
    with pytest.raises(SpecError) as caught:
        read(tmp_path, "precision=fp32,fp16", word)
    assert caught.value.reason == reason


def test_a_word_may_fit_a_swept_option_only(tmp_path: Path) -> None:
    # the default model has no width: Hydra's own sweeper would refuse this
    found = read(tmp_path, "model=mobilenet_v1", "model.width=0.5", "precision=fp32,fp16")
    assert [spec.model.settings.width for _, spec in found.cells] == [0.5, 0.5]


def test_of_two_words_for_one_key_the_last_counts(tmp_path: Path) -> None:
    found = read(tmp_path, "model=gru,lstm", "model=bilstm", "seed=1,2")
    assert [(spec.model.name, spec.seed) for _, spec in found.cells] == [("bilstm", 1), ("bilstm", 2)]


def test_several_experiments_are_swept_over(tmp_path: Path) -> None:
    found = read(tmp_path, "experiment=canonical,mobilenet_int8", "backend=onnxruntime")
    assert len(found.cells) == 3 * 2 + 1
    assert found.cells[-1][1].title == "mobilenet_v1 int8 onnxruntime"


def test_files_are_hashed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from runner.core import hashing

    hashed: list[Path] = []
    real = hashing.file_hash
    monkeypatch.setattr(hashing, "file_hash", lambda path: hashed.append(path) or real(path))  # type: ignore[func-returns-value]
    made = plan.of_sweep(read(tmp_path, "model=gru,lstm", "model.hidden=range(4,9)", "seed=1,2"), tmp_path)
    assert (len(made.cells), len(hashed)) == (20, 1)


def test_a_wrong_word_ends_with_2_and_leaves_nothing(command: Command, tmp_path: Path) -> None:
    done = command("-m", "model=gru,grru", "precision=fp32", "--json")
    assert (done.code, done.json["status"]) == (2, "bad spec")
    assert not list(tmp_path.iterdir())


def test_plan_of_an_experiment_needs_no_m(command: Command) -> None:
    document = command("plan", "experiment=canonical", "model=gru", "--json").json
    assert [cell["title"] for cell in document["cells"]] == [
        "gru fp32 onnxruntime",
        "gru fp32 openvino",
        "gru int8_dynamic onnxruntime",
        "gru int8_dynamic openvino",
    ]
    assert document["impossible"] == []


@pytest.mark.slow
def test_an_experiment_runs_without_m_tells_its_size_and_resumes(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "runner.toml").touch()
    (tmp_path / "experiments").mkdir()
    (tmp_path / "experiments" / "small.yaml").write_text(
        "# Two backends\n"
        "defaults: [{override /model: gru}, {override /train: smoke}, {override /measure: quick}]\n"
        "model: {hidden: 4}\nmeasure: {min_pairs: 2, max_pairs: 2, min_seconds: 0.01}\nbaseline: {name: none}\n"
        "sweep:\n  axes: {backend: [onnxruntime, torch], data: [co2, digits], precision: [fp32]}\n"
    )
    first = command("experiment=small", "--json")
    assert first.code == 0, first.err
    assert "2 cells (2 impossible); 7 distinct steps: 7 to do" in first.err
    assert [cell["status"] for cell in first.json["cells"]] == ["ok", "ok"]
    assert [one["words"] for one in first.json["impossible"]] == [
        "backend=onnxruntime data=digits",
        "backend=torch data=digits",
    ]
    ids = [cell["record_id"] for cell in first.json["cells"]]
    again = command("experiment=small", "--json")
    assert [cell["record_id"] for cell in again.json["cells"]] == ids
    monkeypatch.chdir(tmp_path)
    mine = sweep("experiment=small", "schedule=inline")
    assert ([run.folder.name for run in mine.runs], set(mine.to_dict())) == (ids, set(first.json))
    assert [one["words"] for one in mine.impossible] == [one["words"] for one in first.json["impossible"]]
    assert (mine.content["schedule"]["name"], set(mine.samples)) == ("inline", set(ids))
