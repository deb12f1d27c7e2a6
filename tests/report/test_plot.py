from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from runner.measure import samples
from runner.report.plot import Captions, latency_plot, record_plot
from tests.report import fixtures
from tests.report.fixtures import measured, spec


def pixels(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path).convert("RGB")).astype(int)


def coloured(image: np.ndarray, colour: tuple[int, int, int]) -> int:
    return int((np.abs(image - colour).sum(axis=2) < 60).sum())


BLUE, ORANGE = (31, 119, 180), (217, 95, 2)


@pytest.mark.parametrize(("baseline_ms", "orange"), [(1.0, True), (None, False)])
def test_candidate_and_baseline_are_drawn(tmp_path: Path, baseline_ms: float | None, orange: bool) -> None:
    np.savez(tmp_path / "samples.npz", **fixtures.samples(0.7, baseline_ms))
    interval = {"low": 1.4, "high": 1.46, "by_pair": [1.41, 1.44]}
    latency_plot(tmp_path / "samples.npz", tmp_path / "latency.png", Captions("bilstm"), interval)
    image = pixels(tmp_path / "latency.png")
    assert image.shape == (552, 1200, 3)
    assert coloured(image, BLUE) > 200
    assert (coloured(image, ORANGE) > 200) == orange
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize("pairs", [1, 200])
def test_one_pair_and_many_can_be_drawn(tmp_path: Path, pairs: int) -> None:
    np.savez(tmp_path / "samples.npz", **fixtures.samples(0.7, 1.0, pairs))
    latency_plot(tmp_path / "samples.npz", tmp_path / "latency.png", Captions("bilstm"))
    assert coloured(pixels(tmp_path / "latency.png"), BLUE) > 100


def test_samples_come_by_pair_in_milliseconds(tmp_path: Path) -> None:
    arrays = {f"candidate/{pair}": np.array([pair * 1_000_000]) for pair in (10, 9, 1)}
    np.savez(tmp_path / "samples.npz", **arrays, **{"baseline/1": np.array([5])})
    found = samples.read(tmp_path / "samples.npz", "candidate")
    assert {pair: values.tolist() for pair, values in found.items()} == {1: [1.0], 9: [9.0], 10: [10.0]}
    assert list(found) == [1, 9, 10]


def test_a_records_plot_lies_beside_its_samples_and_is_drawn_once(tmp_path: Path) -> None:
    record = fixtures.write(tmp_path, measured("20261121T090100-00000001", spec(), spec(), "self", 1.0))
    out = record_plot(record.folder)
    assert out == record.folder / "latency.png"
    written = out.stat().st_mtime_ns
    assert record_plot(record.folder) == out
    assert out.stat().st_mtime_ns == written


def test_a_record_without_samples_has_no_plot(tmp_path: Path) -> None:
    content = fixtures.not_measured("20261121T090100-00000001", spec(), "unavailable", "x", "y")
    assert record_plot(fixtures.write(tmp_path, content).folder) is None
