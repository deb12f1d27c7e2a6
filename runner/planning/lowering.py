"""From what a model is to what a backend runs: the precision in the graph, then the backend's stages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from runner.backends import loading
from runner.backends.contract import AS_BUILT, COMPILE, Stage
from runner.core import registry
from runner.core.errors import RunnerError
from runner.planning import place as places
from runner.planning import preprocessing
from runner.planning import target as targets
from runner.planning.draft import Draft
from runner.planning.graph import COMPILED, PROOF, QUANTIZED, STAGE, Node, Step
from runner.planning.nodes import named, node, shared
from runner.planning.place import Place, Surroundings
from runner.planning.preprocessing import FUSE
from runner.planning.sources import Built, Files, Source, files_of, placed
from runner.planning.support import Wanted, blocker, unopened
from runner.spec import hardware
from runner.spec.preprocess import BY_GRAPH, BY_RUNTIME
from runner.spec.schema import Choice, Spec

READER = "onnxruntime"  # of the files that `Source.unread` is about
TAKE = Step("take", (), STAGE)
QUANTIZE = Step("quantize", ("onnx", READER, "numpy"), QUANTIZED, rough_s=2.0)


@dataclass(frozen=True)
class _Asked:
    """What is asked of a backend, the same in each of its steps. `data`: a key; `files`: those of the user's that its
    settings name; `blocked`: why it can't be done; `preprocess`: whether it makes raw samples ready by its own means.
    """

    backend: Choice
    model: str
    precision: Choice
    batch: int
    around: Surroundings
    data: str
    files: Files
    blocked: RunnerError | None
    preprocess: bool = False

    @property
    def title(self) -> str:
        parts = (self.model, self.backend.title, self.around.toolchain.version, self.precision.name)
        return " ".join(filter(None, parts))

    def tuned_to(self) -> Any:
        """What the backend's output is tuned to, on the machine that it is for."""
        return loading.ask(self.backend.name, "tuned_to", self.backend.settings, self.around.target.hardware)


def lowered(spec: Spec, origin: Source, draft: Draft) -> list[Node]:
    """The nodes from the first representation that the backend accepts, of those provided, to what its session runs.

    A graph that is no float32 any more is quantised before; a file that is built already is taken as it is, or by the
    stage that takes it up.
    """
    asked = _asked(spec, origin, draft)
    if origin.built and not _taken_up(spec, origin):
        place = draft.once(places.runtime_of, spec.backend.name, spec.toolchain, draft.project)
        made = [draft.once(_adopt, asked, origin.built, place)]
    else:
        made, place = _made(spec, origin, asked, draft)
    if loading.backend(spec.backend.name).capabilities.host_proof:
        joined = next((one.key for one in made if one.step == FUSE.name), "")
        made.append(draft.once(_verify, asked, made[-1].key, _proven_at(spec, asked, place), joined))
    return made


def _proven_at(spec: Spec, asked: _Asked, last: Place) -> Place:
    """Where what is compiled runs first, as far as that is known before: `last` is where its last stage does."""
    target = asked.around.target
    if loading.backend(spec.backend.name).capabilities.cross_compiles and target.name != hardware.LOCAL:
        return Place(device=spec.hardware.settings, problem=target.problem)
    return last if last.device or last.release else places.HERE


def _taken_up(spec: Spec, origin: Source) -> bool:
    declared = loading.backend(spec.backend.name)
    return declared.reads(origin.provided) in declared.takes_up


def _made(spec: Spec, origin: Source, asked: _Asked, draft: Draft) -> tuple[list[Node], Place]:
    """The graph quantised, or the built file taken up, and the backend's stages; where the last one runs."""
    declared, provided = loading.backend(spec.backend.name), origin.provided
    reads = declared.reads(provided)
    source, made = provided[reads or next(iter(provided))], []  # where it accepts none, the nodes are blocked
    if reads == "onnx" and spec.precision.name != "fp32" and not declared.capabilities.quantizes:
        about = (spec.model.title, spec.precision, spec.backend.name, source.key, origin.data.key)
        source = draft.once(_quantize, *about, origin.unread)
        made.append(source)
    if origin.raw and preprocessing.by(spec) == BY_GRAPH:
        source = draft.once(preprocessing.fused, spec.model.title, source.key, origin.raw.key)
        made.append(source)
    if origin.built:
        source = draft.once(_take, spec.model.title, origin.built)
        made.append(source)
    network = spec.model if reads == "checkpoint" else None
    for stage in declared.stages_of(spec.backend.settings, reads):
        place = draft.once(places.place_of, stage, asked.around, draft.project)
        source = draft.once(_stage, stage, place, asked, network, source.key)
        made.append(source)
        network = None  # the stages that follow read what the one before made
    return made, place


