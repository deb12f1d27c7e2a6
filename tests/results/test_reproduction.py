"""A result measured again: by its ratio, whatever the machine's milliseconds."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from runner.core.errors import SpecError, Unavailable
from runner.results import record_schema, records, reproduction
from runner.results.record_schema import Result
from runner.results.reproduction import Reproduction
from tests.report import fixtures
from tests.report.fixtures import HARDWARE, measured, not_measured, spec

ONE, TWO = "20261121T090100-00000001", "20261122T090100-00000002"


def result(record_id: str, speedup: float, **changes: Any) -> Result:
    return record_schema.read(
        measured(record_id, spec(precision="int8"), spec(), "onnxruntime fp32", speedup, **changes)
    )


def answered(here: Result, there: Result) -> Reproduction:
    return reproduction.compared(here, there, {})


def test_it_holds_in_one_line() -> None:
    found = answered(result(TWO, 1.41), result(ONE, 1.43))
    assert found.text == "holds here (1.41× [1.38, 1.44] against 1.43× [1.40, 1.46])"


def test_another_chip_is_compared_by_its_ratio_and_is_said() -> None:
    other = {"python": "3.11.9", "packages": {}, "hardware": {**HARDWARE, "cpu": "Cortex-A76", "identity": "pi"}}
    slow = result(TWO, 1.41, environment=other, metrics=fixtures.metrics(900.0, 1.41))
    found = answered(slow, result(ONE, 1.43))
    assert found.answer == "holds here"
    assert ("machine: CPU", "Cortex-A76", "AMD EPYC 9B14") in found.differences


def test_it_does_not_where_the_ratios_lie_apart() -> None:
    found = answered(result(TWO, 1.20), result(ONE, 1.43))
    assert found.text == "doesn't hold here (1.20× [1.18, 1.22] against 1.43× [1.40, 1.46])"


def test_nor_where_the_verdict_is_the_opposite() -> None:
    assert answered(result(TWO, 0.96), result(ONE, 1.04)).reason == "slower, not faster"


def test_it_cannot_be_told_where_verdicts_differ_and_ratios_hardly_do() -> None:
    assert answered(result(TWO, 1.02), result(ONE, 1.04)).reason == "same here, faster there"


def test_nor_of_two_pairs() -> None:
    content = measured(TWO, spec(), spec(), "onnxruntime fp32", 1.43)
    content["comparison"]["by_pair"] = [1.43, 1.43]
    found = answered(record_schema.read(content), record_schema.read(content))
    assert (found.answer, found.reason) == ("can't be told", "2 and 2 pairs are too few")


def test_an_edited_record_is_refused(tmp_path: Path) -> None:
    record = fixtures.write(tmp_path, measured(ONE, spec(), spec(), "onnxruntime fp32", 1.43, measurement_key="k"))
    reproduction.check(record)
    file = record.folder / "record.json"
    content = json.loads(file.read_text())
    content["comparison"]["ratio"] = 1.45
    file.write_text(json.dumps(content))
    with pytest.raises(SpecError, match=f"{ONE} was edited"):
        reproduction.check(records.read(record.folder))


def scored(record_id: str, difference: tuple[float, float, float] | None, speedup: float = 1.43) -> Result:
    """Its quality, 1 ppm and the difference from the baseline (value, low, high); no interval: a function's."""
    quality = {"metric": "mae_ppm", "samples": 280, "vs_baseline": {"reason": "one number"}}
    if difference:
        ends = dict(zip(("difference", "low", "high"), difference, strict=True))
        quality["vs_baseline"] = {**ends, "verdict": "worse", "method": "m"}
    found = result(record_id, speedup, quality=quality)
    return replace(found, metrics={**found.metrics, "quality/mae_ppm": 1 + (difference or (0.0,))[0]})


def test_quality_is_compared_too() -> None:
    found = answered(scored(TWO, (0.011, 0.002, 0.02)), scored(ONE, (0.012, 0.003, 0.021)))
    assert (found.answer, found.quality.answer) == ("holds here", "not told apart")
    assert found.quality.text == (
        "quality: mae 1.01 ppm here, mae 1.01 ppm there; against the baseline +0.0110 [+0.00200, +0.0200] ppm here, "
        "+0.0120 [+0.00300, +0.0210] ppm there: not told apart"
    )


def test_it_does_not_hold_where_the_quality_differs() -> None:
    found = answered(scored(TWO, (0.2, 0.1, 0.3)), scored(ONE, (0.012, 0.003, 0.021)))
    assert (found.answer, found.reason) == ("doesn't hold here", found.quality.text)


def test_a_quality_without_an_interval_does_not_change_the_answer() -> None:
    found = answered(scored(TWO, None), scored(ONE, None))
    assert (found.answer, found.quality.answer) == ("holds here", "can't be told")
    assert found.quality.text == "quality: mae 1.00 ppm here, mae 1.00 ppm there: can't be told"


def test_nothing_scored_is_said() -> None:
    bare = {"metrics": {"latency/p50_ms": 1.0}}
    found = answered(result(TWO, 1.41, **bare), result(ONE, 1.43, **bare))
    assert found.quality.text == "quality: none was scored"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (not_measured(ONE, spec(), "unavailable", "No torch.", ""), "is absent: it holds no measurement"),
        (measured(ONE, spec(), spec(), "none", 1.0, comparison=None), "was measured without a baseline"),
    ],
)
def test_what_has_no_ratio_is_refused(content: dict[str, Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=said):
        reproduction.check(fixtures.write(tmp_path, content))


def test_the_files_have_to_be_the_same_whatever_they_are_called() -> None:
    there = result(ONE, 1.43, input_files={"a" * 64: "model.onnx"})
    reproduction.check_files(there, {"a" * 64: "mine.onnx"})
    with pytest.raises(Unavailable, match=r"with model.onnx \(SHA-256 aaaaaaaaaaaa…\); mine.onnx has another content"):
        reproduction.check_files(there, {"b" * 64: "mine.onnx"})


def test_an_older_record_does_not_say_what_was_in_its_files() -> None:
    with pytest.raises(Unavailable, match="doesn't say what was in its files"):
        reproduction.check_files(result(ONE, 1.43), {"a" * 64: "mine.onnx"})
