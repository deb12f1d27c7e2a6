"""Vela, Arm's compiler for Ethos-U, run as a program of its own: a file that is cut short ends it by SIGSEGV."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runner.backends._ethos_u import VELA, VELA_FILE
from runner.backends._ethos_u.reports import FOLDER, LOG, OPERATORS, SUMMARY, VERSION
from runner.core import installed
from runner.core.errors import StepFailed

CONFIG = "Arm/vela.ini"  # which Vela brings
STEM = "model"


def compiled(source: Path, settings: Mapping[str, Any], out: Path, scratch: Path) -> str:
    """Compile `source`, a `.tflite` called model.tflite, into `out`: VELA_FILE and `reports/`; returns Vela's words.

    Raises StepFailed with its last words where it ends with an error, or by a signal.
    """
    made = scratch / "vela"
    shutil.rmtree(made, ignore_errors=True)
    command = [sys.executable, "-I", "-m", "ethosu.vela", str(source), "--output-dir", str(made), *_flags(settings)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace")
    said = done.stdout + done.stderr
    if done.returncode:
        raise _failed(done.returncode, said)
    _keep(made, settings["system_config"], out, said)
    return said


def _flags(settings: Mapping[str, Any]) -> list[str]:
    flags = {
        "--accelerator-config": settings["accelerator"],
        "--config": CONFIG,
        "--system-config": settings["system_config"],
        "--memory-mode": settings["memory_mode"],
        "--optimise": settings["optimise"].capitalize(),
    }
    if settings["arena_bytes"] is not None:
        flags["--arena-cache-size"] = str(settings["arena_bytes"])
    return [*(word for pair in flags.items() for word in pair), "--verbose-performance", "--show-cpu-operations"]


def _failed(code: int, said: str) -> StepFailed:
    if code < 0:
        how = f"was ended by {signal.Signals(-code).name}"
        return StepFailed(f"Vela {how}.", "The file may be damaged, or holds what Vela's parser can't read.")
    last = next((line.strip() for line in reversed(said.splitlines()) if line.strip()), "no word")
    return StepFailed(f"Vela can't compile the model: {last[:300]}", "Its whole output is in the step's log.")


def _keep(made: Path, system: str, out: Path, said: str) -> None:
    reports = out / FOLDER
    reports.mkdir()
    shutil.copyfile(made / VELA_FILE, out / VELA_FILE)
    shutil.copyfile(made / f"{STEM}_summary_{system}.csv", reports / SUMMARY)
    shutil.copyfile(made / f"{STEM}_per-layer.csv", reports / OPERATORS)
    (reports / LOG).write_text(said, encoding="utf-8")
    (reports / VERSION).write_text(str(installed.version(VELA)), encoding="utf-8")
