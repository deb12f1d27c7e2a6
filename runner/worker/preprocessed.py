"""A session whose inputs are raw samples: each run makes them ready by numpy first, and is timed with that."""

from __future__ import annotations

import time
from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping
from statistics import fmean, median
from typing import Any

import numpy as np

from runner.preprocessing import description, host
from runner.preprocessing.description import Preprocessing

Bound = namedtuple("Bound", ["raw", "ready", "inner"])
STATISTICS: dict[str, Callable[[Iterable[float]], float]] = {"mean": fmean, "median": median}


def opened(session: Any, inputs: Mapping[str, Any]) -> Any:
    """One for raw samples, around `session`: `inputs` is `{input: Preprocessing.as_dict}`."""
    return Preprocessed(session, {name: description.read(one) for name, one in inputs.items()})


class Preprocessed:
    """As the session in it, and its inputs are raw. What a script does once, `bind` does: memory for the ready inputs,
    handed to the runtime. A run writes into that; where the runtime doesn't read it again (`rereads`), it is bound
    anew in each run."""

    def __init__(self, session: Any, inputs: dict[str, Preprocessing]) -> None:
        self._session, self._described = session, inputs
        self._inner = self._written if getattr(session, "rereads", False) else self._bound_anew
        self.inputs = [self._raw(spec) for spec in session.inputs]
        self.outputs, self.version = session.outputs, session.version
        self.memory, self.clock = session.memory, session.clock
        self.at_once = getattr(session, "at_once", 1)
        self.effective = {**session.effective, "preprocess": f"numpy {np.__version__}"}

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the session in it does otherwise than asked."""
        return tuple(getattr(self._session, "warnings", ()))

    def _raw(self, spec: dict[str, Any]) -> dict[str, Any]:
        one = self._described[spec["name"]]
        return {"name": spec["name"], "shape": [spec["shape"][0], *one.shape], "dtype": one.dtype}

    def bind(self, arrays: dict[str, Any]) -> Bound:
        """Raw samples by input name, and memory for what is made of them."""
        ready = {name: host.prepared(one, arrays[name]) for name, one in self._described.items()}
        return Bound(arrays, ready, self._session.bind(ready))

    def run(self, bound: Bound) -> list[Any]:
        """The samples made ready, then inferred."""
        return self._session.run(self._inner(bound))  # type: ignore[no-any-return]

    def run_many(self, order: list[Bound]) -> list[Any]:
        """All of `order` made ready, one after the other, then inferred at once."""
        return self._session.run_many([self._inner(bound) for bound in order])  # type: ignore[no-any-return]

    def _written(self, bound: Bound) -> Any:
        self._prepare(bound)
        return bound.inner

    def _bound_anew(self, bound: Bound) -> Any:
        self._prepare(bound)
        return self._session.bind(bound.ready)

    def _prepare(self, bound: Bound) -> None:
        for name, one in self._described.items():
            host.prepare(one, bound.raw[name], bound.ready[name])

    def profile(self, bound: Bound, iterations: int) -> dict[str, Any]:
        """As `contract.ProfiledSession`: the runtime's layers, and the preprocessing as one more."""
        found = self._session.profile(bound.inner, iterations)
        ns = STATISTICS[found["statistic"]](self._prepare_ns(bound) for _ in range(iterations))
        layer = {"name": "preprocess", "type": "numpy", "precision": "fp32", "ns": ns, "calls": 1}
        return {**found, "layers": [layer, *found["layers"]], "run_ns": found["run_ns"] + ns}

    def _prepare_ns(self, bound: Bound) -> int:
        start = time.perf_counter_ns()
        self._prepare(bound)
        return time.perf_counter_ns() - start

    def close(self) -> None:
        self._session.close()
