"""One line a target: reached or missed."""

from __future__ import annotations

from collections.abc import Sequence


def told(what: str, reached: bool, figure: str, wanted: str) -> bool:
    """Prints `reached  what: figure (wanted)`; returns whether it was."""
    print(f"{'reached' if reached else 'missed '}  {what}: {figure} ({wanted})", flush=True)
    return reached


def code(results: Sequence[bool]) -> int:
    """The exit code: 0 where every target was reached."""
    return 0 if all(results) and results else 1
