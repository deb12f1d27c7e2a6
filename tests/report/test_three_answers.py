"""A sweep's three answers: same conditions? speed-up? what next? All from what its records say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from runner.execution.run_plan import Ran
from runner.planning.graph import Plan
from runner.report import sweep_json, sweep_page, three_answers
from runner.report.views import answers_view, layout, sweep_html, table
from tests.report import fixtures, sweeps
from tests.report.fixtures import measured, spec

ORT = "onnxruntime fp32"
UNTUNED, TUNED = "20261121T090000-00000001", "20261121T090100-00000002"
ALIKE = "yes: paired, with one model, data, precision, scenario and number of threads"


def record(record_id: str, speedup: float, trials: int, **changes: Any) -> dict[str, Any]:
    """TVM's against ONNX Runtime's, with so many trials of tuning."""
    of = spec(backend="tvm")
    of["backend"] = {"name": "tvm", "threads": 1, "tuning": {"trials": trials, "budget_s": 300}}
    content = measured(record_id, of, spec(), ORT, speedup, spec_key=record_id, **changes)
    content["effective"]["candidate"]["settings"] = {"threads": 1, "tuned": trials > 0}
    return content


def answered(root: Path, *contents: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    found = three_answers.of(sweeps.write(root, [{**one, "sweep": sweeps.NAME} for one in contents]))
    return {one.question: one.lines for one in found}


def test_documents_have_what_is_printed(tmp_path: Path) -> None:
    found = sweeps.write(tmp_path, [{**record(TUNED, 1.21, 256), "sweep": sweeps.NAME}])
    document: Any = json.loads(json.dumps(table.as_json(found)))
    assert [one["question"] for one in document["answers"]] == ["Same conditions?", "Speed-up?", "What next?"]
    assert {one["question"]: tuple(one["lines"]) for one in document["answers"]} == {
        one.question: one.lines for one in three_answers.of(found)
    }
    swept = sweep_json.document(sweeps.NAME, Plan({}, []), Ran([row.record for row in found.rows], {}), found)
    assert swept["answers"] == document["answers"]


def test_an_untuned_and_a_tuned_one_are_answered_for(tmp_path: Path) -> None:
    late = "tuning: the time was up after 25 of 256 trials (budget 300 s)"
    found = answered(tmp_path, record(UNTUNED, 0.06, 0), record(TUNED, 1.21, 256, warnings=[late]))
    untuned, tuned = "bilstm fp32 tvm backend.tuning.trials=0", "bilstm fp32 tvm backend.tuning.trials=256"
    assert found == {
        "Same conditions?": (f"{ALIKE} ({tuned}; {untuned})",),
        "Speed-up?": (
            f"bilstm: {tuned} 1.21× [1.19, 1.23] as fast as {ORT}: faster",
            f"bilstm: {untuned} 0.060× [0.059, 0.061] as fast as {ORT}: slower",
        ),
        "What next?": (
            f"{late}: a larger backend.tuning.budget_s goes on ({tuned})",
            f"it is not tuned: backend.tuning.trials=256 tries other layouts of its kernels ({untuned})",
            f"why it is slower, by layers: python -m runner explain {UNTUNED} ({untuned})",
        ),
    }


@pytest.mark.parametrize(
    ("axis", "change", "said"),
    [
        ("backend", {"threads": 2}, "no: threads 2 against 1"),
        ("scenario", {"batch": 8}, "no: scenario.batch 8 against None"),
        ("model", {"hidden": 64}, "no: model.hidden 64 against 32"),
        ("preprocess", {"name": "separate"}, "no: samples raw against ready"),
    ],
)
def test_what_differs_beside_the_backend_is_named(axis: str, change: dict[str, Any], said: str, tmp_path: Path) -> None:
    content = record(TUNED, 1.2, 256)
    content["spec"][axis] = content["spec"].get(axis, {}) | change
    assert answered(tmp_path, content)["Same conditions?"][0].startswith(f"{said} (")


def test_two_ways_to_make_raw_samples_ready_are_one_task(tmp_path: Path) -> None:
    content = record(TUNED, 1.2, 256)
    content["spec"]["preprocess"] = {"name": "fused", "by": "graph"}
    content["comparison"]["baseline"]["spec"]["preprocess"] = {"name": "separate"}
    assert answered(tmp_path, content)["Same conditions?"][0].startswith(f"{ALIKE} (")


def test_a_precision_that_did_not_run_is_no_same_condition_and_is_said(tmp_path: Path) -> None:
    content = record(TUNED, 1.2, 256)
    content["spec"]["precision"]["name"] = "int8"
    found = answered(tmp_path, content)
    assert found["Same conditions?"][0].startswith("no: precision int8 (ran fp32) against fp32")
    assert found["What next?"][0].startswith("its precision was not kept: int8 (ran fp32)")


def test_disturbed_pairs_are_counted(tmp_path: Path) -> None:
    pairs = [{"pair": number, "flags": ["others kept 1.2 CPUs busy"] if number < 3 else []} for number in range(10)]
    content = record(TUNED, 1.2, 256, conditions={**fixtures.CONDITIONS, "pairs": pairs})
    assert answered(tmp_path, content)["Same conditions?"][0].startswith(f"{ALIKE}; 3 of 10 pairs disturbed (")


def test_room_below_the_physical_bound_and_an_open_verdict_say_what_to_do(tmp_path: Path) -> None:
    content = record(TUNED, 1.02, 256)
    content["metrics"]["efficiency/roofline"] = 0.12
    content["comparison"] |= {"verdict": "ambiguous", "low": 0.97, "high": 1.07}
    settles, room = answered(tmp_path, content)["What next?"]
    assert settles.startswith("To settle this verdict: about ")
    assert room.startswith("it reaches 12 % of what this machine allows: profile=layers shows where the time goes (")


def test_where_nothing_was_compared_nothing_is_answered(tmp_path: Path) -> None:
    assert answered(tmp_path, {**record(TUNED, 1.2, 256), "comparison": None}) == {}


def test_terminal_and_page_show_them(tmp_path: Path) -> None:
    comparison = sweeps.write(tmp_path)
    first, second, _ = three_answers.of(comparison)
    shown = layout.plain(answers_view.renderable(second), 120).splitlines()
    assert shown == ["Speed-up?", *(f"  - {line}" for line in second.lines)]
    page = sweep_html.render(sweep_page.collect(comparison))
    assert "<h2>Same conditions?</h2>" in page and "<h2>What next?</h2>" in page
    assert f"<li>{first.lines[0]}</li>" in page
