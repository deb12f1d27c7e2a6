"""Whole commands, each a process of its own, on the files of the other kinds: what a person types and sees."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from benchmarks.fuzzing import judge

KINDS = ("words", "yaml_files", "csv_files", "onnx_files", "npz_files", "record_folders")
RUN = ("csv_files", "onnx_files", "npz_files")  # their words name one spec: it is run, not only planned
SHORT = (
    "train=smoke", "measure=quick", "measure.min_pairs=1", "measure.max_pairs=1", "measure.min_seconds=0.01",
    "telemetry.interval_ms=null",
)  # fmt: skip
SECONDS = 120.0


def case(seed: int, folder: Path) -> judge.Case:
    """The command of another kind's case."""
    draw = random.Random(f"commands/{seed}")
    kind = draw.choice(KINDS)
    words = list(import_module(f"benchmarks.fuzzing.{kind}").case(seed, folder).words)
    if kind in RUN and words[0] == "plan" and draw.random() < 0.5:
        words = [*words[1:], *(word for word in SHORT if kind == "csv_files" or word != "train=smoke")]
    return judge.Case(lambda: _typed(words), words)


def _typed(words: Sequence[str]) -> str:
    """What is wrong with how it ended."""
    if any("\x00" in word for word in words):
        return ""
    typed = [os.fsencode(word.encode("utf-8", "surrogatepass").decode("utf-8", "replace")) for word in words]
    command: list[str | bytes] = [sys.executable, "-m", "runner", *typed]
    done = subprocess.run(command, capture_output=True, timeout=SECONDS, stdin=subprocess.DEVNULL, check=False)
    return judge.ended(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))
