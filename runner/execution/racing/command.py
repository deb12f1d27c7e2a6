"""What a command of `best` asks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from runner.core import project_paths
from runner.core.progress import Reporter
from runner.results import quality_loss, row_cost
from runner.results.quality_loss import Budget
from runner.tracking.client import Tracker

ESTIMATE = "estimate"
BY = (*row_cost.BY, ESTIMATE)
ANY = "any"
LOSS, LIMIT_S = "1%", 3600.0


@dataclass(frozen=True)
class How:
    """What is asked for beside words: the best `by` what; how much quality may be lost (`any`: it doesn't matter);
    after how many seconds the race ends undecided; whether it starts `fresh`."""

    by: str = row_cost.LATENCY
    max_loss: str = LOSS
    limit_s: float = LIMIT_S
    fresh: bool = False

    @property
    def budget(self) -> Budget | None:
        """None: whatever is lost. Raises SpecError for a text that is no budget."""
        return None if self.max_loss == ANY else quality_loss.parse(self.max_loss)


@dataclass(frozen=True)
class Command:
    """One command: its `words`, its project's `root`, and who is told."""

    words: Sequence[str]
    how: How
    root: Path
    tracker: Tracker
    reporter: Reporter

    @property
    def home(self) -> Path:
        """Where what it makes lies."""
        return project_paths.home(self.root)
