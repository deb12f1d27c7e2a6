"""A record's spec as words: nothing in it leads to a file or a program that the user didn't type."""

from pathlib import Path
from typing import Any

import pytest

from runner.core.errors import SpecError
from runner.spec import record_words
from runner.sweeps import request

ROOT = Path()


def plain(*words: str) -> dict[str, Any]:
    return request.one(ROOT, words).plain()


def test_a_spec_of_our_own_options_is_the_same_again() -> None:
    words = ("model=gru", "model.hidden=8", "backend=openvino", "precision=int8", "measure=quick", "seed=7")
    spec = plain(*words)
    assert plain(*record_words.again(spec, [], ROOT)) == spec


def test_columns_and_sizes_are_taken_and_files_are_typed() -> None:
    spec = plain("model=onnx", "model.path=theirs.onnx", 'model.shapes={"x": ["batch", 3]}', "model.metric=none")
    again = plain(*record_words.again(spec, ["model.path=mine.onnx"], ROOT))
    spec["model"]["path"] = "mine.onnx"
    assert again == spec


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("model=onnx", "model.path=/etc/passwd"), "model.path=/etc/passwd"),
        (("model=file", "model.path=evil.engine"), "model.path=evil.engine"),
        (("model=onnx", "model.path=a", "model.inputs=b.npz"), "model.path=a, model.inputs=b.npz"),
        (("model=onnx", "model.metric=evil.py:f"), "model.metric=evil.py:f"),
        (("data=csv", "data.path=x.csv"), "data.path=x.csv"),
        (("baseline=spec", "baseline.overrides=[backend=openvino]"), r"baseline.overrides=\['backend=openvino'\]"),
    ],
)
def test_what_could_lead_to_a_file_or_a_program_is_asked_for(words: tuple[str, ...], said: str) -> None:
    with pytest.raises(SpecError, match=f"The record names {said}: a record's word isn't followed there"):
        record_words.again(plain(*words), [], ROOT)


def test_where_it_was_measured_and_with_whose_programs_is_not_taken() -> None:
    spec = plain("hardware=ssh", "hardware.host=evil", "toolchain.python=/tmp/evil", "limits.step_s=7")
    again = plain(*record_words.again(spec, [], ROOT))
    assert {part: again[part] for part in record_words.PLACES} == {part: plain()[part] for part in record_words.PLACES}


def test_a_typed_word_changes_no_part_of_the_spec() -> None:
    with pytest.raises(SpecError, match="seed=3: the record's own spec is run"):
        record_words.again(plain(), ["seed=3"], ROOT)
    assert record_words.again(plain(), ["limits.step_s=7"], ROOT)[-1] == "limits.step_s=7"
