"""The steps before a backend's: a network trained and exported, or a finished file of the user's read or described."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from runner.backends import loading
from runner.backends.worker_query import ask
from runner.core import advice, hashing, registry
from runner.core.errors import Impossible, RunnerError
from runner.planning import target as targets
from runner.planning.draft import Draft
from runner.planning.graph import DATA, GRAPH, Node, Step
from runner.planning.nodes import named, node, shared
from runner.planning.place import Place, Surroundings, place_of, runtime_of, tools
from runner.spec.schema import Choice, Spec

SAMPLES = Step("data", ("numpy",), DATA)
RAW = Step("raw", ("numpy",), DATA)
TRAIN = Step("train", ("torch", "numpy"), rough_s=30.0)
COMPRESS = Step("compress", ("torch", "numpy"), rough_s=20.0)
EXPORT = Step("export", ("torch", "onnx", "numpy"), GRAPH, rough_s=3.0)
IMPORT = Step("export", ("onnx", "numpy"), GRAPH)  # of a finished file, by the step of that name

Files = tuple[tuple[str, str], ...]  # path as given, SHA-256


@dataclass(frozen=True)
class Part:
    """A file of a built model: its path as given, its name in an artifact, its SHA-256."""

    path: str
    place: str
    digest: str


Built = tuple[Part, ...]  # the model itself first


@dataclass(frozen=True)
class Opener:
    """The module of a backend's that opens a built file to describe it, where, and by which distributions."""

    module: str
    place: Place
    tools: tuple[str, ...]


@dataclass(frozen=True)
class Source:
    """The nodes that end in a model, in order; its data; what it is provided as: `{representation: node}`; why ONNX
    Runtime can't read it, where it can't (other runtimes may); the files of one that is built already; its data as raw
    samples, where those are measured."""

    nodes: list[Node]
    data: Node
    provided: Mapping[str, Node]
    unread: RunnerError | None = None
    built: Built = ()
    raw: Node | None = None


def source_of(spec: Spec, draft: Draft) -> Source:
    """What a spec's model comes from."""
    if spec.built:
        return _built(spec, draft)
    trains = "checkpoint" in registry.load("model", spec.model.name).PROVIDES
    return _trained(spec, draft) if trains else _imported(spec, draft)


def _trained(spec: Spec, draft: Draft) -> Source:
    """data → train → compress → export."""
    data = _sampled(spec, "", draft)
    made = [data, draft.once(_train, spec.model, spec.train, spec.seed, data.key)]
    if spec.compression.name != "none":
        about = (spec.compression, spec.model, spec.train, spec.seed, data.key, made[-1].key)
        made.append(draft.once(_compress, *about))
    export = draft.once(_export, spec.model, data.key, made[-1].key)
    return Source([*made, export], data, {"checkpoint": made[-1], "onnx": export})


def _imported(spec: Spec, draft: Draft) -> Source:
    """A finished file of the user's: export (checked, shapes fixed) → data (described by the file)."""
    files = _files("model", spec.model, draft)  # what isn't there is said before what is wrong with the rest
    unread = draft.once(_unread, spec.model)
    export = draft.once(_import, spec.model, files)
    _check_batch(spec)
    data = _sampled(spec, export.key, draft)
    return Source([export, data], data, {"onnx": export}, unread)


def _built(spec: Spec, draft: Draft) -> Source:
    """A file that another toolchain built: described by the backend that opens it → data. It is provided as its
    suffix."""
    suffix = registry.load("model", spec.model.name).suffix(spec.model.settings)
    beside = loading.backend(spec.backend.name).companions.get(suffix, ())
    places = draft.once(_places, spec.model, beside)
    built = tuple(Part(path, place, draft.once(_hash, path)) for path, place in places)
    _check_batch(spec)
    opener = _opener(spec, suffix, draft)
    described = draft.once(_describe, spec.model, spec.backend, built, opener)
    data = _sampled(spec, described.key, draft)
    return Source([described, data], data, {suffix: described}, built=built)


def _opener(spec: Spec, suffix: str, draft: Draft) -> Opener:
    """Its session where that runs; of a file that a stage takes up, what stands in for it where that stage does."""
    declared = loading.backend(spec.backend.name)
    if suffix not in declared.takes_up:
        place = draft.once(runtime_of, spec.backend.name, spec.toolchain, draft.project)
        return Opener("session", place, tools(spec.backend.name, place))
    target = draft.once(targets.target_of, spec.hardware.settings)
    around = Surroundings(spec.backend.name, spec.hardware.settings, spec.toolchain, target)
    stage = next(one for one in declared.stages if one.name == declared.takes_up[suffix])
    return Opener("given", draft.once(place_of, stage, around, draft.project), stage.tools or declared.distributions)


