"""How long each kernel takes, as the virtual machine calls it. This travels with the session."""

from __future__ import annotations

import re
import time
from collections import Counter
from statistics import median
from typing import Any

KINDS = {"float64": "fp64", "float32": "fp32", "float16": "fp16", "bfloat16": "bf16", "int8": "int8", "uint8": "int8"}
BUILTIN = "vm."  # memory and shapes: no layer's work


class Watch:
    """What the virtual machine is told to call before and after each function: notes kernels and their times."""

    def __init__(self) -> None:
        self._begun = 0
        self._seen: Counter[str] = Counter()
        self.ns: dict[str, list[int]] = {}  # by the kernel's name, and its number where it runs several times
        self.about: dict[str, tuple[str, str]] = {}  # type and precision

    def begin_run(self) -> None:
        """The next kernels are a new run's."""
        self._seen.clear()

    def __call__(self, function: Any, name: str, before: bool, result: Any, *arguments: Any) -> int:
        if before:
            self._begun = time.perf_counter_ns()
            return 0
        took = time.perf_counter_ns() - self._begun
        if not name.startswith(BUILTIN):
            self._seen[name] += 1
            layer = name if self._seen[name] == 1 else f"{name} #{self._seen[name]}"
            self.ns.setdefault(layer, []).append(took)
            if layer not in self.about:
                self.about[layer] = (re.sub(r"\d+(?=_|$)", "", name), _precision(arguments))
        return 0

    def layers(self) -> list[dict[str, Any]]:
        """As `contract.ProfiledSession` has them: medians over the runs."""
        return [
            {"name": name, "type": self.about[name][0], "precision": self.about[name][1], "ns": median(ns), "calls": 1}
            for name, ns in self.ns.items()
        ]


def _precision(arguments: Any) -> str:
    """What the first tensor that a kernel is given is made of."""
    types = [str(one.dtype) for one in arguments if hasattr(one, "dtype")]
    return KINDS.get(types[0], types[0]) if types else "unknown"
