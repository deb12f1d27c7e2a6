"""Our single-stream latency, or throughput with several infer requests, beside OpenVINO's own benchmark_app: the same
file, the same settings, alternated.

`python benchmarks/benchmark_app.py [--throughput]`: prints the ratio ours / theirs of the times of an inference
(medians; with `--throughput` means) with its paired interval; on a busy machine it takes more pairs. Exit code 1 where
the interval does not lie inside ±3 %.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.support import agreement
from benchmarks.support.agreement import SECONDS
from runner.core import project_paths
from runner.spec import options
from runner.transport.local import open_worker

SETTINGS = options.values("backend", "openvino", project_paths.root())
SIZE = 224  # some milliseconds: benchmark_app reports hundredths


@dataclass(frozen=True)
class Kind:
    """What is compared. `settings`: ours; `words`: theirs; `figure`: of their report as ms an inference; `pinned`:
    whether both run on one CPU."""

    settings: dict[str, Any]
    words: str
    figure: Callable[[dict[str, Any]], float]
    pinned: bool


def kinds() -> dict[bool, Kind]:
    """By whether it is throughput."""
    cpus = len(os.sched_getaffinity(0))
    many = {**SETTINGS, "threads": cpus, "streams": None, "hint": "throughput"}
    one = "-hint none -nstreams 1 -nthreads 1 -api sync"
    return {
        False: Kind(SETTINGS, one, lambda results: float(results["latency (ms)"]), pinned=True),
        True: Kind(many, "-hint throughput", lambda results: 1000 / float(results["throughput"]), pinned=False),
    }


def network(path: Path) -> None:
    """A MobileNet-V1 of width 0.25 without training, as ONNX."""
    import torch
    from torch import nn

    def separable(wide: int, out: int, stride: int) -> list[nn.Module]:
        depth = nn.Conv2d(wide, wide, 3, stride, 1, groups=wide, bias=False)
        point = nn.Conv2d(wide, out, 1, bias=False)
        return [depth, nn.BatchNorm2d(wide), nn.ReLU6(), point, nn.BatchNorm2d(out), nn.ReLU6()]

    widths = [(16, 32, 1), (32, 64, 2), (64, 64, 1), (64, 128, 2), (128, 128, 1)]
    layers = [nn.Conv2d(3, 16, 3, 2, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU6()]
    for shape in [*widths, *[(128, 128, 1)] * 5]:
        layers += separable(*shape)
    layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(128, 10)]
    model = nn.Sequential(*layers).eval()
    axes = {"x": {0: "batch"}, "y": {0: "batch"}}
    example = (torch.zeros(1, 3, SIZE, SIZE),)
    torch.onnx.export(model, example, path, dynamo=False, input_names=["x"], output_names=["y"], dynamic_axes=axes)


def prepare(root: Path) -> None:
    """`out/` holds the compiled model, `data/` its inputs."""
    for name in ("model", "data", "out", "scratch"):
        (root / name).mkdir()
    network(root / "model/model.onnx")
    x = np.random.default_rng(0).standard_normal((64, 3, SIZE, SIZE)).astype(np.float32)
    for split in ("calibration", "test"):
        np.savez(root / f"data/{split}.npz", **{"in/x": x})  # type: ignore[arg-type]
    asked = {"backend": "openvino", "settings": SETTINGS, "batch": 1, "precision": "fp32"}
    inputs = {"model": root / "model", "data": root / "data"}
    with open_worker(root / "log", name="compile") as worker:
        module, out, scratch = "runner.steps.compile", root / "out", root / "scratch"
        worker.ask("step", timeout=120, module=module, settings=asked, inputs=inputs, out=out, scratch=scratch)


def ours(root: Path, kind: Kind) -> float:
    """ms an inference that we measure."""
    session, inputs = "runner.backends.openvino.session", root / "data/test.npz"
    return agreement.ours(session, root / "out", kind.settings, inputs)


def theirs(root: Path, kind: Kind) -> float:
    """ms an inference that benchmark_app reports."""
    report = root / "report"
    report.mkdir(exist_ok=True)
    tool = Path(sys.executable).parent / "benchmark_app"
    settings = f"-d CPU {kind.words} -infer_precision f32 -latency_percentile 50"
    output = f"-report_type no_counters -report_folder {report} -json_stats"
    command = [str(tool), "-m", str(root / "out/model.xml"), *settings.split(), *output.split(), "-t", str(SECONDS)]
    subprocess.run(command, check=True, capture_output=True)
    (file,) = report.glob("*.json")
    results = json.loads(file.read_text())["execution_results"]
    file.unlink()
    return kind.figure(results)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--throughput", action="store_true", help="several infer requests, as its hint has them")
    kind = kinds()[parser.parse_args().throughput]
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        prepare(root)
        sides = agreement.Sides("benchmark_app", partial(ours, root, kind), partial(theirs, root, kind), kind.pinned)
        return agreement.judged(sides)


if __name__ == "__main__":
    sys.exit(main())
