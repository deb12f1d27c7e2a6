import json
import re
from pathlib import Path
from typing import Any

import pytest

from runner.report import report_model
from runner.report.views import terminal
from runner.report.views.layout import plain
from runner.results import records
from tests.report import fixtures, pages


@pytest.fixture
def found(tmp_path: Path) -> report_model.Page:
    return report_model.collect(pages.write(tmp_path, pages.content()))


def section(found: report_model.Page, title: str) -> tuple[tuple[str, ...], ...]:
    return next((one.rows for one in found.sections if one.title == title), ())


def test_the_finding_and_what_qualifies_it(found: report_model.Page) -> None:
    assert found.finding == (
        "1.02× [0.98, 1.06] as fast as onnxruntime fp32 (paired, 8 pairs, stopped by budget): ambiguous"
    )
    assert found.stopped == (
        "Stopped after 8 pairs: the time was spent (measure.budget_s=8) before the interval was as narrow as asked "
        "(measure.target=0.015)."
    )
    assert found.asides == (
        "Ambiguous: neither a difference nor its absence (within ±3 %) is certain enough.",
        "Without the flagged pairs: 1.02× [1.00, 1.04]: same (7 pairs).",
        "Noise floor: 1 % (measure.floor; this machine is not calibrated: python -m runner calibrate).",
        "The interval holds at 95.1 % (exact Wilcoxon signed-rank, Hodges–Lehmann).",
        "The verdict comes from a stricter interval, 1.02× [0.97, 1.07], 98 %: it was looked at more than once.",
        "Far out: 1 of 8 pairs, 3 of 40 iterations of the candidate (modified z-score above 3.5; "
        "counted, not dropped).",
    )


def test_every_pair_with_its_ratio_and_its_flags(found: report_model.Page) -> None:
    assert [line.ratio for line in found.pairs] == pytest.approx(list(pages.RATIOS), abs=1e-6)
    assert [line.flags for line in found.pairs if line.flags] == [
        ("other processes kept 1.7 CPUs busy, 0.0 in the median pair",)
    ]
    assert found.pairs[4].flags
    assert (found.pairs[0].candidate_ms, found.pairs[0].baseline_ms) == (1.0, pytest.approx(1.02))


def test_both_distributions_share_an_axis_and_say_what_lies_beyond(found: report_model.Page) -> None:
    candidate, baseline = found.distributions
    assert (candidate.label, baseline.label) == ("candidate", "baseline: onnxruntime fp32")
    assert candidate.edges_ms == baseline.edges_ms
    assert candidate.quartiles_ms == pytest.approx((0.95, 1.0, 1.05))
    for one in (candidate, baseline):
        assert sum(one.shares) + one.beyond == pytest.approx(1)
    assert candidate.medians_ms == (1.0,) * 8


def test_settings_that_differ_are_marked(found: report_model.Page) -> None:
    rows = {row[0]: row[1:] for row in section(found, "Settings")}
    assert rows["● precision"] == ("int8_dynamic", "fp32")
    assert rows["backend.threads"] == ("1", "1")
    assert ("compile", "c" * 16, "–") in section(found, "Keys of the artifacts")


def test_checks_and_validity_stand_on_the_page_where_a_record_has_them(tmp_path: Path) -> None:
    checks = {"candidate": {"repeats": {"status": "passed", "reason": "repeated inputs are 1.01× as fast"}}}
    validity = {"verdict": "INVALID", "reason": "12 pairs, publish asks for 20"}
    found = report_model.collect(pages.write(tmp_path, pages.content(checks=checks, validity=validity)))
    assert section(found, "Checks") == (("candidate: repeats", "passed: repeated inputs are 1.01× as fast"),)
    assert found.asides[0] == "INVALID: 12 pairs, publish asks for 20."


def test_a_record_without_the_newer_keys_has_a_page_all_the_same(tmp_path: Path) -> None:
    content = pages.content()
    for key in ("verdict_interval", "without_flagged", "floor", "confidence"):
        del content["comparison"][key]
    for key in ("notes", "unavailable", "environment", "effective", "conditions", "outliers"):
        del content[key]
    found = report_model.collect(pages.write(tmp_path, content))
    assert found.asides == ("Ambiguous: neither a difference nor its absence (within ±3 %) is certain enough.",)
    assert plain(terminal.renderable(found), 120).startswith("bilstm int8_dynamic onnxruntime · data co2")


