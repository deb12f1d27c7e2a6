from pathlib import Path

import pytest

from runner.core.errors import SpecError
from runner.report import ci_gate
from runner.report.ci_gate import Condition, Subject
from runner.results import comparison
from tests.report import fixtures
from tests.report.fixtures import measured, not_measured, spec

METRICS = {"vs_baseline/speedup_low": 0.96, "latency/p50_ms": 1.5, "vs_baseline/speedup": 1.0}
ROW = Subject("id1", "gru int8", METRICS)


def states(text: str, *subjects: Subject) -> list[tuple[str, str]]:
    return [(one.state, one.why) for one in ci_gate.check([ci_gate.parse(text)], subjects)]


@pytest.mark.parametrize(
    ("text", "metric", "operator", "value"),
    [
        ("speedup_low<0.97", "speedup_low", "<", 0.97),
        (" latency/p99.9_ms >= 1e-3 ", "latency/p99.9_ms", ">=", 0.001),
        ("quality/mae_ppm!=-1", "quality/mae_ppm", "!=", -1.0),
    ],
)
def test_a_condition_is_metric_operator_number(text: str, metric: str, operator: str, value: float) -> None:
    assert ci_gate.parse(text) == Condition(metric, operator, value, text.strip())


@pytest.mark.parametrize(
    "text", ["", "speedup", "speedup<", "<1", "a<b", "speedup<nan", "speedup<1.2.3", "__import__('os')<1", "a<1 or b>2"]
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(SpecError, match="not a condition"):
        ci_gate.parse(text)


def test_it_fails_where_the_row_has_it_so() -> None:
    assert states("speedup_low<0.97", ROW) == [("failed", "vs_baseline/speedup_low is 0.96")]
    assert states("speedup_low<0.96", ROW) == [("passed", "vs_baseline/speedup_low is 0.96")]
    assert states("vs_baseline/speedup_low<=0.96", ROW) == [("failed", "vs_baseline/speedup_low is 0.96")]
    assert states("p50_ms>1.4", ROW) == [("failed", "latency/p50_ms is 1.5")]


def test_what_cannot_be_checked_has_failed() -> None:
    without = Subject("id2", "lstm", {"latency/p50_ms": 1.0})
    assert states("speedup_low<0.97", without) == [("failed", "has no vs_baseline/speedup_low")]
    broken = Subject("id3", "lstm", {}, broken="failed: it died")
    assert states("speedup_low<0.97", broken) == [("failed", "failed: it died")]


def test_the_excused_are_named_and_when_nobody_is_left_that_is_a_failure() -> None:
    excused = Subject("id4", "gru", {}, excused="the baseline itself")
    assert states("speedup<1", ROW, excused) == [
        ("passed", "vs_baseline/speedup is 1"),
        ("not checked", "the baseline itself"),
    ]
    assert states("speedup<1", excused)[-1] == ("failed", "no row could be checked")


def test_an_unknown_metric_is_an_error_not_a_pass() -> None:
    with pytest.raises(SpecError, match=r"no row has that metric\. Did you mean p50_ms\?"):
        states("p55_ms<1", ROW)


def test_a_name_of_two_metrics_needs_its_group() -> None:
    both = Subject("id5", "gru", {"size/peak_rss_mb": 1.0, "compile/peak_rss_mb": 2.0})
    with pytest.raises(SpecError, match=r"compile/peak_rss_mb and size/peak_rss_mb are called so"):
        states("peak_rss_mb>1", both)


def test_rows_of_a_comparison(tmp_path: Path) -> None:
    int8 = spec(precision="int8_dynamic")
    contents = [
        measured("20261121T090200-00000002", int8, spec(), "onnxruntime fp32", 0.9),
        not_measured("20261121T090300-00000003", spec(backend="tvm"), "unavailable", "no tvm.", "Install it."),
        not_measured("20261121T090400-00000004", spec(backend="openvino"), "timeout", "too slow.", "Wait."),
    ]
    found = comparison.compare([fixtures.write(tmp_path, content) for content in contents])
    subjects = ci_gate.of_rows(found.rows)
    assert [(one.name, one.excused, one.broken) for one in subjects] == [
        ("bilstm int8_dynamic onnxruntime", "", ""),
        ("bilstm fp32 tvm", "unavailable: no tvm.", ""),
        ("bilstm fp32 openvino", "", "timeout: too slow."),
    ]


def test_what_failed_stands_last() -> None:
    excused = Subject("id4", "gru", {}, excused="imported")
    found = ci_gate.lines(ci_gate.check([ci_gate.parse("speedup_low<0.97")], [ROW, excused]))
    assert found == [
        "not checked: speedup_low<0.97 · gru · id4 · imported",
        "failed: speedup_low<0.97 · gru int8 · id1 · vs_baseline/speedup_low is 0.96",
    ]
