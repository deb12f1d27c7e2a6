"""No process of ours talks to another machine, asks for a name, or writes into the home folder of others."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import psutil
import pytest

from tests.conftest import QUICK
from tests.watched import Watch, watched

ALL = ("-m", "model=gru", "model.hidden=4", "backend=onnxruntime,openvino", "precision=fp32", *QUICK)
OURS = ".cache/edge-runner"


@pytest.mark.slow
def test_a_sweep_on_two_runtimes_sends_nothing_and_leaves_one_folder_at_home(tmp_path: Path) -> None:
    with watched(tmp_path, *ALL) as (process, watch):
        out, err = process.communicate(timeout=280)
    assert process.returncode == 0, err
    assert "openvino" in out
    assert len(watch.calls()) > 1  # strace saw sockets: those between our own processes
    assert watch.outside() == []
    assert watch.left_in_home() == {OURS}


@pytest.mark.slow
def test_the_ui_sends_nothing_not_even_what_its_page_reports(tmp_path: Path) -> None:
    (tmp_path / "runner.toml").touch()
    with watched(tmp_path, "ui", "--json") as (process, watch):
        site = _address(process).split("/#/")[0]
        with urllib.request.urlopen(f"{site}/ajax-api/3.0/mlflow/ui-telemetry") as answer:
            assert json.load(answer)["disable_ui_telemetry"] is True
        [command] = psutil.Process(process.pid).children()
        command.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
    assert any("listen(" in line for line in watch.calls())
    assert watch.outside() == []
    assert watch.left_in_home() <= {OURS}


def _address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return str(json.loads("".join(process.stdout.readline() for _ in range(4)))["address"])


def test_a_name_that_is_looked_up_is_seen(tmp_path: Path) -> None:
    """The watch itself: it would see what the tests above say isn't there."""
    watch = Watch(tmp_path / "trace", tmp_path)
    code = "import socket; socket.getaddrinfo('somewhere.invalid', 80)"
    command = ["strace", "-f", "-qq", "-e", "trace=%network", "-o", str(watch.trace), sys.executable, "-c", code]
    subprocess.run(command, capture_output=True, check=False)
    assert watch.outside() != []


def test_openvino_finds_its_report_gone_and_onnxruntime_keeps_no_database(tmp_path: Path) -> None:
    code = (
        "from runner.worker import usage_reports; usage_reports.off()\n"
        "import onnxruntime, openvino.tools.ovc.telemetry_utils as utils\n"
        "onnxruntime.InferenceSession\n"
        "print(utils.tm.__name__)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"HOME": str(tmp_path), "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "openvino.tools.ovc.telemetry_stub\n"
    assert list(tmp_path.iterdir()) == []
