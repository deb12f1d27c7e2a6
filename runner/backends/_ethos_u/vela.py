"""Vela, Arm's compiler for Ethos-U, run as a program of its own: a file that is cut short ends it by SIGSEGV."""

from __future__ import annotations

import re
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
from runner.core.errors import RunnerError, StepFailed, Unsupported

CONFIG = "Arm/vela.ini"  # which Vela brings
STEM = "model"
RAISED = re.compile(r"^(\w+\.)*\w+Error: '?(Error: )?")  # before the words of what ends its traceback
MISFIT = "Invalid configuration"


def compiled(source: Path, settings: Mapping[str, Any], out: Path, scratch: Path) -> str:
    """Compile `source`, a `.tflite` called model.tflite, into `out`: VELA_FILE and `reports/`; returns Vela's words.

    Raises StepFailed with its last words where it ends with an error, or by a signal; Unsupported where it takes no
    such system with such a memory mode.
    """
    made = scratch / "vela"
    shutil.rmtree(made, ignore_errors=True)
    asked = ["--config", _config(settings["config"], scratch), *_flags(settings)]
    command = [sys.executable, "-I", "-m", "ethosu.vela", str(source), "--output-dir", str(made), *asked]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace")
    said = done.stdout + done.stderr
    if done.returncode:
        print(said)  # to the step's log
        raise _failed(done.returncode, said, settings)
    _keep(made, settings["system_config"], out, said)
    return said


def _flags(settings: Mapping[str, Any]) -> list[str]:
    flags = {
        "--accelerator-config": settings["accelerator"],
        "--system-config": settings["system_config"],
        "--memory-mode": settings["memory_mode"],
        "--optimise": settings["optimise"].capitalize(),
    }
    if settings["arena_bytes"] is not None:
        flags["--arena-cache-size"] = str(settings["arena_bytes"])
    return [*(word for pair in flags.items() for word in pair), "--verbose-performance", "--show-cpu-operations"]


def _config(own: str | None, scratch: Path) -> str:
    """Vela's own file, or a copy of the user's: Vela takes none without the suffix .ini."""
    if own is None:
        return CONFIG
    return shutil.copyfile(own, scratch / "own.ini").resolve().as_posix()


def _failed(code: int, said: str, settings: Mapping[str, Any]) -> RunnerError:
    if code < 0:
        how = f"was ended by {signal.Signals(-code).name}"
        return StepFailed(f"Vela {how}.", "The file may be damaged, or holds what Vela's parser can't read.")
    last = next((line.strip() for line in reversed(said.splitlines()) if line.strip()), "no word")
    told = RAISED.sub("", last).rstrip("'")[:300]
    if MISFIT not in told:
        return StepFailed(f"Vela can't compile the model: {told}", "Its whole output is in the step's log.")
    which = " with ".join(f"backend.{key}={settings[key]}" for key in ("system_config", "memory_mode"))
    file = settings["config"] or "Vela's vela.ini"
    return Unsupported(f"Vela takes no {which}: {told}.", f"Name another of both, or mend their sections in {file}.")


def _keep(made: Path, system: str, out: Path, said: str) -> None:
    reports = out / FOLDER
    reports.mkdir()
    shutil.copyfile(made / VELA_FILE, out / VELA_FILE)
    shutil.copyfile(made / f"{STEM}_summary_{system}.csv", reports / SUMMARY)
    shutil.copyfile(made / f"{STEM}_per-layer.csv", reports / OPERATORS)
    (reports / LOG).write_text(said, encoding="utf-8")
    (reports / VERSION).write_text(str(installed.version(VELA)), encoding="utf-8")
