"""The plan: the graph of steps of one or many specs. Steps with one key are one node."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from runner import baseline, keys, registry, store
from runner.errors import RunnerError, SpecError, Unavailable, Unsupported
from runner.spec import Choice, Spec

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
    """One comparison to be measured: a candidate, and a baseline unless `baseline=none`."""

    candidate: Chain
    baseline: Chain | None
    label: str
    blocked: RunnerError | None = None


@dataclass(frozen=True)
class Plan:
    """Nodes in an order in which each comes after its inputs, and the cells that they serve."""

    nodes: Mapping[str, Node]
    cells: Sequence[Cell]

    def of(self, chain: Chain) -> list[Node]:
        """A chain's nodes in order."""
        return [self.nodes[key] for key in chain.keys.values()]


def make(specs: Iterable[Spec], project: Path) -> Plan:
    """The plan of `specs`. Raises SpecError for a bad input file; what can't run here is a blocked node or cell."""
    nodes: dict[str, Node] = {}
    cells = [_cell(spec, project, nodes) for spec in specs]
    return Plan(nodes, cells)


def _cell(spec: Spec, project: Path, nodes: dict[str, Node]) -> Cell:
    candidate = _chain(spec, nodes)
    try:
        against = baseline.resolve(spec, project)
    except Unavailable as error:
        return Cell(candidate, None, spec.baseline.name, blocked=error)
    if against is None:
        return Cell(candidate, None, "none")
    return Cell(candidate, _chain(against, nodes), baseline.label(against, spec))


def _chain(spec: Spec, nodes: dict[str, Node]) -> Chain:
    finished = registry.load("model", spec.model.name).TASKS == ("tensors",)
    made = _imported(spec) if finished else _trained(spec)
    made += _lowered(spec, {node.step: node for node in made})
    for node in made:
        nodes.setdefault(node.key, node)
    return Chain(spec, {node.step: node.key for node in made})


def _trained(spec: Spec) -> list[Node]:
    """data → train → compress → export."""
    model = _named(spec.model)
    data = _data(spec, inputs={})
    common = {"model": model, "train": _named(spec.train)["settings"], "seed": spec.seed}
    code = (registry.module("model", spec.model.name),)
    train = _node("train", spec.model.name, common, {"data": data.key}, code)
    made = [data, train]
    if spec.compression.name != "none":
        settings = {**common, **_named(spec.compression)}
        roles = {"data": data.key, "model": train.key}
        method = registry.module("compression", spec.compression.name)
        made.append(_node("compress", spec.compression.name, settings, roles, (*code, method)))
    roles = {"data": data.key, "model": made[-1].key}
    made.append(_node("export", spec.model.name, {"model": model}, roles, code))
    return made


def _imported(spec: Spec) -> list[Node]:
    """A finished file of the user's: export (checked, shapes fixed) → data (described by the file)."""
    module = registry.load("model", spec.model.name)
    module.problems(spec.model.settings)
    batch = spec.scenario.settings.batch
    if batch > 1 and not module.batches(spec.model.settings):
        raise SpecError(
            f"scenario.batch={batch}: the sizes of {spec.model.settings.path}'s inputs are fixed.",
            "Give the first axis of each as batch: model.shapes.<input>=[batch,…]",
        )
    settings = {"model": _named(spec.model), "files": _files(module, spec.model.settings)}
    export = _node("export", spec.model.name, settings, {}, (module.__name__,))
    return [export, _data(spec, inputs={"model": export.key})]


def _data(spec: Spec, inputs: Mapping[str, str]) -> Node:
    model, module = registry.load("model", spec.model.name), registry.load("data", spec.data.name)
    needs = model.data_needs(spec.model.settings)
    if hasattr(module, "problems"):
        module.problems(spec.data.settings, needs)
    settings = {
        **_named(spec.data),
        "needs": needs,
        "files": _files(module, spec.data.settings) | (_files(model, spec.model.settings) if inputs else {}),
        "seed": spec.seed,
    }
    tools = getattr(module, "DISTRIBUTIONS", ())
    return _node("data", spec.data.name, settings, inputs, (module.__name__,), (*TOOLS["data"], *tools))


