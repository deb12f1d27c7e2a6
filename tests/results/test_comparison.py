import json
from pathlib import Path
from typing import Any

import pytest

from runner.core.errors import SpecError
from runner.measure.metric_direction import higher_is_better
from runner.report.views import table
from runner.results import comparison, records
from runner.results.comparison import Comparison
from runner.results.records import Record
from runner.results.rows import Row
from tests.report import fixtures
from tests.report.fixtures import measured, not_measured, spec

ORT, OPENVINO = "onnxruntime fp32", "openvino fp32"


NO_ARRAYS = b"PK\x05\x06" + b"\0" * 18  # an empty zip


def identity(number: int) -> str:
    return f"20261121T09{number:02d}00-{number:08x}"


def kept(root: Path, *contents: dict[str, Any]) -> list[Record]:
    for content in contents:
        fixtures.write(root, content)
    return records.read_all(root)


def ids(found: Comparison) -> list[int]:
    return [int(row.result.record_id[-8:], 16) for row in found.rows]


def unsealed(record: Record) -> None:
    """As records were before they had a seal."""
    plain = {name: value for name, value in record.content.items() if name != "seal"}
    (record.folder / "record.json").write_text(json.dumps(plain), encoding="utf-8")


def against(row: Row) -> tuple[float, str, str]:
    assert row.against is not None
    return round(row.against.ratio, 2), row.against.verdict, row.against.kind


def int8() -> dict[str, Any]:
    return spec(precision="int8_dynamic")


def openvino() -> dict[str, Any]:
    return spec(backend="openvino")


def test_the_best_speed_up_comes_first(tmp_path: Path) -> None:
    every = kept(
        tmp_path, measured(identity(1), openvino(), spec(), ORT, 1.12), measured(identity(2), int8(), spec(), ORT, 1.43)
    )
    found = comparison.compare(every)
    assert ids(found) == [2, 1]
    assert found.baseline == ORT
    assert [against(row) for row in found.rows] == [(1.43, "faster", "paired"), (1.12, "faster", "paired")]


def test_of_one_spec_the_latest_record_counts(tmp_path: Path) -> None:
    every = kept(
        tmp_path, measured(identity(1), int8(), spec(), ORT, 1.9), measured(identity(2), int8(), spec(), ORT, 1.43)
    )
    assert ids(comparison.compare(every)) == [2]


def test_a_sweep_shows_its_own_records_only(tmp_path: Path) -> None:
    every = kept(
        tmp_path,
        measured(identity(1), int8(), spec(), ORT, 1.9, sweep="aa11"),
        measured(identity(2), openvino(), spec(), ORT, 1.43, sweep="bb22"),
    )
    assert ids(comparison.compare(every, sweep="aa11")) == [1]
    with pytest.raises(SpecError, match=r"--sweep aa12: no such sweep\. Did you mean aa11"):
        comparison.compare(every, sweep="aa12")


def test_what_was_not_measured_stands_at_the_end_with_its_reason(tmp_path: Path) -> None:
    every = kept(
        tmp_path,
        not_measured(identity(1), spec(backend="torch"), "unavailable", "torch isn't installed.", "pip install torch"),
        not_measured(identity(2), openvino(), "unsupported", "no int8 kernel for LSTM.", "Use int8."),
        measured(identity(3), int8(), spec(), ORT, 0.5),
    )
    found = comparison.compare(every)
    assert ids(found) == [3, 2, 1]
    assert [row.missing for row in found.rows] == ["", "no int8 kernel for LSTM.", "torch isn't installed."]
    assert found.rows[1].metrics == {}


