"""The graph of steps of one or many specs, and the cells that it serves. Steps with one key are one node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runner.artifacts import store
from runner.core.errors import RunnerError
from runner.planning.place import HERE, Place
from runner.spec.schema import ImpossibleCell, Spec
from runner.transport import devices
from runner.transport.device import Device
from runner.transport.toolchains import Toolchain

# What a cell's record reads an artifact as; what is none of these is made only where one of them has to be.
DATA, GRAPH, QUANTIZED, STAGE, COMPILED, PROOF = "data", "graph", "quantized", "stage", "compiled", "proof"


@dataclass(frozen=True)
class Step:
    """What a kind of step is to a plan. `tools`: PyPI names whose versions enter its key. `role`: what a cell's record
    reads its artifact as, "" where it reads none. `rough_s`: how long it may take before one was made here (an order,
    shown nowhere). `own_worker`: it runs in a process of its own, so that its peak memory is its own and a vendor's
    library meets nothing of another's. `provides`: files that it has to leave."""

    name: str
    tools: tuple[str, ...] = ()
    role: str = ""
    rough_s: float = 1.0
    own_worker: bool = False
    provides: tuple[str, ...] = ()


ANY = Step("")


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
    kind: Step = ANY
    place: Place = HERE  # where it runs

    @property
    def id(self) -> str:
        return f"{self.step}-{self.key[:16]}"


@dataclass(frozen=True)
class Chain:
    """One spec's steps: the keys of its nodes by step, in order, and `{step: role}` of those that its record reads.
    `release`: the environment of its runtime's release, None: the runtime is the device's own."""

    spec: Spec
    keys: Mapping[str, str]
    roles: Mapping[str, str] = field(default_factory=dict)
    release: Toolchain | None = None

    @property
    def device(self) -> Device:
        """Where it is measured."""
        return devices.device_of(self.spec.hardware.settings, self.release)

    def steps(self, *roles: str) -> list[str]:
        """The steps that have one of the roles, in order."""
        return [step for step, role in self.roles.items() if role in roles]


@dataclass(frozen=True)
class Cell:
    """One comparison to be measured: a candidate, and a baseline unless `baseline=none` or it is its own. `words` are
    those of the command line or of the experiment that tell it from the others of its sweep."""

    candidate: Chain
    baseline: Chain | None
    label: str
    blocked: RunnerError | None = None
    words: str = ""

    @property
    def id(self) -> str:
        return f"measure-{self.candidate.spec.key[:16]}"

    @property
    def by_role(self) -> dict[str, Chain]:
        """`candidate`, and `baseline` where it has one."""
        return {"candidate": self.candidate} | ({"baseline": self.baseline} if self.baseline else {})

    @property
    def chains(self) -> tuple[Chain, ...]:
        """The candidate's, and the baseline's where it has one."""
        return tuple(self.by_role.values())


@dataclass(frozen=True)
class Plan:
    """Nodes in an order in which each comes after its inputs, and the cells that they serve. Of a sweep also: its
    cells that can't be, and how many are excluded or said twice."""

    nodes: Mapping[str, Node]
    cells: Sequence[Cell]
    impossible: Sequence[ImpossibleCell] = ()
    excluded: int = 0
    repeated: int = 0

    @property
    def input_files(self) -> dict[str, str]:
        """The user's files that its steps read: `{SHA-256: name}`."""
        read = (node.settings.get("files", {}) for node in self.nodes.values())
        return {digest: Path(path).name for files in read for path, digest in files.items()}

    def of(self, chain: Chain) -> list[Node]:
        """A chain's nodes in order."""
        return [self.nodes[key] for key in chain.keys.values()]


def blocked(cell: Cell, plan: Plan) -> RunnerError | None:
    """Why a cell can't run here, known before any work."""
    if cell.blocked:
        return cell.blocked
    return next((node.blocked for chain in cell.chains for node in plan.of(chain) if node.blocked), None)


def states(plan: Plan, project: Path) -> list[dict[str, Any]]:
    """`[{"step","key","title","state","why"}]` of every node: there, to do, or impossible (and why)."""
    return [_state(node, plan, project) for node in plan.nodes.values()]


def _state(node: Node, plan: Plan, project: Path) -> dict[str, Any]:
    found = store.find(project, node.step, node.key)
    state, why = "there" if found else "to do", ""
    if node.blocked:
        state, why = "impossible", node.blocked.reason
    return {"step": node.step, "title": node.title, "key": node.key, "state": state, "why": why}
