"""What LiteRT makes of a file: what its operators compute in, and who runs them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runner.backends.litert import nodes
from runner.backends.litert.session import FILE, Session


def described(folder: Path, settings: Mapping[str, Any], as_built: bool) -> dict[str, Any]:
    """`version`, `effective` and `fallback` of the file in `folder`, opened with a backend's `settings`."""
    session = Session(folder / FILE, {**settings, "threads": 1}, as_built)
    return {
        "version": session.version,
        "effective": nodes.effective(session.nodes),
        "fallback": nodes.fallback(session.nodes) if settings["delegate"] else {},
    }
