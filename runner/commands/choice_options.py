"""`--max-loss` and `--by`: a table of records, or a sweep's page, with the row to choose."""

from __future__ import annotations

import argparse

NAMES = ("max_loss", "by")


def add(arguments: argparse.ArgumentParser) -> None:
    """The options, for `project_comparison.read`."""
    arguments.add_argument(
        "--max-loss",
        metavar="L",
        help="recommend a row that loses no more quality: '1%%' of the float model's, 0.01 in the metric's unit",
    )
    arguments.add_argument(
        "--by", metavar="F", help="what the recommended row is best in: latency (default), throughput, size, energy"
    )
