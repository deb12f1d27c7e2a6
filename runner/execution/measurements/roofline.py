"""How near each side comes to the least time that its machine allows, reckoned from its graph and the peaks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.artifacts.store import Artifact
from runner.backends import loading
from runner.backends.contract import HOST
from runner.core.advice import setting
from runner.core.errors import Unavailable
from runner.execution import cell_sides
from runner.execution.measurements import graph_figures
from runner.execution.measurements.graph_figures import GRAPH_FILE, Figures
from runner.execution.measurements.protocol import Artifacts, Work
from runner.measure import roofline
from runner.measure.roofline import Bound, Peaks
from runner.planning.graph import COMPILED, GRAPH, QUANTIZED, Chain
from runner.results import calibration
from runner.results.formatting import number
from runner.spec import hardware
from runner.transport import devices

if TYPE_CHECKING:
    from runner.graphs.cost import GraphCost
    from runner.measure.metrics import Metric

METRIC = "efficiency/roofline"


@dataclass(frozen=True)
class Reckoned:
    """Of one side: `flops` and `bytes` of an inference (None: not known), the operators that were not counted, the
    `precision` of its fastest arithmetic; its `bound`, or why there is none."""

    flops: int | None
    bytes: int | None
    not_counted: tuple[str, ...]
    precision: str
    bound: Bound | str
    peaks: Peaks | None = None

    def as_dict(self) -> dict[str, Any]:
        """JSON types: a side's part of a record's `roofline`."""
        known = {"flops": self.flops, "bytes": self.bytes, "not_counted": list(self.not_counted)}
        if isinstance(self.bound, str) or self.peaks is None:
            return {**known, "reason": self.bound}
        times = {"bound_ms": 1e3 * self.bound.seconds, "compute_ms": 1e3 * self.bound.compute_s}
        said = {"limit": self.bound.limit, "precision": self.precision, "source": _source(self.peaks)}
        return {**known, **times, "memory_ms": 1e3 * self.bound.memory_s, **said}

    def share(self, p50_ms: float) -> Metric:
        """Of the median time, the part that the bound is."""
        from runner.measure.metrics import AbsentFigure, ReckonedFigure  # they bring numpy

        if isinstance(self.bound, str):
            return AbsentFigure(METRIC, self.bound)
        least = f"reckoned: {number(1e3 * self.bound.seconds)} ms at the least ({self.bound.limit})"
        missing = f", without {', '.join(self.not_counted)}" if self.not_counted else ""
        return ReckonedFigure(METRIC, 1e3 * self.bound.seconds / p50_ms, least + missing)


def _source(peaks: Peaks) -> str:
    return f"peaks of {peaks.date[:10]}, {peaks.threads} thread{'s' if peaks.threads > 1 else ''}"


def reckoned(work: Work, role: str, effective: Mapping[str, Any]) -> Reckoned:
    """Of one side; `effective` are its settings as the session read them back, with where its memory is."""
    chain, artifacts = work.cell.by_role[role], work.artifacts[role]
    compiled = cell_sides.one(chain, artifacts, COMPILED)
    ran = roofline.fastest(compiled.meta["effective"])
    found = figures_of(work.root, chain, artifacts)
    if isinstance(found, str):
        return Reckoned(None, None, (), ran, found)
    weights = min(found.weights, compiled.meta["size"]["file_bytes"])  # a runtime may have made them smaller
    moved = found.bytes - found.weights + weights
    missing = tuple(f"{op} ×{count}" for op, count in found.unknown.items())
    peaks = peaks_of(work.root, chain, effective)
    if isinstance(peaks, str):
        return Reckoned(found.flops, moved, missing, ran, peaks)
    return Reckoned(found.flops, moved, missing, ran, roofline.bound(peaks, found.flops, moved, ran), peaks)


def figures_of(root: Path, chain: Chain, artifacts: Artifacts) -> Figures | str:
    """Of the graph that was compiled, or of what a file that was built already holds; why they are not known."""
    source = cell_sides.perhaps(chain, artifacts, QUANTIZED) or cell_sides.one(chain, artifacts, GRAPH)
    batch = chain.spec.scenario.settings.batch
    try:
        every = (graph_figures.of_artifact(root, one, batch) for one in (source, _compiled(chain, artifacts)))
        found = next(filter(None, every), None)
    except Unavailable as error:
        return f"its operations are not known: {error.reason}"
    if found is None:
        return "its operations are not known: it is no ONNX graph"
    if not found.flops and found.unknown:
        return f"its operations are not known: they are in {', '.join(found.unknown)}"
    return found


def cost_of(chain: Chain, artifacts: Artifacts) -> GraphCost | str:
    """Of the graph that was compiled; why it is not known."""
    source = cell_sides.perhaps(chain, artifacts, QUANTIZED) or cell_sides.one(chain, artifacts, GRAPH)
    batch = chain.spec.scenario.settings.batch
    found = [_cost(folder / GRAPH_FILE, batch) for folder in (source.folder, _compiled(chain, artifacts).folder)]
    whole = [one for one in found if one]  # of a file that is built already the first is none
    if not whole:
        return "its operations are not known: it is no ONNX graph"
    if not whole[0].flops and whole[0].unknown:
        return f"its operations are not known: they are in {', '.join(whole[0].unknown)}"
    return whole[0]


def cost_of_layers(chain: Chain, artifacts: Artifacts, sizes: Mapping[str, Any]) -> GraphCost | str:
    """Of the graph whose nodes a profile's layers name: what was compiled, where that is a graph, with the `sizes` that
    its runtime saw (`LayerProfile.sizes`); else of what it was compiled from."""
    from runner.graphs import cost

    file, batch = _compiled(chain, artifacts).folder / GRAPH_FILE, chain.spec.scenario.settings.batch
    if _cost(file, batch) is None:
        return cost_of(chain, artifacts)
    tensors = {name: [cost.seen(one["shape"], one["dtype"]) for one in every] for name, every in sizes.items()}
    return cost.read(file, batch, tensors)


def _compiled(chain: Chain, artifacts: Artifacts) -> Artifact:
    return cell_sides.one(chain, artifacts, COMPILED)


@cache
def _cost(file: Path, batch: int) -> GraphCost | None:
    """An artifact's file never changes."""
    from runner.graphs import cost

    return cost.known(file, batch)


