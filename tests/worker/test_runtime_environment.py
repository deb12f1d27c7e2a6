"""What a measurement depends on at the place where it runs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from runner.worker import runtime_environment

ASKED = "from runner.worker import runtime_environment; print(runtime_environment.described([])['scheduling'])"


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The description of an installed distribution that comes by another name than its package."""
    info = tmp_path / "runtime_gpu-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: runtime-gpu\nVersion: 1.2\n")
    (info / "top_level.txt").write_text("runtime\n")
    _note(info, "runtime/core.so,sha256=aaaa,10")
    monkeypatch.syspath_prepend(tmp_path)
    return info


def _note(info: Path, *lines: str) -> None:
    (info / "RECORD").write_text("\n".join(lines) + "\n")


def test_a_build_of_the_same_version_is_another_one(installed: Path) -> None:
    before = runtime_environment.version("runtime-gpu")
    _note(installed, "runtime/core.so,sha256=bbbb,10")
    assert before and before.startswith("1.2 (build ")
    assert runtime_environment.version("runtime_gpu") != before


def test_what_an_installer_notes_beside_libraries_is_no_other_build(installed: Path) -> None:
    before = runtime_environment.version("runtime-gpu")
    _note(installed, "../../bin/tool,sha256=cccc,7", "runtime/core.so,sha256=aaaa,10")
    assert runtime_environment.version("runtime-gpu") == before


def test_a_package_by_another_name_has_its_version_too(installed: Path) -> None:
    found = runtime_environment.version("runtime")
    assert found and found.startswith("runtime-gpu 1.2 (build ")
    (installed / "RECORD").unlink()
    assert runtime_environment.version("runtime") == "runtime-gpu 1.2"
    assert runtime_environment.version("runtime-that-nobody-has") is None


def test_niceness_and_policy_are_told() -> None:
    def told(*prefix: str) -> str:
        done = subprocess.run([*prefix, sys.executable, "-c", ASKED], capture_output=True, text=True, check=True)
        return done.stdout.strip()

    assert told("nice", "-n", "7") != told()
    assert told("chrt", "--batch", "0").startswith("batch, ")


def test_boards_with_copied_cards_are_two_machines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "id").write_text("3d12\n")
    monkeypatch.setattr(runtime_environment, "MACHINE_ID", (tmp_path / "none", tmp_path / "id"))
    monkeypatch.setattr(runtime_environment, "SERIAL", tmp_path / "serial")
    found = [runtime_environment.machine_id()]
    for serial in ("10000000a1\0", "10000000b2\0"):
        (tmp_path / "serial").write_text(serial)
        found.append(runtime_environment.machine_id())
    assert len({*found} - {None}) == 3
    monkeypatch.setattr(runtime_environment, "MACHINE_ID", ())
    (tmp_path / "serial").unlink()
    assert runtime_environment.machine_id() is None
