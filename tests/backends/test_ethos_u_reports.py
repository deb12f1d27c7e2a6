"""What Vela says of its output, read: figures, operators, what stays on the CPU, and what an estimate leaves out."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.backends._ethos_u import compile as last_stage
from runner.backends._ethos_u import reports
from runner.backends.ethos_u55.session import estimate
from runner.core.errors import StepFailed, Unsupported
from tests.backends import vela_files
from tests.backends.conftest import settings_of


def read(folder: Path, rows: object = vela_files.WHOLE) -> dict[str, object]:
    vela_files.write(folder, rows)  # type: ignore[arg-type]
    return estimate(str(folder), settings_of("ethos_u55"))


def test_figures_are_velas_and_only_of_memories_that_are_used(tmp_path: Path) -> None:
    assert read(tmp_path)["metrics"] == {
        "latency/p50_ms": 2.0,
        "throughput/per_s": 500.0,
        "npu/cycles": 1_000_000,
        "npu/busy_cycles": 900_000,
        "npu/macs": 4000,
        "memory/sram_kib": 20.5,
        "bandwidth/sram_gb_per_s": 2.0,
        "memory/off_chip_flash_kib": 30.0,
        "bandwidth/off_chip_flash_gb_per_s": 0.5,
    }


def test_the_source_names_the_version_and_what_it_was_reckoned_for(tmp_path: Path) -> None:
    named = "ethos-u55-128, Ethos_U55_High_End_Embedded, Shared_Sram, optimised for performance"
    assert read(tmp_path)["source"] == f"Vela 5.2.0 ({named})"


def test_layers_are_the_files_operators_with_short_names_the_longest_first(tmp_path: Path) -> None:
    found = read(tmp_path)
    assert found["incomplete"] == ""
    assert found["layers"] == [
        {"name": "Conv/a", "type": "Conv2D", "place": "NPU", "ns": 1200.0, "calls": 1},
        {"name": "y", "type": "Softmax", "place": "NPU", "ns": 800.0, "calls": 1},
    ]


def test_what_the_cpu_runs_has_no_time_stands_first_and_makes_the_estimate_incomplete(tmp_path: Path) -> None:
    found = read(tmp_path, vela_files.PARTLY)
    assert found["incomplete"] == "1 of 3 operators run on the CPU, whose time is in no figure"
    assert found["layers"][0] == {"name": "y", "type": "Mean", "place": "CPU", "ns": None, "calls": 1}  # type: ignore[index]


def test_short_names_that_would_be_alike_stay_long(tmp_path: Path) -> None:
    rows = (("Conv2D", "NPU", 2, "net.one.Conv/a"), ("Conv2D", "NPU", 1, "net.two.Conv/a"))
    assert [one["name"] for one in read(tmp_path, rows)["layers"]] == ["net.one.Conv/a", "net.two.Conv/a"]  # type: ignore[attr-defined]


def test_each_operator_on_the_cpu_is_told_with_velas_reason(tmp_path: Path) -> None:
    vela_files.write(tmp_path, (*vela_files.PARTLY, ("Gelu", "CPU", 0, "z"), ("Gelu", "CPU", 0, "w")))
    found = reports.operators(tmp_path)
    assert list(reports.left_to_cpu(found, vela_files.LEFT)) == [
        "1 Mean runs on the CPU (Unsupported depth-reduction.  IFM: 1, 8, 30, 30): y",
        "2 Gelu run on the CPU (Vela names no reason): z and 1 more",
    ]
    assert reports.on_cpu(found) == {"Mean": 1, "Gelu": 2}


def test_a_model_of_which_the_npu_takes_nothing_is_unsupported_with_the_reason(tmp_path: Path) -> None:
    vela_files.write(tmp_path, vela_files.NOWHERE)
    found = reports.operators(tmp_path)
    with pytest.raises(Unsupported, match=r"The NPU takes no operator of the model: 1 Mean runs on the CPU \(Unsup"):
        last_stage._check(found, list(reports.left_to_cpu(found, vela_files.LEFT)), "int8")


def test_a_table_of_another_version_is_told_with_the_column_that_it_lacks(tmp_path: Path) -> None:
    vela_files.write(tmp_path, vela_files.WHOLE)
    (tmp_path / "reports/per-layer.csv").write_text("TFLite_operator,NNG Operator,Op Cycles,Name\nMEAN,Mean,1,y\n")
    with pytest.raises(StepFailed) as error:
        reports.operators(tmp_path)
    assert error.value.reason == "Vela's per-layer.csv has no column Original Operator."
