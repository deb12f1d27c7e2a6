"""What PyTorch's profiler saw of a network's operators: each one's own time, without those that it calls.

The events are read as its tracer keeps them: the tables that torch makes of them take many times as long as the runs.
https://docs.pytorch.org/docs/stable/profiler.html
"""

from __future__ import annotations

from bisect import bisect_right
from collections import namedtuple
from statistics import median
from typing import Any

import torch

from runner.core.errors import Unsupported

RUN = "runner's run"  # marks where a run begins and ends
OPERATOR = "::"  # in the names of operators alone: `aten::addmm`
KINDS = {"float": "fp32", "double": "fp64", "c10::half": "fp16", "c10::bfloat16": "bf16"}
INT8 = ("qint8", "quint8", "signed char", "unsigned char")
INT8_NAMES = ("quantized", "onednn::q")  # operators whose weights are int8, and their inputs not

Event = namedtuple("Event", ["name", "start", "end", "thread", "shapes", "dtypes"])


def traced(run: Any, iterations: int) -> list[Event]:
    """The events of so many runs."""
    with torch.autograd.profiler.profile(use_cpu=True, record_shapes=True) as trace:
        for _ in range(iterations):
            with torch.autograd.profiler.record_function(RUN):
                run()
    found = trace.kineto_results.events()
    return [
        Event(one.name(), one.start_ns(), one.end_ns(), one.start_thread_id(), one.shapes(), one.dtypes())
        for one in found
    ]


def layers(events: list[Event]) -> dict[str, Any]:
    """As `Session.profile`. Operators of one name on inputs of the same sizes are one layer. Raises Unsupported where
    no operator shows."""
    runs = sorted((one for one in events if one.name == RUN), key=lambda one: one.start)
    starts = [one.start for one in runs]
    kinds: dict[str, Event] = {}
    seen: dict[str, list[list[int]]] = {}
    for event, own in _own_times([one for one in events if OPERATOR in one.name]):
        index = bisect_right(starts, event.start) - 1
        if index >= 0 and event.start <= runs[index].end:
            name = _name(event)
            kinds.setdefault(name, event)
            seen.setdefault(name, [[] for _ in runs])[index].append(own)
    if not seen:
        raise Unsupported("PyTorch's profiler saw no operator.", "Measure it without: profile=none.")
    found = [_layer(name, kinds[name], times) for name, times in seen.items()]
    run_ns = float(median([run.end - run.start for run in runs]))
    return {"layers": found, "statistic": "median", "run_ns": run_ns, "resolution_ns": 1.0}


def _own_times(events: list[Event]) -> list[tuple[Event, int]]:
    """Each event with its ns without those of the events inside, on its thread."""
    own = [one.end - one.start for one in events]
    around: dict[int, list[int]] = {}
    for place in sorted(range(len(events)), key=lambda at: (events[at].start, -events[at].end)):
        outer = around.setdefault(events[place].thread, [])
        while outer and events[outer[-1]].end < events[place].end:
            outer.pop()
        if outer:
            own[outer[-1]] -= events[place].end - events[place].start
        outer.append(place)
    return [(event, max(0, ns)) for event, ns in zip(events, own)]  # noqa: B905 - not in Python 3.8


def _name(event: Event) -> str:
    """`aten::addmm [10] [1,256] [256,10]`."""
    sizes = ["[" + ",".join(map(str, shape)) + "]" for shape in event.shapes if shape]
    return " ".join([event.name, *sizes])


def _layer(name: str, event: Event, times: list[list[int]]) -> dict[str, Any]:
    whole = {"ns": float(median([sum(one) for one in times])), "calls": max(map(len, times))}
    return {"name": name, "type": event.name, "precision": _precision(event), **whole}


def _precision(event: Event) -> str:
    """From the types of its inputs: int8 where any is, else the first float."""
    kinds = [kind.lower() for kind in event.dtypes]
    if any(name in event.name for name in INT8_NAMES) or any(kind.endswith(INT8) for kind in kinds):
        return "int8"
    return next((KINDS[kind] for kind in kinds if kind in KINDS), "none")
