"""The plan: the graph of steps of one or many specs. Steps with one key are one node."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar, cast

from runner.artifacts import code_closure, store
from runner.backends import loading
from runner.backends.contract import Request
from runner.backends.worker_query import ask
from runner.core import advice, hashing, installed, registry
from runner.core.errors import BadFile, Impossible, RunnerError, SpecError, Unavailable, Unsupported
from runner.core.unexpected import failure
from runner.hardware import detect
from runner.planning import target as targets
from runner.planning.target import Target
from runner.spec import baseline, options
from runner.spec.schema import Choice, ImpossibleCell, Spec, Sweep
from runner.worker import variables

T = TypeVar("T")
Files = tuple[tuple[str, str], ...]  # path as given, SHA-256

# PyPI names whose versions enter a step's key. A backend names its own for `compile`.
TOOLS = {
    "data": ("numpy",),
    "train": ("torch", "numpy"),
    "compress": ("torch", "numpy"),
    "export": ("torch", "onnx", "numpy"),
    "quantize": ("onnx", "onnxruntime", "numpy"),
}


@dataclass(frozen=True)
class Node:
    """One step to be done: what it needs, and the key that names its output."""

    step: str
    title: str
    module: str
    settings: Mapping[str, Any]
    inputs: Mapping[str, str]
    tools: Mapping[str, str | None]
    key: str
    blocked: RunnerError | None = None
    modules: tuple[str, ...] = ()  # whose import closure is the step's code
    code: str = ""  # the hash of that, in the key
    variables: Mapping[str, str] = field(default_factory=dict)  # those of the environment that change its numbers

    @property
    def id(self) -> str:
        return f"{self.step}-{self.key[:16]}"


@dataclass(frozen=True)
class Chain:
    """One spec's steps: the keys of its nodes by step."""

    spec: Spec
    keys: Mapping[str, str]


@dataclass(frozen=True)
class Cell:
    """One comparison to be measured: a candidate, and a baseline unless `baseline=none` or it is its own. `words` are
    those of the command line or of the experiment that tell it from the others of its sweep."""

    candidate: Chain
    baseline: Chain | None
    label: str
    blocked: RunnerError | None = None
    words: str = ""


@dataclass(frozen=True)
class Plan:
    """Nodes in an order in which each comes after its inputs, and the cells that they serve. Of a sweep also: its
    cells that can't be, and how many are excluded or said twice."""

    nodes: Mapping[str, Node]
    cells: Sequence[Cell]
    impossible: Sequence[ImpossibleCell] = ()
    excluded: int = 0
    repeated: int = 0

    def of(self, chain: Chain) -> list[Node]:
        """A chain's nodes in order."""
        return [self.nodes[key] for key in chain.keys.values()]


def make(specs: Iterable[Spec], project: Path) -> Plan:
    """The plan of `specs`. Raises SpecError for a bad input file and for an impossible spec; what can't run here, or
    can't be planned, is a blocked node or cell."""
    code_closure.look_again()
    draft = _Draft(project)
    cells = [_planned(spec, draft) for spec in specs]
    return Plan(draft.nodes, cells)


def of_sweep(sweep: Sweep, project: Path) -> Plan:
    """The plan of a sweep's cells; those that prove impossible here join its impossible ones, and those whose own file
    is bad are blocked, and leave a record.

    Raises SpecError where no cell is left.
    """
    code_closure.look_again()
    draft, cells, impossible = _Draft(project), [], list(sweep.impossible)
    bad: list[BadFile] = []
    for words, spec in sweep.cells:
        try:
            cells.append(replace(_planned(spec, draft), words=words))
        except Impossible as error:
            impossible.append(ImpossibleCell(words or spec.title, error))
        except BadFile as error:
            bad.append(error)
            cells.append(Cell(Chain(spec, {}), None, "none", blocked=failure(error), words=words))
    if len(bad) == len(cells):
        raise bad[0] if bad else impossible[0].error
    return Plan(draft.nodes, cells, impossible, sweep.excluded, sweep.repeated)