def _lowered(spec: Spec, before: Mapping[str, Node]) -> list[Node]:
    """quantize → compile, on what the backend reads."""
    backend = registry.load("backend", spec.backend.name)
    export, data = before["export"], before["data"]
    graph, made = export, []
    if backend.READS == "onnx" and spec.precision.name != "fp32":
        settings = {
            "precision": spec.precision.name,
            "settings": _named(spec.precision)["settings"],
            "dynamic_ops": sorted(backend.INT8_DYNAMIC_OPS) if spec.precision.name == "int8_dynamic" else [],
        }
        roles = {"model": export.key, "data": data.key}
        graph = _node("quantize", f"{spec.model.name} {spec.precision.name}", settings, roles, ())
        made.append(graph)
    return [*made, _compile(spec, backend, before, graph)]


def _compile(spec: Spec, backend: ModuleType, before: Mapping[str, Node], graph: Node) -> Node:
    source = graph if backend.READS == "onnx" else before.get("compress", before.get("train", graph))
    settings = {
        "backend": spec.backend.name,
        "settings": _named(spec.backend)["settings"],
        "precision": spec.precision.name,
        "batch": spec.scenario.settings.batch,
        "tuned_to": backend.tuned_to(spec.backend.settings, _hardware()),
    }
    code: tuple[str, ...] = (f"{backend.__name__}.compile", f"{backend.__name__}.session")
    if backend.READS == "checkpoint":
        settings["model"] = _named(spec.model)
        code = (*code, registry.module("model", spec.model.name))
    roles = {"model": source.key, "data": before["data"].key}
    blocked = blocker(spec, backend)
    title = f"{spec.model.name} {spec.backend.name} {spec.precision.name}"
    return _node("compile", title, settings, roles, code, backend.DISTRIBUTIONS, blocked)


def _check_threads(spec: Spec) -> None:
    """More threads than cores measure the operating system's scheduler, and some runtimes hang."""
    threads, cores = getattr(spec.backend.settings, "threads", None), _hardware()["logical_cores"]
    if threads and cores and threads > cores:
        raise SpecError(f"backend.threads={threads}: this machine has {cores} cores.", f"At most {cores} here.")


def blocker(spec: Spec, backend: ModuleType) -> RunnerError | None:
    """Why a spec can't be compiled here, known before any work: a library is missing, or the backend can't do it."""
    from runner.backends import Support

    _check_threads(spec)
    missing = [name for name in backend.DISTRIBUTIONS if keys.version(name) is None]
    if missing:
        return Unavailable(f"backend={spec.backend.name}: {', '.join(missing)} is not installed here.", backend.INSTALL)
    request = Support(
        settings=spec.backend.settings,
        precision=spec.precision.name,
        model=spec.model.name,
        task=registry.load("data", spec.data.name).TASK,
        batch=spec.scenario.settings.batch,
        hardware=_hardware(),
        ops=None,
    )
    reason = backend.support(request)
    if reason is None:
        return None
    return Unsupported(f"backend={spec.backend.name}: {reason}", "See what it can do: python -m runner doctor")


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
    versions = keys.versions(tools or TOOLS[step])
    identity = {
        "step": step,
        "settings": _by_content(settings, settings.get("files", {})),
        "inputs": dict(inputs),
        "code": keys.code((module, *code)),
        "tools": versions,
    }
    return Node(step, title, module, dict(settings), dict(inputs), versions, keys.digest(identity), blocked)


def _named(choice: Choice) -> dict[str, Any]:
    """A choice as steps read it: `{"name", "settings": {key: …}}`."""
    plain = choice.plain()
    return {"name": plain["name"], "settings": {key: plain[key] for key in plain if key != "name"}}


def _files(module: ModuleType, settings: Any) -> dict[str, str]:
    """`{path as given: SHA-256}` of the user's files that an option reads."""
    paths: Iterable[str] = module.files(settings) if hasattr(module, "files") else ()
    return {path: keys.file_hash(Path(path)) for path in paths}


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


@cache
def _hardware() -> dict[str, Any]:
    from runner import hardware

    return hardware.detect().as_dict()


def states(plan: Plan, project: Path) -> list[dict[str, Any]]:
    """`[{"step","key","title","state","why"}]` of every node: there, to do, or impossible (and why)."""
    return [_state(node, plan, project) for node in plan.nodes.values()]


def _state(node: Node, plan: Plan, project: Path) -> dict[str, Any]:
    found = store.find(project, node.step, node.key)
    state, why = "there" if found else "to do", ""
    if node.blocked:
        state, why = "impossible", node.blocked.reason
    return {"step": node.step, "title": node.title, "key": node.key, "state": state, "why": why}
