"""The graph that Vela was given, run by Arm's TOSA reference model. Runs in the toolchain `tosa`."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from runner.backends._ethos_u.reference import ANSWERS, GRAPH
from runner.backends._ethos_u.reports import FOLDER
from runner.core.errors import StepFailed

MOST = 2  # steps of the output's own integers: LSTM, GRU and transformers, whose rounding TOSA says otherwise, reach it


def check(folder: str) -> dict[str, str]:
    """Whether both answer the same. Raises StepFailed with a tool's words where the graph can't be run there."""
    reports = Path(folder) / FOLDER
    if not (reports / ANSWERS).is_file():
        raise StepFailed("LiteRT's reference kernels can't run this graph on drawn inputs.")
    with np.load(reports / ANSWERS) as file:
        answers = {name: file[name] for name in file.files}
    apart = _largest(_graph(reports / GRAPH), answers)
    draws = len({name.split("/")[1] for name in answers})
    found = "bit for bit" if apart == 0 else f"{apart} of the output's steps apart at most"
    said = f"LiteRT's reference kernels and Arm's TOSA reference model on {draws} drawn inputs: {found}"
    return {"status": "passed" if apart <= MOST else "failed", "reason": said}


def _graph(source: Path) -> bytes:
    """The `.tflite` as a serialised TOSA graph."""
    with tempfile.TemporaryDirectory() as made:
        dialect, graph = Path(made, "graph.mlirbc"), Path(made, "graph.tosa")
        _run("tosa-converter-for-tflite", str(source), "-o", str(dialect))
        _run("tosa-opt", str(dialect), f"--tosa-serialize=tosa-flatbuffer-filename={graph}", "-o", "/dev/null")
        return graph.read_bytes()


def _run(tool: str, *words: str) -> None:
    command = [str(Path(sys.executable).with_name(tool)), *words]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace")
    if done.returncode:
        lines = [line.strip() for line in (done.stderr + done.stdout).splitlines() if line.strip()]
        said = next((line for line in lines if "error" in line.lower()), lines[-1] if lines else "no word")
        raise StepFailed(f"{tool} can't take the graph: {said[:300]}")


def _largest(graph: bytes, answers: Mapping[str, Any]) -> int:
    """The largest difference of all outputs, in their own integers."""
    import tosa_reference_model  # type: ignore[import-not-found,unused-ignore]

    worst = 0
    for draw in sorted({name.split("/")[1] for name in answers}):
        found, status = tosa_reference_model.run(graph, _ports(answers, f"in/{draw}/"))
        if status.name != "TOSA_VALID":
            raise StepFailed(f"Arm's TOSA reference model can't run the graph: {status.name}.")
        for ours, theirs in zip(_ports(answers, f"out/{draw}/"), found):  # noqa: B905 - Python 3.8
            values = np.frombuffer(theirs.tobytes(), ours.dtype).reshape(ours.shape)
            worst = max(worst, int(np.abs(ours.astype(np.int64) - values.astype(np.int64)).max(initial=0)))
    return worst


def _ports(answers: Mapping[str, Any], prefix: str) -> list[Any]:
    named = {int(name[len(prefix) :]): array for name, array in answers.items() if name.startswith(prefix)}
    return [named[port] for port in sorted(named)]