def _asked(spec: Spec, origin: Source, draft: Draft) -> _Asked:
    backend, model, precision, batch = spec.backend, spec.model.name, spec.precision.name, spec.scenario.settings.batch
    target = draft.once(targets.target_of, spec.hardware.settings)
    declared = loading.backend(backend.name)
    around = Surroundings(backend.name, spec.hardware.settings, spec.toolchain, target)
    session = draft.once(places.runtime_of, backend.name, spec.toolchain, draft.project)
    opened = origin.built and not _taken_up(spec, origin)
    own = session if opened else draft.once(places.place_of, declared.stages[-1], around, draft.project)
    about = (backend, model, tuple(origin.provided), spec.data.name, precision, batch, target, own)
    there = Place(device=spec.hardware.settings, problem=target.problem)
    runs = session if target.name == hardware.LOCAL else there
    wrong = unopened(backend.name, origin.built[0].path, draft.project) if origin.built else None
    blocked = wrong or session.problem or draft.once(blocker, Wanted(*about, runs))
    blocked = blocked or (origin.unread if declared.runtime == READER and session == places.HERE else None)
    measured = origin.raw if origin.raw and preprocessing.by(spec) else origin.data
    joins, files = preprocessing.by(spec) == BY_RUNTIME, files_of(backend, draft)
    return _Asked(backend, spec.model.title, spec.precision, batch, around, measured.key, files, blocked, joins)


def _take(model: str, built: Built) -> Node:
    return node(TAKE, model, placed(built), {})


def _quantize(model: str, precision: Choice, backend: str, export: str, data: str, unread: RunnerError | None) -> Node:
    dynamic = loading.backend(backend).int8_dynamic_ops if precision.name == "int8_dynamic" else ()
    settings = {
        "precision": precision.name,
        "settings": named(precision)["settings"],
        "dynamic_ops": sorted(dynamic),
    }
    return node(QUANTIZE, f"{model} {precision.name}", settings, {"model": export, "data": data}, blocked=unread)


def _stage(stage: Stage, place: Place, asked: _Asked, network: Choice | None, source: str) -> Node:
    """One stage. `network` is that whose checkpoint is compiled, None of a graph; `source` is a key."""
    backend = asked.backend
    owner = stage.whose or backend.name
    module = registry.module("backend", owner)
    job = {"precision": asked.precision.name, "batch": asked.batch}
    if "precision_settings" in stage.asks:
        job["precision_settings"] = named(asked.precision)["settings"]
    if "tuned_to" in stage.asks:
        job["tuned_to"] = asked.tuned_to()
    if asked.preprocess:
        job["preprocess"] = True
    read = _read(stage, backend)
    settings: dict[str, Any] = {
        "backend": owner,
        "settings": read,
        **{name: value for name, value in job.items() if name in stage.asks},
    }
    last = stage.name == COMPILE
    code: Sequence[str] = (f"{module}.{stage.name}", *([f"{module}.session"] if last else []))
    named_files = {path: digest for path, digest in asked.files if path in read.values()}
    if named_files:
        settings["files"] = named_files
    if not last:
        settings["stage"] = stage.name
    if network:
        settings["model"] = named(network)
        code = (*code, registry.module("model", network.name))
    inputs = {role: key for role, key in (("model", source), ("data", asked.data)) if role in stage.needs}
    tools = stage.tools if stage.toolchain else places.tools(backend.name, place)
    tools = (*tools, *stage.uses(backend.settings, asked.precision.name))
    provides = (*stage.provides, *stage.provides_for(backend.settings))
    step = Step(stage.name, tools, COMPILED if last else STAGE, stage.rough_s, True, provides)
    return node(step, asked.title, settings, inputs, tuple(code), asked.blocked, "runner.steps.compile", place)


def _adopt(asked: _Asked, built: Built, place: Place) -> Node:
    """A built file taken into the store as what a compile leaves there."""
    backend, taken = asked.backend, placed(built)
    module = registry.module("backend", backend.name)
    settings = {
        "backend": backend.name,
        "settings": shared(backend),
        "precision": asked.precision.name,
        **taken,
        "files": {**taken["files"], **dict(asked.files)},
    }
    code = (f"{module}.session", *loading.optional_module(backend.name, AS_BUILT))
    step = Step(COMPILE, places.tools(backend.name, place), COMPILED, own_worker=True)
    return node(step, asked.title, settings, {"data": asked.data}, code, asked.blocked, "runner.steps.adopt", place)


def _verify(asked: _Asked, compiled: str, place: Place, expected: str) -> Node:
    """That what was compiled runs, and, where preprocessing was joined to its graph in the artifact `expected`, answers
    as is said there. Here is no other machine's session: what is measured elsewhere is proven with the settings that
    compile was."""
    backend = asked.backend
    declared, module = loading.backend(backend.name), registry.module("backend", backend.name)
    here = place.device or asked.around.target.name == hardware.LOCAL
    own = {} if here else {**declared.session_settings, **declared.proof_settings}
    settings = {
        "backend": backend.name,
        "settings": {**named(backend)["settings"], **own},
        "batch": asked.batch,
        "tuned_to": asked.tuned_to(),
    }
    step = Step("verify", places.tools(backend.name, place), PROOF, own_worker=True)
    inputs = {"model": compiled, "data": asked.data}
    if expected:
        settings, inputs = {**settings, "precision": asked.precision.name}, {**inputs, "expected": expected}
    return node(step, asked.title, settings, inputs, (f"{module}.session",), asked.blocked, place=place)


def _read(stage: Stage, backend: Choice) -> dict[str, Any]:
    """The settings in a stage's key."""
    if stage.reads is not None:
        return {name: named(backend)["settings"][name] for name in stage.reads}
    return shared(backend)
