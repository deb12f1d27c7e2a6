"""From what a model is to what a backend runs: quantize → compile, on what the backend reads."""

from __future__ import annotations

from collections.abc import Mapping

from runner.backends import loading
from runner.core import registry
from runner.planning import target as targets
from runner.planning.draft import Draft
from runner.planning.graph import Node
from runner.planning.nodes import named, node
from runner.planning.support import blocker
from runner.planning.target import Target
from runner.spec.schema import Choice, Spec


def lowered(spec: Spec, before: Mapping[str, Node], draft: Draft) -> list[Node]:
    """quantize → compile, on what the backend reads."""
    reads = loading.backend(spec.backend.name).reads(("onnx", "checkpoint") if "train" in before else ("onnx",))
    graph, data, made = before["export"], before["data"], []
    if reads == "onnx" and spec.precision.name != "fp32":
        graph = draft.once(_quantize, spec.model.name, spec.precision, spec.backend.name, graph.key, data.key)
        made.append(graph)
    source = graph if reads == "onnx" else before.get("compress", before.get("train", graph))
    batch = spec.scenario.settings.batch
    target = draft.once(targets.of, spec.hardware.settings)
    asked = (spec.model, spec.data.name, spec.precision.name, batch, target)
    about = (spec.backend, reads, *asked, source.key, data.key)
    return [*made, draft.once(_compile, *about)]


def _quantize(model: str, precision: Choice, backend: str, export: str, data: str) -> Node:
    dynamic = loading.backend(backend).int8_dynamic_ops if precision.name == "int8_dynamic" else ()
    settings = {
        "precision": precision.name,
        "settings": named(precision)["settings"],
        "dynamic_ops": sorted(dynamic),
    }
    return node("quantize", f"{model} {precision.name}", settings, {"model": export, "data": data}, ())


def _compile(
    backend: Choice,
    reads: str,
    model: Choice,
    data: str,
    precision: str,
    batch: int,
    target: Target,
    source: str,
    samples: str,
) -> Node:
    """`data` is the option's name; `source` and `samples` are the keys of what is compiled and of the data artifact."""
    declared, module = loading.backend(backend.name), registry.module("backend", backend.name)
    settings = {
        "backend": backend.name,
        # What only a session reads has one value here, so that sessions of all kinds share one compile.
        "settings": {**named(backend)["settings"], **declared.session_settings},
        "precision": precision,
        "batch": batch,
        "tuned_to": loading.asked(backend.name, "tuned_to", backend.settings, target.hardware),
    }
    code: tuple[str, ...] = (f"{module}.compile", f"{module}.session")
    if reads == "checkpoint":
        settings["model"] = named(model)
        code = (*code, registry.module("model", model.name))
    title = f"{model.name} {backend.name} {precision}"
    roles, blocked = {"model": source, "data": samples}, blocker(backend, model.name, data, precision, batch, target)
    return node("compile", title, settings, roles, code, declared.distributions, blocked)
