"""A record of before a setting existed doesn't differ in it from one of today."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runner.results import later_settings, record_schema
from runner.results.later_settings import MEASURE, OPTIONS, PARTS
from runner.results.record_form import IMPORTED
from runner.spec.labels import distinguishing, flatten
from runner.sweeps import request
from tests.report import fixtures

FILE = ("model=onnx", "model.path=m.onnx")


def of_before(spec: dict[str, Any]) -> dict[str, Any]:
    """The spec as the first records had it."""
    return {part: without_later(part, one) for part, one in spec.items() if part not in PARTS}


def without_later(part: str, chosen: Any) -> Any:
    if not isinstance(chosen, dict):
        return chosen
    later = {**OPTIONS.get(part, {}).get(chosen.get("name"), {}), **(MEASURE if part == "measure" else {})}
    return {key: value for key, value in chosen.items() if key not in later}


@pytest.mark.parametrize(
    "words",
    [
        ("model=gru", "backend=onnxruntime", "precision=int8_dynamic"),
        ("model=mobilenet_v1", "backend=openvino", "precision=int8"),
        ("model=mobilenet_v1", "backend=torch", "precision=fp32"),
        (*FILE, "backend=onnxruntime", "precision=fp32"),
    ],
)
def test_what_came_later_is_filled_in(tmp_path: Path, words: tuple[str, ...]) -> None:
    (tmp_path / "m.onnx").touch()
    today = request.one(tmp_path, [*words]).plain()
    before = of_before(today)
    assert before != today
    assert distinguishing([dict(flatten(one)) for one in (today, later_settings.filled(before))]) == []


def test_what_a_record_says_stands() -> None:
    said = {"name": "onnxruntime", "arena": False}
    assert later_settings.filled({"backend": said})["backend"]["arena"] is False


def test_numbers_that_were_measured_elsewhere_are_told_nothing() -> None:
    measured = fixtures.measured("r", fixtures.spec(), fixtures.spec(), "", 1.0)
    content = {**measured, "origin": IMPORTED, IMPORTED: {"source": "a"}, "spec": {"model": {"name": "net"}}}
    assert record_schema.read(content).spec == {"model": {"name": "net"}}
