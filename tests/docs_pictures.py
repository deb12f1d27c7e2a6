"""The pictures of docs/reading-a-result.md, drawn by what draws every picture: `python -m tests.docs_pictures` writes
them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from runner.charts import Chart, svg
from runner.pictures import latency, sweep
from runner.pictures.sweep import Point, SpeedUp
from runner.results import record_schema
from tests.conftest import REPOSITORY
from tests.report.fixtures import measured, spec

FOLDER = REPOSITORY / "docs" / "images"
RATIOS = (1.43, 1.45, 1.41, 1.44, 1.42, 1.46, 1.40, 1.43, 1.18, 1.44)  # in the ninth pair something else ran


def pictures() -> dict[str, bytes]:
    """`{file's name: SVG}`."""
    drawn = {"verdicts": _verdicts(), "pairs": _pairs(), "front": _front()}
    return {f"{name}.svg": svg.document(chart) for name, chart in drawn.items()}


def _verdicts() -> Chart:
    rows = (
        ("int8 on one machine", 1.43, 1.40, 1.46, "faster"),
        ("another runtime", 0.81, 0.80, 0.83, "slower"),
        ("a recompile", 1.004, 0.992, 1.016, "same"),
        ("a first look: 7 pairs", 1.04, 0.97, 1.12, "ambiguous"),
        ("within the noise floor", 1.008, 1.003, 1.035, "ambiguous"),
    )
    return sweep.speedups([("", [SpeedUp(*row, row[-1]) for row in rows])])


def _pairs() -> Chart:
    content = measured("20261121T090100-00000001", spec(precision="int8"), spec(), "onnxruntime fp32", 1.43)
    content["comparison"]["by_pair"] = list(RATIOS)
    sides = {"candidate": _times([0.70 * 1.43 / ratio for ratio in RATIOS]), "baseline": _times([1.0] * len(RATIOS))}
    return latency.latency(record_schema.read(content), sides["candidate"], sides["baseline"])


def _times(medians: list[float]) -> Mapping[int, np.ndarray]:
    """200 latencies a process, in ms, with a tail; the same at each call."""
    tail = np.linspace(0, 1, 200) ** 6
    return {pair: median * (0.97 + 0.06 * np.linspace(0, 1, 200) + 0.8 * tail) for pair, median in enumerate(medians)}


def _front() -> Chart:
    cells = (
        ("gru int8 onnxruntime", "onnxruntime", 0.21, 0.61, 1),
        ("gru fp32 onnxruntime", "onnxruntime", 0.30, 0.52, 2),
        ("lstm fp32 onnxruntime", "onnxruntime", 0.42, 0.54, 0),
        ("bilstm fp32 openvino", "openvino", 0.55, 0.47, 3),
        ("bilstm fp32 onnxruntime", "onnxruntime", 0.60, 0.47, 0),
    )
    points = [Point(name, on, ms, ms * 0.97, ms * 1.03, mae, rank) for name, on, ms, mae, rank in cells]
    return sweep.quality_against_latency(points, "mae, ppm (less is better)", "latency of an inference, p50 ms")


if __name__ == "__main__":
    for name, content in pictures().items():
        (FOLDER / name).write_bytes(content)