@dataclass(frozen=True)
class _Draft:
    """A plan in the making: its nodes, and the answers so far. Cells share most of their steps: what was worked out
    for one, a hashed file or a key, is not worked out again."""

    project: Path
    nodes: dict[str, Node] = field(default_factory=dict)
    answers: dict[tuple[Any, ...], Any] = field(default_factory=dict)

    def once(self, question: Callable[..., T], *about: Any) -> T:
        """What `question(*about)` answered the first time, an error too."""
        key = (question, *about)
        if key not in self.answers:
            try:
                self.answers[key] = question(*about)
            except SpecError as error:
                self.answers[key] = error
        answer = self.answers[key]
        if isinstance(answer, SpecError):
            raise answer.with_traceback(None)
        return cast(T, answer)


def _planned(spec: Spec, draft: _Draft) -> Cell:
    """The cell of a spec; one whose planning fails in a way that nobody foresaw is blocked, and leaves a record."""
    try:
        return _cell(spec, draft)
    except SpecError:
        raise
    except Exception as error:
        return Cell(Chain(spec, {}), None, "none", blocked=failure(error))


def _cell(spec: Spec, draft: _Draft) -> Cell:
    candidate = _chain(spec, draft)
    try:
        against = baseline.resolve(spec, draft.project, draft.once(options.names, "backend", draft.project))
    except Unavailable as error:
        return Cell(candidate, None, spec.baseline.name, blocked=error)
    if against is None:
        label = "none" if spec.baseline.name == "none" else baseline.ITSELF
        return Cell(candidate, None, label, _unfit([spec], draft))
    found = _chain(against, draft)
    return Cell(candidate, found, baseline.label(against, spec), _unfit([spec, against], draft))


def _unfit(specs: Sequence[Spec], draft: _Draft) -> RunnerError | None:
    """Why nothing can be measured on the devices of a cell's specs: one can't be reached, or lacks a runtime."""
    for spec in specs:
        target = draft.once(targets.of, spec.hardware.settings)
        problem = target.problem or draft.once(targets.lacking, target, spec.backend.name, spec.hardware.settings)
        if problem:
            return problem
    return None


def _chain(spec: Spec, draft: _Draft) -> Chain:
    finished = registry.load("model", spec.model.name).TASKS == ("tensors",)
    made = _imported(spec, draft) if finished else _trained(spec, draft)
    made += _lowered(spec, {node.step: node for node in made}, draft)
    for node in made:
        draft.nodes.setdefault(node.key, node)
    return Chain(spec, {node.step: node.key for node in made})


def _trained(spec: Spec, draft: _Draft) -> list[Node]:
    """data → train → compress → export."""
    data = _sampled(spec, "", draft)
    made = [data, draft.once(_train, spec.model, spec.train, spec.seed, data.key)]
    if spec.compression.name != "none":
        about = (spec.compression, spec.model, spec.train, spec.seed, data.key, made[-1].key)
        made.append(draft.once(_compress, *about))
    made.append(draft.once(_export, spec.model, data.key, made[-1].key))
    return made


def _imported(spec: Spec, draft: _Draft) -> list[Node]:
    """A finished file of the user's: export (checked, shapes fixed) → data (described by the file)."""
    files = _files("model", spec.model, draft)  # what isn't there is said before what is wrong with the rest
    unread = draft.once(_unread, spec.model)
    export = draft.once(_import, spec.model, files, unread)
    module, batch = registry.load("model", spec.model.name), spec.scenario.settings.batch
    if batch > 1 and not module.batches(spec.model.settings):
        raise Impossible(
            f"scenario.batch={batch}: the sizes of {spec.model.settings.path}'s inputs are fixed.",
            f"Give the first axis of each as batch: {advice.shape('INPUT', ['batch', 3])}",
        )
    return [export, _sampled(spec, export.key, draft)]


