"""`--max-loss` and `--by`: a table of records, or a sweep's page, with the row to choose."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import TYPE_CHECKING

from runner.core.errors import SpecError

if TYPE_CHECKING:
    from runner.measure.noise_floor import NoiseFloor
    from runner.results.comparison import Comparison

NAMES = ("max_loss", "by")


def add(arguments: argparse.ArgumentParser) -> None:
    """The options."""
    arguments.add_argument(
        "--max-loss",
        metavar="L",
        help="recommend a row that loses no more quality: '1%%' of the float model's, 0.01 in the metric's unit",
    )
    arguments.add_argument(
        "--by", metavar="F", help="what the recommended row is best in: latency (default), throughput, size, energy"
    )


def applied(options: argparse.Namespace, found: Comparison, floors: Mapping[str, NoiseFloor]) -> Comparison:
    """`found` with the choice that was asked for; as it is where none was. Raises SpecError for options that are
    wrong."""
    from runner.results import comparison, quality_loss, row_cost

    if options.max_loss is None:
        if options.by is not None:
            raise SpecError(f"--by {options.by} without --max-loss.", "State what may be lost, such as --max-loss 1%.")
        return found
    by = row_cost.LATENCY if options.by is None else options.by
    return comparison.chosen(found, quality_loss.parse(options.max_loss), by, floors)
