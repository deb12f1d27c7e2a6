"""What an artifact's graph asks for, as figures: found once, in a worker, and kept beside the artifacts.

Reading a graph takes onnx, whose import is a tenth of what a run costs beyond measuring.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, fields
from pathlib import Path

from runner.artifacts.store import Artifact
from runner.backends import worker_query
from runner.core import hashing

FOLDER = ".figures"
COUNTED_BY = "runner.graphs.cost"
CODE = tuple(Path(__file__).parents[2] / "graphs" / name for name in ("cost.py", "node_flops.py"))
GRAPH_FILE = "model.onnx"


@dataclass(frozen=True)
class Figures:
    """Of an inference: operations, bytes of weights, inputs and outputs, each once; `unknown`: how many nodes of an
    operator were not counted."""

    flops: int
    weights: int
    inputs: int
    outputs: int
    unknown: Mapping[str, int]

    @property
    def bytes(self) -> int:
        """What it has to move at the least."""
        return self.weights + self.inputs + self.outputs


def of_artifact(root: Path, artifact: Artifact, batch: int) -> Figures | None:
    """Those of the graph in an artifact of the project at `root`; None where it has none. Raises Unavailable where
    reading it takes the worker along."""
    file = artifact.folder / GRAPH_FILE
    if not file.is_file():
        return None
    kept = root / "artifacts" / FOLDER / f"{hashing.digest([artifact.key, batch, _code()])[:32]}.json"
    found = _read(kept) if kept.is_file() else None
    if found is None:
        found = worker_query.ask(COUNTED_BY, "figures", file=str(file), batch=batch)
        _write(kept, found)
    return Figures(**found) if found else None


def _code() -> list[str]:
    return [hashing.file_hash(path) for path in CODE]


def _read(kept: Path) -> dict[str, object] | None:
    """What is kept, {} of no graph; None where it isn't whole."""
    try:
        found = json.loads(kept.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    whole = isinstance(found, dict) and {*found} in (set(), {one.name for one in fields(Figures)})
    return found if whole else None


def _write(kept: Path, found: Mapping[str, object]) -> None:
    draft = kept.with_name(f".{os.getpid()}")
    with suppress(OSError):  # a full disk is told by what needs it; these are found again
        kept.parent.mkdir(exist_ok=True)
        draft.write_text(json.dumps(found), encoding="utf-8")
        draft.replace(kept)
