"""Conditions as JUnit XML, which build servers show as tests: a case a condition and row."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from runner.core.foreign_text import line
from runner.report.ci_gate import Check

OUTCOMES = {"failed": "failure", "not checked": "skipped"}


def document(checks: Sequence[Check]) -> bytes:
    """The whole file."""
    states = [check.state for check in checks]
    counts = {"tests": len(checks), "failures": states.count("failed"), "skipped": states.count("not checked")}
    suites = Element("testsuites")
    suite = SubElement(suites, "testsuite", {"name": "edge-runner", **{key: str(n) for key, n in counts.items()}})
    for check in checks:
        case = SubElement(suite, "testcase", {"classname": line(check.name) or "all", "name": line(check.condition)})
        if check.state in OUTCOMES:
            SubElement(case, OUTCOMES[check.state], {"message": line(check.why)})
        else:
            SubElement(case, "system-out").text = line(check.why)
    ElementTree.indent(suites)
    return bytes(ElementTree.tostring(suites, encoding="utf-8", xml_declaration=True)) + b"\n"
