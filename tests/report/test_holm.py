"""Holm's correction: over the rows of a table, over a sweep, and the same on a page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runner.report import report_model
from runner.results import multiple_comparisons, records
from runner.results.comparison import Comparison, compare
from runner.results.records import Record
from tests.report.fixtures import measured, spec

ORT = "onnxruntime fp32"


def content(number: int, p: float | None, sweep: str = "", label: str = ORT) -> dict[str, Any]:
    """A cell that differs alone, with this p-value."""
    of = spec(precision="int8_dynamic")
    of["precision"] = {**of["precision"], "calibration_samples": number + 1}
    of["measure"] = {**of["measure"], "verdict_confidence": 0.98}
    against = spec(backend=label.split()[0])
    made = measured(f"20261121T0900{number:02}-0000000{number}", of, against, label, 1.43, sweep=sweep)
    made["spec_key"] = f"key{number}"
    made["comparison"] |= {"verdict": "faster"} | ({} if p is None else {"p_value": p})
    return made


def rows(tmp_path: Path, *p_values: float | None, sweep: str = "aa11") -> Comparison:
    made = [records.Record(tmp_path, content(number, p, sweep)) for number, p in enumerate(p_values)]
    return compare(made)


def verdicts(found: Comparison) -> dict[str, str]:
    return {row.result.spec_key: row.against.verdict for row in found.rows if row.against}


def test_a_verdict_that_is_not_certain_enough_among_so_many_is_taken_back(tmp_path: Path) -> None:
    found = rows(tmp_path, 0.0001, 0.015, 0.002)
    assert verdicts(found) == {"key0": "faster", "key1": "faster", "key2": "faster"}  # times 3, 1 and 2
    assert "Verdicts after Holm's correction over the 3 comparisons of sweep aa11." in found.notes


def test_what_would_be_needed_is_said(tmp_path: Path) -> None:
    found = rows(tmp_path, 0.0001, 0.015, 0.016)
    assert verdicts(found) == {"key0": "faster", "key1": "ambiguous", "key2": "ambiguous"}
    assert found.notes[-1] == (
        "Verdicts after Holm's correction over the 3 comparisons of sweep aa11: 2 ambiguous that alone would differ. "
        "More pairs would settle them."
    )


@pytest.mark.parametrize("p_values", [(0.015,), (None, 0.015)])
def test_one_comparison_needs_no_correction_and_older_records_have_no_p_value(
    tmp_path: Path, p_values: tuple[float | None, ...]
) -> None:
    found = rows(tmp_path, *p_values)
    assert set(verdicts(found).values()) == {"faster"}
    assert not [note for note in found.notes if "Holm" in note]


def test_too_few_pairs_for_so_many_comparisons_are_told_how_many_it_takes(tmp_path: Path) -> None:
    made = [content(number, p, "aa11") for number, p in enumerate((0.0001, 0.015, 0.016))]
    for one in made:
        one["comparison"]["pairs"] = 8
    found = compare([Record(tmp_path, one) for one in made])
    assert found.notes[-1].endswith("So many need 9 pairs or more (measure.min_pairs=9).")


# --- what is not paired ---


def kept(root: Path, made: dict[str, Any], candidate_ms: list[float], baseline_ms: list[float]) -> Record:
    """On disk, every process with a constant latency."""
    sides = {"candidate": candidate_ms, "baseline": baseline_ms}
    arrays = {
        f"{role}/{pair}": np.full(3, int(1e6 * one)) for role, every in sides.items() for pair, one in enumerate(every)
    }
    root.mkdir(parents=True, exist_ok=True)
    np.savez(root / "s.npz", **arrays)
    return records.write(root, made, {"samples.npz": root / "s.npz"})


def spread(typical_ms: float, shift: float = 0.0) -> list[float]:
    """Six processes, 2 % apart."""
    return [typical_ms * (1 + 0.02 * place + shift) for place in range(6)]


def verdict(page: report_model.Page) -> str:
    assert page.result.comparison is not None
    return page.result.comparison.verdict


def unpaired(root: Path, sweep: str) -> Comparison:
    """Two cells that were measured against openvino, in a table over onnxruntime: six processes a side that overlap a
    little, 2 · 12/924 = 0.026: enough for one comparison, not for one of two."""
    first = kept(root, content(0, 0.0001, sweep), spread(0.7), spread(1.0))
    others = [kept(root, content(n, 0.0001, sweep, "openvino fp32"), spread(0.944), spread(2.0)) for n in (1, 2)]
    return compare([first, *others], baseline=ORT)


def test_rows_of_a_sweep_that_are_compared_anew_are_a_family_of_their_own(tmp_path: Path) -> None:
    found = unpaired(tmp_path, "aa11")
    against = {row.result.spec_key: row.against for row in found.rows if row.against}
    assert {key: (one.kind, one.verdict) for key, one in against.items()} == {
        "key0": ("paired", "faster"), "key1": ("unpaired", "ambiguous"), "key2": ("unpaired", "ambiguous"),
    }  # fmt: skip
    assert found.notes[-1] == (
        "Verdicts after Holm's correction over the 2 comparisons of sweep aa11, compared anew: 2 ambiguous that alone "
        "would differ. Measured in pairs they would be surer."
    )


def test_single_runs_are_alone_however_many_a_table_shows(tmp_path: Path) -> None:
    found = unpaired(tmp_path, "")
    assert [row.against.correction for row in found.rows if row.against] == [None, None, None]
    assert set(verdicts(found).values()) == {"faster"}
    assert not [note for note in found.notes if "Holm" in note]


def test_what_a_sweep_has_still_to_measure_counts_as_declared_and_weakens_nothing_later(tmp_path: Path) -> None:
    made = [content(number, p, "aa11") | {"comparisons": 3} for number, p in enumerate((0.006, 0.0001, 0.5))]
    first, all_of_it = ([Record(tmp_path, one) for one in made[:count]] for count in (1, 3))
    alone = multiple_comparisons.of_sweep(first, "aa11")[made[0]["record_id"]]
    among = multiple_comparisons.of_sweep(all_of_it, "aa11")[made[0]["record_id"]]
    assert (alone.comparisons, round(alone.p_value, 4), round(among.p_value, 4)) == (3, 0.018, 0.012)


# --- one truth: table, page, JSON ---


def sweep(root: Path, name: str = "aa11") -> list[Record]:
    """Three cells: the second is a difference when it is alone (0.015 <= 0.02), and none among three."""
    return [
        kept(root, content(number, p, name), spread(0.7), spread(1.0)) for number, p in enumerate((0.0001, 0.015, 0.03))
    ]


def test_a_page_has_the_verdict_of_its_sweeps_table_and_names_the_one_it_would_have_alone(tmp_path: Path) -> None:
    every = sweep(tmp_path)
    shown = report_model.collect(every[1], multiple_comparisons.of_record(every[1], every))
    assert verdicts(compare(every, "aa11"))["key1"] == verdict(shown) == "ambiguous"
    assert shown.finding.endswith(": ambiguous (alone: faster)")
    assert (
        "Among the 3 comparisons of sweep aa11 (Holm's correction): p = 0.03, at most 0.02 is a difference: ambiguous. "
        "Alone it would be faster."
    ) in shown.asides
    assert shown.surer[0].startswith("To settle this verdict among 3 comparisons: about ")
    document = report_model.as_json(shown)
    assert (document["comparison"]["verdict"], document["comparison"]["correction"]["alone"]) == ("ambiguous", "faster")
    assert every[1].content["comparison"]["verdict"] == "faster"  # the record itself never changes


def test_a_sweeps_verdicts_are_its_own_whatever_else_a_table_shows(tmp_path: Path) -> None:
    every = [*sweep(tmp_path), *(kept(tmp_path, content(n, 0.9), spread(0.7), spread(1.0)) for n in (3, 4, 5))]
    found = compare(every)
    assert {key: one for key, one in verdicts(found).items() if key in ("key0", "key1")} == {
        "key0": "faster", "key1": "ambiguous",
    }  # fmt: skip
    assert verdicts(compare(every, "aa11")) == {key: verdicts(found)[key] for key in ("key0", "key1", "key2")}
    assert [note.partition(" comparisons of ")[2].partition(":")[0] for note in found.notes[-1:]] == ["sweep aa11"]


def test_a_verdict_that_stands_is_said_to_stand_and_one_comparison_says_nothing(tmp_path: Path) -> None:
    every = sweep(tmp_path)
    asides = report_model.collect(every[0], multiple_comparisons.of_record(every[0], every)).asides
    assert next(line for line in asides if line.startswith("Among the 3")).endswith("; the verdict stands.")
    alone = report_model.collect(every[0], multiple_comparisons.of_record(every[0], every[:1]))
    assert not [line for line in alone.asides if "Holm" in line]


def test_a_record_whose_sweep_is_elsewhere_says_that_its_verdict_is_not_corrected(tmp_path: Path) -> None:
    every = sweep(tmp_path)
    shown = report_model.collect(every[1], multiple_comparisons.of_record(every[1], []))
    assert any("whose other records are not here" in line for line in shown.asides)
    assert verdict(shown) == "faster"


def test_of_a_spec_that_the_sweep_measured_twice_the_latest_counts(tmp_path: Path) -> None:
    every = sweep(tmp_path)
    again = content(1, 0.0002, "aa11") | {"record_id": "20261121T100000-00000009"}
    every.append(kept(tmp_path, again, spread(0.7), spread(1.0)))
    found = multiple_comparisons.of_sweep(every, "aa11")
    assert every[1].content["record_id"] not in found
    assert found["20261121T100000-00000009"].verdict == "faster"


def test_a_whole_sweeps_document_has_the_corrected_verdicts(tmp_path: Path) -> None:
    made = [Record(tmp_path, content(number, p, "aa11")) for number, p in enumerate((0.0001, 0.015, 0.016))]
    found = [one["comparison"] for one in multiple_comparisons.contents(made)]
    assert [one["verdict"] for one in found] == ["faster", "ambiguous", "ambiguous"]
    assert [one["correction"]["alone"] for one in found] == ["faster", "faster", "faster"]


def test_what_a_larger_sweep_took_over_keeps_the_verdict_of_the_sweep_that_measured_it(tmp_path: Path) -> None:
    made = [*sweep(tmp_path, "aa11"), records.write(tmp_path, {**content(9, 0.0001, "bb22"), "comparisons": 4})]
    shown = verdicts(compare(made))
    told = {one["spec_key"]: one["comparison"]["verdict"] for one in multiple_comparisons.contents(made)}
    assert told == shown
    assert "ambiguous" in told.values()
