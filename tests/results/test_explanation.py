"""Why one measurement is slower than another: reasons that the data support, each with the layers that show it."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runner.core.errors import SpecError
from runner.measure.layer_groups import group_of
from runner.report import explanation_page
from runner.report.views import explanation_view
from runner.results import explanation, find_record, layers, record_diff, records
from runner.results.explanation import Explanation
from runner.results.records import Record
from tests.report import fixtures
from tests.report.fixtures import measured, spec

ID = "20261121T094600-0000000b"
OTHER = "20261121T094700-0000000c"


def layer(name: str, kind: str, ms: float, precision: str = "fp32") -> dict[str, Any]:
    return {"name": name, "type": kind, "precision": precision, "ns": 1e6 * ms, "calls": 1, "share": 0.5}


def side(*of: dict[str, Any], run_ms: float, statistic: str = "median") -> dict[str, Any]:
    total = sum(one["ns"] for one in of)
    times = {"sum_ns": total, "run_ns": 1e6 * run_ms, "measured_ns": 1e6 * run_ms, "resolution_ns": 1000.0}
    return {"version": "1", "iterations": 100, "statistic": statistic, **times, "layers": list(of)}


FLOAT = side(layer("c", "Conv", 0.4), layer("g", "Gemm", 0.1), run_ms=0.5)
INT8 = side(
    layer("q", "QuantizeLinear", 0.2, "conversion"),
    layer("c", "QLinearConv", 0.6, "int8"),
    layer("g", "Gemm", 0.1),
    layer("dq", "DequantizeLinear", 0.1, "conversion"),
    run_ms=1.0,
)


def kept(
    root: Path, profile: dict[str, Any] | None, record_id: str = ID, precision: str = "int8", **changes: Any
) -> Record:
    """A record of an int8 candidate half as fast as its fp32 baseline, with that `layers.json`."""
    content = measured(record_id, spec(precision=precision), spec(), "onnxruntime fp32", 0.5, **changes)
    np.savez(root / "s.npz", **fixtures.samples(2.0, 1.0))
    files = {"samples.npz": root / "s.npz"}
    if profile is not None:
        files[layers.FILE] = root / layers.FILE
        files[layers.FILE].write_text(json.dumps({"schema": 1, **profile}))
    return records.write(root, content, files)


def explained(root: Path, mine: dict[str, Any] = INT8, theirs: dict[str, Any] = FLOAT, **changes: Any) -> Explanation:
    return explanation.of_one(kept(root, {**mine, "baseline": theirs}, **changes))


def kinds(found: Explanation) -> list[str]:
    return [one.kind for one in found.reasons]


def test_int8_with_conversions_slower_kernels_and_a_float_layer(tmp_path: Path) -> None:
    found = explained(tmp_path)
    assert [(one.kind, one.layers) for one in found.reasons] == [
        ("extra conversions", ("q", "dq")),
        ("slower kernels", ("c",)),
        ("float fallback", ("g",)),
    ]
    assert found.reasons[0].told == (
        "the candidate has 2 quantising or casting layers (QuantizeLinear, DequantizeLinear), 0.300 ms, "
        "30 % of its layers' time; the baseline has none"
    )
    assert found.reasons[1].told == (
        "convolution: 0.600 ms in int8 (1 layer of the candidate) against 0.400 ms in fp32 (1 layer of the baseline); "
        "the longest: c (QLinearConv, 0.600 ms)"
    )
    assert found.reasons[2].told == (
        "of the candidate's 2 layers that do the work 1 runs in fp32, not in int8: g (Gemm, 0.100 ms)"
    )
    assert (found.reasons[0].ms, found.reasons[2].ms) == (pytest.approx(0.3), None)


def test_groups_are_told_by_their_work_the_largest_difference_first(tmp_path: Path) -> None:
    found = explained(tmp_path)
    assert [(one.name, one.counts) for one in found.groups] == [
        ("quantising and casts", (2, 0)), ("convolution", (1, 1)), ("matrix product", (1, 1)), ("in no layer", (0, 0)),
    ]  # fmt: skip
    assert [round(one.difference_ms, 3) for one in found.groups] == [0.3, 0.2, 0.0, 0.0]


@pytest.mark.parametrize(
    ("more", "kind", "names"),
    [
        ([layer("r1", "Reorder", 0.1), layer("t", "Transpose", 0.1)], "layout conversions", ("r1", "t")),
        ([layer("relu", "Relu", 0.1), layer("add", "Eltwise", 0.05)], "unfused", ("relu", "add")),
    ],
)
def test_layers_that_compute_nothing_by_themselves(
    more: list[dict[str, Any]], kind: str, names: tuple[str, ...], tmp_path: Path
) -> None:
    mine = side(*FLOAT["layers"], *more, run_ms=0.65)
    (reason,) = explained(tmp_path, mine, FLOAT, precision="fp32").reasons
    assert (reason.kind, reason.layers) == (kind, names)


def test_time_in_no_layer_is_a_reason_with_how_many_layers_there_are(tmp_path: Path) -> None:
    (reason,) = explained(tmp_path, side(*FLOAT["layers"], run_ms=0.9), FLOAT, precision="fp32").reasons
    assert reason.kind == "between layers"
    assert "0.400 ms of the candidate's run are in none of its 2 layers" in reason.told


def test_what_the_profiler_hides_between_layers_is_no_reason(tmp_path: Path) -> None:
    mine = side(*FLOAT["layers"], run_ms=2.0) | {"measured_ns": 450_000.0}  # its layers take 0.5 ms
    found = explained(tmp_path, mine, FLOAT, precision="fp32")
    assert found.reasons == ()
    assert found.notes[1] == (
        "The candidate's layers alone take longer under the profiler than a whole run without it: what lies between "
        "them can't be told."
    )


def test_what_the_profiler_hides_of_the_faster_side_is_nothing_to_be_held_against(tmp_path: Path) -> None:
    theirs = FLOAT | {"measured_ns": 450_000.0}
    assert kinds(explained(tmp_path, side(*FLOAT["layers"], run_ms=0.9), theirs, precision="fp32")) == []


def test_layers_that_take_longer_than_a_whole_run_without_the_profiler_are_no_reason(tmp_path: Path) -> None:
    """As of a runtime whose profiler makes of 0.05 ms 0.25 ms."""
    mine, theirs = side(layer("g", "GRU", 0.23), run_ms=0.25), side(layer("g", "GRU", 0.03), run_ms=0.04)
    assert "slower kernels" in kinds(explained(tmp_path, mine, theirs, precision="fp32"))
    slowed = mine | {"measured_ns": 50_000.0}
    other = explanation.of_one(kept(tmp_path, {**slowed, "baseline": theirs}, OTHER, precision="fp32"))
    assert kinds(other) == []


@pytest.mark.parametrize(
    ("kind", "reason"), [("Reorder", "layout conversions"), ("Relu", "unfused"), ("Softmax", "slower kernels")]
)
def test_as_many_layers_that_take_far_longer_are_a_reason(kind: str, reason: str, tmp_path: Path) -> None:
    mine, theirs = (side(*FLOAT["layers"], layer("x", kind, ms), run_ms=0.5 + ms) for ms in (0.2, 0.02))
    (found,) = explained(tmp_path, mine, theirs, precision="fp32").reasons
    assert (found.kind, found.layers, found.ms) == (reason, ("x",), pytest.approx(0.18))


def test_of_many_kinds_the_most_frequent_are_named(tmp_path: Path) -> None:
    casts = [layer(f"q{number}", f"quantize_{number}", 0.1) for number in range(9)]
    (found,) = explained(tmp_path, side(*FLOAT["layers"], *casts, run_ms=1.4), FLOAT, precision="fp32").reasons
    assert "(quantize_0, quantize_1, quantize_2, quantize_3, 5 more kinds)" in found.told
    assert len(found.layers) == 9


def test_what_was_fused_away_and_took_no_time_is_no_reason(tmp_path: Path) -> None:
    mine = side(*FLOAT["layers"], layer("fused", "FakeQuantize", 0.0, "conversion"), run_ms=0.5)
    assert explained(tmp_path, mine, FLOAT, precision="fp32").reasons == ()


def test_where_the_baseline_is_the_slower_one_it_is_explained(tmp_path: Path) -> None:
    content = measured(ID, spec(), spec(), "onnxruntime fp32", 2.0)
    found = explained(
        tmp_path, FLOAT, side(*FLOAT["layers"], layer("relu", "Relu", 0.5), run_ms=1.0), precision="fp32",
        metrics=content["metrics"], comparison=content["comparison"],
    )  # fmt: skip
    assert found.slower.role == "baseline"
    assert found.reasons[0].told.startswith("the baseline has 1 separate element-wise layer (Relu), 0.500 ms")


def test_threads_and_what_fell_back_need_no_profile(tmp_path: Path) -> None:
    effective = {
        "candidate": {
            "settings": {"threads": 1}, "precision": {"LSTM": {"fp32": 1}, "Gemm": {"int8": 1}},
            "fallback": {"NonZero": 2},
        },
        "baseline": {"settings": {"threads": 2}},
    }  # fmt: skip
    found = explanation.of_one(kept(tmp_path, None, effective=effective))
    assert [(one.kind, one.told) for one in found.reasons] == [
        ("float fallback", "of the candidate LSTM in fp32, not in int8"),
        ("partial delegation", "of the candidate NonZero ×2 ran elsewhere than asked for"),
        ("thread pool", "the candidate has 1 thread, the baseline 2 threads"),
    ]
    assert found.groups == ()


def of_pools(root: Path, mine: dict[str, Any], theirs: dict[str, Any]) -> list[str]:
    effective = {role: {"settings": one} for role, one in (("candidate", mine), ("baseline", theirs))}
    found = explanation.of_one(kept(root, None, effective=effective, precision="fp32"))
    return [one.told for one in found.reasons if one.kind == "thread pool"]


def test_what_else_differs_in_pools_counts_where_there_are_several_threads(tmp_path: Path) -> None:
    still, spins = {"spinning": False, "streams": 1}, {"spinning": True, "streams": 1}
    assert of_pools(tmp_path, {"threads": 2, **still}, {"threads": 2, **spins}) == [
        "the candidate has spinning=false, the baseline spinning=true"
    ]


def test_one_thread_has_no_pool_that_could_spin(tmp_path: Path) -> None:
    assert of_pools(tmp_path, {"threads": 1, "spinning": False}, {"threads": 1, "spinning": True}) == []


def test_more_operations_are_a_reason(tmp_path: Path) -> None:
    known = {"bytes": 10, "not_counted": [], "reason": "no peaks"}
    roofline = {"candidate": {"flops": 4_000_000, **known}, "baseline": {"flops": 1_000_000, **known}}
    found = explanation.of_one(kept(tmp_path, None, roofline=roofline, precision="fp32"))
    assert found.reasons[-1].told == (
        "the candidate asks for 4.00× the operations of the baseline (4.00 against 1.00 MFLOP)"
    )


def test_a_missing_profile_is_said_with_the_command_that_makes_one(tmp_path: Path) -> None:
    page = explanation_page.collect(explanation.of_one(kept(tmp_path, None)), tmp_path)
    assert page.missing[0].endswith("has no profile: it was measured without profile=layers")
    (command,) = [line for line in page.missing if line.startswith("This makes one: ")]
    assert command.startswith("This makes one: python -m runner model=bilstm ")
    assert "precision=int8 backend=onnxruntime" in command
    assert command.endswith(" profile=layers")


def test_a_backend_without_a_profiler_is_asked_for_none(tmp_path: Path) -> None:
    why = {"reason": "backend=litert can't time its layers."}
    page = explanation_page.collect(explanation.of_one(kept(tmp_path, {**INT8, "baseline": why})), tmp_path)
    assert page.missing == ("onnxruntime fp32 has no profile: backend=litert can't time its layers.",)


def test_a_backend_without_a_profiler_needs_no_command_that_would_make_none(tmp_path: Path) -> None:
    page = explanation_page.collect(beside(tmp_path, spec(backend="litert"), spec()), tmp_path)
    assert page.missing[0].endswith("litert has no profile: its backend can't time its layers")
    (command,) = [line for line in page.missing if line.startswith("This makes one: ")]
    assert "backend=onnxruntime" in command


def test_a_profile_that_could_not_be_had_is_asked_for_no_more(tmp_path: Path) -> None:
    record = kept(tmp_path, None, unavailable={layers.ABSENT: "backend=litert can't time its layers."})
    page = explanation_page.collect(explanation.of_one(record), tmp_path)
    assert page.missing[0].endswith("has no profile: backend=litert can't time its layers.")
    assert not [line for line in page.missing if line.startswith("This makes one: ")]


def test_two_that_cant_be_told_apart_are_said_so_first(tmp_path: Path) -> None:
    content = measured(ID, spec(precision="int8"), spec(), "onnxruntime fp32", 1.01)
    found = explained(tmp_path, metrics=content["metrics"], comparison=content["comparison"])
    assert not found.finding.told_apart
    assert found.notes[0].startswith("These two can't be told apart (same)")


def test_a_profiler_that_slows_a_run_is_said(tmp_path: Path) -> None:
    mine = copy.deepcopy(INT8) | {"measured_ns": 250_000.0}
    assert explained(tmp_path, mine).notes[0].startswith("The candidate takes 4.0× as long under the profiler")


def test_a_record_without_a_baseline_asks_for_another_record(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="was measured without a baseline") as refused:
        explanation.of_one(kept(tmp_path, INT8, comparison=None))
    assert refused.value.next_step == "Name two records: python -m runner explain CANDIDATE BASELINE"


@pytest.mark.parametrize(
    ("kind", "group"),
    [
        ("QLinearConv", "convolution"), ("GroupConvolution", "convolution"), ("Convert", "quantising and casts"),
        ("DynamicQuantizeLSTM", "recurrent"), ("GRUSequence", "recurrent"), ("QGemm", "matrix product"),
        ("FullyConnected", "matrix product"), ("DynamicQuantizeMatMul", "matrix product"),
        ("FakeQuantize", "quantising and casts"), ("ReorderOutput", "layout"), ("Subgraph", "element-wise"),
        ("Softmax", "softmax"), ("QLinearGlobalAveragePool", "pooling and reductions"), ("Unsqueeze", "moving"),
        ("LayerNormalization", "normalisation"), ("TopK", "TopK"), ("layout_transform", "layout"),
        ("fused_dense_add", "matrix product"), ("astype", "quantising and casts"),
    ],
)  # fmt: skip
def test_a_type_is_called_by_its_work(kind: str, group: str) -> None:
    assert group_of(kind) == group


def test_two_records_are_held_against_each_other_by_what_they_are_called(tmp_path: Path) -> None:
    kept(tmp_path, INT8)
    kept(tmp_path, FLOAT, OTHER, precision="fp32")
    with (
        find_record.called("bilstm int8 onnxruntime", tmp_path) as mine,
        find_record.called(OTHER, tmp_path) as theirs,
    ):
        found = explanation.of_two(record_diff.beside(mine, theirs))
    assert [one.record_id for one in found.sides] == [ID, OTHER]
    assert (found.finding.kind, found.candidate.role, found.baseline.role) == ("unpaired", "candidate", "baseline")
    assert kinds(found) == ["extra conversions", "slower kernels", "float fallback"]


def test_a_title_that_no_record_has_is_refused_with_those_that_there_are(tmp_path: Path) -> None:
    kept(tmp_path, INT8)
    unknown = find_record.called("bilstm int9 onnxruntime", tmp_path)
    with pytest.raises(SpecError, match="bilstm int9 onnxruntime: no record, exported file or title") as refused:
        unknown.__enter__()
    assert "'bilstm int8 onnxruntime'" in refused.value.next_step


def test_what_holds_the_faster_side_back_is_no_reason_why_the_other_is_slower(tmp_path: Path) -> None:
    effective = {
        "candidate": {"settings": {}, "precision": {"GRU": {"fp32": 1}}, "fallback": {"NonZero": 1}},
        "baseline": {"settings": {}},
    }
    content = measured(ID, spec(precision="int8"), spec(), "onnxruntime fp32", 2.0, effective=effective)
    np.savez(tmp_path / "s.npz", **fixtures.samples(1.0, 2.0))
    found = explanation.of_one(records.write(tmp_path, content, {"samples.npz": tmp_path / "s.npz"}))
    assert (found.slower.role, kinds(found)) == ("baseline", [])
    assert found.notes == (
        "The candidate is the faster one although of the candidate GRU in fp32, not in int8.",
        "The candidate is the faster one although of the candidate NonZero ran elsewhere than asked for.",
    )


def beside(root: Path, mine: dict[str, Any], theirs: dict[str, Any]) -> Explanation:
    """Two records that were measured alone, of such specs, the first twice as fast."""
    kept = []
    for record_id, of, ms in ((ID, mine, 1.0), (OTHER, theirs, 2.0)):
        np.savez(root / "s.npz", **fixtures.samples(ms, 1.0))
        content = measured(record_id, of, spec(), "onnxruntime fp32", 1 / ms)
        kept.append(records.write(root, content, {"samples.npz": root / "s.npz"}))
    return explanation.of_two(record_diff.beside(*kept))


def test_two_models_are_said_not_to_do_the_same_work(tmp_path: Path) -> None:
    found = beside(tmp_path, spec(), {**spec(), "model": {"name": "gru"}})
    assert any(note.startswith("They don't do the same work (model bilstm against gru") for note in found.notes)


def test_a_record_is_not_held_against_itself(tmp_path: Path) -> None:
    one = kept(tmp_path, INT8)
    with pytest.raises(SpecError, match=f"{ID} stands on both sides"):
        explanation.of_two(record_diff.beside(one, one))


def test_without_profiles_it_is_said_that_they_are_what_lacks(tmp_path: Path) -> None:
    found = explanation.of_one(kept(tmp_path, None, precision="fp32"))
    page = explanation_page.collect(found, tmp_path)
    assert explanation_view.none(page) == explanation_view.UNSEEN
