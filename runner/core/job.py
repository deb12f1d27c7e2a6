"""What a step is given to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


def _silent(done: int, total: int, note: str = "") -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True)
class Job:
    """One step to do. `settings` holds JSON types only; `inputs` are read-only artifact folders by role;
    `out` is an empty folder to fill; `scratch` survives a kill and is where a step resumes from. `device`: how the
    machine is reached on which the step times what it tries (`runner/transport/lent.py`), None: it is this one."""

    settings: Mapping[str, Any]
    inputs: Mapping[str, Path]
    out: Path
    scratch: Path
    progress: Callable[[int, int, str], None] = field(default=_silent)
    device: Mapping[str, Any] | None = None
