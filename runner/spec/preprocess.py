"""Rules of `preprocess`: whether inputs come ready, or raw, and what makes them ready then."""

from __future__ import annotations

from dataclasses import dataclass

from runner.core.errors import check_choice
from runner.core.setting_rules import setting

NONE, SEPARATE, FUSED = "none", "separate", "fused"
AUTO, BY_GRAPH, BY_RUNTIME = "auto", "graph", "runtime"


@dataclass(frozen=True)
class Ready:
    """Inputs come ready."""


@dataclass(frozen=True)
class Separate:
    """On the host, by numpy, timed with the inference."""


@dataclass(frozen=True)
class Fused:
    """In what is compiled."""

    by: str = setting(
        "what it is joined by: nodes of the graph, or the runtime's own means; auto: the latter where there are some",
        choices=(AUTO, BY_GRAPH, BY_RUNTIME),
    )


CLASSES: dict[str, type] = {NONE: Ready, SEPARATE: Separate, FUSED: Fused}


def settings_class(name: str) -> type:
    """The rules of an option. Raises SpecError for an unknown one."""
    check_choice("preprocess.name", name, tuple(CLASSES))
    return CLASSES[name]
