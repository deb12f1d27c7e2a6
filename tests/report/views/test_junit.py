"""Conditions as build servers read them."""

from __future__ import annotations

from xml.etree import ElementTree

from runner.report.ci_gate import Check
from runner.report.views import job_summary, junit

CHECKS = (
    Check("speedup_low<0.97", "r1", "gru <b>", "passed", "vs_baseline/speedup_low is 1.2"),
    Check("speedup_low<0.97", "r2", "lstm", "failed", "vs_baseline/speedup_low is 0.9"),
    Check("speedup_low<0.97", "r3", "bilstm\x1b[2J", "not checked", "the baseline itself"),
    Check("energy<1", "", "", "failed", "no row could be checked"),
)


def test_a_case_is_a_condition_on_a_row() -> None:
    suite = ElementTree.fromstring(junit.document(CHECKS))[0]
    assert {key: suite.get(key) for key in ("tests", "failures", "skipped")} == {
        "tests": "4", "failures": "2", "skipped": "1",
    }  # fmt: skip
    assert [(case.get("classname"), case.get("name"), case[0].tag) for case in suite] == [
        ("gru <b>", "speedup_low<0.97", "system-out"),
        ("lstm", "speedup_low<0.97", "failure"),
        ("bilstm\\x1b[2J", "speedup_low<0.97", "skipped"),
        ("all", "energy<1", "failure"),
    ]
    assert suite[1][0].get("message") == "vs_baseline/speedup_low is 0.9"


def test_a_summary_lists_the_conditions_and_what_failed_last() -> None:
    lines = job_summary.text(None, CHECKS).splitlines()
    assert [line.partition(":")[0] for line in lines if line] == ["- passed", "- not checked", "- failed", "- failed"]
    assert "<b>" not in lines[0]
