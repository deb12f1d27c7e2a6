"""Benchmarks end to end, with real workers and ONNX Runtime."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from runner.measure import metrics
from runner.measure.benchmark import Benchmark, benchmark
from runner.measure.noise_floor import NoiseFloor
from runner.measure.pairs import Side
from runner.measure.run import Run, sides_of
from runner.measure.settings import Settings
from runner.measure.verdict import Verdict

MakeSettings = Callable[..., Settings]


# --- the real thing ---


@pytest.fixture(scope="module")
def same(side: Side, tmp_path_factory: pytest.TempPathFactory) -> tuple[Benchmark, list[tuple[int, int, str]]]:
    """A quick A/A on one artifact, with the progress that it told."""
    import yaml

    from runner.core import setting_rules

    values = yaml.safe_load((Path(__file__).parents[2] / "conf/measure/quick.yaml").read_text())
    del values["name"]
    told: list[tuple[int, int, str]] = []
    settings = setting_rules.build(Settings, {**values, "min_pairs": 6, "max_pairs": 6}, "measure")
    run = Run(sides_of(side, dataclasses.replace(side, label="again")), settings, 4, tmp_path_factory.mktemp("same"))
    found = benchmark(run, progress=lambda *what: told.append(what))
    return found, told


def test_an_artifact_against_itself_is_not_called_very_different(same: tuple[Benchmark, object]):
    comparison = same[0].comparison
    assert comparison is not None
    assert comparison.ratio.low < 1.15
    assert comparison.ratio.high > 0.85


def test_every_raw_sample_is_kept(same: tuple[Benchmark, object]):
    samples = same[0].samples()
    processes = [f"{role}/{pair}" for role in ("candidate", "baseline") for pair in range(6)]
    assert set(samples) == {*processes, *(f"bursts/{name}" for name in processes)}
    assert all(len(samples[name]) >= 100 and (samples[name] > 0).all() for name in processes)


def test_a_sceptic_finds_each_burst_in_the_samples(same: tuple[Benchmark, object]):
    samples = same[0].samples()
    starts, sizes = samples["bursts/candidate/0"].T
    assert sizes.sum() == len(samples["candidate/0"])
    assert (np.diff(starts) > 0).all()


def test_the_figures_are_those_of_the_samples(same: tuple[Benchmark, object]):
    found = same[0]
    numbers = metrics.numbers(found.metrics)
    pooled = np.concatenate([ns for name, ns in found.samples().items() if name.startswith("candidate/")]) / 1e6
    assert numbers["latency/p90_ms"] == pytest.approx(np.percentile(pooled, 90))
    assert numbers["throughput/per_s"] == pytest.approx(1000 / pooled.mean())
    assert numbers["latency/p50_ms_low"] <= numbers["latency/p50_ms"] <= numbers["latency/p50_ms_high"]


def test_quality_belongs_to_the_run(same: tuple[Benchmark, object]):
    numbers = metrics.numbers(same[0].metrics)
    assert numbers["quality/accuracy"] == 0.9
    assert numbers["fidelity/max_abs_error"] < 1e-4
    assert numbers["vs_baseline/quality_delta"] == 0
    assert same[0].quality["vs_baseline"]["verdict"] == "equal"
    assert same[0].quality["vs_float"]["verdict"] in ("equal", "not told apart")


def test_what_it_tells_is_told_between_pairs(same: tuple[Benchmark, list[tuple[int, int, str]]]):
    assert [done for done, _, _ in same[1]] == [0, 1, 2, 3, 4, 5, 6]


def test_it_says_what_stopped_it_and_is_json(same: tuple[Benchmark, object]):
    found = same[0]
    assert found.comparison is not None
    assert found.stopped_by in ("target", "max_pairs")
    document = {"comparison": found.comparison.as_dict(), "conditions": found.conditions, "effective": found.effective}
    assert json.loads(json.dumps(document, allow_nan=False))["comparison"]["kind"] == "paired"
    assert set(found.effective) == {"candidate", "baseline"}
    assert "version" in found.effective["candidate"]


def test_a_session_that_takes_30_percent_longer_is_slower(
    side: Side, slower: Callable[[float], Side], measure: MakeSettings, tmp_path: Path
):
    plain = slower(0.0)  # through the same wrapper, so that only the spinning differs
    found = benchmark(Run(sides_of(slower(0.3), plain), measure("quick"), 1, tmp_path)).comparison
    assert found is not None
    assert found.verdict is Verdict.SLOWER
    assert found.ratio.estimate == pytest.approx(1 / 1.3, rel=0.2)


def test_a_given_noise_floor_decides(
    side: Side, slower: Callable[[float], Side], measure: MakeSettings, tmp_path: Path
):
    floor = NoiseFloor(1.0, "a very noisy machine")
    settings = measure("quick", min_pairs=6, max_pairs=6)
    found = benchmark(Run(sides_of(slower(0.3), slower(0.0)), settings, 1, tmp_path), floor).comparison
    assert found is not None
    assert found.verdict is Verdict.AMBIGUOUS
    assert found.as_dict()["floor"] == {"value": 1.0, "source": "a very noisy machine"}


def test_without_a_baseline_the_candidate_is_measured_alone(side: Side, measure: MakeSettings, tmp_path: Path):
    found = benchmark(Run(sides_of(side, None), measure("quick", min_pairs=6, max_pairs=6), 0, tmp_path))
    assert found.comparison is None
    assert found.baseline_metrics == ()
    processes = {f"candidate/{pair}" for pair in range(len(found.pairs))}
    assert set(found.samples()) == processes | {f"bursts/{name}" for name in processes}
    assert metrics.reasons(found.metrics)["vs_baseline/speedup"] == metrics.NO_BASELINE
    assert "latency/p50_ms" in metrics.numbers(found.metrics)


def test_one_corrupt_weight_in_the_compiled_file_shows(side: Side, measure: MakeSettings, tmp_path: Path):
    shutil.copytree(side.folder, tmp_path / "corrupt")
    path = tmp_path / "corrupt/model.onnx"
    model = onnx.load(path)
    last = model.graph.initializer[1]
    weights = numpy_helper.to_array(last).copy()
    weights[0, 0] += 1000
    last.CopyFrom(numpy_helper.from_array(weights, last.name))
    onnx.save(model, path)
    corrupt = dataclasses.replace(side, folder=tmp_path / "corrupt")
    settings = measure("quick", min_pairs=1, max_pairs=1)
    numbers = metrics.numbers(benchmark(Run(sides_of(corrupt, side), settings, 0, tmp_path / "work")).metrics)
    assert numbers["quality/accuracy"] != 0.9
    assert numbers["fidelity/max_abs_error"] > 1
    assert numbers["vs_baseline/quality_delta"] == pytest.approx(numbers["quality/accuracy"] - 0.9)


def test_outputs_that_are_not_finite_are_told(side: Side, measure: MakeSettings, tmp_path: Path):
    broken = dataclasses.replace(side, session="sessions", options={**side.options, "broken": True})
    found = benchmark(Run(sides_of(broken, None), measure("quick", min_pairs=1, max_pairs=1), 0, tmp_path))
    assert "check failed: the candidate's outputs were not finite in pair 0" in found.warnings
    assert found.checks["candidate"]["finite"]["status"] == "failed"
    assert metrics.reasons(found.metrics)["fidelity/max_abs_error"] == "not finite (nan)"


def test_a_setting_that_the_runtime_did_not_take_is_told(side: Side, measure: MakeSettings, tmp_path: Path):
    told = {"inter_op_threads": 3, "warnings": ["backend.io=bind: it copies"]}
    other = dataclasses.replace(side, session="sessions", options={**side.options, **told})
    found = benchmark(Run(sides_of(side, other), measure("quick", min_pairs=1, max_pairs=1), 0, tmp_path))
    assert "baseline backend.inter_op_threads=3: the runtime takes 1" in found.warnings
    assert "baseline backend.io=bind: it copies" in found.warnings


def test_throughput_counts_the_samples_of_a_batch(side: Side, measure: MakeSettings, tmp_path: Path):
    batch = dataclasses.replace(side, batch=16)
    numbers = metrics.numbers(
        benchmark(Run(sides_of(batch, None), measure("quick", min_pairs=1, max_pairs=1), 0, tmp_path)).metrics
    )
    assert numbers["throughput/per_s"] == pytest.approx(16 * 1000 / numbers["latency/mean_ms"])
    assert numbers["quality/accuracy"] == 0.9  # 50 rows in batches of 16, the last one filled up
