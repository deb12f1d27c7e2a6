"""One row to take under a quality budget, what is not told apart from it, and why others are not chosen."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest

from runner.core.errors import SpecError
from runner.results import comparison, quality_loss, records
from runner.results.choice import Choice, Pick
from runner.results.comparison import Comparison
from tests import documents
from tests.conftest import QUICK, Command, Ended
from tests.report import fixtures
from tests.report.fixtures import measured, spec

ORT = "onnxruntime fp32"
FP32, DYNAMIC, INT8 = (spec(precision=name) for name in ("fp32", "int8_dynamic", "int8"))


def identity(number: int) -> str:
    return f"20261121T09{number:02d}00-{number:08x}"


def row(
    number: int, of: dict[str, Any], speedup: float, loss: tuple[float, float, float], **changes: Any
) -> dict[str, Any]:
    """A record of `of`, `speedup` × as fast as the baseline (± 2 %), that loses so much (value, low, high) of the float
    model's 1 ppm."""
    value, low, high = loss
    verdict = "equal" if loss == SAME else "not told apart"
    found = {"difference": value, "low": low, "high": high, "verdict": verdict, "method": "m"}
    content = measured(identity(number), of, FP32, ORT, speedup)
    content["metrics"]["quality/mae_ppm"] = 1 + value
    quality = {"metric": "mae_ppm", "samples": 200, "confidence": 0.95, "vs_float": found}
    return {**content, "quality": quality, **changes}


SAME = (0.0, 0.0, 0.0)


def table(root: Path, *contents: dict[str, Any]) -> Comparison:
    for content in contents:
        fixtures.write(root, content)
    return comparison.compare(records.read_all(root))


def chosen(root: Path, *contents: dict[str, Any], budget: str = "1%", by: str = "latency") -> Choice:
    found = comparison.chosen(table(root, *contents), quality_loss.parse(budget), by).choice
    assert found is not None
    return found


def only(choice: Choice) -> Pick:
    (pick,) = choice.picks
    return pick


def sized(
    number: int, of: dict[str, Any], speedup: float, loss: tuple[float, float, float], mb: float
) -> dict[str, Any]:
    content = row(number, of, speedup, loss)
    content["metrics"]["size/file_mb"] = mb
    return content


def test_the_fastest_within_the_budget_is_recommended_and_the_sentence_says_why(tmp_path: Path) -> None:
    found = chosen(
        tmp_path,
        row(1, FP32, 1.0, SAME),
        row(2, DYNAMIC, 1.4, (0.001, 0.0, 0.005)),
        row(3, INT8, 2.0, (0.02, 0.01, 0.03)),
    )
    assert only(found).recommended == identity(2)
    assert only(found).sentence == (
        "Recommended: bilstm int8_dynamic onnxruntime: 0.714 ms a sample, 1.40× [1.37, 1.43] as fast as onnxruntime "
        "fp32, the fastest of 2 within the budget of 1 %; mae at worst 0.500 % (0.00500 ppm) worse than the float "
        "model's."
    )
    assert found.left_out == {
        identity(3): "over the budget of 1 %: mae at worst 3.00 % (0.0300 ppm) worse than the float model's"
    }


def test_the_worse_end_of_the_interval_counts(tmp_path: Path) -> None:
    rows = (row(1, FP32, 1.0, SAME), row(2, DYNAMIC, 1.4, (0.001, -0.02, 0.011)))
    assert only(chosen(tmp_path, *rows)).recommended == identity(1)
    assert only(chosen(tmp_path, budget="0.011")).recommended == identity(2)


def test_rows_that_nothing_beats_in_both_are_pareto_even_over_the_budget(tmp_path: Path) -> None:
    found = chosen(
        tmp_path,
        row(1, FP32, 1.0, SAME),
        row(2, DYNAMIC, 1.4, (0.03, 0.02, 0.04)),
        row(3, INT8, 2.0, (0.02, 0.01, 0.03)),
    )
    assert found.pareto == {identity(1), identity(3)}


def test_rows_that_are_not_told_apart_are_named_and_the_best_quality_is_taken(tmp_path: Path) -> None:
    found = chosen(tmp_path, row(2, DYNAMIC, 1.40, (0.001, 0.0, 0.002)), row(3, INT8, 1.42, (0.008, 0.007, 0.009)))
    assert (only(found).recommended, only(found).tied) == (identity(2), (identity(3),))
    assert only(found).sentence.endswith(
        "Not told apart from bilstm int8 onnxruntime (0.704 ms a sample, 1.42× [1.39, 1.45] as fast as onnxruntime "
        "fp32): intervals overlap, or differ by less than the noise floor; it has the best quality of them."
    )


def test_where_quality_is_not_told_apart_either_the_smaller_file_is_taken(tmp_path: Path) -> None:
    found = chosen(
        tmp_path,
        sized(2, DYNAMIC, 1.40, (0.001, 0.0, 0.005), 0.5),
        sized(3, INT8, 1.42, (0.002, 0.0, 0.005), 0.25),
    )
    assert only(found).recommended == identity(3)
    assert only(found).sentence.endswith("of those whose quality isn't told apart it is the smallest file.")


