"""Rules of `profile`: whether the runtime's own profiler times the candidate's layers, once it has been measured."""

from __future__ import annotations

from dataclasses import dataclass

from runner.core.errors import check_choice
from runner.core.setting_rules import setting


@dataclass(frozen=True)
class Nothing:
    """No profile."""


@dataclass(frozen=True)
class Layers:
    """Time by layer."""

    iterations: int = setting("runs that the profiler watches, after a tenth as many to warm up", low=1, high=1000)


CLASSES: dict[str, type] = {"none": Nothing, "layers": Layers}


def settings_class(name: str) -> type:
    """The rules of an option. Raises SpecError for an unknown one."""
    check_choice("profile.name", name, tuple(CLASSES))
    return CLASSES[name]
