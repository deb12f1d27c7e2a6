"""A `.tflite` file's outputs by our session and by a bare interpreter as it opens it by default, in one process."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from runner.backends.litert import session as ours
from runner.core import project_paths
from runner.spec import options


def apart(path: str, sizes: list[list[int]]) -> float:
    """How far the furthest output lies from the interpreter's, of that one's largest value; both run the same random
    inputs. `sizes`: of its inputs in order, where it leaves some open. Raises what the runtime raises."""
    from ai_edge_litert.interpreter import Interpreter  # type: ignore[import-not-found,import-untyped,unused-ignore]

    bare = Interpreter(model_path=path, num_threads=1)
    for port, wanted in zip(bare.get_input_details(), sizes, strict=False):
        bare.resize_tensor_input(port["index"], wanted)
    bare.allocate_tensors()
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(path, Path(folder) / ours.FILE)
        (Path(folder) / "session.json").write_text(json.dumps({"precision": "as_built"}))
        session = ours.open_session(folder, options.values("backend", "litert", project_paths.root()))
        given = _drawn(bare)
        by_name = {port["name"]: given[port["index"]] for port in bare.get_input_details()}
        by_name = by_name if set(by_name) == {one["name"] for one in session.inputs} else _in_order(session, given)
        found = [np.array(output) for output in session.run(session.bind(by_name))]
    return max(map(_apart, _bare_outputs(bare, given), found))


def _drawn(bare: Any) -> dict[int, Any]:
    random = np.random.default_rng(0)
    return {port["index"]: _values(random, port) for port in bare.get_input_details()}


def _values(random: np.random.Generator, port: Any) -> Any:
    if np.issubdtype(port["dtype"], np.floating):
        return random.random(port["shape"]).astype(port["dtype"])
    return random.integers(0, 100, port["shape"]).astype(port["dtype"])


def _in_order(session: Any, given: dict[int, Any]) -> dict[str, Any]:
    """A file's signature may name its inputs otherwise than its tensors are named."""
    return {one["name"]: value for one, value in zip(session.inputs, given.values(), strict=True)}


def _bare_outputs(bare: Any, given: dict[int, Any]) -> list[Any]:
    for index, value in given.items():
        bare.set_tensor(index, value)
    bare.invoke()
    return [bare.get_tensor(port["index"]) for port in bare.get_output_details()]


def _apart(theirs: Any, ours: Any) -> float:
    if theirs.shape != ours.shape or theirs.dtype != ours.dtype:
        raise ValueError(f"an output is {ours.dtype} {ours.shape}, the interpreter's {theirs.dtype} {theirs.shape}")
    largest = float(np.abs(theirs.astype(float)).max()) or 1.0
    return float(np.abs(theirs.astype(float) - ours.astype(float)).max()) / largest
