"""A display that remembers what it was told, and small plans."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from runner.planning.graph import Node, Step
from runner.spec.schema import Limits
from runner.worker import variables

ROUGH_S = {"train": 30.0, "export": 3.0}
LIMITS = Limits(step_s=60.0, answer_s=60.0, memory_mb=None)


@dataclass
class Told:
    """`ended` are (step, what happened to it): `begins`, `there`, `done`, …; `reasons` are those given with it."""

    ended: list[tuple[str, str]] = field(default_factory=list)
    warned: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)

    def begin(self, item: str) -> None:
        self.ended.append((item.split("-")[0], "begins"))

    def update(self, item: str, done: int, total: int, note: str) -> None:
        self.updated.append(item)
        self.notes.append(note)

    def noted(self, done: int, total: int, note: str) -> None:
        self.notes.append(note)

    def end(self, item: str, state: str, seconds: float, reason: str) -> None:
        self.ended.append((item.split("-")[0], state))
        self.reasons += [reason] if reason else []

    def warn(self, text: str) -> None:
        self.warned.append(text)


def node(name: str, *inputs: str, module: str = "tests.execution.odd_steps", **settings: Any) -> Node:
    """A node `name` whose key is its name in hex digits, of a key's length; `inputs` are names of nodes."""
    roles: Mapping[str, str] = {one: key(one) for one in inputs}
    kind = Step(
        name,
        role="" if name in ("train", "compress") else name,
        own_worker=name == "compile",
        rough_s=ROUGH_S.get(name, 1.0),
    )
    return Node(name, name, module, settings, roles, {}, key(name), variables=ours(), kind=kind)


def ours() -> dict[str, str]:
    """The variables of this process that a node's numbers depend on."""
    return dict(variables.of_numbers(os.environ))


def key(name: str) -> str:
    return name.encode().hex().ljust(64, "0")[:64]