def _check_batch(spec: Spec) -> None:
    module, batch = registry.load("model", spec.model.name), spec.scenario.settings.batch
    if batch > 1 and not module.batches(spec.model.settings):
        raise Impossible(
            f"scenario.batch={batch}: the sizes of {spec.model.settings.path}'s inputs are fixed.",
            f"Give the first axis of each as batch: {advice.shape('INPUT', ['batch', 3])}",
        )


def raw_of(spec: Spec, draft: Draft) -> Node:
    """The samples of a network of ours before they are made ready."""
    return _sampled(spec, "", draft, RAW)


def _sampled(spec: Spec, export: str, draft: Draft, step: Step = SAMPLES) -> Node:
    """The data step. `export` is the key of a finished file's node, which describes its data; "" for a network of
    ours. Models that need the same samples share it."""
    needs = hashing.canonical(registry.load("model", spec.model.name).data_needs(spec.model.settings))
    draft.once(_data_problems, spec.data, needs)
    files = _files("data", spec.data, draft) + (_files("model", spec.model, draft) if export else ())
    return draft.once(_data, step, spec.data, needs, files, spec.seed, export)


def _files(axis: str, choice: Choice, draft: Draft) -> Files:
    """The user's files that an option reads; each is hashed once."""
    return tuple((path, draft.once(_hash, path)) for path in draft.once(_paths, axis, choice))


def files_of(backend: Choice, draft: Draft) -> Files:
    """The same of a backend's settings. Raises SpecError for what is wrong with one."""
    return tuple((path, draft.once(_hash, path)) for path in draft.once(_named_by, backend))


def _named_by(backend: Choice) -> tuple[str, ...]:
    return tuple(loading.ask(backend.name, "files", backend.settings))


def _paths(axis: str, choice: Choice) -> tuple[str, ...]:
    module = registry.load(axis, choice.name)
    return tuple(module.files(choice.settings)) if hasattr(module, "files") else ()


def _hash(path: str) -> str:
    return hashing.file_hash(Path(path))


def _unread(model: Choice) -> RunnerError | None:
    """Why ONNX Runtime can't read a finished file. Raises SpecError for what is wrong with it."""
    module = registry.load("model", model.name)
    unread: RunnerError | None = module.unread(model.settings, ask)
    module.problems(model.settings)
    return unread


def _places(model: Choice, beside: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """The files of a built model, each with its name in an artifact. Raises SpecError for what is wrong with them."""
    module = registry.load("model", model.name)
    module.problems(model.settings)
    return tuple(module.places(model.settings, beside).items())


def _data_problems(data: Choice, needs: str) -> None:
    module = registry.load("data", data.name)
    if hasattr(module, "problems"):
        module.problems(data.settings, json.loads(needs))


def _import(model: Choice, files: Files) -> Node:
    code = (registry.module("model", model.name),)
    return node(IMPORT, model.title, {"model": named(model), "files": dict(files)}, {}, code)


def _describe(model: Choice, backend: Choice, built: Built, opener: Opener) -> Node:
    settings = {
        "backend": backend.name,
        "opener": opener.module,
        "settings": shared(backend),
        "shapes": named(model)["settings"]["shapes"],
        **placed(built),
    }
    step = Step("describe", opener.tools, GRAPH, own_worker=True)
    code = (f"{registry.module('backend', backend.name)}.{opener.module}",)
    return node(step, f"{model.title} {backend.title}", settings, {}, code, place=opener.place)


def placed(built: Built) -> dict[str, Any]:
    """A built model's files as the steps that use it are given them."""
    names = {part.place for part in built}
    # Steps get copies by other paths: a file of the user's that is called as it will be in the artifact is told apart.
    paths = {part: f"./{part.path}" if part.path in names else part.path for part in built}
    return {
        "places": [[paths[part], part.place] for part in built],
        "files": {paths[part]: part.digest for part in built},
    }


def _data(step: Step, data: Choice, needs: str, files: Files, seed: int, export: str) -> Node:
    settings = {**named(data), "needs": json.loads(needs), "files": dict(files), "seed": seed}
    module = registry.load("data", data.name)
    step = replace(step, tools=(*step.tools, *getattr(module, "DISTRIBUTIONS", ())))
    return node(step, data.title, settings, {"model": export} if export else {}, (module.__name__,))


def _train(model: Choice, train: Choice, seed: int, data: str) -> Node:
    settings = {"model": named(model), "train": named(train)["settings"], "seed": seed}
    return node(TRAIN, model.title, settings, {"data": data}, (registry.module("model", model.name),))


def _compress(method: Choice, model: Choice, train: Choice, seed: int, data: str, trained: str) -> Node:
    settings = {"model": named(model), "train": named(train)["settings"], "seed": seed, **named(method)}
    code = (registry.module("model", model.name), registry.module("compression", method.name))
    return node(COMPRESS, method.title, settings, {"data": data, "model": trained}, code)


def _export(model: Choice, data: str, checkpoint: str) -> Node:
    code = (registry.module("model", model.name),)
    return node(EXPORT, model.title, {"model": named(model)}, {"data": data, "model": checkpoint}, code)
