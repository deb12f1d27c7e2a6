"""The machine's state: from trees of files, and from this machine."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from runner.measure import conditions

BOARD = {
    "proc/loadavg": "0.50 0.40 0.30 1/100 4242\n",
    "proc/stat": "cpu  1000 100 200 90000 50 10 20 30 0 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n",
    "proc/meminfo": "MemTotal: 8000000 kB\nMemAvailable:    2000000 kB\n",
    "proc/pressure/memory": "some avg10=0.00 avg60=0.00 avg300=0.00 total=1500000\nfull avg10=0.00 total=1\n",
    "proc/pressure/cpu": "some avg10=0.00 avg60=0.00 avg300=0.00 total=2500000\n",
    "proc/77/stat": "77 (a (b) c) S 1 77 77 0 -1 4194560 100 0 0 0 150 50 0 0 20 0 1 0 100 1000 1\n",
    "proc/77/task/77/schedstat": "2000000000 400000000 10\n",
    "proc/77/task/78/schedstat": "1000000000 100000000 10\n",
    "proc/88/stat": "88 (cc1plus) R 1 88 88 0 -1 4194560 100 0 0 0 900 100 0 0 20 0 1 0 100 1000 1\n",
    "sys/class/thermal/thermal_zone0/temp": "45200\n",
    "sys/class/thermal/thermal_zone1/temp": "61750\n",
    "sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq": "1500000\n",
    "sys/devices/system/cpu/cpu1/cpufreq/scaling_cur_freq": "2400000\n",
    "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor": "ondemand\n",
    "sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count": "3\n",
    "sys/devices/system/cpu/cpu1/thermal_throttle/core_throttle_count": "4\n",
}
TICKS = os.sysconf("SC_CLK_TCK")


def tree(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_a_snapshot_of_a_board(tmp_path: Path):
    found = conditions.read([77], tree(tmp_path, BOARD))
    assert found["load_1m"] == 0.5
    assert found["cpu_mhz"] == 1950
    assert found["temperature_c"] == 61.75
    assert found["throttle_count"] == 7
    assert found["busy_s"] == (1000 + 100 + 200 + 10 + 20) / TICKS
    assert found["steal_s"] == 30 / TICKS
    assert found["ours_s"] == 200 / TICKS
    assert found["governor"] == "ondemand"
    assert found["memory_available_mb"] == 2048
    assert (found["memory_stall_s"], found["cpu_stall_s"]) == (1.5, 2.5)
    assert (found["runnable"], found["waited_s"]) == (1, 0.5)
    assert "processes" not in found
    assert found["absent"] == {}


def test_what_cannot_be_read_is_absent_with_a_reason(tmp_path: Path):
    found = conditions.read(root=tmp_path)
    assert found["absent"] == conditions.ABSENT
    assert not set(found) & set(conditions.ABSENT)


def test_the_change_between_two_snapshots():
    before = {"monotonic_s": 10.0, "ours_s": 1.0, "busy_s": 5.0, "steal_s": 0.0, "throttle_count": 7, "absent": {}}
    after = {"monotonic_s": 12.0, "ours_s": 2.0, "busy_s": 9.0, "steal_s": 0.5, "throttle_count": 9, "absent": {}}
    assert conditions.change(before, after) == {
        "seconds": 2.0,
        "competing_cpus": 1.5,  # (4 busy - 1 ours) / 2 s
        "steal_cpus": 0.25,
        "throttled": 2,
    }


def test_everybody_elses_processes_are_named(tmp_path: Path):
    found = conditions.read([77], tree(tmp_path, BOARD), everybody=True)
    assert found["processes"] == {"88": ("cc1plus", 1000 / TICKS)}


def at(second: float, load: float, **more: object) -> dict[str, object]:
    gauges = {"load_1m": load, "cpu_mhz": 1000 * load, "governor": "performance", "processes": {}}
    return {"monotonic_s": second, "ours_s": 0.0, **gauges, "absent": {"x": "why"}, **more}


def test_a_pair_is_as_bad_as_its_worst_moment():
    found = conditions.of_pair(at(0, 2), [at(1, 3), at(2, 1)], at(4, 2, governor="powersave"))
    assert (found["seconds"], found["load_1m"], found["cpu_mhz"]) == (4, 3, 1000)
    assert found["governor"] == "performance+powersave"


def test_competing_processes_are_named_with_the_cpus_that_they_kept_busy():
    before = at(0, 1, processes={"1": ("idle", 5.0), "2": ("make", 1.0)})
    after = at(2, 1, processes={"1": ("idle", 5.0), "2": ("make", 2.0), "3": ("cc1plus", 2.0)})
    found = conditions.of_pair(before, [], after)["competing"]
    assert found == [{"name": "cc1plus", "cpus": 1.0}, {"name": "make", "cpus": 0.5}]


def test_the_summary_is_over_all_pairs():
    pairs = [(at(0, 1), at(1, 1)), (at(1, 2), at(3, 2)), (at(3, 6), at(4, 6))]
    found = conditions.summary([conditions.of_pair(before, [], after) for before, after in pairs], {"x": "why"})
    assert found["load_1m"] == {"min": 1, "median": 2, "max": 6}
    assert found["seconds"] == {"min": 1, "median": 1, "max": 2}
    assert (found["governor"], found["competing"], found["absent"]) == ("performance", {}, {"x": "why"})


@pytest.mark.parametrize("ours", [True, False])
def test_load_of_others_is_told_from_ours(ours: bool):
    code = "import time\nend = time.monotonic() + 1.2\nwhile time.monotonic() < end: pass"
    with subprocess.Popen([sys.executable, "-c", code]) as busy:
        pids = [busy.pid] if ours else []
        before = conditions.read(pids)
        with pytest.raises(subprocess.TimeoutExpired):
            busy.wait(0.6)
        after = conditions.read(pids)
    own = after["ours_s"] - before["ours_s"]
    assert (own > 0) == ours
    if not ours:
        assert conditions.change(before, after)["competing_cpus"] > 0.2
