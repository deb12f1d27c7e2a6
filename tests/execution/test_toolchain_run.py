"""`toolchain.install=true` by whole commands: a backend one stage of which runs in a toolchain that isn't there yet."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import REPOSITORY
from tests.models import onnx_files
from tests.test_interrupt import LONG_SECONDS, Running, until
from tests.transport.test_toolchains import wheel

PLUGIN = Path(__file__).parents[1] / "plugin"
QUICK = ("measure=quick", "measure.min_pairs=2", "measure.max_pairs=2", "measure.min_seconds=0.01", "data.samples=4")
WORDS = ("model=onnx", "backend=elsewhere", "baseline=none", "toolchain.install=true", *QUICK)
PINNED = """
from pathlib import Path
from runner.transport import toolchains
toolchains.PINNED = Path({folder!r})
"""

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Shop:
    """A project, and the environment in which `elsewhere` parses in the toolchain `sdk`."""

    project: Path
    env: Mapping[str, str]

    def words(self, name: str) -> list[str]:
        """A graph of its own: what is made of one serves no other."""
        onnx_files.one_node(self.project / f"{name}.onnx", name, [1, 4], [1, 4])
        return [*WORDS, f"model.path={name}.onnx"]

    def run(self, name: str, **env: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "runner", *self.words(name), "--json"]
        every = {**os.environ, **self.env, **env}
        return subprocess.run(
            command, cwd=self.project, env=every, capture_output=True, text=True, timeout=LONG_SECONDS
        )

    def toolchains(self) -> list[str]:
        return sorted(path.name.partition("-")[0] for path in (self.project / ".toolchains").iterdir())


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """`sdk` is one wheel, which lends the toolchain this interpreter's numpy."""
    shutil.copytree(PLUGIN, tmp_path / "plugin")
    declared = tmp_path / "plugin/elsewhere/__init__.py"
    text = declared.read_text().replace('place="device"', "").replace('needs=("model",)),', SDK, 1)
    declared.write_text(text)
    pins = tmp_path / "pins"
    pins.mkdir()
    (tmp_path / "plugin/sitecustomize.py").write_text(PINNED.format(folder=str(pins)))
    wheel(pins, "1.0", beside={"tiny.pth": str(Path(np.__file__).parents[1])})
    (pins / "sdk.txt").write_text(f"--no-index\n--find-links {pins}\ntiny==1.0\n")
    project = tmp_path / "project"
    project.mkdir()
    return Shop(project, {"PYTHONPATH": os.pathsep.join(map(str, (REPOSITORY, tmp_path / "plugin")))})


SDK = 'needs=("model",), toolchain="sdk", tools=("tiny",)),'


def test_two_commands_at_once_make_one_toolchain(shop: Shop) -> None:
    both = [Running(shop.project, *shop.words(name), env=shop.env) for name in ("Relu", "Tanh")]
    assert [one.ended(LONG_SECONDS) for one in both] == [0, 0], [one.said for one in both]
    assert shop.toolchains() == [".sdk", ".sdk.lock", "sdk"]


def test_one_that_is_killed_leaves_nothing_half_made_and_the_next_makes_it(shop: Shop) -> None:
    running = Running(shop.project, *shop.words("Relu"), env=shop.env)
    until(lambda: list(shop.project.glob(".toolchains/.sdk-*/bin/python")), "it never began")
    running.process.send_signal(signal.SIGKILL)
    assert running.ended() == -signal.SIGKILL
    assert "sdk" not in shop.toolchains()
    done = shop.run("Relu")
    assert done.returncode == 0, done.stderr
    assert shop.toolchains() == [".sdk", ".sdk.lock", "sdk"]


def test_without_a_network_it_is_unavailable_and_says_so(shop: Shop) -> None:
    pins = shop.project.parent / "pins"
    (pins / "sdk.txt").write_text("--index-url http://127.0.0.1:9/simple\ntiny==1.0\n")
    done = shop.run("Relu", PIP_RETRIES="1", PIP_NO_INDEX="", PIP_FIND_LINKS="", PIP_EXTRA_INDEX_URL="")
    record = json.loads(done.stdout)
    assert (done.returncode, record["status"]) == (3, "unavailable"), done.stderr
    assert record["reason"] == "The toolchain can't be installed: no index of packages can be reached from here."
    assert shop.toolchains() == [".sdk.lock"]
