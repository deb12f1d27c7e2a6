import re

from runner.report.summary import precision, quantized
from runner.report.views import run_summary
from runner.report.views.layout import plain
from runner.results import record_schema
from tests.report import fixtures
from tests.report.fixtures import measured, not_measured, spec

INT8 = spec(precision="int8_dynamic")
ID = "20261121T094600-0000000b"


def lines(content: dict[str, object]) -> list[str]:
    return [
        re.sub(r" {2,}", " | ", line.strip())
        for line in plain(run_summary.renderable(record_schema.read(content))).splitlines()
    ]


def test_candidate_and_baseline_side_by_side() -> None:
    content = measured(ID, INT8, spec(), "onnxruntime fp32", 1.43, warnings=["other processes kept 1.1 CPUs busy"])
    shown = lines(content)
    assert shown[:3] == [
        "bilstm int8_dynamic onnxruntime · data co2 · hardware local · 2026-11-21 09:46 UTC",
        "",
        "candidate | baseline: onnxruntime fp32",
    ]
    assert shown[4:] == [
        "latency p50, ms | 0.699 [0.692, 0.706] | 1.00 [0.990, 1.01]",
        "latency p90, ms | 0.839 | 1.20",
        "latency p99, ms | 1.40; few samples (200; p99 needs 662) | 2.00",
        "throughput, per s | 1430 | 1000",
        "peak memory of the worker, MB | 88.5 | 88.5",
        "file, MB | 0.0310 | 0.0310",
        "file, gzipped, MB | 0.0240 | 0.0240",
        "non-zero parameters | 10264 | 10264",
        "compile time, s | 0.210 | 0.210",
        "largest error against the float model | 0.0125 | 0.0125",
        "SQNR against the float model, dB | 41.2 | 41.2",
        "quality: mae | 0.312 ppm; seasonal naive 1.52 ppm | 0.312 ppm; seasonal naive 1.52 ppm",
        "quality: rmse | 0.401 ppm | 0.401 ppm",
        "effective precision | LSTM int8, Gemm int8 | LSTM fp32, Gemm fp32",
        "quantised | 1 of 1 LSTM, 1 of 1 Gemm | –",
        "",
        "warning: other processes kept 1.1 CPUs busy",
        "not measured: no power sensor can be read on this machine (energy/mj_per_inference)",
        "conditions: AMD EPYC 9B14, 2 cores, load 0.42, others kept 0.02 CPUs busy, 2600 MHz",
        "1.43× [1.40, 1.46] as fast as onnxruntime fp32 (paired, 10 pairs, stopped by target): faster",
    ]


def test_operators_that_fell_back_are_shown_beside_the_precision() -> None:
    content = measured(ID, INT8, spec(), "onnxruntime fp32", 1.43)
    content["effective"]["candidate"]["fallback"] = {"MatMul": 1, "Softmax": 2}
    assert "fell back | MatMul, Softmax ×2 | –" in lines(content)


def test_without_a_baseline_there_is_one_column() -> None:
    alone = spec(precision="int8_dynamic", baseline="none")
    shown = lines(measured(ID, alone, spec(), "", 1.43, comparison=None))
    assert shown[2] == "candidate"
    assert shown[4] == "latency p50, ms | 0.699 [0.692, 0.706]"
    assert shown[-1] == "measured without a baseline"


def test_a_run_without_a_measurement_says_why_and_what_to_do() -> None:
    content = not_measured(ID, INT8, "unsupported", "no int8 kernel for LSTM.", "Use precision=int8.")
    assert lines(content)[1:] == ["unsupported: no int8 kernel for LSTM.", "Use precision=int8."]


def test_a_figure_that_the_baseline_lacks_is_a_dash() -> None:
    content = measured(ID, INT8, spec(), "onnxruntime fp32", 1.43)
    del content["comparison"]["baseline"]["metrics"]["fidelity/sqnr_db"]
    assert "SQNR against the float model, dB | 41.2 | –" in lines(content)


def test_square_brackets_in_names_are_text_not_markup() -> None:
    content = measured(ID, INT8, spec(backend="[red]x[/red]"), "", 1.43)
    assert "candidate | baseline: [red]x[/red] fp32" in lines(content)


def test_its_own_baseline_is_one_measurement_and_says_so() -> None:
    shown = lines(measured(ID, spec(), spec(), "", 1.0, comparison=None))
    assert shown[-1] == "measured alone: it is its own baseline (baseline=self would compare it with itself)"


def test_operators_are_counted() -> None:
    assert precision({"LSTM": {"fp32": 2}, "Gemm": {"int8": 1, "fp32": 3}}) == "LSTM fp32 ×2, Gemm int8, Gemm fp32 ×3"
    assert quantized({"Gemm": [1, 1], "LSTM": [0, 2]}) == "1 of 1 Gemm, 0 of 2 LSTM"
    assert fixtures.effective(INT8)["quantized"] == {"LSTM": [1, 1], "Gemm": [1, 1]}