@pytest.mark.parametrize("status", ["failed", "unsupported"])
def test_a_run_without_a_measurement_says_why(status: str, tmp_path: Path) -> None:
    content = fixtures.not_measured(pages.ID, fixtures.spec(), status, "it died.", "Look at the log.")
    found = report_model.collect(records.write(tmp_path, content))
    assert (found.finding, found.pairs, found.distributions) == (f"{status}: it died.", (), ())
    assert "Look at the log." in plain(terminal.renderable(found), 120)


def test_imported_numbers_say_so_in_every_place(tmp_path: Path) -> None:
    content = {
        **pages.content(comparison=None, conditions={}, environment={}, unavailable={}, notes={}),
        "origin": "imported",
        "metrics": {"imported/latency/p50_ms": 0.84},
        "imported": {"source": "vendor's zoo", "file": "results.csv", "row": 1},
    }
    found = report_model.collect(records.write(tmp_path, content))
    assert found.finding == "imported from vendor's zoo: not measured here, compared with nothing"
    metrics = next(one for one in found.sections if one.title == "Metrics")
    assert (metrics.columns, metrics.rows[0]) == (("", "imported"), ("latency p50, ms", "0.840"))


def lines(found: report_model.Page) -> list[str]:
    return [re.sub(r" {2,}", " | ", line.strip()) for line in plain(terminal.renderable(found), 120).splitlines()]


def test_the_terminal_page_from_the_finding_to_the_provenance(found: report_model.Page) -> None:
    shown = lines(found)
    start = shown.index("Speed-up in each pair")
    assert shown[start + 1 : start + 4] == [
        "0 1.020× | 1 1.010× | 2 1.030× | 3 1.020× | 4 1.400×! | 5 1.000×",
        "6 1.040× | 7 1.020×",
        "! pair 4: other processes kept 1.7 CPUs busy, 0.0 in the median pair",
    ]
    titles = ("How long an inference took", "To be surer", "Metrics", "Conditions", "What differs", "Not measured")
    places = [shown.index(title) for title in (*titles, "Provenance")]
    assert places == sorted(places)
    assert "latency p99, ms | 1.96; few samples (200; p99 needs 662) | 2.00" in shown
    assert "vs_baseline/speedup | 1.02 [1.00, 1.04] | –" in shown
    assert "governor | not read: no cpufreq in /sys/devices/system/cpu (usual in a virtual machine)" in shown
    assert max(map(len, shown)) <= 120


def test_a_pair_without_a_ratio_has_a_dash_for_it(tmp_path: Path) -> None:
    content = pages.content()
    content["comparison"]["by_pair"] = content["comparison"]["by_pair"][:7]
    page = report_model.collect(pages.write(tmp_path, content))
    assert page.pairs[7].speedup == "–"
    assert "   7      –" in plain(terminal.renderable(page), 120)


def test_a_bin_with_anything_in_it_shows() -> None:
    assert terminal.bars((0.0, 0.001, 0.5, 1.0), 1.0) == " ▁▄█"


def test_json_holds_the_same_as_data(found: report_model.Page) -> None:
    document: Any = json.loads(json.dumps(report_model.as_json(found)))
    assert document["record_id"] == pages.ID
    assert document["comparison"]["verdict"] == "ambiguous"
    assert document["pairs"][4]["flags"] == ["other processes kept 1.7 CPUs busy, 0.0 in the median pair"]
    assert document["surer"] == list(found.surer)
    assert len(document["distributions"][0]["shares"]) + 1 == len(document["distributions"][0]["edges_ms"])


def test_samples_that_no_run_wrote_are_said_and_stop_no_page(tmp_path: Path) -> None:
    record = pages.write(tmp_path, pages.content())
    (record.folder / "samples.npz").write_bytes(b"PK garbage")
    found = report_model.collect(record)
    assert found.distributions == ()
    assert any("samples.npz: it is no .npz file" in line for line in found.absent)
