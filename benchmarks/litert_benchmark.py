"""Our latency beside LiteRT's own litert-benchmark: the same file, by the same interface (CompiledModel), alternated.

`python benchmarks/litert_benchmark.py`: prints the ratio ours / theirs of the medians with its paired interval; on a
busy machine it takes more pairs. Exit code 1 where the interval does not lie inside ±3 %.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.support import agreement
from benchmarks.support.agreement import SECONDS
from runner.core import project_paths
from runner.spec import options

OPTIONS = {**options.values("backend", "litert", project_paths.root()), "api": "compiled_model", "threads": 1}
# Some milliseconds, for it reports hundredths; few inputs, for it copies none while it times.
ROWS, WIDE, LAYERS = 16, 512, 16


def prepare(root: Path) -> None:
    """`out/` holds the model, a chain of dense layers, `inputs.npz` what goes in."""
    from tests.backends import tflite_files
    from tests.backends.tflite_files import Tensor

    draw = np.random.default_rng(0)
    tensors = {"x": Tensor([ROWS, WIDE])}
    for number in range(LAYERS):
        weight = (draw.standard_normal((WIDE, WIDE)) / WIDE**0.5).astype(np.float32)
        tensors |= {f"w{number}": Tensor(weight.shape, values=weight), f"y{number}": Tensor([ROWS, WIDE])}
    ends = ["x", *(f"y{number}" for number in range(LAYERS))]
    nodes = [("FULLY_CONNECTED", [ends[at], f"w{at}"], [ends[at + 1]]) for at in range(LAYERS)]
    (root / "out").mkdir()
    tflite_files.write(root / "out/model.tflite", tensors, nodes, ["x"], [ends[-1]], None)
    (root / "out/session.json").write_text(json.dumps({"precision": "fp32"}))
    np.savez(root / "inputs.npz", **{"in/x": draw.standard_normal((ROWS, WIDE)).astype(np.float32)})  # type: ignore[arg-type]


def theirs(root: Path) -> float:
    """Median latency in ms that litert-benchmark reports."""
    report, tool = root / "report.json", Path(sys.executable).parent / "litert-benchmark"
    runs = [f"--num_runs={SECONDS * 250}", "--warmup_runs=60", "--num_threads=1"]
    command = [str(tool), f"--model={root / 'out/model.tflite'}", *runs, f"--result_json={report}"]
    subprocess.run(command, check=True, capture_output=True)
    return float(json.loads(report.read_text())["latency"]["median_ms"])


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        prepare(root)
        session, inputs = "runner.backends.litert.session", root / "inputs.npz"
        mine = partial(agreement.ours, session, root / "out", OPTIONS, inputs, ROWS)
        return agreement.judged(agreement.Sides("litert-benchmark", mine, partial(theirs, root)))


if __name__ == "__main__":
    sys.exit(main())
