"""What LiteRT's reference kernels answer to drawn inputs: kept beside what Vela made of the same graph, to check it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np

from runner.backends._ethos_u.reports import FOLDER

GRAPH, ANSWERS = "given.tflite", "answers.npz"
DRAWS = 3  # its kernels are slow: seconds for an image of 224 by 224


def write(source: Path, out: Path) -> None:
    """The graph that Vela was given, and DRAWS inputs of its own integers with their outputs: `in/<draw>/<port>`,
    `out/<draw>/<port>`; no answers where the kernels can't run drawn inputs."""
    shutil.copyfile(source, out / FOLDER / GRAPH)
    random = np.random.default_rng(0)
    kept: dict[str, Any] = {}
    try:
        model = _opened(source)
        for draw in range(DRAWS):
            kept.update(_answered(model, random, draw))
    except (RuntimeError, ValueError):
        return
    np.savez_compressed(out / FOLDER / ANSWERS, **kept)


def _opened(source: Path) -> Any:
    from ai_edge_litert.interpreter import (  # type: ignore[import-not-found,import-untyped,unused-ignore]
        Interpreter,
        OpResolverType,
    )

    model = Interpreter(str(source), experimental_op_resolver_type=OpResolverType.BUILTIN_REF)
    model.allocate_tensors()
    return model


def _answered(model: Any, random: np.random.Generator, draw: int) -> dict[str, Any]:
    found = {}
    for port, details in enumerate(model.get_input_details()):
        found[f"in/{draw}/{port}"] = _drawn(random, details)
        model.set_tensor(details["index"], found[f"in/{draw}/{port}"])
    model.invoke()
    for port, details in enumerate(model.get_output_details()):
        found[f"out/{draw}/{port}"] = model.get_tensor(details["index"])
    return found


def _drawn(random: np.random.Generator, details: dict[str, Any]) -> Any:
    """All values of a narrow integer are as likely; a wide one is an index, so 0 or 1; floats are normal."""
    dtype, shape = np.dtype(details["dtype"]), details["shape"]
    if dtype.kind not in "iu" or dtype.itemsize > 2:
        drawn = random.standard_normal(shape) if dtype.kind == "f" else random.integers(0, 2, shape)
        return drawn.astype(dtype)
    limits = np.iinfo(dtype)
    return random.integers(limits.min, limits.max, shape, dtype=dtype, endpoint=True)
