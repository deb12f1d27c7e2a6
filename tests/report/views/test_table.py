import csv
import io
import json
import re
from pathlib import Path

import pytest

from runner.report.views import table
from runner.results import comparison, records
from runner.results.comparison import Comparison
from runner.spec import labels
from tests.report import fixtures
from tests.report.fixtures import measured, not_measured, spec

ORT = "onnxruntime fp32"


@pytest.fixture
def found(tmp_path: Path) -> Comparison:
    fixtures.write(tmp_path, measured("20261121T090100-00000001", spec(), spec(), "self", 1.0))
    fixtures.write(tmp_path, measured("20261121T090200-00000002", spec(precision="int8_dynamic"), spec(), ORT, 1.43))
    reason = "openvino has no int8 kernel for LSTM."
    refused = spec(backend="openvino", precision="int8_dynamic")
    fixtures.write(
        tmp_path, not_measured("20261121T090300-00000003", refused, "unsupported", reason, "Use precision=int8.")
    )
    return comparison.compare(records.read_all(tmp_path))


def test_what_tells_rows_apart_is_found_once_however_many_they_are(
    found: Comparison, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    monkeypatch.setattr(
        comparison.labels, "distinguishing", lambda specs, real=labels.distinguishing: asked.append(1) or real(specs)
    )
    for form in (table.text, table.markdown, table.as_csv):
        form(found)
    assert len(asked) == 3  # no two of the three rows share a name


def test_text(found: Comparison) -> None:
    shown = re.sub(r" {2,}", "  ", table.text(found))
    assert shown.splitlines() == [
        "data co2 · preprocess none · compression none · hardware local · scenario single_stream · "
        "speed-up over onnxruntime fp32",
        "",
        " #  model  precision  backend  speed-up [95 %]  verdict  p50 ms [95 %]  peak MB  file MB  quality  date",
        " " + "─" * (len(table.text(found).splitlines()[3]) - 1),
        " 1  bilstm  int8_dynamic  onnxruntime  1.43× [1.40, 1.46]  faster  0.699 [0.692, 0.706]  88.5  0.0310"
        "  mae 0.312 ppm; seasonal naive 1.52 ppm  2026-11-21 09:02",
        " 2  bilstm  fp32  onnxruntime  1.00× [0.98, 1.02]  same  1.00 [0.990, 1.01]  88.5  0.0310"
        "  mae 0.312 ppm; seasonal naive 1.52 ppm  2026-11-21 09:01",
        "",
        "bilstm int8_dynamic openvino: unsupported: openvino has no int8 kernel for LSTM. Use precision=int8."
        " (2026-11-21 09:03)",
    ]


@pytest.mark.parametrize("width", [60, 80, 120])
def test_narrow_text_wraps_and_loses_nothing(found: Comparison, width: int) -> None:
    lines = table.text(found, width).splitlines()
    assert max(map(len, lines)) <= width
    assert "…" not in "".join(lines)


def test_markdown(found: Comparison) -> None:
    assert table.markdown(found) == (
        "data co2 · preprocess none · compression none · hardware local · scenario single_stream · "
        "speed-up over onnxruntime fp32\n"
        "\n"
        "| # | model | precision | backend | speed-up [95 %] | verdict | p50 ms [95 %] | peak MB | file MB "
        "| quality | date |\n"
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n"
        "| 1 | bilstm | int8_dynamic | onnxruntime | 1.43× [1.40, 1.46] | faster | 0.699 [0.692, 0.706] | 88.5 "
        "| 0.0310 | mae 0.312 ppm; seasonal naive 1.52 ppm | 2026-11-21 09:02 |\n"
        "| 2 | bilstm | fp32 | onnxruntime | 1.00× [0.98, 1.02] | same | 1.00 [0.990, 1.01] | 88.5 "
        "| 0.0310 | mae 0.312 ppm; seasonal naive 1.52 ppm | 2026-11-21 09:01 |\n"
        "\n"
        "| not measured | why | date |\n"
        "| --- | --- | --- |\n"
        "| bilstm int8_dynamic openvino | unsupported: openvino has no int8 kernel for LSTM. Use precision=int8. "
        "| 2026-11-21 09:03 |\n"
    )


def test_markdown_passes_no_html_on(tmp_path: Path) -> None:
    evil = spec()
    evil["model"]["name"] = "<img src=x>|"
    fixtures.write(tmp_path, measured("20261121T090100-00000001", evil, spec(), "self", 1.0))
    shown = table.markdown(comparison.compare(records.read_all(tmp_path)))
    assert "| &lt;img src=x&gt;\\| |" in shown
    assert "<img" not in shown


def test_csv_has_numbers_in_full_and_reasons(found: Comparison) -> None:
    best, second, last = csv.DictReader(io.StringIO(table.as_csv(found)))
    assert (best["latency/p50_ms"], best["verdict"], best["kind"], best["pairs"]) == (
        "0.6993006993006994", "faster", "paired", "10",
    )  # fmt: skip
    assert second["baseline"] == ORT
    assert (last["status"], last["latency/p50_ms"], last["reason"]) == (
        "unsupported", "", "openvino has no int8 kernel for LSTM.",
    )  # fmt: skip


def test_json(found: Comparison) -> None:
    document = json.loads(json.dumps(table.as_json(found), allow_nan=False))
    assert {key: document[key] for key in ("schema", "baseline", "sort", "sweep", "notes")} == {
        "schema": 1, "baseline": ORT, "sort": "vs_baseline/speedup", "sweep": None, "notes": [],
    }  # fmt: skip
    assert document["rows"][0]["comparison"] == {
        "ratio": 1.43, "low": 1.4014, "high": 1.4586, "verdict": "faster", "pairs": 10, "kind": "paired",
        "p_value": None, "floor": None, "correction": None, "over": ORT, "made": "",
    }  # fmt: skip
    assert document["rows"][0]["unavailable"] == {
        "energy/mj_per_inference": "no power sensor can be read on this machine"
    }
    assert (document["rows"][2]["comparison"], document["rows"][2]["status"]) == (None, "unsupported")


def test_few_samples_are_marked_where_the_figure_is(tmp_path: Path) -> None:
    notes = {"latency/p50_ms": "few samples (8; p50 needs 11)"}
    fixtures.write(tmp_path, measured("20261121T090100-00000001", spec(), spec(), "self", 1.0, notes=notes))
    shown = table.text(comparison.compare(records.read_all(tmp_path)))
    assert "1.00 [0.990, 1.01]; few samples (8; p50 needs 11)" in shown


def test_the_metric_sorted_by_is_shown(tmp_path: Path) -> None:
    fixtures.write(tmp_path, measured("20261121T090100-00000001", spec(), spec(), "self", 1.0))
    shown = table.text(comparison.compare(records.read_all(tmp_path), sort="fidelity/sqnr_db"))
    assert "fidelity/sqnr_db" in shown
    assert "41.2" in shown
