"""Files of the kernel's, and what stands in them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from runner.hardware import procfs


def test_a_file_of_many_records_is_read_to_its_end():
    descriptor = os.open("/proc/self/maps", os.O_RDONLY)
    first = os.read(descriptor, procfs.SIZE)
    os.close(descriptor)
    whole = procfs.text("/proc/self/maps")
    assert whole is not None
    assert len(first) < len(whole)  # the kernel gives a page at once
    assert whole.splitlines()[-1] == Path("/proc/self/maps").read_text().splitlines()[-1]


def test_each_cpu_of_a_virtual_machine_tells_its_clock(tmp_path: Path):
    file = tmp_path / "proc" / "cpuinfo"
    file.parent.mkdir()
    file.write_text("".join(f"processor : {n}\nflags : {'x' * 1500}\ncpu MHz : {2000 + n}.5\n\n" for n in range(64)))
    assert procfs.cpu_mhz(tmp_path, []) == [2000.5 + n for n in range(64)]


def test_what_is_not_there_is_none(tmp_path: Path):
    assert (procfs.text(tmp_path / "no"), procfs.line(tmp_path / "no"), procfs.number(tmp_path / "no")) == (None,) * 3
    assert (procfs.process(tmp_path, 7), procfs.cpu_ticks(tmp_path)) == (None, None)


@pytest.mark.parametrize("name", ["python", "a (b) c", ") S 1"])
def test_a_process_has_any_name(name: str, tmp_path: Path):
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "stat").write_text(f"7 ({name}) Z 1 7 7 0 -1 0 1 0 0 0 150 50 0 0 20 0 1 0 9 99 12\n")
    assert procfs.process(tmp_path, 7) == procfs.Process(name, "Z", 1, 200, 12)


@pytest.mark.parametrize(
    ("content", "name", "expected"),
    [
        ("MemFree: 1 kB\nMemTotal:    8255632 kB\n", "MemTotal", 8255632 * 1024),
        ("Pss_Anon: 3 kB\nPss:  5 kB\n", "Pss", 5 * 1024),
        ("MemFree: 1 kB\n", "MemTotal", None),
    ],
)
def test_a_size_is_in_bytes(content: str, name: str, expected: int | None):
    assert procfs.size(content, name) == expected
