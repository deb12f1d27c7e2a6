"""What a kind of measurement is given, and what it leaves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from runner.artifacts.store import Artifact
from runner.measure import scenarios
from runner.measure.run import Run
from runner.measure.sides import Side
from runner.planning.graph import Cell

if TYPE_CHECKING:
    from runner.measure.run import Quiet
    from runner.results.record_schema import Result
    from runner.telemetry.sampler import Sampler

Artifacts = Mapping[str, Artifact]  # by step


@dataclass(frozen=True)
class Work:
    """A cell whose artifacts are there. `artifacts` and `sides` are by role. `root` is the project, `folder` takes logs
    and what is kept beside the record. Everything is timed inside `quiet()`. `comparisons` is how many the cell's table
    will have; `progress(done, expected, note)` tells the display."""

    cell: Cell
    artifacts: Mapping[str, Artifacts]
    sides: Mapping[str, Side]
    root: Path
    folder: Path
    quiet: Quiet
    comparisons: int
    progress: Callable[[int, int, str], None]

    def run(self, sampler: Sampler | None = None) -> Run:
        """What the processes of a measurement share; the sampler watches them."""
        spec = self.cell.candidate.spec
        how, limit_s = scenarios.named(spec.scenario.name), spec.limits.answer_s
        asked = (spec.scenario.name, spec.scenario.settings, spec.measure.settings, len(self.sides))
        measure = scenarios.measuring(*asked)
        return Run(self.sides, measure, spec.seed, self.folder, limit_s, self.quiet, sampler, scenario=how)


@dataclass(frozen=True)
class Left:
    """Parts of a record: `content` by their names there, `warnings`, and `files` beside it. `draw` makes pictures of
    the whole record, once it is known. `seconds` is what the display says that it took."""

    content: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    files: Mapping[str, Path] = field(default_factory=dict)
    draw: Callable[[Result], Mapping[str, Path]] = lambda result: {}
    seconds: float = 0.0

    def with_(self, more: Left) -> Left:
        """Both together."""
        return Left(
            {**self.content, **more.content},
            (*self.warnings, *more.warnings),
            {**self.files, **more.files},
            lambda result: {**self.draw(result), **more.draw(result)},
            self.seconds + more.seconds,
        )


class Measurement(Protocol):
    """A kind of measurement: a module beside this one. The record of a cell has the parts of all its kinds."""

    def measure(self, work: Work, before: Mapping[str, Any]) -> Left:
        """Measures the cell; `before` is the content that the kinds before it left. Raises what its workers raise
        where the cell has no record without it."""
