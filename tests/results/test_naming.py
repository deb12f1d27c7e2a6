from __future__ import annotations

from pathlib import Path
from typing import Any

from runner.report import report_model
from runner.report.views import html, record_diff_table, table
from runner.results import comparison, record_diff, record_schema
from runner.results.naming import baseline, names, title
from runner.results.record_schema import Result
from tests.report.fixtures import measured, spec, write


def of(candidate: dict[str, Any]) -> Result:
    return record_schema.read(measured("20261121T090100-00000001", candidate, spec(), "", 1.0, effective={}))


def test_a_title_names_what_is_not_the_default() -> None:
    assert title(of(spec(precision="int8_dynamic"))) == "bilstm int8_dynamic onnxruntime"
    assert title(of(spec(compression="magnitude", scenario="offline"))) == "bilstm magnitude fp32 onnxruntime offline"


def test_names_follow_the_axes() -> None:
    assert list(names(of(spec())).values()) == [
        "bilstm",
        "co2",
        "none",
        "none",
        "fp32",
        "onnxruntime",
        "local",
        "single_stream",
    ]


def test_the_precision_that_ran_is_in_every_name() -> None:
    content = measured("20261121T090100-00000001", spec(precision="int8"), spec(precision="fp16"), "", 1.0)
    content["effective"] = {
        "candidate": {"precision": {"LSTM": {"fp32": 1}}, "quantized": {"LSTM": [0, 1]}},
        "baseline": {"precision": {"LSTM": {"fp32": 1}}, "quantized": {"LSTM": [1, 1]}},
    }
    result = record_schema.read(content)
    assert title(result) == "bilstm int8 (ran fp32) onnxruntime"
    assert names(result)["precision"] == "int8 (ran fp32)"
    assert baseline(result) == "onnxruntime fp16 (ran fp32)"


def test_a_device_over_ssh_is_in_the_title() -> None:
    there = spec()
    there["hardware"] = {"name": "ssh", "host": "pi", "port": None}
    assert title(of(there)) == "bilstm fp32 onnxruntime on ssh:pi"


def test_the_precision_that_ran_is_in_every_form_of_a_table(tmp_path: Path) -> None:
    content = measured("20261121T090100-00000001", spec(precision="int8"), spec(), "", 1.0)
    content["effective"] = {"candidate": {"precision": {"LSTM": {"fp32": 1}}, "quantized": {"LSTM": [0, 1]}}}
    record = write(tmp_path, content)
    shown = comparison.compare([record])
    two = record_diff.beside(record, write(tmp_path, {**content, "record_id": "20261121T090200-00000002"}))
    forms = [table.text(shown), table.as_csv(shown), table.as_json(shown), record_diff_table.as_json(two)]
    forms += [report_model.as_json(report_model.collect(record)), html.render(report_model.collect(record))]
    assert [form for form in map(str, forms) if "int8 (ran fp32)" not in form] == []
    assert "int8 (ran fp32)" in table.markdown(shown)
