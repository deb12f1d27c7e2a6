"""What a page shows of a record's telemetry."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.core.errors import SpecError
from runner.report import report_model
from runner.report.views import terminal
from runner.report.views.layout import plain
from runner.results import archive_form
from tests.report import pages

REPORT = """\
interval_ms: {asked: 100, achieved: 99.997}
samples: 121
missed: 2
signals:
  cpu_percent: {min: 47.368, mean: 58.297, max: 100.0, samples: 121}
  candidate_pss_mb: {min: 3.885, mean: 31.758, max: 41.676, samples: 37}
absent: {temperature: no thermal zone}
sides:
  candidate:
    in_bursts:
      cpu_percent: {min: 47.0, mean: 51.0, max: 55.0, samples: 36}
  baseline: {}
"""


def beside(root: Path, report: str) -> report_model.Page:
    record = pages.write(root, pages.content())
    (record.folder / "profile_report.yaml").write_text(report, encoding="utf-8")
    return report_model.collect(record)


def test_signals_have_units_and_columns_for_the_run_and_both_sides(tmp_path: Path) -> None:
    section = next(one for one in beside(tmp_path, REPORT).sections if one.title == "Telemetry")
    assert section.columns == (
        "121 samples, one in 100 ms (asked: 100), 2 missed", "whole run", "candidate's bursts", "baseline's bursts",
    )  # fmt: skip
    assert section.rows == (
        ("cpu, %", "58.3 (47.4 to 100)", "51.0 (47.0 to 55.0)", "–"),
        ("candidate pss, MB", "31.8 (3.88 to 41.7)", "–", "–"),
        ("temperature", "not read: no thermal zone", "", ""),
    )


def test_the_terminal_shows_what_was_read(tmp_path: Path) -> None:
    shown = plain(terminal.renderable(beside(tmp_path, REPORT)), 120)
    assert "58.3 (47.4 to 100)" in shown
    assert "not read: no thermal zone" not in shown


def test_json_has_it_as_data(tmp_path: Path) -> None:
    found = report_model.as_json(beside(tmp_path, REPORT))["telemetry"]
    assert found["cpu, %"]["candidate's bursts"] == "51.0 (47.0 to 55.0)"


def test_a_record_without_telemetry_has_none(tmp_path: Path) -> None:
    found = report_model.collect(pages.write(tmp_path, pages.content()))
    assert report_model.as_json(found)["telemetry"] == {}
    assert found.pictures == {}


@pytest.mark.parametrize(
    ("report", "message"),
    [
        ("a: [", "not YAML"),
        ("- 1", "holds no mapping"),
        ("samples: many", "no usable 'samples'"),
        ("samples: 1\nsignals: {cpu: {min: .nan, mean: 1, max: 1}}", "no usable 'signals.cpu.min'"),
        ("samples: 1\nsignals: {1: {min: 1, mean: 1, max: 1}}", "no usable 'signals.1"),
        ("samples: 1\na: &a [x]\nb: [*a, *a]", "has aliases"),
        ("samples: 1\na: " + "[" * 30 + "]" * 30, "more than 20 levels deep"),
        ("samples: 1\na: " + "[" * 3000 + "]" * 3000, "more than 20 levels deep"),
        ("samples: !!python/object/apply:os.system [ls]", "not YAML"),
        ("samples: 1\ndate: 2026-13-45", "not YAML"),
    ],
)
def test_a_damaged_report_names_its_file(report: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"profile_report\.yaml: .*" + message) as caught:
        beside(tmp_path, report)
    assert caught.value.next_step


def test_characters_that_act_on_a_terminal_are_shown_as_escapes(tmp_path: Path) -> None:
    found = archive_form.profile(b'samples: 1\nabsent: {"a\\e[31m": "b\\u202e"}')
    assert found["absent"] == {"a\\x1b[31m": "b\\u202e"}
