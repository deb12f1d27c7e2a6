"""What a baseline is called: no difference from the candidate goes unsaid."""

from __future__ import annotations

from typing import Any

import pytest

from runner.results.record_form import LEAST_AXES
from runner.spec.labels import device, differences, flatten, of_baseline, point
from tests.report.fixtures import spec


def changed(axis: str = "", **settings: Any) -> dict[str, Any]:
    """The usual spec with other settings of one axis, or another seed."""
    made = spec()
    (made[axis] if axis else made).update(settings)
    return made


@pytest.mark.parametrize(("baseline", "label"), [
    (spec(), "self"),
    (spec(measure="quick"), "self"),
    (spec(precision="int8"), "onnxruntime int8"),
    (spec(backend="openvino", compression="magnitude"), "openvino fp32 magnitude"),
    (spec(model="gru"), "gru onnxruntime fp32"),
    (changed("model", hidden=64), "onnxruntime fp32 (model.hidden 32→64)"),
    (changed("model", window=26, hidden=64), "onnxruntime fp32 (model.hidden 32→64, model.window 52→26)"),
    (changed("scenario", name="offline", batch=32), "onnxruntime fp32 (scenario=offline, time of a sample)"),
    (changed("data", name="csv", path="b.csv"), "onnxruntime fp32 (data=csv, data.path=b.csv)"),
    (changed("data", train=0.5), "onnxruntime fp32 (data.train 0.7→0.5)"),
    (changed("train", epochs=1), "onnxruntime fp32 (train.epochs 40→1)"),
    (changed("backend", threads=2), "onnxruntime fp32 (backend.threads 1→2)"),
    (changed(seed=3), "onnxruntime fp32 (seed 0→3)"),
    (changed("hardware", name="ssh", host="pi"), "onnxruntime fp32 on ssh:pi"),
])  # fmt: skip
def test_a_label_names_each_difference(baseline: dict[str, Any], label: str) -> None:
    assert of_baseline(spec(), baseline) == label


def test_the_precision_that_ran_stands_in_the_label() -> None:
    assert of_baseline(spec(), spec(backend="openvino"), "fp32 (ran bf16)") == "openvino fp32 (ran bf16)"


def test_specs_without_an_axis_have_labels_too() -> None:
    fp32, int8 = ({axis: spec(precision=name)[axis] for axis in LEAST_AXES} for name in ("fp32", "int8"))
    assert of_baseline(int8, fp32) == "onnxruntime fp32"
    assert device(fp32) == ""


def test_what_only_another_backend_has_is_a_difference_where_it_is_not_the_usual() -> None:
    assert differences(spec(), changed("backend", name="openvino", hint="none")) == []
    assert differences(spec(), changed("backend", name="openvino", hint="latency")) == ["backend.hint=latency"]
    assert differences(spec(), changed("backend", name="of_ones_own", hint="latency")) == []


def test_keys_of_one_name_that_choose_among_other_words_are_two_settings() -> None:
    litert = changed("backend", name="litert", io="float")
    mine = changed("backend", io="bind")
    assert of_baseline(litert, mine) == "onnxruntime fp32"
    assert of_baseline(litert, changed("backend", io="copy")) == "onnxruntime fp32 (backend.io=copy)"


def test_many_differences_are_counted() -> None:
    other = changed("model", **{f"s{number}": number for number in range(12)})
    mine = changed("model", **{f"s{number}": -1 for number in range(12)})
    assert differences(mine, other)[-1] == "and 4 more"


def test_a_point_forgets_how_it_was_measured_and_against_what() -> None:
    other = spec(measure="publish", baseline="self")
    assert point(other) == point(spec())
    assert point(spec(precision="fp16")) != point(spec())


def test_flattening_names_an_axis_by_its_option() -> None:
    tree = {"backend": {"name": "onnxruntime", "threads": 1, "delegates": ["a", "b"], "log": None}, "seed": 0}
    assert dict(flatten(tree)) == {
        "backend": "onnxruntime",
        "backend.threads": "1",
        "backend.delegates": '["a", "b"]',
        "backend.log": "null",
        "seed": "0",
    }
