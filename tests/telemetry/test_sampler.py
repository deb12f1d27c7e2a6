"""A real sampler process beside a real worker."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from runner.spec.telemetry import Settings
from runner.telemetry import summary, time_series
from runner.telemetry.sampler import sampling
from runner.telemetry.summary import Work
from runner.transport.local import open_worker

FAST = Settings(20, 0.5)


def test_samples_taken_while_a_worker_was_busy_show_it(tmp_path: Path):
    """One time base: what lies between two readings of the worker's own monotonic clock is the worker's work."""
    spin = {"module": "tests.telemetry.work", "function": "spin", "arguments": {"seconds": 0.6}}
    spun: list[tuple[int, int]] = []
    with sampling(tmp_path, FAST, ["candidate"]) as sampler, open_worker(tmp_path / "log", name="spin") as worker:
        assert sampler is not None
        worker.ask("memory", timeout=60)  # it is up
        sampler.watch("candidate", worker.pid)
        wait_for("candidate_cpu_percent", sampler.file)
        time.sleep(0.5)
        end = time.monotonic() + 120
        while within(sampler.file, spun) < 3:  # the sampler runs when nobody else wants the CPU
            assert time.monotonic() < end, "no three samples of its work within two minutes"
            start, stop = worker.ask("call", timeout=60, **spin)
            spun.append((start + 40_000_000, stop))  # a share of CPU is of the time since the sample before
        time.sleep(0.5)
        sampler.stop()
    found = time_series.read(sampler.file)
    cpu = found.signals["candidate_cpu_percent"]
    outside = ~found.within([(start - 40_000_000, stop + 40_000_000) for start, stop in spun])
    # On a busy machine a sample may come long after the work has ended, and its share is still of that.
    assert np.nanmedian(cpu[found.within(spun)]) > 3 * np.nanmedian(cpu[outside])


def within(file: Path, spans: list[tuple[int, int]]) -> int:
    """How many samples are written that lie in them."""
    return int(time_series.read(file).within(spans).sum())


def has_read(signal: str, file: Path) -> bool:
    if not file.is_file() or signal not in file.read_text(encoding="utf-8"):
        return False
    return not np.isnan(time_series.read(file).signals[signal]).all()


def wait_for(signal: str, file: Path) -> None:
    """Until it was read once: the sampler runs when nobody else wants the CPU."""
    end = time.monotonic() + 60
    while not has_read(signal, file):
        assert time.monotonic() < end, f"{signal} was not read within a minute"
        time.sleep(0.1)


def test_the_files_of_a_record(tmp_path: Path):
    with sampling(tmp_path, FAST, ["candidate"]) as sampler:
        assert sampler is not None
        sampler.watch("candidate", os.getpid())
        start = time.monotonic_ns()
        wait_for("candidate_pss_mb", sampler.file)
        seen = summary.summarise(sampler, {"candidate": Work([(start, time.monotonic_ns())], [])})
    assert list(summary.write(seen, tmp_path)) == ["system_profile.txt", "profile_report.yaml"]
    assert seen.report is not None
    side = seen.report["sides"]["candidate"]
    assert seen.report["interval_ms"]["asked"] == 20
    assert 1 <= side["samples_in_bursts"] <= seen.report["samples"]
    assert side["peak_pss"]["mb"] == seen.sides["candidate"].peak_pss_mb
    assert side["peak_pss"]["note"] == "a lower bound: sampled"
    assert {"tegrastats", "INA", "Hailo"} <= set(seen.report["absent"])


def test_it_yields_to_everything_else(tmp_path: Path):
    with sampling(tmp_path, FAST, ["candidate"]) as sampler:
        assert sampler is not None
        assert sampler.ready["priority"] == "idle"
        assert os.sched_getscheduler(sampler.process.pid) == os.SCHED_IDLE


def test_null_is_off(tmp_path: Path):
    with sampling(tmp_path, Settings(None, 0.5), ["candidate"]) as sampler:
        assert sampler is None
    seen = summary.summarise(None, {"candidate": Work([], [])})
    assert seen.sides["candidate"].peak_pss_mb == "telemetry is off (telemetry.interval_ms=null)"
    assert summary.write(seen, tmp_path) == {}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("notice", ["watch", "stop"])
def test_a_sampler_that_dies_is_reported_and_raises_nothing(tmp_path: Path, notice: str):
    with sampling(tmp_path, FAST, ["candidate"]) as sampler:
        assert sampler is not None
        os.kill(sampler.process.pid, signal.SIGKILL)
        sampler.process.wait()
        if notice == "watch":
            sampler.watch("candidate", os.getpid())
        seen = summary.summarise(sampler, {"candidate": Work([], [])})
    assert seen.problem == "the sampler ended with exit code -9; telemetry.log says why"
    assert seen.sides["candidate"].energy == seen.problem


def test_it_ends_with_the_block(tmp_path: Path):
    with pytest.raises(KeyError), sampling(tmp_path, FAST, ["candidate"]) as sampler:
        raise KeyError
    assert sampler is not None and sampler.process.returncode == 0
