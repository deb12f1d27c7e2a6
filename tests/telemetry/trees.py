"""Fake /proc and /sys: files by path."""

from __future__ import annotations

from pathlib import Path


def grow(root: Path, files: dict[str, object]) -> Path:
    """Writes `files` (`{path below root: content}`) and returns `root`."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{content}\n")
    return root
