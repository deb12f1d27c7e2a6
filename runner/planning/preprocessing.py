"""Raw samples in the place of ready inputs: what is measured then, and what makes them ready."""

from __future__ import annotations

from dataclasses import replace

from runner.backends import loading
from runner.core.errors import RunnerError, Unsupported
from runner.planning.draft import Draft
from runner.planning.graph import Node, Step
from runner.planning.nodes import node
from runner.planning.sources import Source, raw_of
from runner.planning.support import alone
from runner.spec.preprocess import AUTO, BY_GRAPH, BY_RUNTIME, FUSED, NONE, SEPARATE
from runner.spec.schema import Spec

FUSE = Step("fuse", ("onnx", "onnxruntime", "numpy"), rough_s=2.0)


def by(spec: Spec) -> str:
    """What makes raw samples ready in what is compiled: BY_GRAPH, BY_RUNTIME, or "" where nothing does."""
    if spec.preprocess.name != FUSED:
        return ""
    asked: str = spec.preprocess.settings.by
    own = loading.backend(spec.backend.name).preprocesses
    return asked if asked != AUTO else BY_RUNTIME if own else BY_GRAPH


def with_raw(spec: Spec, origin: Source, draft: Draft) -> Source:
    """The source with its data's raw samples, which are measured in the place of the ready ones. A checkpoint can't
    have preprocessing joined to it: where that is asked for, the graph alone is provided."""
    if spec.preprocess.name == NONE:
        return origin
    raw = raw_of(spec, draft)
    nodes = [replace(one, kind=replace(one.kind, role="")) if one is origin.data else one for one in origin.nodes]
    provided = {"onnx": origin.provided["onnx"]} if spec.preprocess.name == FUSED else origin.provided
    return replace(origin, nodes=[*nodes, raw], provided=provided, raw=raw)


def fused(model: str, graph: str, raw: str) -> Node:
    """The graph with the preprocessing before it, after whatever was done to its precision; both are keys."""
    return node(FUSE, model, {}, {"model": graph, "data": raw})


def problem(spec: Spec) -> RunnerError | None:
    """Why a backend can't be measured so, known before any work."""
    name, backend = spec.preprocess.name, spec.backend.name
    declared = loading.backend(backend)
    if name == SEPARATE and (why := alone(spec)):
        return Unsupported(f"preprocess={name}: backend={backend} {why}, without the host.", "Use preprocess=none.")
    if name == FUSED and "onnx" not in declared.accepts:
        reason = f"preprocess={name}: it is joined to a graph; backend={backend} takes {' or '.join(declared.accepts)}."
        return Unsupported(reason, "Use preprocess=separate.")
    if by(spec) == BY_RUNTIME and not declared.preprocesses:
        reason = f"preprocess.by={BY_RUNTIME}: backend={backend} has no preprocessing of its own."
        return Unsupported(reason, "Use preprocess.by=graph.")
    return None
