"""`plan`: the steps of a command, which are there, which can't run here; it runs nothing."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from runner.artifacts import store
from runner.commands import plan
from runner.core.errors import SpecError
from runner.planning import plan as plans
from runner.sweeps import request


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def planned(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    assert plan.main([*words, "--json"]) == 0
    return dict(json.loads(capsys.readouterr().out))


def test_one_document_with_every_step_and_its_state(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = planned(capsys, "model=gru", "precision=int8_dynamic")
    assert (document["schema"], document["root"]) == (1, str(project))
    steps = [(one["step"], one["state"]) for one in document["steps"]]
    names = ("data", "train", "export", "quantize", *("compile", "verify") * 2)  # the last two are the baseline's
    assert steps == [(name, "to do") for name in names]
    assert all(len(one["key"]) == 64 for one in document["steps"])
    assert document["cells"][0]["baseline"] == "onnxruntime fp32"


def test_it_makes_nothing(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    planned(capsys, "-m", "model=gru,lstm")
    assert not list(project.iterdir())


def test_what_is_in_the_store_is_there(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = plans.make([request.one(project, ["model=gru"])], project)
    data = next(iter(made.nodes.values()))
    with store.draft(project, "data", data.key) as draft:
        store.finish(project, draft, {"step": "data", "key": data.key, "meta": {}})
    steps = planned(capsys, "model=gru")["steps"]
    assert [one["step"] for one in steps if one["state"] == "there"] == ["data"]


def test_what_cant_run_here_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    document = planned(capsys, "model=gru", "backend=torch", "precision=fp16")
    impossible = [one for one in document["steps"] if one["state"] == "impossible"]
    assert [one["step"] for one in impossible] == ["compile", "verify"]
    assert "precision=fp16" in impossible[0]["why"]
    assert document["cells"][0]["status"] == "unsupported"
    assert document["cells"][0]["next_step"]


def test_a_missing_baseline_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    cell = planned(capsys, "model=gru", "baseline=tensorrt")["cells"][0]
    assert (cell["status"], cell["why"]) == (
        "unavailable",
        "baseline=tensorrt: no TensorRT backend is installed here.",
    )


def test_a_sweep_shares_its_steps(capsys: pytest.CaptureFixture[str]) -> None:
    document = planned(capsys, "-m", "model=gru", "backend=onnxruntime,openvino", "precision=fp32")
    steps = [one["step"] for one in document["steps"]]
    assert (steps.count("train"), steps.count("compile"), len(document["cells"])) == (1, 2, 2)


def test_for_people_it_counts(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert plan.main(["model=gru", "precision=fp32", "baseline=none"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"project {project}"
    assert lines[-1] == "1 cell; 5 distinct steps: 5 to do"
    assert lines[-3] == "benchmark gru fp32 onnxruntime"


def test_columns_are_as_wide_as_their_longest_title(capsys: pytest.CaptureFixture[str]) -> None:
    plan.main(["model=mobilenet_v1", "data=digits", "precision=int8_dynamic", "baseline=none"])
    steps = [line for line in capsys.readouterr().out.splitlines() if re.search("[0-9a-f]{16}", line)]
    columns = [re.fullmatch(r"(\w+ +)(\S.*?  +)([0-9a-f]{16})  .*", line) for line in steps]
    assert len(columns) >= 5 and all(columns)
    assert len({(len(found[1]), len(found[2])) for found in columns if found}) == 1


def test_why_steps_and_cells_can_not_be_is_said_once_below_a_table_of_80_columns(
    capsys: pytest.CaptureFixture[str],
) -> None:
    plan.main(["-m", "model=gru", "model.hidden=4,5,6", "backend=torch", "precision=fp16", "baseline=none"])
    lines = capsys.readouterr().out.splitlines()
    assert max(len(line) for line in lines if line.startswith(("compile", "benchmark"))) <= 80
    assert [line.split()[-1] for line in lines if line.startswith("benchmark")] == ["unsupported"] * 3
    [why] = [line for line in lines if line.startswith("unsupported: backend=torch: precision=fp16: ")]
    assert why.endswith("(model.hidden=4; model.hidden=5; and 1 more)")


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("schedule.workers=0", "schedule.workers=0: out of range."),
        ("schedule.address=x", "schedule.address=x: not the address of a Dask scheduler."),
        ("schedule.wrkers=2", "schedule.wrkers: schedule has no such key. Did you mean workers?"),
    ],
)
@pytest.mark.parametrize("sweep", [[], ["-m", "model=gru,lstm"]], ids=["one", "sweep"])
def test_how_it_would_be_scheduled_is_checked_as_in_a_run(word: str, said: str, sweep: list[str]) -> None:
    with pytest.raises(SpecError) as error:
        plan.main([*sweep, word])
    assert error.value.reason == said


def test_a_step_with_a_long_name_stands_apart_from_its_title(capsys: pytest.CaptureFixture[str]) -> None:
    plan.main(["model=gru", "backend=litert", "baseline=none"])
    named = [line for line in capsys.readouterr().out.splitlines() if line.startswith(("quantize_tflite", "verify"))]
    assert [line.index("gru litert fp32") for line in named] == [17, 17]
