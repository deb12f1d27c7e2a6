"""Backends: what compiles a model and runs it. One folder each; the contract is in `docs/architecture.md`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


class Ask(Protocol):
    """What `module.function(**arguments)` answers in a worker (`runner.backends.ask`)."""

    def __call__(self, module: str, function: str, **arguments: Any) -> Any: ...


@dataclass(frozen=True)
class Support:
    """What a backend is asked to do, known before any work.

    `settings` is the backend's `Settings`, `precision` the option's name, `hardware` what was detected as plain
    values, `ops` the ONNX op types of the model where it is there already. `ask` is for what only the backend's
    library knows: the runner's own process never imports it.
    """

    settings: Any
    precision: str
    model: str
    task: str
    batch: int
    hardware: Mapping[str, Any]
    ops: tuple[str, ...] | None
    ask: Ask