def test_a_row_against_another_baseline_is_recomputed_from_samples_and_says_so(tmp_path: Path) -> None:
    every = kept(
        tmp_path,
        measured(identity(1), int8(), spec(), ORT, 1.43),
        measured(identity(2), spec(precision="fp16"), openvino(), OPENVINO, 2.0),
    )
    found = comparison.compare(every, baseline=ORT)
    # The candidate of 2 takes 0.5 ms, the baseline of 1 takes 1 ms.
    assert against(found.rows[0]) == (pytest.approx(2.0, rel=0.03), "faster", "unpaired")
    assert against(found.rows[1]) == (1.43, "faster", "paired")
    assert found.rows[0].against is not None and found.rows[0].against.low is not None
    assert found.rows[0].against.low < found.rows[0].against.ratio < (found.rows[0].against.high or 0)
    assert found.notes[0] == "1 unpaired: recomputed from samples that were not taken in turns with the baseline's."


def test_figures_over_another_baseline_do_not_enter_the_column(tmp_path: Path) -> None:
    every = kept(
        tmp_path,
        measured(identity(1), int8(), spec(), ORT, 1.43),
        measured(identity(2), spec(precision="fp16"), openvino(), OPENVINO, 0.5),
    )
    row = next(
        row for row in comparison.compare(every, baseline=ORT).rows if row.against and row.against.kind == "unpaired"
    )
    assert row.metrics["vs_baseline/speedup"] == row.against.ratio  # type: ignore[union-attr]
    assert "vs_baseline/quality_delta" not in row.metrics


def test_an_a_a_row_belongs_to_the_column_of_the_baseline_that_it_is(tmp_path: Path) -> None:
    every = kept(
        tmp_path, measured(identity(1), spec(), spec(), "self", 1.0), measured(identity(2), int8(), spec(), ORT, 1.43)
    )
    found = comparison.compare(every)
    assert found.baseline == ORT
    assert [against(row) for row in found.rows] == [(1.43, "faster", "paired"), (1.0, "same", "paired")]


def test_a_record_as_baseline(tmp_path: Path) -> None:
    every = kept(
        tmp_path, measured(identity(1), int8(), spec(), ORT, 2.0), measured(identity(2), openvino(), spec(), ORT, 1.0)
    )
    found = comparison.compare(every, baseline=identity(1))
    assert [against(row) for row in found.rows] == [(1.0, "the baseline", "baseline"), (0.5, "slower", "unpaired")]
    assert found.baseline == f"bilstm int8_dynamic onnxruntime ({identity(1)})"


def test_another_scenario_is_not_compared(tmp_path: Path) -> None:
    offline = spec(scenario="offline", precision="int8_dynamic")
    every = kept(
        tmp_path,
        measured(identity(1), int8(), spec(), ORT, 2.0),
        measured(identity(2), offline, spec(scenario="offline"), ORT, 1.0),
    )
    row = comparison.compare(every, baseline=identity(1)).rows[-1]
    assert (row.against, row.missing) == (None, "measured in another scenario than the baseline")


def test_a_baseline_that_was_not_measured_for_a_model_is_a_reason(tmp_path: Path) -> None:
    gru = spec(model="gru")
    every = kept(
        tmp_path,
        measured(identity(1), int8(), spec(), ORT, 2.0),
        measured(identity(2), gru, spec(model="gru", backend="openvino"), OPENVINO, 1.0),
    )
    row = comparison.compare(every, baseline=ORT).rows[-1]
    assert (row.against, row.missing) == (None, "onnxruntime fp32 was not measured for this model, data and scenario")


def test_lost_samples_are_a_reason(tmp_path: Path) -> None:
    every = kept(
        tmp_path, measured(identity(1), int8(), spec(), ORT, 2.0), measured(identity(2), openvino(), spec(), ORT, 1.0)
    )
    (every[1].folder / "samples.npz").unlink()
    unsealed(every[1])
    every = records.read_all(tmp_path)
    assert comparison.compare(every, baseline=identity(1)).rows[-1].missing == "samples.npz is missing"


