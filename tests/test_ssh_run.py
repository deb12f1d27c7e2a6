"""Runs on a device over ssh, from the command line to their records: a real sshd, and this machine behind it."""

from __future__ import annotations

import itertools
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
import venv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runner.hardware import detect
from runner.results import layers
from tests import documents, short_project, sshd, trained
from tests.conftest import QUICK, REPOSITORY, Ended
from tests.models import onnx_files
from tests.sshd import Sshd

pytestmark = [sshd.needed, pytest.mark.slow]
PLUGIN = Path(__file__).parent / "plugin"
MODEL = ("model=gru", "model.hidden=4", "precision=fp32", *QUICK)
TELEMETRY = "telemetry on a remote device is not built yet"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    with sshd.serving(tmp_path_factory.mktemp("sshd")) as found:
        yield found


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, trained_once: Path) -> Path:
    """One project for all: its steps are made once."""
    project = tmp_path_factory.mktemp("home")
    trained.place(trained_once, project)
    return project


def test_what_compiles_on_the_device_is_proven_and_measured_there(server: Sshd, home: Path) -> None:
    env = {**environment(server), "PYTHONPATH": os.pathsep.join(map(str, (REPOSITORY, PLUGIN)))}
    words = [*MODEL, "backend=elsewhere", "baseline=none", *server.words(), "--json"]
    command = [sys.executable, "-m", "runner", *words]
    done = subprocess.run(command, cwd=home, env=env, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr + done.stdout
    record = json.loads(done.stdout)
    (seen,) = (home / "artifacts/compile").glob(f"{record['keys']['compile'][:16]}/seen.json")
    assert Path(json.loads(seen.read_text())["locks"]).is_relative_to(server.folder / "device")
    assert "verify" in record["keys"]


def environment(server: Sshd) -> dict[str, str]:
    quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "PYTHONPATH": str(REPOSITORY)}
    return {**os.environ, **quiet, "PATH": server.path}


def runner(server: Sshd, home: Path, *words: str) -> Ended:
    command = [sys.executable, "-m", "runner", *MODEL, *words]
    done = subprocess.run(command, cwd=home, env=environment(server), capture_output=True, text=True, timeout=200)
    return Ended(done.returncode, done.stdout, done.stderr)


def test_calibrate_speaks_of_the_device_that_the_spec_names(server: Sshd, home: Path) -> None:
    command = [sys.executable, "-m", "runner", "calibrate", "--show", *server.words()]
    done = subprocess.run(command, cwd=home, env=environment(server), capture_output=True, text=True, timeout=200)
    assert done.stdout.startswith("not calibrated: ssh:device ("), done.stderr


@pytest.fixture(scope="module")
def paired(server: Sshd, home: Path) -> dict[str, Any]:
    """The record of a model against itself on the device."""
    done = runner(server, home, *server.words(), "baseline=self", "profile=layers", "--json")
    assert done.code == 0, done.err + done.out
    found: dict[str, Any] = done.json
    return found


def test_candidate_and_baseline_on_one_device_are_paired_there(paired: dict[str, Any], home: Path) -> None:
    found = paired["comparison"]
    assert (found["kind"], found["pairs"], len(found["by_pair"])) == ("paired", 2, 2)
    assert paired["title"] == "gru fp32 onnxruntime on ssh:device"
    assert "hardware" not in found["baseline"]
    assert (home / "records" / paired["record_id"] / "samples.npz").is_file()


def test_the_layers_of_both_sides_are_profiled_there(paired: dict[str, Any], home: Path) -> None:
    found = layers.read(home / "records" / paired["record_id"])
    assert "GRU" in [one["type"] for one in found["layers"]]
    assert {one["name"] for one in found["baseline"]["layers"]} == {one["name"] for one in found["layers"]}
    assert not [line for line in paired["warnings"] if "profile" in line]


def test_the_hardware_is_the_devices_as_it_says_itself(paired: dict[str, Any]) -> None:
    assert paired["environment"]["hardware"]["identity"] == detect.described()["identity"]
    assert paired["comparison"]["floor"]["source"] == "measure.floor; ssh:device is not calibrated"


def test_its_conditions_were_read_and_its_quality_scored(paired: dict[str, Any]) -> None:
    assert paired["conditions"]["memory_available_mb"]["median"] > 0
    assert paired["metrics"]["quality/mae_ppm"] > 0
    assert paired["checks"]["candidate"]["reference"]["status"] == "passed"
    assert paired["effective"]["candidate"]["settings"]["pinned_to_cpus"]


def test_no_number_of_the_host_is_called_the_devices(paired: dict[str, Any]) -> None:
    missing = paired["unavailable"]
    for name in ("memory/peak_pss_mb", "energy/mj_per_inference", "power/mean_w", "vs_baseline/energy_ratio"):
        assert missing[name] == TELEMETRY


def test_a_second_run_sends_nothing_and_leaves_nothing_running(
    paired: dict[str, Any], server: Sshd, home: Path
) -> None:
    there = {(path.name, path.stat().st_ino) for path in server.cache.iterdir()}
    done = runner(server, home, *server.words(), "baseline=self")
    assert done.code == 0, done.err
    assert {(path.name, path.stat().st_ino) for path in server.cache.iterdir()} == there
    assert server.ours() == []


