"""The canonical grid of `params.yaml`, which `dvc.yaml` builds: its specs, its cells' names, and their keys.

DVC owns `pipeline/<step>/<cell>`. The store reads it and never writes there; `python -m runner step=…` exports to it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner.core import hashing
from runner.core.errors import SpecError, nearest
from runner.planning import graph, measurement_key
from runner.spec import options, overrides
from runner.spec.schema import AXES, PARTS, Spec
from runner.sweeps import request
from runner.sweeps.request import Request

PARAMS = "params.yaml"
GRID = ("model", "precision", "backend")
# The stages of dvc.yaml, in order.
STEPS = ("data", "train", "export", "quantize", "compile", "verify", "benchmark")
SPEEDUPS = "speedups"  # a stage of the whole grid, after them


@dataclass(frozen=True)
class Grid:
    """`axes`: the options that are combined; `settings`: the overrides that every cell shares, as on a command line."""

    axes: Mapping[str, Sequence[str]]
    settings: Sequence[str]

    def cells(self) -> Iterator[dict[str, str]]:
        """Every combination: `{"model": …, "precision": …, "backend": …}`."""
        for combination in itertools.product(*self.axes.values()):
            yield dict(zip(self.axes, combination, strict=True))


def read(root: Path) -> Grid:
    """The grid of `root/params.yaml`. Raises SpecError: no such file, not YAML, an axis missing or named twice."""
    path = root / PARAMS
    if not path.is_file():
        raise SpecError(f"{path} is not there.", f"`keys` and `step=` need a project with dvc.yaml and {PARAMS}.")
    content = dict(options.load_yaml(path))
    axes = _axes(content.pop("grid", None), path)
    return Grid(axes, [word for key, value in content.items() for word in _words(key, value, axes, path)])


def _axes(grid: Any, path: Path) -> dict[str, list[str]]:
    example = "For instance: grid: {model: [gru], precision: [fp32], backend: [onnxruntime]}"
    if not isinstance(grid, Mapping):
        raise SpecError(f"{path}: grid is not set.", example)
    for axis in grid:
        if axis not in GRID:
            raise SpecError(f"{path}: grid.{axis}: no such axis.{nearest(str(axis), GRID)}", example)
    for axis in GRID:
        names = grid.get(axis)
        if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
            raise SpecError(f"{path}: grid.{axis}={names}: a list of options expected.", example)
    return {axis: list(grid[axis]) for axis in GRID}


def _words(key: str, value: Any, axes: Mapping[str, Any], path: Path) -> Iterator[str]:
    """Overrides of one top-level entry: `{name: smoke, epochs: 3}` is `train=smoke`, `train.epochs=3`."""
    if key not in (*AXES, "seed", *PARTS):
        known = ("grid", *AXES, "seed", *PARTS)
        raise SpecError(f"{path}: {key}: no such key.{nearest(str(key), known)}", f"Keys: {', '.join(known)}.")
    if not isinstance(value, Mapping):
        yield overrides.word(key, value)
        return
    for name, item in value.items():
        if name != "name" or key in PARTS:
            yield from _flat(f"{key}.{name}", item)
        elif key in axes:
            raise SpecError(f"{path}: {key}.name={item}: grid.{key} says that already.", "Leave one of them out.")
        else:
            yield overrides.word(key, item)


def _flat(key: str, value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _flat(f"{key}.{name}", item)
    else:
        yield overrides.word(key, value)


def specs(grid: Grid, root: Path) -> list[Spec]:
    """The specs of every cell, in the grid's order. Raises SpecError, for an impossible cell too."""
    axes = [f"{axis}={','.join(names)}" for axis, names in grid.axes.items()]
    with _blamed():
        found = request.cells(root, [*grid.settings, *axes])
        if found.impossible:
            raise found.impossible[0].error
    return [spec for _, spec in found.cells]


def one(grid: Grid, chosen: Mapping[str, str], root: Path) -> Request:
    """The request for one cell; an axis not chosen takes the grid's first option, as shared steps don't need it."""
    cell = {axis: chosen.get(axis, names[0]) for axis, names in grid.axes.items()}
    with _blamed():
        return request.single(root, [*grid.settings, *(f"{axis}={name}" for axis, name in cell.items())])


@contextmanager
def _blamed() -> Iterator[None]:
    """Says which file a wrong setting stands in."""
    try:
        yield
    except SpecError as error:
        raise SpecError(f"{PARAMS}: {error.reason}", error.next_step) from error


def cell_name(step: str, spec: Spec) -> str:
    """A step's cell, named by no more than what the step depends on: `co2`, `gru`, `gru-int8_dynamic-openvino`."""
    if step == "data":
        return spec.data.title
    if step in ("train", "export"):
        return spec.model.title
    return f"{spec.model.title}-{spec.precision.title}-{spec.backend.title}"


def folder(root: Path, step: str, spec: Spec) -> Path:
    """Where a cell's output is exported to."""
    return root / "pipeline" / step / cell_name(step, spec)


def key(step: str, cell: graph.Cell, made: graph.Plan) -> str:
    """The key of a cell's step; of the step before where the cell has none (fp32 has nothing to quantize)."""
    if step == "benchmark":
        return _benchmark_key(cell, made)
    if cell.blocked and not cell.candidate.keys:  # its planning failed
        raise cell.blocked
    present = [one for one in STEPS[: STEPS.index(step) + 1] if one in cell.candidate.keys]
    if not present:
        raise SpecError(f"{cell.candidate.spec.title} has neither {step} nor a step before it.")
    return cell.candidate.keys[present[-1]]


def _benchmark_key(cell: graph.Cell, made: graph.Plan) -> str:
    """What a measurement depends on (`measurement_key.py`), what its verdict is reckoned with, and what stands in its
    way."""
    spec, error = cell.candidate.spec, graph.blocked(cell, made)
    return hashing.digest(
        {
            "measurement": measurement_key.parts_of_all([cell]).get(spec.key),
            "candidate": spec.choices(),
            "baseline": cell.baseline and cell.baseline.spec.choices(),
            "blocked": error.reason if error else None,
        }
    )


def grid_keys(made: graph.Plan) -> dict[str, dict[str, str]]:
    """`{step: {cell: key}}` of a plan. Raises SpecError where two cells of one name are not the same."""
    found: dict[str, dict[str, str]] = {step: {} for step in STEPS}
    for cell, step in itertools.product(made.cells, STEPS):
        name, value = cell_name(step, cell.candidate.spec), key(step, cell, made)
        if found[step].setdefault(name, value) != value:
            raise SpecError(
                f"{PARAMS}: the grid's cells disagree on {step} {name}.",
                "Their models need it in different forms: build them in two projects, or one after the other.",
            )
    return found