def _sampled(spec: Spec, export: str, draft: _Draft) -> Node:
    """The data step. `export` is the key of a finished file's node, which describes its data; "" for a network of
    ours. Models that need the same samples share it."""
    needs = hashing.canonical(registry.load("model", spec.model.name).data_needs(spec.model.settings))
    draft.once(_data_problems, spec.data, needs)
    files = _files("data", spec.data, draft) + (_files("model", spec.model, draft) if export else ())
    return draft.once(_data, spec.data, needs, files, spec.seed, export)


def _files(axis: str, choice: Choice, draft: _Draft) -> Files:
    """The user's files that an option reads; each is hashed once."""
    return tuple((path, draft.once(_hash, path)) for path in draft.once(_paths, axis, choice))


def _paths(axis: str, choice: Choice) -> tuple[str, ...]:
    module = registry.load(axis, choice.name)
    return tuple(module.files(choice.settings)) if hasattr(module, "files") else ()


def _hash(path: str) -> str:
    return hashing.file_hash(Path(path))


def _unread(model: Choice) -> RunnerError | None:
    """Why a finished file can't be read here. Raises SpecError for what is wrong with it."""
    module = registry.load("model", model.name)
    unread: RunnerError | None = module.unread(model.settings, ask)
    if unread is None:
        module.problems(model.settings)
    return unread


def _data_problems(data: Choice, needs: str) -> None:
    module = registry.load("data", data.name)
    if hasattr(module, "problems"):
        module.problems(data.settings, json.loads(needs))


def _lowered(spec: Spec, before: Mapping[str, Node], draft: _Draft) -> list[Node]:
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


# --- nodes ---


def _import(model: Choice, files: Files, unread: RunnerError | None) -> Node:
    code = (registry.module("model", model.name),)
    return _node("export", model.name, {"model": _named(model), "files": dict(files)}, {}, code, blocked=unread)


def _data(data: Choice, needs: str, files: Files, seed: int, export: str) -> Node:
    settings = {**_named(data), "needs": json.loads(needs), "files": dict(files), "seed": seed}
    module = registry.load("data", data.name)
    tools = (*TOOLS["data"], *getattr(module, "DISTRIBUTIONS", ()))
    return _node("data", data.name, settings, {"model": export} if export else {}, (module.__name__,), tools)


def _train(model: Choice, train: Choice, seed: int, data: str) -> Node:
    settings = {"model": _named(model), "train": _named(train)["settings"], "seed": seed}
    return _node("train", model.name, settings, {"data": data}, (registry.module("model", model.name),))


def _compress(method: Choice, model: Choice, train: Choice, seed: int, data: str, trained: str) -> Node:
    settings = {"model": _named(model), "train": _named(train)["settings"], "seed": seed, **_named(method)}
    code = (registry.module("model", model.name), registry.module("compression", method.name))
    return _node("compress", method.name, settings, {"data": data, "model": trained}, code)


def _export(model: Choice, data: str, checkpoint: str) -> Node:
    code = (registry.module("model", model.name),)
    return _node("export", model.name, {"model": _named(model)}, {"data": data, "model": checkpoint}, code)


def _quantize(model: str, precision: Choice, backend: str, export: str, data: str) -> Node:
    dynamic = loading.backend(backend).int8_dynamic_ops if precision.name == "int8_dynamic" else ()
    settings = {
        "precision": precision.name,
        "settings": _named(precision)["settings"],
        "dynamic_ops": sorted(dynamic),
    }
    return _node("quantize", f"{model} {precision.name}", settings, {"model": export, "data": data}, ())


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
        "settings": {**_named(backend)["settings"], **declared.session_settings},
        "precision": precision,
        "batch": batch,
        "tuned_to": loading.asked(backend.name, "tuned_to", backend.settings, target.hardware),
    }
    code: tuple[str, ...] = (f"{module}.compile", f"{module}.session")
    if reads == "checkpoint":
        settings["model"] = _named(model)
        code = (*code, registry.module("model", model.name))
    title = f"{model.name} {backend.name} {precision}"
    roles, blocked = {"model": source, "data": samples}, blocker(backend, model.name, data, precision, batch, target)
    return _node("compile", title, settings, roles, code, declared.distributions, blocked)