def test_across_devices_blocks_alternate_and_both_machines_are_told(
    paired: dict[str, Any], server: Sshd, home: Path
) -> None:
    words = ("baseline=spec", "baseline.overrides=[hardware=local]", "measure.min_pairs=5", "measure.max_pairs=5")
    done = runner(server, home, *server.words(), *words, "--json")
    assert done.code == 0, done.err + done.out
    found, record = done.json["comparison"], done.json
    assert (found["kind"], found["pairs"]) == ("across devices", 5)
    assert {role: len(values) for role, values in found["by_block_ms"].items()} == {"candidate": 5, "baseline": 5}
    assert found["baseline"]["label"] == "onnxruntime fp32 on local"
    assert found["baseline"]["spec"]["hardware"] == {"name": "local"}
    assert found["baseline"]["hardware"]["identity"] == record["environment"]["hardware"]["identity"]
    assert record["conditions"]["baseline"]["pairs"]
    assert any("say that they are the same hardware" in line for line in record["warnings"])
    assert found["baseline"]["keys"]["compile"] == record["keys"]["compile"]  # one kind of machine: one compile
    assert record["unavailable"]["memory/peak_pss_mb"] == TELEMETRY
    # The baseline ran here, where the sampler sees it.
    assert found["baseline"]["metrics"]["memory/peak_pss_mb"] > 0


def test_the_report_of_two_devices_says_blocks_and_shows_both_conditions(
    paired: dict[str, Any], server: Sshd, home: Path
) -> None:
    words = ("baseline=spec", "baseline.overrides=[hardware=local]")
    assert runner(server, home, *server.words(), *words).code == 0
    shown = subprocess.run(
        [sys.executable, "-m", "runner", "report"], cwd=home, env=environment(server), capture_output=True, text=True
    ).stdout
    assert "as fast as onnxruntime fp32 on local (across devices, 2 blocks a side" in shown
    assert "candidate's device" in shown
    assert "baseline's device" in shown


def test_every_command_of_the_page_works(server: Sshd, tmp_path: Path, short_trained_once: Path) -> None:
    """With this machine in the Pi's place; short."""
    project = short_project.make(tmp_path)
    trained.place(short_trained_once, project)
    (project / "conf/hardware").mkdir()
    page = (REPOSITORY / "docs/devices.md").read_text()
    ((named),) = re.findall(r"<!-- file: conf/hardware/pi5.yaml -->\n```yaml\n(.*?)```", page, re.DOTALL)
    for theirs, ours in (("raspberrypi.local", "device"), ("pi\n", "null\n"), ("edge/bin/python", sys.executable)):
        named = named.replace(f": {theirs}", f": {ours}")
    (project / "conf/hardware/pi5.yaml").write_text(named)
    for line in itertools.chain(*documents.blocks("docs/devices.md", "tests/test_ssh_run.py")):
        typed = [sys.executable, *shlex.split(line)[1:]]
        done = subprocess.run(
            typed, cwd=project, env=environment(server), capture_output=True, text=True, timeout=240, check=False
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
        assert "ssh:device" in done.stdout, line


def test_a_built_file_is_opened_and_measured_there(server: Sshd, tmp_path: Path) -> None:
    onnx_files.lookup_and_add(tmp_path / "my.onnx", [1, 3], [1, 4])
    words = ["model=file", "model.path=my.onnx", "data.samples=4", "baseline=none", *QUICK[1:], *server.words()]
    command = [sys.executable, "-m", "runner", *words, "--json"]
    done = subprocess.run(command, cwd=tmp_path, env=environment(server), capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert record["title"] == "file as_built (ran fp32) onnxruntime on ssh:device"
    assert record["effective"]["candidate"]["precision"]["Gemm"] == {"fp32": 1}


def test_an_unreachable_device_is_unavailable_before_any_work(server: Sshd, tmp_path: Path) -> None:
    done = runner(server, tmp_path, "hardware=ssh", "hardware.host=127.0.0.1", "hardware.port=1", "--json")
    assert (done.code, done.json["status"]) == (3, "unavailable")
    assert done.json["reason"].startswith("ssh:127.0.0.1:1: it can't be reached")
    assert done.json["environment"]["hardware"] is None
    assert not list((tmp_path / "artifacts").glob("[a-z]*/*"))


def test_a_runtime_that_the_device_lacks_is_unavailable_with_what_to_install_there(
    server: Sshd, tmp_path: Path
) -> None:
    venv.create(tmp_path / "bare")
    bare = tmp_path / "bare" / "bin" / "python"
    words = ("hardware=ssh", "hardware.host=device", f"hardware.python={bare}", "--json")
    done = runner(server, tmp_path, *words)
    assert (done.code, done.json["status"]) == (3, "unavailable")
    assert f"its `{bare}` has no numpy, onnxruntime, which backend=onnxruntime needs there" in done.json["reason"]
    assert done.json["next_step"] == f"On the device: {bare} -m pip install numpy onnxruntime"


def test_a_connection_lost_in_the_middle_is_one_line_and_it_is_tried_once_more(
    paired: dict[str, Any], server: Sshd, home: Path
) -> None:
    words = (*server.words(), "baseline=self", "measure.min_seconds=1.0", "measure.min_pairs=2", "--json")
    command = [sys.executable, "-m", "runner", *MODEL, *words]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=home, env=environment(server), **pipes) as process:  # type: ignore[call-overload]
        _until_it_measures(server)
        for session in server.sessions():
            session.send_signal(signal.SIGKILL)
        out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    lines = [line for line in err.splitlines() if "the connection was lost while" in line]
    assert len(lines) == 1
    assert lines[0].endswith("It is tried once more.")
    assert "Traceback" not in err
    assert server.ours() == []
    assert '"status": "ok"' in out


def _until_it_measures(server: Sshd) -> None:
    """Two workers beside the observer, each with its guard."""
    for _ in range(600):
        if len(server.ours()) >= 6:
            time.sleep(0.5)
            return
        time.sleep(0.05)
    raise AssertionError("no pair was begun")
