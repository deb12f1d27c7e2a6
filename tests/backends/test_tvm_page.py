"""The commands of docs/backends/tvm.md, as they are typed there."""

from __future__ import annotations

import json
import platform
import shlex
import sys
from pathlib import Path

import pytest

pytest.importorskip("tvm", reason="apache-tvm is not installed here")

from runner.backends.tvm import cross
from tests import documents, sshd
from tests.conftest import Command

SHORT = ("measure=quick", "measure.min_pairs=2", "measure.max_pairs=2", "measure.min_seconds=0.01")
QUICK = (*SHORT, "model.window=8", "baseline=none")


PI_5 = f"""name: ssh
host: device
port: null
user: null
identity: null
python: {sys.executable}
"""


def words(line: str) -> list[str]:
    """Of a command of the page, without `python -m runner`."""
    return shlex.split(line)[3:]


def test_the_commands_of_the_page_measure(command: Command, tmp_path: Path) -> None:
    runs, asks, (for_arm,) = documents.blocks("docs/backends/tvm.md", "tests/backends/test_tvm_page.py")
    for line in runs:
        ended = command(*words(line), *QUICK)
        assert ended.code == 0, ended.err
    built, source = (command(*words(line)) for line in asks)
    assert "settings.tuning.trials" in built.out and "reports/model.s" in built.out
    assert source.out.split()[:2] == [".file", '"TVMMod"']
    ended = command(*words(for_arm), *QUICK)
    if cross.missing("aarch64"):
        assert ended.code == 3
    else:
        assert ended.code == 4
        told = " ".join(ended.out.split())  # whole, however its lines break
        assert f"it is built for aarch64, and this machine is {platform.machine()}." in told
        assert str(tmp_path / "artifacts/compile") in told
    records = [json.loads(path.read_text()) for path in (tmp_path / "records").glob("*/record.json")]
    records = [record for record in records if record["status"] == "ok"]
    assert len(records) == 3  # the sweep takes the first one over
    schedules = {record["effective"]["candidate"]["settings"]["schedule"] for record in records}
    assert schedules == {"default", "generic"}
    assert {record["effective"]["candidate"]["settings"]["tuned"] for record in records} == {True, False}


@sshd.needed
def test_the_trials_of_a_device_are_timed_there(
    command: Command, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    ((tuned, asked),) = documents.blocks("docs/backends/tvm.md", "tests/backends/test_tvm_page.py", "run on a device")
    (tmp_path / "conf/hardware").mkdir(parents=True)
    (tmp_path / "conf/hardware/pi5.yaml").write_text(PI_5)
    with sshd.serving(tmp_path_factory.mktemp("sshd")) as server:
        ended = command(*words(tuned), *QUICK, env={"PATH": server.path})
        assert ended.code == 0, ended.err
        assert server.connected() == []
    (record,) = [json.loads(path.read_text()) for path in (tmp_path / "records").glob("*/record.json")]
    assert record["effective"]["candidate"]["settings"]["tuned_on"] == ["ssh:device"]
    assert "settings.tuning.trials" in command(*words(asked)).out
