"""In a session's place: what Vela reckons of the file that it made. No Ethos-U runs here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from runner.backends._ethos_u import reports
from runner.backends._ethos_u.reports import CPU, MEMORIES, Operator

GIGABYTE = 1e9
DOTTED = re.compile(r"(\w+\.)+(?=[A-Za-z_])")  # `torch.nn.modules.conv.` before a class: converters name tensors so
NAMED = ("accelerator", "system_config", "memory_mode")


def estimate(folder: str, options: dict[str, Any]) -> dict[str, Any]:
    """Vela's figures of the compiled model in `folder`, its operators, and what is missing in both."""
    summary, found = reports.summary(Path(folder)), reports.operators(Path(folder))
    clock = float(summary["core_clock"])
    return {
        "source": _source(folder, options),
        "metrics": dict(_figures(summary)),
        "incomplete": reports.incomplete(found),
        "layers": _layers(found, clock),
    }


def _source(folder: str, options: Mapping[str, Any]) -> str:
    named = [str(options[name]) for name in NAMED]
    named += [f"of {Path(options['config']).name}"] if options["config"] else []
    return f"Vela {reports.version(Path(folder))} ({', '.join(named)}, optimised for {options['optimise']})"


def _figures(summary: Mapping[str, str]) -> Iterator[tuple[str, float]]:
    """Time, cycles and memory; what a memory moves in a second, of those that are used."""
    seconds = float(summary["inference_time"])
    yield "latency/p50_ms", 1000 * seconds
    yield "throughput/per_s", 1 / seconds
    yield "npu/cycles", float(summary["cycles_total"])
    yield "npu/busy_cycles", float(summary["cycles_npu"])
    yield "npu/macs", float(summary["nn_macs"])
    for memory in MEMORIES:
        moved, used = float(summary[f"{memory}_total_bytes"]), float(summary[f"{memory}_memory_used"])
        if moved or used:
            yield f"memory/{memory}_kib", used
            yield f"bandwidth/{memory}_gb_per_s", moved / seconds / GIGABYTE


def _layers(found: Sequence[Operator], clock: float) -> list[dict[str, Any]]:
    """Operators by output, several of one are one operator of the file, in parts: the CPU's, then the longest first."""
    parts: dict[str, list[Operator]] = {}
    for one in found:
        parts.setdefault(one.output, []).append(one)
    names = {output: DOTTED.sub("", output) for output in parts}
    if len(set(names.values())) < len(names):
        names = dict(zip(names, names))  # noqa: B905 - Python 3.8
    layers = [_layer(names[output], several, clock) for output, several in parts.items()]
    return sorted(layers, key=lambda one: (one["ns"] is not None, -(one["ns"] or 0.0)))


def _layer(name: str, parts: Sequence[Operator], clock: float) -> dict[str, Any]:
    first = parts[0]
    ns = None if first.target == CPU else sum(one.cycles for one in parts) / clock * 1e9
    return {"name": name, "type": first.kind, "place": first.target, "ns": ns, "calls": 1}
