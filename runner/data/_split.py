"""Splitting a series by time. Light: the planner asks it before any work."""

from __future__ import annotations

from runner.core.errors import Impossible

PARTS = ("train", "val", "test")


def bounds(rows: int, train: float, val: float) -> dict[str, tuple[int, int]]:
    """`{part: (first row, last row + 1)}`: the oldest rows train, the newest test.

    A sample's window and targets lie inside one part, so no value is seen by two of them.
    """
    first, second = int(rows * train), int(rows * (train + val))
    return {"train": (0, first), "val": (first, second), "test": (second, rows)}


def check(rows: int, train: float, val: float, window: int, horizon: int, season: int, source: str) -> None:
    """Raise Impossible where a part of the series is too short for a single window and its targets."""
    if train + val >= 1:
        raise Impossible(
            f"data.train={train:g} and data.val={val:g} leave no rows of {source} for testing.",
            "Make data.train + data.val less than 1.",
        )
    need = window + horizon
    sizes = {part: stop - start for part, (start, stop) in bounds(rows, train, val).items()}
    short = [part for part in PARTS if sizes[part] < need]
    if short:
        raise Impossible(
            f"{source}: too few rows: its {short[0]} part has {sizes[short[0]]} of {rows}, "
            f"a window of {window} and a horizon of {horizon} need {need}.",
            "Give more rows, or make model.window or model.horizon smaller.",
        )
    if rows - sizes["test"] + window < season:
        raise Impossible(
            f"{source}: {rows} rows are too few for a season of {season}.",
            "Give more rows, or make data.season smaller.",
        )
