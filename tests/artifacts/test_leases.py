"""What a running command uses is known as long as it runs, and no longer."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

from runner.artifacts import leases
from tests.conftest import REPOSITORY


def holder(root: Path) -> subprocess.Popen[str]:
    """A process that holds a lease on `k1` and has said so."""
    code = (
        "import time; from pathlib import Path; from runner.artifacts import leases\n"
        f"with leases.lease(Path({str(root)!r}), ['k1']): print('held', flush=True); time.sleep(600)"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=REPOSITORY)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_lease_names_who_uses_what_and_ends_with_its_block(tmp_path: Path) -> None:
    with leases.lease(tmp_path, ["k2", "k1"]):
        found = leases.in_use(tmp_path)
    assert list(found) == ["k1", "k2"]
    assert found["k1"].startswith("pid ")
    assert leases.in_use(tmp_path) == {}
    assert list((tmp_path / leases.FOLDER).iterdir()) == []


def test_a_killed_commands_lease_holds_nothing(tmp_path: Path) -> None:
    with holder(tmp_path) as command:
        assert leases.in_use(tmp_path) == {"k1": f"pid {command.pid} uses it: "}
        assert leases.abandoned(tmp_path) == []
        command.kill()
    assert leases.in_use(tmp_path) == {}
    assert len(leases.abandoned(tmp_path)) == 2


def test_no_lease_begins_while_gc_is_at_work(tmp_path: Path) -> None:
    begun: list[bool] = []

    def begin() -> None:
        with leases.lease(tmp_path, ["k1"]):
            begun.append(True)

    with leases.exclusive(tmp_path):
        thread = threading.Thread(target=begin)
        thread.start()
        thread.join(0.3)
        assert begun == []
    thread.join(10)
    assert begun == [True]
