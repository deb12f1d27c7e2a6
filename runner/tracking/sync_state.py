"""Which records the store has got, as this project remembers: one empty file each.

A sweep that goes on asks here which of its records a kill kept from the store, without waiting for MLflow's import.
`python -m runner sync` asks the store itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from runner.core import hashing
from runner.results.records import Record
from runner.tracking import mlflow_store


def remember(root: Path, record_id: str) -> None:
    """The record is complete in the store that is used now."""
    folder = _folder(root)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / record_id).touch()


def missing(root: Path, every: Iterable[Record]) -> list[Record]:
    """Those of `every` of which nothing is remembered."""
    return [record for record in every if not (_folder(root) / record.folder.name).exists()]


def _folder(root: Path) -> Path:
    return root / "mlruns" / ".sent" / hashing.digest(mlflow_store.uri(root))[:8]
