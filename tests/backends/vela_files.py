"""Reports as Vela 5.2 writes them, small."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

OPERATORS = (
    "Original Operator,NNG Operator,Target,Staging Usage,Peak% (Staging),Op Cycles,Network% (cycles),NPU,SRAM AC,"
    "DRAM AC,OnFlash AC,OffFlash AC,MAC Count,Network% (MAC),Util% (MAC),Name"
)
SUMMARY = {
    "core_clock": 500e6,
    "inference_time": 0.002,
    "cycles_total": 1_000_000,
    "cycles_npu": 900_000,
    "nn_macs": 4000,
    "sram_memory_used": 20.5,
    "sram_total_bytes": 4_000_000,
    "dram_memory_used": 0.0,
    "dram_total_bytes": 0,
    "on_chip_flash_memory_used": 0.0,
    "on_chip_flash_total_bytes": 0,
    "off_chip_flash_memory_used": 30.0,
    "off_chip_flash_total_bytes": 1_000_000,
}

Row = tuple[str, str, int, str]  # kind in the file, NPU or CPU, cycles, the tensor that it makes
WHOLE: Sequence[Row] = (
    ("Conv2D", "NPU", 600, "net.Conv/a"),
    ("Conv2D", "NPU", 0, "net.Conv/a"),  # its activation, a row of its own
    ("Softmax", "NPU", 400, "y"),
)
PARTLY: Sequence[Row] = (*WHOLE[:2], ("Mean", "CPU", 0, "y"))
NOWHERE: Sequence[Row] = (("Mean", "CPU", 0, "y"),)
LEFT = """
Warning (supported operators) operator: MEAN, ofm: 'y'
Reason: Unsupported depth-reduction.  IFM: 1, 8, 30, 30
Reduction over depth is only supported if any of h,w,c == 1
"""


def table(rows: Sequence[Row]) -> str:
    """A per-layer table."""
    lines = (f"{kind},{kind},{who},0,0,{cycles},0,0,0,0,0,0,0,0,0,{name}" for kind, who, cycles, name in rows)
    return "\n".join([OPERATORS, *lines, ""])


def write(folder: Path, rows: Sequence[Row]) -> None:
    """The reports of a compiled model in `folder`."""
    (folder / "reports").mkdir()
    (folder / "reports/per-layer.csv").write_text(table(rows))
    head, values = ",".join(SUMMARY), ",".join(map(str, SUMMARY.values()))
    (folder / "reports/summary.csv").write_text(f"{head}\n{values}\n")
    (folder / "reports/version").write_text("5.2.0")
