"""A metric of the user's own, `FILE.py:FUNCTION` or an entry point: read and checked by all, run in a worker alone."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.core import given_files, hashing, registry
from runner.core.errors import BadFile, SpecError, StepFailed, nearest
from runner.core.foreign_text import line

if TYPE_CHECKING:
    from types import ModuleType

    from numpy.typing import NDArray

OURS = ("none", "accuracy", "mae", "rmse", "max_abs_error")
PATTERN = r".+\.py:[A-Za-z_]\w*"  # of `model.metric`, beside the names of ours
EXPECTED = "expected/"


@dataclass(frozen=True)
class OwnMetric:
    """What is run: `FILE.py:FUNCTION`, and the SHA-256 that the file had when it was planned with."""

    metric: str
    digest: str


def resolved(metric: str) -> str:
    """`FILE.py:FUNCTION`, also of what an installed package registers by that name; "" of a metric of ours. Raises
    SpecError where the package has no such file."""
    registered = registry.entry_points(registry.METRICS)
    if metric in OURS or metric not in registered:
        return metric if re.fullmatch(PATTERN, metric) else ""
    module, _, function = registered[metric].partition(":")
    source = _source(module)
    if source is None:
        reason = f"model.metric={metric}: its package names {registered[metric]}, which is no file of it."
        raise SpecError(reason, "Mend the entry point: my_package.module:function")
    return f"{source}:{function}"


def _source(module: str) -> Path | None:
    """The file of a dotted module; nothing is imported."""
    from importlib import util

    top, *rest = module.split(".")
    spec = util.find_spec(top) if top.isidentifier() else None
    if spec is None or not rest:
        return Path(spec.origin) if spec and spec.origin else None
    places = [Path(folder, *rest) for folder in spec.submodule_search_locations or ()]
    files = [file for place in places for file in (place.with_suffix(".py"), place / "__init__.py")]
    return next((file for file in files if file.is_file()), None)


def allowed() -> str:
    """A regular expression of what `model.metric` may be beside the names of ours."""
    return "|".join([PATTERN, *map(re.escape, registry.entry_points(registry.METRICS))])


def of(metric: str, digests: Mapping[str, str]) -> OwnMetric | None:
    """The user's function among `digests` (`{path: SHA-256}`); None for a metric of ours."""
    found = resolved(metric)
    return OwnMetric(found, digests[found.rpartition(":")[0]]) if found else None


def files(metric: str) -> tuple[str, ...]:
    """The file of a user's function, checked; none of a metric of ours. Raises as `file`."""
    found = resolved(metric)
    return (file(found),) if found else ()


def file(metric: str) -> str:
    """The file that holds it. Raises SpecError where it isn't there, or has no such function: it is read, not run."""
    import ast  # where there is such a file

    path, _, function = metric.rpartition(":")
    try:
        tree = ast.parse(Path(given_files.existing(path, "model.metric")).read_bytes())
    except (SyntaxError, ValueError) as error:
        raise BadFile(f"model.metric={path}: no Python: {line(str(error))}.", "Mend the file.") from error
    known = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    if function not in known:
        reason = f"model.metric={metric}: {path} defines no {function}.{nearest(function, known)}"
        raise SpecError(reason, f"It defines: {', '.join(known) or 'no function'}.")
    return path


def scored(metric: str, digest: str, data: str, predicted: str, values: str) -> dict[str, Any]:
    """What the function says of outputs in the file `predicted`, on the test split of the data artifact `data`: the
    `figure`, the `rows` that were scored, and whether it answered `each` of them, whose numbers are then in the file
    `values` (.npy) and whose mean the figure is.

    Called in a worker. The function is given `outputs` and `expected` as dicts of arrays, samples first: by output, and
    `labels`. Raises StepFailed where the file is no longer the one with the SHA-256 `digest`, or it answers anything
    but a number, or a number a sample.
    """
    import numpy as np

    from runner.data import arrays, scoring
    from runner.worker import predictions

    path, _, function = metric.rpartition(":")
    if hashing.file_hash(Path(path)) != digest:
        raise StepFailed(f"{path} was edited while this ran.", "Run the same command again.")
    truth = arrays.read_truth(Path(data), "test")
    expected = {"labels" if name == "target" else name.removeprefix(EXPECTED): array for name, array in truth.items()}
    names = arrays.read_meta(Path(data)).get("outputs", [])
    outputs = scoring.by_name(predictions.read(predicted), names)
    shaped = {name: _as_expected(array, expected.get(name)) for name, array in outputs.items()}
    try:
        found = np.asarray(getattr(_module(path), function)(shaped, expected), np.float64)
    except Exception as error:  # the user's code raises what it likes
        where = f"model.metric={metric}: {type(error).__name__}: {line(str(error))}"
        raise StepFailed(
            where, f"Mend {path}: {function}(outputs, expected) returns a number, or one a sample."
        ) from error
    rows = max(len(array) for array in shaped.values())
    _check(metric, found, rows)
    if found.ndim:
        np.save(values, found)
    return {"figure": float(found.mean()), "rows": rows, "each": bool(found.ndim)}


def _check(metric: str, found: NDArray[Any], rows: int) -> None:
    """Raises StepFailed."""
    if found.ndim and found.shape != (rows,):
        shape = "×".join(map(str, found.shape))
        told = f"model.metric={metric}: it answered {shape} numbers for {rows} samples."
        raise StepFailed(told, f"Let it return one number, or one a sample: {rows}.")
    if not all(map(math.isfinite, found.ravel().tolist())):
        wrong = found if not found.ndim else "numbers that are not finite"
        raise StepFailed(f"model.metric={metric}: it answered {wrong}.", "Let it return finite numbers.")


def _as_expected(output: NDArray[Any], expected: NDArray[Any] | None) -> NDArray[Any]:
    """In the shape of the user's array: a fixed batch of one, written out on one side alone, would be broadcast."""
    same = expected is not None and output.dtype.kind != "O" and output.size == expected.size
    return output.reshape(expected.shape) if expected is not None and same else output


def _module(path: str) -> ModuleType:
    import importlib.util

    spec = importlib.util.spec_from_file_location("own_metric", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} can't be imported")
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module  # type: ignore[no-any-return]
