"""What Vela says of its output: its summary, its table of operators, and why some of them stay on the CPU."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from runner.core.errors import StepFailed

FOLDER, SUMMARY, OPERATORS, LOG, VERSION = "reports", "summary.csv", "per-layer.csv", "vela.log", "version"
NPU, CPU = "NPU", "CPU"
READ = ("core_clock", "inference_time", "cycles_total", "cycles_npu", "nn_macs")
REFUSED = re.compile(
    r"^Warning \(supported operators\) operator: \S+, ofm: '(?P<output>.*)'\nReason: (?P<why>.*)$", re.M
)
MEMORIES = ("sram", "dram", "on_chip_flash", "off_chip_flash")
ADVICE = "The runner reads what Vela 5 writes: python -m runner toolchain install litert"


@dataclass(frozen=True)
class Operator:
    """A row of Vela's table: its `output`, the `kind` that it has in the file, who runs it, and what Vela reckons for
    the NPU: cycles and MACs."""

    output: str
    kind: str
    target: str
    cycles: int
    macs: int


def version(folder: Path) -> str:
    """Of the Vela that compiled."""
    return (folder / FOLDER / VERSION).read_text(encoding="utf-8")


def summary(folder: Path) -> Mapping[str, str]:
    """The only row of Vela's summary. Raises StepFailed where there is none."""
    rows = _rows(folder / FOLDER / SUMMARY, READ)
    if len(rows) != 1:
        raise StepFailed(f"Vela's summary has {len(rows)} rows: one was expected.", ADVICE)
    return rows[0]


def operators(folder: Path) -> list[Operator]:
    """In the order in which they run; several of one output are parts of what the file has as one operator."""
    columns = ("Original Operator", "Target", "Op Cycles", "MAC Count", "Name")
    rows = _rows(folder / FOLDER / OPERATORS, columns)
    return [
        Operator(row["Name"], row["Original Operator"], row["Target"], int(row["Op Cycles"]), int(row["MAC Count"]))
        for row in rows
    ]


def _rows(file: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    with file.open(newline="", encoding="utf-8") as lines:
        table = csv.DictReader(lines)
        lacking = [name for name in columns if name not in (table.fieldnames or ())]
        if lacking:
            raise StepFailed(f"Vela's {file.name} has no column {lacking[0]}.", ADVICE)
        return list(table)


def on_cpu(found: Sequence[Operator]) -> dict[str, int]:
    """`{kind: how many}` of the operators that the NPU leaves to the CPU."""
    return dict(Counter(one.kind for one in found if one.target == CPU))


def reasons(log: str) -> dict[str, str]:
    """`{output: why}` of the operators that Vela says it can't place on the NPU."""
    return {found["output"]: found["why"].rstrip(".") for found in REFUSED.finditer(log)}


def left_to_cpu(found: Sequence[Operator], log: str) -> Iterator[str]:
    """A line for each kind and reason: `1 Mean runs on the CPU (Unsupported depth-reduction): output_0`."""
    why = reasons(log)
    groups: dict[tuple[str, str], list[str]] = {}
    for one in (one for one in found if one.target == CPU):
        # Vela's words name the tensor in brackets: without it those of one reason are alike.
        reason = why.get(one.output, "Vela names no reason").partition(" (")[0]
        groups.setdefault((one.kind, reason), []).append(one.output)
    for (kind, reason), outputs in groups.items():
        more = f" and {len(outputs) - 1} more" if len(outputs) > 1 else ""
        verb = "runs" if len(outputs) == 1 else "run"
        yield f"{len(outputs)} {kind} {verb} on the CPU ({reason}): {outputs[0]}{more}"


def incomplete(found: Sequence[Operator]) -> str:
    """What the figures leave out; empty where all runs on the NPU."""
    cpu = sum(on_cpu(found).values())
    of = f"{cpu} of {len(found)} operators"
    return f"{of} run on the CPU, whose time is in no figure" if cpu else ""