@pytest.mark.parametrize(("content", "said"), [(b"", "it is no .npz file"), (NO_ARRAYS, "has no latencies of it")])
def test_samples_that_no_run_wrote_are_a_reason(tmp_path: Path, content: bytes, said: str) -> None:
    every = kept(
        tmp_path, measured(identity(1), int8(), spec(), ORT, 2.0), measured(identity(2), openvino(), spec(), ORT, 1.0)
    )
    (every[1].folder / "samples.npz").write_bytes(content)
    unsealed(every[1])
    row = comparison.compare(records.read_all(tmp_path), baseline=identity(1)).rows[-1]
    assert row.against is None
    assert said in row.missing


@pytest.mark.parametrize(("baseline", "message"), [
    ("onnxruntime fp3", "neither a record nor a baseline's label. Did you mean onnxruntime fp32?"),
    (identity(2), "that record is unavailable"),
])  # fmt: skip
def test_a_baseline_that_cannot_be_one(tmp_path: Path, baseline: str, message: str) -> None:
    every = kept(
        tmp_path,
        measured(identity(1), int8(), spec(), ORT, 2.0),
        not_measured(identity(2), spec(backend="torch"), "unavailable", "x", "y"),
    )
    with pytest.raises(SpecError, match=message.replace("?", r"\?")):
        comparison.compare(every, baseline=baseline)


def test_sorting_knows_what_is_better(tmp_path: Path) -> None:
    every = kept(
        tmp_path, measured(identity(1), int8(), spec(), ORT, 0.8), measured(identity(2), openvino(), spec(), ORT, 1.4)
    )
    assert ids(comparison.compare(every, sort="latency/p50_ms")) == [2, 1]
    assert ids(comparison.compare(every, sort="throughput/per_s")) == [2, 1]
    assert ids(comparison.compare(every, sort="vs_baseline/speedup")) == [2, 1]


@pytest.mark.parametrize("metric", ["vs_baseline/speedup", "throughput/per_s", "quality/accuracy", "fidelity/sqnr_db"])
def test_more_is_better(metric: str) -> None:
    assert higher_is_better(metric)


@pytest.mark.parametrize(
    "metric", ["latency/p99_ms", "quality/mae_ppm", "quality/rmse_ppm", "size/file_mb", "compile/seconds"]
)
def test_less_is_better(metric: str) -> None:
    assert not higher_is_better(metric)


def test_an_unknown_metric_names_the_nearest(tmp_path: Path) -> None:
    every = kept(tmp_path, measured(identity(1), int8(), spec(), ORT, 0.8))
    with pytest.raises(SpecError, match=r"--sort latency/p5_ms: no row has that metric. Did you mean latency/p50_ms\?"):
        comparison.compare(every, sort="latency/p5_ms")


def test_nothing_measured_says_what_to_do() -> None:
    with pytest.raises(SpecError, match="Nothing has been measured here"):
        comparison.compare([])


def test_rows_of_the_same_options_are_told_apart_by_their_settings(tmp_path: Path) -> None:
    two = spec()
    two["backend"]["threads"] = 2
    every = kept(
        tmp_path,
        measured(identity(1), spec(), int8(), ORT, 1.0),
        measured(identity(2), two, int8(), ORT, 1.5, spec_key="two"),
    )
    told = comparison.compare(every).settings
    assert told == {identity(1): "backend.threads=1", identity(2): "backend.threads=2"}


def test_an_options_name_stands_for_the_settings_that_follow_from_it(tmp_path: Path) -> None:
    quick = spec()
    quick["measure"] = {**quick["measure"], "name": "quick", "min_pairs": 2}
    every = kept(
        tmp_path,
        measured(identity(1), spec(), int8(), ORT, 1.0),
        measured(identity(2), quick, int8(), ORT, 1.5, spec_key="two"),
    )
    told = comparison.compare(every).settings
    assert told == {identity(1): f"measure={spec()['measure']['name']}", identity(2): "measure=quick"}


