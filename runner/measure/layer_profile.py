"""Where a side's time goes, layer by layer, as its runtime's own profiler says.

It is made after the benchmark, in a process of its own: a profiler slows what it watches, and no measured number is to
know of it. Its times say which layers matter, not how fast the model is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from runner.measure import clock
from runner.measure.clock import Clock
from runner.measure.run import Run
from runner.measure.sides import cpus_of_pair, opened, pinned

FILE = "layers.json"
ABSENT = "profile/layers"  # what of a record is absent in its place


@dataclass(frozen=True)
class Layer:
    """`ns`: its time in a run, the profile's `statistic` over the runs; `calls` in a run; `share` of the sum over
    all layers. `nodes`: those of the graph that it came from, as far as its runtime says. `flops` and `bytes` of a run;
    `bound_ns`: the least time that the machine needs for both, reckoned. What is None is `absent` with its reason."""

    name: str
    type: str
    precision: str
    ns: float
    calls: int
    share: float
    nodes: tuple[str, ...] = ()
    flops: int | None = None
    bytes: int | None = None
    bound_ns: float | None = None
    absent: Mapping[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """JSON types, without what is None."""
        found = {name: value for name, value in asdict(self).items() if value is not None}
        return {**found, "nodes": list(self.nodes)}


@dataclass(frozen=True)
class LayerProfile:
    """`run_ns`: the same of a whole run beside the profiler; `measured_ns`: the one that the benchmark measured;
    `resolution_ns`: a layer of 0 took less. `sizes`: what layers wrote, `{name: [{"shape", "dtype"}]}`, where the
    runtime says it."""

    version: str
    iterations: int
    statistic: str
    layers: Sequence[Layer]
    run_ns: float
    measured_ns: float
    resolution_ns: float
    sizes: Mapping[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """JSON types: a side's part of `layers.json`."""
        whole = {"version": self.version, "iterations": self.iterations, "statistic": self.statistic}
        times = {"sum_ns": sum(one.ns for one in self.layers), "run_ns": self.run_ns, "measured_ns": self.measured_ns}
        times["resolution_ns"] = self.resolution_ns
        return {**whole, **times, "layers": [one.as_dict() for one in self.layers]}


def profiled(run: Run, role: str, iterations: int, measured_ns: float) -> LayerProfile:
    """The profile of one side, from a fresh process on its device. Raises what a worker raises."""
    side = run.sides[role]
    worker = opened(f"{role}-profile", side, run.folder)
    try:
        pinned(worker, cpus_of_pair({role: side}, run.settings, run.seed, 0), run.limit_s)
        begun = clock.now()
        answer: Mapping[str, Any] = worker.ask(
            "profile",
            timeout=run.limit_s,
            session=side.session,
            folder=side.device.put(side.folder),
            options=dict(side.options),
            preprocess=dict(side.preprocess),
            inputs=side.device.put(side.inputs),
            batch=side.batch,
            samples=1,
            seed=run.seed,
            iterations=iterations,
        )
        longest = max([answer["run_ns"], *(one["ns"] for one in answer["layers"])])  # a median: half take no longer
        Clock(worker.name).check_seconds("profile", iterations / 2 * longest / 1e9, clock.now() - begun)
        worker.leave()
    finally:
        worker.close()
    plain = {name: answer[name] for name in ("version", "statistic", "run_ns", "resolution_ns")}
    plain["sizes"] = {one["name"]: one["outputs"] for one in answer["layers"] if "outputs" in one}
    return LayerProfile(iterations=iterations, layers=_layers(answer["layers"]), measured_ns=measured_ns, **plain)


def _layers(found: Sequence[Mapping[str, Any]]) -> list[Layer]:
    """With each one's share, the longest first."""
    total = sum(one["ns"] for one in found) or 1.0
    made = [_layer(one, one["ns"] / total) for one in found]
    return sorted(made, key=lambda layer: -layer.ns)


def _layer(one: Mapping[str, Any], share: float) -> Layer:
    plain = {name: one[name] for name in ("name", "type", "precision", "calls")}
    return Layer(**plain, ns=float(one["ns"]), share=share, nodes=tuple(one.get("nodes", ())), bytes=one.get("bytes"))
