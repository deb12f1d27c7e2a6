"""A real process tree, and fake ones."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.hardware.process_tree import Trees, readers
from tests.telemetry.trees import grow

CHILD = "import os, sys; memory = bytearray(os.urandom(1 << 20) * 40); print('held', flush=True); sys.stdin.read()"
PARENT = f"""
import subprocess, sys
child = subprocess.Popen([sys.executable, '-c', {CHILD!r}], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
child.stdout.readline()
print('held', flush=True)
sys.stdin.read()
child.stdin.close()
child.wait()
"""


@pytest.fixture
def parent() -> Iterator[subprocess.Popen[bytes]]:
    """A process whose child holds 40 MiB of its own."""
    with subprocess.Popen([sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdin is not None
        process.stdout.readline()
        yield process
        process.stdin.close()


def test_a_childs_memory_is_the_trees(parent: subprocess.Popen[bytes]):
    trees = Trees(Path("/"))
    trees.watch("candidate", parent.pid)
    alone = trees.usage()
    trees.look_up()
    both, pss = trees.usage(), trees.pss()["candidate_pss_mb"]
    assert (alone["candidate_processes"], both["candidate_processes"]) == (1, 2)
    assert both["candidate_rss_mb"] - alone["candidate_rss_mb"] > 40 * 1.048576
    assert 40 * 1.048576 < pss < both["candidate_rss_mb"]  # two interpreters share their pages


def test_a_tree_that_has_gone_has_no_signals(parent: subprocess.Popen[bytes]):
    trees = Trees(Path("/"))
    trees.watch("candidate", parent.pid)
    assert parent.stdin is not None
    parent.stdin.close()
    parent.wait()
    assert trees.usage() == trees.pss() == {}


def process(pid: int, parent: int, ticks: int, pages: int, name: str = "odd ) name") -> dict[str, object]:
    fields = f"S {parent} " + "0 " * 9 + f"{ticks} 0 " + "0 " * 8 + f"{pages} 0"
    return {f"proc/{pid}/stat": f"{pid} ({name}) {fields}"}


def test_grandchildren_belong_to_it_and_neighbours_do_not(tmp_path: Path):
    files = process(10, 1, 0, 1) | process(11, 10, 0, 10) | process(12, 11, 0, 100) | process(13, 1, 0, 1000)
    trees = Trees(grow(tmp_path, files))
    trees.watch("baseline", 10)
    trees.look_up()
    assert trees.members == {"baseline": [10, 11, 12]}
    assert trees.usage()["baseline_rss_mb"] == pytest.approx(111 * 4096 / 1e6)


def test_cpu_time_counts_from_one_reading_to_the_next(tmp_path: Path):
    trees = Trees(grow(tmp_path, process(10, 1, 500, 1)))
    trees.watch("candidate", 10)
    assert "candidate_cpu_percent" not in trees.usage()
    assert trees.usage()["candidate_cpu_percent"] == 0.0


def test_pss_adds_up_over_the_tree(tmp_path: Path):
    rollup = "55d0-7ffc ---p 00000000 00:00 0   [rollup]\nRss: 9000 kB\nPss:  {} kB\nPss_Dirty: 7 kB"
    files = {"proc/self/smaps_rollup": rollup, "proc/10/smaps_rollup": rollup.format(1000)}
    files |= process(10, 1, 0, 1) | process(11, 10, 0, 1) | {"proc/11/smaps_rollup": rollup.format(500)}
    trees = Trees(grow(tmp_path, files))
    trees.watch("candidate", 10)
    trees.look_up()
    assert trees.pss() == {"candidate_pss_mb": 1500 * 1024 / 1e6}


def test_a_kernel_without_it_says_so(tmp_path: Path):
    found, absent = readers(Trees(tmp_path), ("candidate",))
    assert [reader.name for reader in found] == ["process list", "process trees"]
    assert absent == {"PSS": "no /proc/PID/smaps_rollup (Linux 4.14 and later have it)"}