def change(record: Record, old: str, new: str) -> None:
    """Edit the record by hand."""
    file = record.folder / "record.json"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def test_an_edited_record_is_shown_as_edited_and_is_not_ranked(tmp_path: Path) -> None:
    contents = [measured(identity(n), int8(), spec(), ORT, 1.43) for n in (1, 2)]
    contents.append(measured(identity(3), openvino(), spec(), ORT, 1.12))
    change(kept(tmp_path, *contents)[1], '"ratio": 1.43', '"ratio": 9.99')
    found = comparison.compare(records.read_all(tmp_path))
    assert ids(found) == [1, 3, 2]  # of the edited one's spec the record before it counts
    assert [row.measured for row in found.rows] == [True, True, False]
    assert (found.rows[2].against, found.rows[2].metrics) == (None, {})
    assert "edited: the record was changed after it was written" in table.text(found)
    assert "9.99" not in table.text(found)
    assert [row["seal"] for row in table.as_json(found)["rows"]] == ["sealed", "sealed", "edited"]


def test_an_edited_records_samples_are_no_baseline(tmp_path: Path) -> None:
    first, _ = kept(
        tmp_path,
        measured(identity(1), int8(), spec(), ORT, 1.43),
        measured(identity(2), spec(precision="fp16"), openvino(), OPENVINO, 2.0),
    )
    change(first, '"ratio": 1.43', '"ratio": 1.44')
    with pytest.raises(SpecError, match="neither a record nor a baseline's label"):
        comparison.compare(records.read_all(tmp_path), baseline=ORT)
    assert ids(comparison.compare(records.read_all(tmp_path))) == [2, 1]


def test_a_record_from_before_seals_says_so(tmp_path: Path) -> None:
    made = kept(tmp_path, measured(identity(1), int8(), spec(), ORT, 1.43))[0]
    unsealed(made)
    found = comparison.compare(records.read_all(tmp_path))
    assert found.rows[0].measured
    assert "2026-11-21 09:01 unsealed" in table.text(found)
    assert "1 unsealed: from before records had a seal; whether they were edited isn't known." in found.notes


# --- who is ranked among whom ---


def changed(content: dict[str, Any], **parts: Any) -> dict[str, Any]:
    """The record with other settings of its spec and its baseline's: `changed(one, backend={"threads": 2})`."""
    for axis, settings in parts.items():
        content["spec"][axis] |= settings
        content["comparison"]["baseline"]["spec"][axis] |= settings
    return content | {"spec_key": content["record_id"]}


def on(content: dict[str, Any], machine: str) -> dict[str, Any]:
    hardware = {**fixtures.HARDWARE, "identity": machine}
    return content | {"environment": {**fixtures.ENVIRONMENT, "hardware": hardware}, "spec_key": content["record_id"]}


def board(content: dict[str, Any], machine_id: str) -> dict[str, Any]:
    side = {"address": "ssh:pi", "machine_id": machine_id}
    return content | {"measurement": {"candidate": side}, "spec_key": content["record_id"]}


def conditions(content: dict[str, Any], variables: dict[str, str], version: str = "1.31.1") -> dict[str, Any]:
    """The record as it was measured with these variables and this version of the baseline's runtime."""
    sides = {
        "candidate": {"address": "local", "variables": variables, "versions": {"openvino": "2026.4.1"}},
        "baseline": {"address": "local", "variables": variables, "versions": {"onnxruntime": version}},
    }
    return content | {"measurement": sides, "spec_key": content["record_id"]}


def made(content: dict[str, Any], key: str) -> dict[str, Any]:
    content["comparison"]["baseline"]["keys"] = {"compile": key}
    return content | {"spec_key": content["record_id"]}


def groups(found: Comparison) -> dict[str, list[int]]:
    told: dict[str, list[int]] = {}
    for row in found.rows:
        told.setdefault(row.group, []).append(int(row.result.record_id[-8:], 16))
    return told


def row_of(found: Comparison, number: int) -> Row:
    return next(row for row in found.rows if row.result.record_id == identity(number))


