"""A plan in the making: its nodes, and the answers so far."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, cast

from runner.core.errors import SpecError
from runner.planning.graph import Node

T = TypeVar("T")


@dataclass(frozen=True)
class Draft:
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