def peaks_of(root: Path, chain: Chain, effective: Mapping[str, Any]) -> Peaks | str:
    """Those of the side's device with as many threads as it has; why they are not known."""
    if effective.get("memory", HOST) != HOST:
        return f"it ran on {effective['memory']}, whose peaks nothing measured"
    spec = chain.spec
    identity = str(devices.device_of(spec.hardware.settings).hardware()["identity"])
    known = calibration.peaks(root, identity)
    threads = loading.backend(spec.backend.name).threads(spec.backend.settings)
    fitting = [one for one in known if threads in (None, one.threads)]
    if fitting:
        return fitting[-1]  # what can't be told how many threads it may take may take all
    where = hardware.called(spec.hardware.settings)
    command = " ".join(("python -m runner calibrate --peaks", *_words(chain, threads)))
    return f"the peaks of {where} are not known: {command}"


def _words(chain: Chain, threads: int | None) -> list[str]:
    """What says to `calibrate` which machine, and how many threads."""
    named = chain.spec.hardware
    host = [f"hardware={named.name}"] if hardware.name_of(named.settings) != hardware.LOCAL else []
    settings = named.plain().items() if host else ()
    reached = [setting(f"hardware.{key}", str(value)) for key, value in settings if key != "name" and value is not None]
    return [*host, *reached, *([f"backend.threads={threads}"] if threads not in (None, 1) else [])]
