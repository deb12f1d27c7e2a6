"""What a record says, as types."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runner.core.errors import SpecError
from runner.measure.noise_floor import NoiseFloor
from runner.report import ci_gate
from runner.report.views import table
from runner.results import comparison, record_diff, record_schema, record_shape, records
from runner.results.formatting import verdict_line
from runner.results.record_schema import (
    Absent,
    Conditions,
    Dependencies,
    Difference,
    Effective,
    Environment,
    Estimated,
    FarOut,
    FlaggedPair,
    Imported,
    Measure,
    Measured,
    Outliers,
    Range,
    Spread,
    WithoutFlagged,
)
from runner.results.records import Record
from tests.report import fixtures, pages

LEAST = ("date", "status", "spec", "spec_key", "metrics", "record_id")


def estimate(number: int = 7, **changes: Any) -> dict[str, Any]:
    """A record whose figures nobody measured."""
    content = fixtures.measured(f"20261121T0946{number:02}-0000000{number}", fixtures.spec(), fixtures.spec(), "", 1.0)
    figures = {"estimate/latency/p50_ms": 0.4}
    told = {"origin": "estimated", "estimated": {"source": "vela 4.0"}, "comparison": None, "metrics": figures}
    return {**content, **told, **changes}


def kept(root: Path) -> list[Record]:
    against = fixtures.measured("20261121T094600-00000001", fixtures.spec(), fixtures.spec(), "self", 1.0)
    fixtures.write(root, against)
    records.write(root, estimate(spec=fixtures.spec(backend="openvino"), spec_key="other"))
    return records.read_all(root)


def test_all_that_a_page_shows_is_read() -> None:
    found = record_schema.read(pages.content())
    assert found.provenance == Measured()
    compared = found.comparison
    assert compared is not None
    assert (compared.ratio, compared.low, compared.high, compared.stopped_by) == (1.02, 0.98, 1.06, "budget")
    assert compared.floor == NoiseFloor(0.01, "measure.floor; this machine is not calibrated")
    assert compared.verdict_interval == Range(1.02, 0.97, 1.07)
    flagged = (FlaggedPair(4, (pages.BUSY,)),)
    assert compared.without_flagged == WithoutFlagged(7, flagged, 1.02, 1.0, 1.04, "same")
    assert found.conditions.spreads["load_1m"] == Spread(0.31, 0.42, 0.71)
    assert found.conditions.flags == {4: (pages.BUSY,)}
    assert found.outliers == Outliers(
        "modified z-score above 3.5; counted, not dropped", FarOut(1, 8), FarOut(3, 40), FarOut(0, 40)
    )
    assert found.environment.cpu == "AMD EPYC 9B14"
    assert (found.measure.strict, found.measure.confidence, found.benchmark_s) == (0.98, 0.95, 8.0)


def test_what_older_records_lack_or_have_as_null_has_its_default() -> None:
    content = pages.content()
    bare = {name: content[name] for name in LEAST}
    null = {name: None for name in content if name not in LEAST}
    for found in (record_schema.read(bare), record_schema.read({**bare, **null})):
        assert (found.sweep, found.reason, found.keys, found.warnings) == ("", "", {}, ())
        assert (found.comparison, found.baseline, found.quality, found.outliers, found.validity) == (None,) * 5
        assert (found.conditions, found.environment, found.ran("baseline")) == (
            Conditions(),
            Environment(),
            Effective(),
        )


def test_the_figures_of_a_record_say_what_they_are() -> None:
    content = pages.content()
    told = {"source": "vendor's zoo", "row": 3}
    assert record_schema.read({**content, "origin": "imported", "imported": told}).provenance == Imported(
        "vendor's zoo", told
    )
    assert record_schema.read(estimate()).provenance == Estimated("vela 4.0")
    failed = {**content, "status": "failed", "reason": "it died."}
    assert record_schema.read(failed).provenance == Absent("it died.")


def test_a_difference_in_quality_or_why_there_is_none() -> None:
    found = {"difference": -0.1, "low": None, "high": None, "verdict": "not told apart", "method": "m"}
    quality = {"metric": "mae_ppm", "samples": 5, "vs_baseline": found, "vs_float": {"reason": "not finite"}}
    made = record_schema.read(pages.content(quality=quality)).quality
    assert made is not None
    assert made.vs_baseline == Difference("not told apart", "m", -0.1)
    assert made.vs_float == Absent("not finite")


def test_what_tells_rows_apart_is_read_of_all_that_a_measurement_depends_on() -> None:
    side = {"address": "local", "variables": {"OMP_NUM_THREADS": "1"}, "versions": {"numpy": "2.4"}, "artifacts": {}}
    found = record_schema.read(pages.content(measurement={"code": "ab12", "candidate": side, "baseline": None}))
    told = Dependencies("local", "", {"OMP_NUM_THREADS": "1"}, {"numpy": "2.4"})
    assert found.measurement == {"candidate": told}


def test_the_measures_of_a_spec_that_says_little_are_the_usual_ones() -> None:
    content = pages.content()
    content["spec"] = {**content["spec"], "measure": {"confidence": 0.9}}
    assert record_schema.read(content).measure == Measure(0.9)


@pytest.mark.parametrize(
    ("odd", "place"),
    [
        ({"origin": "estimated", "estimated": None}, "estimated"),
        ({"origin": "guessed"}, "origin"),
        ({"conditions": {"baseline": {"governor": 1}}}, "conditions.baseline.governor"),
        ({"comparisons": "many"}, "comparisons"),
        ({"measurement": {"candidate": {"variables": "x"}}}, "measurement.candidate.variables"),
    ],
)
def test_what_could_not_be_read_is_left_out(odd: dict[str, Any], place: str) -> None:
    assert record_shape.fault(pages.content(**odd)) == f"has no usable '{place}'"


def test_an_estimate_is_no_measurement_in_any_table(tmp_path: Path) -> None:
    found = comparison.compare(kept(tmp_path))
    row = next(row for row in found.rows if row.result.origin == "estimated")
    assert (row.against, row.missing, row.group) == (None, "estimated", "estimated")
    assert verdict_line(row.result) == "estimated by vela 4.0: measured nowhere, compared with nothing"
    assert "0.400 (estimated)" in table.text(found)
    assert "1 estimated: reckoned, measured nowhere; never compared, never a baseline." in found.notes
    assert [one.excused for one in ci_gate.of_rows([row])] == ["estimated"]


def test_nothing_is_compared_with_an_estimate(tmp_path: Path) -> None:
    every = kept(tmp_path)
    with pytest.raises(SpecError, match="estimated numbers are no baseline"):
        comparison.compare(every, baseline=every[1].result.record_id)
    with pytest.raises(SpecError, match="holds estimates"):
        record_diff.beside(every[0], every[1])
