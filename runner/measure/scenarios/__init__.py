"""How inputs arrive (MLPerf Inference's names). A scenario owns how the processes of a replicate take turns, and what
of their times is compared; each is a module here, or a package's by entry point, with its YAML in `conf/scenario/`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol, cast

from runner.core import registry

if TYPE_CHECKING:
    from runner.measure.settings import Settings
    from runner.measure.snapshots import Look
    from runner.measure.timed import Pair, Timed
    from runner.measure.turns import Process


class Scenario(Protocol):
    """What a scenario's module offers, beside the `Settings` that its YAML is checked by. It is imported to check a
    spec: nothing heavy at its top level.

    With `OVERLAPS = True` sessions that can run several inferences at once do; without, one follows the other. With
    `measuring(settings, measure, sides)` it says what `measure` asks for so many sides.
    """

    def check(self, settings: Any) -> None:
        """Raises Impossible for settings that contradict the scenario."""

    def take_turns(
        self, processes: Mapping[str, Process], seconds: Mapping[str, float | None], settings: Settings, look: Look
    ) -> list[Mapping[str, Any]]:
        """Lets the loaded processes work, in the order given, until each is done; `seconds` is what an iteration took
        in the warm-up (None: not known). Returns what `look` saw in between."""

    def effect(self, pair: Pair) -> float:
        """What a pair says: the log of baseline's / candidate's quantity; of the candidate's own (s) where it is
        alone."""

    def level(self, timed: Timed) -> float:
        """What one process says by itself, for sides that can't be paired: the log of the quantity."""

    def unpublishable(self, samples: int) -> Iterator[str]:
        """Why so many samples of the candidate are none to publish by the scenario's own rules."""


def named(name: str) -> Scenario:
    """The scenario of that name. Raises SpecError where nobody provides it."""
    return cast(Scenario, registry.load("scenario", name))


def overlaps(scenario: Scenario) -> bool:
    """Whether sessions that can run several inferences at once do so."""
    return bool(getattr(scenario, "OVERLAPS", False))


def measuring(name: str, settings: Any, measure: Settings, sides: int) -> Settings:
    """How much is measured of so many `sides` in the scenario of that name."""
    own = getattr(named(name), "measuring", None)
    return cast("Settings", own(settings, measure, sides)) if own else measure