def _check_threads(backend: Choice, target: Target) -> None:
    """More threads than cores measure the operating system's scheduler, and some runtimes hang."""
    threads = loading.backend(backend.name).threads(backend.settings)
    cores = detect.usable(target.hardware)
    if threads and cores and threads > cores:
        has = f"{target.words} has {cores} usable core{'s' if cores > 1 else ''}"
        raise Impossible(f"backend.threads={threads}: {has}.", f"Use backend.threads={cores}.")


def blocker(backend: Choice, model: str, data: str, precision: str, batch: int, target: Target) -> RunnerError | None:
    """Why a model can't be compiled here for `target`, known before any work: a library is missing, the backend can't
    do it, or what it makes suits this machine alone."""
    _check_threads(backend, target)
    declared = loading.backend(backend.name)
    missing = [name for name in declared.distributions if installed.version(name) is None]
    if missing:
        return Unavailable(f"backend={backend.name}: {', '.join(missing)} is not installed here.", declared.install)
    task = registry.load("data", data).TASK
    request = Request(backend.settings, precision, model, task, batch, target.hardware, ask)
    try:
        reason = loading.asked(backend.name, "support", request) or declared.refusal(precision, batch)
    except Unavailable as error:
        return error
    if reason is None:
        return targets.foreign(target, backend.name, backend.settings)
    return Unsupported(
        f"backend={backend.name}: {reason}", "See what it can do: python -m runner list backend --matrix"
    )


def _node(
    step: str,
    title: str,
    settings: Mapping[str, Any],
    inputs: Mapping[str, str],
    code: tuple[str, ...],
    tools: Iterable[str] = (),
    blocked: RunnerError | None = None,
) -> Node:
    module = f"runner.steps.{step}"
    versions, modules = installed.versions(tools or TOOLS[step]), (module, *code)
    ours = code_closure.code(modules)
    identity = {
        "step": step,
        "settings": _by_content(settings, settings["files"]) if settings.get("files") else settings,
        "inputs": dict(inputs),
        "code": ours,
        "tools": versions,
    }
    changing = variables.of_numbers(os.environ)
    if changing:
        identity["variables"] = changing
    key = hashing.digest(identity)
    return Node(step, title, module, dict(settings), dict(inputs), versions, key, blocked, modules, ours, changing)


def _named(choice: Choice) -> dict[str, Any]:
    """A choice as steps read it: `{"name", "settings": {key: …}}`."""
    plain = choice.plain()
    return {"name": plain["name"], "settings": {key: plain[key] for key in plain if key != "name"}}


def _by_content(value: Any, files: Mapping[str, str]) -> Any:
    """Settings with each file's path replaced by its hash: the same content elsewhere has the same key."""
    if isinstance(value, Mapping):
        return {_by_content(key, files): _by_content(item, files) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_by_content(item, files) for item in value]
    return f"sha256:{files[value]}" if isinstance(value, str) and value in files else value


def blocked(cell: Cell, plan: Plan) -> RunnerError | None:
    """Why a cell can't run here, known before any work."""
    if cell.blocked:
        return cell.blocked
    chains = [cell.candidate] if cell.baseline is None else [cell.candidate, cell.baseline]
    return next((node.blocked for chain in chains for node in plan.of(chain) if node.blocked), None)


def states(plan: Plan, project: Path) -> list[dict[str, Any]]:
    """`[{"step","key","title","state","why"}]` of every node: there, to do, or impossible (and why)."""
    return [_state(node, plan, project) for node in plan.nodes.values()]


def _state(node: Node, plan: Plan, project: Path) -> dict[str, Any]:
    found = store.find(project, node.step, node.key)
    state, why = "there" if found else "to do", ""
    if node.blocked:
        state, why = "impossible", node.blocked.reason
    return {"step": node.step, "title": node.title, "key": node.key, "state": state, "why": why}
