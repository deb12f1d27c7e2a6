"""From what a model is to what a backend runs: the precision in the graph, then the backend's stages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from runner.backends import loading
from runner.backends.contract import COMPILE, Backend, Stage
from runner.core import registry
from runner.core.errors import RunnerError
from runner.planning import place as places
from runner.planning import target as targets
from runner.planning.draft import Draft
from runner.planning.graph import COMPILED, PROOF, QUANTIZED, STAGE, Node, Step
from runner.planning.nodes import named, node
from runner.planning.place import Place
from runner.planning.sources import Source
from runner.planning.support import blocker
from runner.planning.target import Target
from runner.spec import hardware
from runner.spec.schema import Choice, Spec

READER = "onnxruntime"  # of the files that `Source.unread` is about
QUANTIZE = Step("quantize", ("onnx", READER, "numpy"), QUANTIZED, rough_s=2.0)


def lowered(spec: Spec, origin: Source, draft: Draft) -> list[Node]:
    """The nodes from the first representation that the backend accepts, of those provided, to what its session runs.

    A graph that is no float32 any more is quantised before.
    """
    declared, provided, data = loading.backend(spec.backend.name), origin.provided, origin.data
    reads = declared.reads(provided)
    source, made = provided[reads or next(iter(provided))], []  # where it accepts none, the nodes are blocked
    if reads == "onnx" and spec.precision.name != "fp32":
        about = (spec.model.name, spec.precision, spec.backend.name, source.key, data.key)
        source = draft.once(_quantize, *about, origin.unread)
        made.append(source)
    target = draft.once(targets.of, spec.hardware.settings)
    network = spec.model if reads == "checkpoint" else None
    asked = (spec.precision.name, spec.scenario.settings.batch, target)
    blocked = draft.once(blocker, spec.backend, spec.model.name, tuple(provided), spec.data.name, *asked)
    blocked = blocked or (origin.unread if READER in declared.distributions else None)
    title = f"{spec.model.name} {spec.backend.name} {spec.precision.name}"
    for stage in declared.stages:
        place = draft.once(places.of, stage.toolchain, stage.tools, spec.toolchain, draft.project)
        made_of = (stage, place, title, spec.backend, network, *asked, source.key, data.key, blocked)
        source = draft.once(_stage, *made_of)
        made.append(source)
        network = None  # the stages that follow read what the one before made
    if declared.capabilities.host_proof:
        batch = spec.scenario.settings.batch
        made.append(draft.once(_verify, title, spec.backend, batch, target, source.key, data.key, blocked))
    return made


def _quantize(model: str, precision: Choice, backend: str, export: str, data: str, unread: RunnerError | None) -> Node:
    dynamic = loading.backend(backend).int8_dynamic_ops if precision.name == "int8_dynamic" else ()
    settings = {
        "precision": precision.name,
        "settings": named(precision)["settings"],
        "dynamic_ops": sorted(dynamic),
    }
    return node(QUANTIZE, f"{model} {precision.name}", settings, {"model": export, "data": data}, blocked=unread)


def _stage(
    stage: Stage,
    place: Place,
    title: str,
    backend: Choice,
    network: Choice | None,
    precision: str,
    batch: int,
    target: Target,
    source: str,
    data: str,
    blocked: RunnerError | None,
) -> Node:
    """One stage. `network` is that whose checkpoint is compiled, None of a graph; `source` and `data` are keys."""
    declared, module = loading.backend(backend.name), registry.module("backend", backend.name)
    asked = {"precision": precision, "batch": batch}
    if "tuned_to" in stage.asks:
        asked["tuned_to"] = loading.asked(backend.name, "tuned_to", backend.settings, target.hardware)
    settings = {
        "backend": backend.name,
        "settings": _read(stage, named(backend)["settings"], declared),
        **{name: value for name, value in asked.items() if name in stage.asks},
    }
    last = stage.name == COMPILE
    code: Sequence[str] = (f"{module}.{stage.name}", *([f"{module}.session"] if last else []))
    if not last:
        settings["stage"] = stage.name
    if network:
        settings["model"] = named(network)
        code = (*code, registry.module("model", network.name))
    inputs = {role: key for role, key in (("model", source), ("data", data)) if role in stage.needs}
    tools = stage.tools if stage.toolchain else declared.distributions
    step = Step(stage.name, tools, COMPILED if last else STAGE, stage.rough_s, own_worker=True)
    return node(step, title, settings, inputs, tuple(code), blocked, "runner.steps.compile", place)


def _verify(
    title: str, backend: Choice, batch: int, target: Target, compiled: str, data: str, blocked: RunnerError | None
) -> Node:
    """That what was compiled runs. Here is no other machine's session: what is measured elsewhere is proven with the
    settings that compile was."""
    declared, module = loading.backend(backend.name), registry.module("backend", backend.name)
    own = {} if target.name == hardware.LOCAL else dict(declared.session_settings)
    settings = {
        "backend": backend.name,
        "settings": {**named(backend)["settings"], **own},
        "batch": batch,
        "tuned_to": loading.asked(backend.name, "tuned_to", backend.settings, target.hardware),
    }
    step = Step("verify", declared.distributions, PROOF, own_worker=True)
    return node(step, title, settings, {"model": compiled, "data": data}, (f"{module}.session",), blocked)


def _read(stage: Stage, settings: Mapping[str, Any], declared: Backend) -> dict[str, Any]:
    """The settings in a stage's key. What only a session reads has one value there, so that sessions of all kinds share
    one compile."""
    if stage.reads is not None:
        return {name: settings[name] for name in stage.reads}
    return {**settings, **declared.session_settings}