def test_rows_that_were_measured_under_other_variables_or_libraries_are_other_tables(tmp_path: Path) -> None:
    every = kept(
        tmp_path,
        conditions(measured(identity(1), int8(), spec(), ORT, 1.2), {}),
        conditions(measured(identity(2), openvino(), spec(), ORT, 1.4), {}, "1.31.1 (build 3f9c0a1b)"),  # newer records
        conditions(measured(identity(3), int8(), spec(), ORT, 1.1), {"OMP_WAIT_POLICY": "active"}),
        conditions(measured(identity(4), openvino(), spec(), ORT, 1.3), {}, "1.30.0"),
    )
    assert groups(comparison.compare(every)) == {
        "onnxruntime 1.31.1": [2, 1],
        "onnxruntime 1.30.0": [4],
        "onnxruntime 1.31.1, OMP_WAIT_POLICY active": [3],
    }


def test_a_record_that_tells_less_joins_those_that_are_alike_in_all_that_it_tells(tmp_path: Path) -> None:
    older = made(measured(identity(2), openvino(), spec(), ORT, 1.4), "c1")
    every = [
        made(conditions(measured(identity(1), int8(), spec(), ORT, 1.2), {}), "c1"),
        older,
        measured(identity(3), spec(), spec(), ORT, 1.1),  # not even what its baseline was made from
    ]
    assert groups(comparison.compare(kept(tmp_path, *every))) == {"": [2, 1, 3]}
    another = made(conditions(measured(identity(4), int8(), spec(), ORT, 1.3), {"OMP_WAIT_POLICY": "active"}), "c1")
    found = groups(comparison.compare(kept(tmp_path / "more", *every, another)))
    assert sorted(map(sorted, found.values())) == [[1], [2], [3], [4]]


def test_rows_of_one_baseline_and_one_machine_are_one_table(tmp_path: Path) -> None:
    every = kept(
        tmp_path,
        on(measured(identity(1), int8(), spec(), ORT, 1.2), "a1"),
        on(measured(identity(2), openvino(), spec(), ORT, 1.4), "a1"),
        on(measured(identity(3), spec(), spec(), "", 1.0, comparison=None), "a1"),
    )
    found = comparison.compare(every)
    assert groups(found) == {"": [2, 1, 3]}
    assert against(found.rows[2]) == (1.0, "the baseline", "baseline")


@pytest.mark.parametrize(("other", "words"), [
    (lambda one: on(one, "b2"), ["machine 2", "machine 1"]),
    (
        lambda one: changed(one, backend={"threads": 2}),
        ["backend.threads 1", "backend.threads 2"],
    ),
    (lambda one: changed(one, model={"hidden": 64}), ["model.hidden 32", "model.hidden 64"]),
    (lambda one: changed(one, data={"train": 0.5}), ["data.train 0.7", "data.train 0.5"]),
    (lambda one: made(one, "e" * 64), ["build of the baseline 2", "build of the baseline 1"]),
])  # fmt: skip
def test_rows_of_another_baseline_or_machine_stand_apart_and_say_what_differs(
    tmp_path: Path, other: Any, words: list[str]
) -> None:
    mine = made(on(measured(identity(1), int8(), spec(), ORT, 1.2), "a1"), "c" * 64)
    theirs = made(on(measured(identity(2), openvino(), spec(), ORT, 1.1), "a1"), "c" * 64)
    best = on(made(measured(identity(3), openvino(), spec(), ORT, 9.0), "c" * 64), "a1")
    found = comparison.compare(kept(tmp_path, mine, theirs, other(best)))
    assert groups(found) == {words[1]: [3], words[0]: [1, 2]}


def destroyed(content: dict[str, Any]) -> dict[str, Any]:
    check = {"status": "failed", "reason": "int8 destroys column 3 of output0"}
    return content | {"checks": {"candidate": {"outputs": check}}}


