"""Of which machine and how many threads a side's peaks are, and what to type where nobody knows them."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner import load_spec
from runner.execution.measurements import roofline
from runner.measure.metrics import AbsentFigure, ReckonedFigure
from runner.measure.roofline import Bound, Peaks
from runner.planning.graph import Chain
from runner.results import calibration
from runner.transport.device import HERE


def peaks(threads: int) -> Peaks:
    identity = str(HERE.hardware()["identity"])
    return Peaks("2026-11-30T10:00:00+00:00", identity, threads, {"fp32": 1e9}, {"fp32": "numpy"}, ((1_000, 1e9),))


def chain(root: Path, *words: str) -> Chain:
    (root / "runner.toml").touch()
    return Chain(load_spec("model=gru", *words, root=root), {})


def test_those_with_as_many_threads_count_the_latest_ones(tmp_path: Path) -> None:
    wanted = chain(tmp_path, "backend=openvino", "backend.threads=2")
    assert roofline.peaks_of(tmp_path, wanted, {}) == (
        "the peaks of this machine are not known: python -m runner calibrate --peaks backend.threads=2"
    )
    calibration.add_peaks(tmp_path, [peaks(1), peaks(2)], {})
    found = roofline.peaks_of(tmp_path, wanted, {})
    assert isinstance(found, Peaks)
    assert found.threads == 2


@pytest.mark.parametrize(
    ("words", "typed"),
    [
        ((), "python -m runner calibrate --peaks"),
        (("backend.threads=1",), "python -m runner calibrate --peaks"),
    ],
)
def test_the_advice_can_be_typed(words: tuple[str, ...], typed: str, tmp_path: Path) -> None:
    assert str(roofline.peaks_of(tmp_path, chain(tmp_path, *words), {})).endswith(f": {typed}")


def test_of_a_device_with_memory_of_its_own_no_peaks_of_the_cpu_are_taken(tmp_path: Path) -> None:
    calibration.add_peaks(tmp_path, [peaks(1)], {})
    why = "it ran on cuda:0, whose peaks nothing measured"
    assert roofline.peaks_of(tmp_path, chain(tmp_path), {"memory": "cuda:0"}) == why


def test_the_share_is_the_bound_of_the_median_and_says_what_was_not_counted() -> None:
    known = roofline.Reckoned(10, 20, ("TopK ×1",), "fp32", Bound(2e-3, 1e-3), peaks(1))
    share = known.share(8.0)
    assert share == ReckonedFigure(
        "efficiency/roofline", 0.25, "reckoned: 2.00 ms at the least (compute), without TopK ×1"
    )
    assert known.as_dict()["source"] == "peaks of 2026-11-30, 1 thread"
    unknown = roofline.Reckoned(10, 20, (), "fp32", "no peaks")
    assert unknown.share(8.0) == AbsentFigure("efficiency/roofline", "no peaks")
    assert unknown.as_dict() == {"flops": 10, "bytes": 20, "not_counted": [], "reason": "no peaks"}