def test_a_difference_below_the_noise_floor_is_none(tmp_path: Path) -> None:
    """Intervals of ± 0.1 % that don't overlap, 0.7 % apart, with a floor of 1 %."""
    fast = row(3, INT8, 1.41, (0.008, 0.007, 0.009))
    slow = row(2, DYNAMIC, 1.40, (0.001, 0.0, 0.002))
    for content in (fast, slow):
        ratio = content["comparison"]["ratio"]
        content["comparison"] |= {"low": ratio * 0.999, "high": ratio * 1.001}
    assert only(chosen(tmp_path, fast, slow)).tied == (identity(3),)


def test_speed_ups_over_one_baseline_count_more_than_times_of_different_hours(tmp_path: Path) -> None:
    slow_hour = row(3, INT8, 2.0, SAME)
    slow_hour["metrics"] |= {f"latency/p50_ms{end}": 3.0 for end in ("", "_low", "_high")}
    assert only(chosen(tmp_path, row(2, DYNAMIC, 1.4, SAME), slow_hour)).recommended == identity(3)


def test_what_was_measured_as_slower_is_not_called_the_same_by_its_time(tmp_path: Path) -> None:
    """Also where another batch size is in the table: the best batch is found by a sample, its rows by speed-ups."""
    slower = paired(3, 8, 0.95, "int8", mb=0.001)
    fast = {**paired(2, 8, 1.0, "fp32"), "comparison": None}
    found = chosen(tmp_path, {**paired(1, 1, 1.0, "fp32"), "comparison": None}, fast, slower)
    assert (only(found).recommended, only(found).tied) == (identity(2), ())


def paired(number: int, batch: int, speedup: float, precision: str, mb: float = 0.031) -> dict[str, Any]:
    """A batch takes 1 ms, whatever the speed-up over fp32 in that batch."""
    of, base = (spec(scenario="offline", precision=name) for name in (precision, "fp32"))
    of["scenario"]["batch"] = base["scenario"]["batch"] = batch
    content = measured(identity(number), of, base, ORT, speedup)
    ends = {f"latency/p50_ms{end}": by for end, by in (("", 1.0), ("_low", 0.9), ("_high", 1.1))}
    content["metrics"] |= {**ends, "quality/mae_ppm": 1.0, "size/file_mb": mb}
    equal = {"difference": 0.0, "low": 0.0, "high": 0.0, "verdict": "equal", "method": "m"}
    return {**content, "spec_key": str(number), "quality": {"metric": "mae_ppm", "samples": 200, "vs_float": equal}}


@pytest.mark.parametrize(
    ("by", "metric", "values", "best"),
    [
        ("throughput", "throughput/per_s", (1000.0, 2000.0), 3),
        ("size", "size/file_mb", (0.5, 0.25), 3),
        ("energy", "energy/mj_per_inference", (1.0, 2.0), 2),
    ],
)
def test_by_another_figure(tmp_path: Path, by: str, metric: str, values: tuple[float, float], best: int) -> None:
    rows = [row(2, DYNAMIC, 1.4, SAME), row(3, INT8, 1.4, SAME)]
    for content, value in zip(rows, values, strict=True):
        content["metrics"][metric] = value
    assert only(chosen(tmp_path, *rows, by=by)).recommended == identity(best)


def test_an_unknown_figure_is_a_slip(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"--by=latenzy: no such one\. Did you mean latency"):
        chosen(tmp_path, row(1, FP32, 1.0, SAME), by="latenzy")


def test_a_row_without_the_figure_says_why(tmp_path: Path) -> None:
    found = chosen(tmp_path, row(1, FP32, 1.0, SAME), by="energy")
    assert found.left_out == {identity(1): "no power sensor can be read on this machine"}
    assert only(found) == Pick(None, "Nothing to recommend: no row can be chosen; each says why.")


def test_where_no_row_is_within_the_budget_one_that_would_do_is_advised(tmp_path: Path) -> None:
    rows = (row(2, DYNAMIC, 1.4, (0.03, 0.02, 0.0412)), row(3, INT8, 2.0, (0.3, 0.2, 0.4)))
    found = chosen(tmp_path, *rows)
    assert only(found) == Pick(
        None,
        "Nothing to recommend: no row is within the budget of 1 %. Least: bilstm int8_dynamic onnxruntime, mae at "
        "worst 4.12 % (0.0412 ppm) worse than the float model's (--max-loss 4.2%).",
    )
    assert only(chosen(tmp_path, budget="4.2%")).recommended == identity(2)