def test_what_computes_something_else_has_no_place_however_fast(tmp_path: Path) -> None:
    fast = destroyed(measured(identity(1), int8(), spec(), ORT, 9.0))
    found = comparison.compare(kept(tmp_path, fast, measured(identity(2), openvino(), spec(), ORT, 1.1)))
    assert ids(found) == [2, 1]
    assert [row.unfit for row in found.rows] == ["", "int8 destroys column 3 of output0"]
    assert "not to be chosen: int8 destroys column 3 of output0" in table.markdown(found)
    assert [row["unfit"] for row in table.as_json(found)["rows"]] == ["", "int8 destroys column 3 of output0"]


def test_two_boards_of_one_model_are_two_machines(tmp_path: Path) -> None:
    one, same, other = (measured(identity(number), int8(), spec(), ORT, 1.2 - number / 10) for number in (1, 2, 3))
    found = comparison.compare(kept(tmp_path, board(one, "a" * 16), board(same, "a" * 16), board(other, "b" * 16)))
    assert groups(found) == {"board 1": [1, 2], "board 2": [3]}


def test_a_record_that_says_no_board_is_of_the_only_one_there_is(tmp_path: Path) -> None:
    one, older = (measured(identity(number), int8(), spec(), ORT, 1.2) for number in (1, 2))
    found = comparison.compare(kept(tmp_path, board(one, "a" * 16), older | {"spec_key": "older"}))
    assert list(groups(found)) == [""]


def test_another_model_of_the_baseline_is_in_its_name_and_is_not_the_others_baseline(tmp_path: Path) -> None:
    larger = spec()
    larger["model"] = {**larger["model"], "hidden": 64}
    every = kept(
        tmp_path,
        measured(identity(1), int8(), spec(), ORT, 1.4),
        measured(identity(2), openvino(), spec(), ORT, 1.3),
        measured(identity(3), spec(precision="fp16"), larger, ORT, 15.5),
    )
    named = "onnxruntime fp32 (model.hidden 32→64)"
    found = comparison.compare(every)
    assert found.notes[1] == f"Measured against other baselines too: {named} (--baseline)."
    told = row_of(found, 3).against
    assert told is not None and (told.kind, told.over) == ("unpaired", ORT)
    told = row_of(comparison.compare(every, baseline=named), 3).against
    assert told is not None and (told.kind, told.over, told.ratio) == ("paired", named, 15.5)


def test_what_was_measured_against_itself_is_compared_with_nothing_else(tmp_path: Path) -> None:
    every = kept(
        tmp_path,
        measured(identity(1), int8(), spec(), ORT, 1.4),
        measured(identity(2), openvino(), openvino(), "self", 1.0),
    )
    for chosen in (None, identity(1)):
        row = row_of(comparison.compare(every, baseline=chosen), 2)
        assert (row.against, row.missing) == (None, "measured against itself alone")


def test_a_recomputed_row_says_what_the_chosen_record_has_else(tmp_path: Path) -> None:
    larger = spec(precision="int8_dynamic")
    larger["model"] = {**larger["model"], "hidden": 64}
    every = kept(
        tmp_path,
        measured(identity(1), int8(), spec(), ORT, 2.0),
        measured(identity(2), larger, larger | {"precision": {"name": "fp32"}}, ORT, 1.0, spec_key="larger"),
    )
    row = row_of(comparison.compare(every, baseline=identity(1)), 2)
    assert row.against is not None
    assert row.against.over == f"onnxruntime int8_dynamic (model.hidden 64→32) of {identity(1)}"
    assert row.group == row.against.over


def test_samples_of_the_same_machine_are_taken_before_newer_ones_of_another(tmp_path: Path) -> None:
    every = kept(
        tmp_path,
        on(measured(identity(1), int8(), spec(), ORT, 1.4), "a1"),
        on(measured(identity(2), spec(precision="fp16"), spec(), ORT, 1.4), "b2"),
        on(measured(identity(3), openvino(), int8(), "", 1.0), "a1"),
    )
    row = row_of(comparison.compare(every, baseline=ORT), 3)
    assert row.against is not None and row.against.kind == "unpaired"
