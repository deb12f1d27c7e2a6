"""Which records the store has got, as this project remembers: one empty file each; and
of which sweeps it has the page, made of what.

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
    """The record is complete in the store and the experiment that are used now."""
    folder = _folder(root)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / record_id).touch()


def missing(root: Path, every: Iterable[Record]) -> list[Record]:
    """Those of `every` of which nothing is remembered."""
    return [record for record in every if not (_folder(root) / record.folder.name).exists()]


def remember_page(root: Path, sweep: str, content: str) -> None:
    """The page of `sweep` is complete there; `content` is the digest of what it was made of."""
    file = _page(root, sweep)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content, encoding="utf-8")


def has_page(root: Path, sweep: str, content: str) -> bool:
    """Whether the page that is remembered was made of the same."""
    file = _page(root, sweep)
    return file.is_file() and file.read_text(encoding="utf-8", errors="replace") == content


def _page(root: Path, sweep: str) -> Path:
    return _folder(root) / f"sweep-{hashing.digest_of(sweep)[:12]}"


def _folder(root: Path) -> Path:
    name = mlflow_store.experiment()
    address = mlflow_store.without_password(mlflow_store.uri(root))
    store = address if name == mlflow_store.EXPERIMENT else [address, name]
    return root / "mlruns" / ".sent" / hashing.digest(store)[:8]