CONSTANT = "int8 destroys column 3 of y: constant, where the float model's values vary"
RAN_FP32 = {"candidate": {"settings": {}, "precision": {"LSTM": {"fp32": 1}}, "quantized": {}}}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"checks": {"candidate": {"outputs": {"status": "failed", "reason": CONSTANT}}}}, CONSTANT),
        ({"effective": RAN_FP32}, "it is called by a precision that nothing ran in: int8 (ran fp32)"),
    ],
)
def test_what_is_not_what_it_seems_is_not_chosen_however_fast(
    tmp_path: Path, changes: dict[str, Any], why: str
) -> None:
    found = chosen(tmp_path, row(1, FP32, 1.0, SAME), row(3, INT8, 9.0, SAME, **changes))
    assert only(found).recommended == identity(1)
    assert found.left_out == {identity(3): why}
    assert found.pareto == {identity(1)}


def test_a_row_whose_loss_is_unknown_is_not_chosen_and_may_be_pareto(tmp_path: Path) -> None:
    found = chosen(tmp_path, row(1, FP32, 1.0, SAME), row(3, INT8, 9.0, SAME, quality={}))
    assert only(found).recommended == identity(1)
    assert found.left_out == {identity(3): "its quality beside the float model's isn't known"}
    assert found.pareto == {identity(3)}


def test_pareto_is_over_all_models_of_one_data_set(tmp_path: Path) -> None:
    """Each model has a recommendation of its own; a row that another model's beats in both is not on the front."""
    gru = {**row(2, spec(model="gru"), 2.0, SAME), "comparison": None, "spec_key": "gru"}
    found = chosen(tmp_path, row(1, FP32, 1.0, SAME), gru)
    assert [pick.recommended for pick in found.picks] == [identity(1), identity(2)]
    assert found.pareto == {identity(2)}


def test_an_edited_record_is_not_chosen(tmp_path: Path) -> None:
    fixtures.write(tmp_path, row(1, FP32, 1.0, SAME))
    file = fixtures.write(tmp_path, row(3, INT8, 9.0, SAME)).folder / "record.json"
    file.write_text(file.read_text().replace('"pairs": 10', '"pairs": 11'))
    found = chosen(tmp_path)
    assert only(found).recommended == identity(1)
    assert found.left_out == {identity(3): comparison.EDITED}


def offline(number: int, batch: int, ms: float) -> dict[str, Any]:
    """A batch takes `ms`; compared with nothing."""
    of = spec(scenario="offline")
    of["scenario"]["batch"] = batch
    content = row(number, of, 1.0, SAME, spec_key=str(number), comparison=None)
    content["metrics"] |= {f"latency/p50_ms{end}": ms * by for end, by in (("", 1.0), ("_low", 0.99), ("_high", 1.01))}
    content["metrics"]["throughput/per_s"] = batch * 1000 / ms
    return content


@pytest.mark.parametrize("by", ["latency", "throughput"])
def test_batch_sizes_are_compared_by_a_sample(tmp_path: Path, by: str) -> None:
    found = chosen(tmp_path, offline(1, 1, 1.0), offline(2, 32, 16.0), by=by)
    assert only(found).recommended == identity(2)


def test_models_are_chosen_each_beside_its_own_float_model(tmp_path: Path) -> None:
    gru = spec(model="gru")
    found = chosen(tmp_path, row(1, FP32, 1.0, SAME), {**row(2, gru, 2.0, SAME), "comparison": None, "spec_key": "gru"})
    assert [(pick.about, pick.recommended) for pick in found.picks] == [
        ("model bilstm", identity(1)),
        ("model gru", identity(2)),
    ]


def test_marks_of_a_table(tmp_path: Path) -> None:
    rows = (row(1, FP32, 1.0, SAME), row(2, DYNAMIC, 1.4, SAME), row(3, INT8, 2.0, (0.02, 0.01, 0.03)))
    found = comparison.chosen(table(tmp_path, *rows), quality_loss.parse("1%"), "latency")
    assert found.choice is not None
    assert {one.result.record_id: found.choice.mark(one) for one in found.rows} == {
        identity(1): "",
        identity(2): "recommended, Pareto",
        identity(3): "Pareto; over the budget of 1 %: mae at worst 3.00 % (0.0300 ppm) worse than the float model's",
    }


def run(command: Command, line: str) -> Ended:
    """A line of the page, with less to measure."""
    words = shlex.split(line, comments=True)[3:]
    return command(*words, *(QUICK if words[0] == "-m" else ()))


@pytest.mark.slow
def test_every_command_of_the_page_works(command: Command, tmp_path: Path) -> None:
    (tmp_path / "runner.toml").touch()
    (lines,) = documents.blocks("docs/reports.md", "tests/results/test_choice.py")
    done = [run(command, line) for line in lines]
    assert [one.code for one in done] == [0] * 5, [one.err for one in done]
    told = [one.out.count("Recommended: gru ") + one.out.count("Nothing to recommend: ") for one in done[1:4]]
    assert told == [1, 1, 1]
    assert '"choice"' in done[4].out
