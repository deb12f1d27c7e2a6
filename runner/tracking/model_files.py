"""The compiled model that a record measured, as files for MLflow: where `tracking.models=true` asked for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from runner.artifacts import store
from runner.results.record_schema import Result

STEP = "compile"  # the last of every backend's
FOLDER = "model"  # in the run's artifacts


@dataclass(frozen=True)
class ModelFiles:
    """The files by their names in the artifact, none where `problem` says why; `size` in bytes."""

    files: Mapping[str, Path] = field(default_factory=dict)
    size: int = 0
    problem: str = ""

    @property
    def text(self) -> str:
        """`2 files, 1.234 MB`, or why there are none."""
        count = len(self.files)
        return self.problem or f"{count} file{'' if count == 1 else 's'}, {self.size / 1e6:.3f} MB"


def of_record(root: Path, result: Result) -> ModelFiles | None:
    """What the project's own store has of it, every byte as it was sealed; None where the model isn't to be sent, or
    none was compiled. Nothing of an imported file is ever read: a record names an artifact by its key alone."""
    key = result.keys.get(STEP)
    if not result.tracking.models or key is None:
        return None
    found = store.find(root, STEP, key)
    wrong = store.damage(found) if found else f"{store.place(root, STEP, key)} is not there any more"
    if found is None or wrong:
        return ModelFiles(problem=f"no file, {wrong}")
    sizes = found.content["files"]
    return ModelFiles({name: found.folder / name for name in sizes}, sum(one["bytes"] for one in sizes.values()))
