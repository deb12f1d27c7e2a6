"""`best` as it is typed, in a project of the benchmark's own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

VIT = "vit.onnx"
WORDS: Mapping[str, tuple[str, ...]] = {
    "gru": ("model=gru", "train=smoke"),
    "bilstm": ("model=bilstm", "train=smoke"),
    "mobilenet_v1": ("model=mobilenet_v1", "train=smoke"),
    "vit": ("model=onnx", f"model.path={VIT}"),
}
AT_ONCE = 0.001  # seconds of a race that ends before its first block: what races is made by then


@dataclass(frozen=True)
class Races:
    """Races in the project in `folder`, each of `limit_s` at most; `fresh`: whatever was raced before."""

    folder: Path
    limit_s: float
    fresh: bool

    def raced(self, model: str, words: Sequence[str]) -> dict[str, Any]:
        """The answer of `best`."""
        return self._best(model, words, self.limit_s, self.fresh)

    def made(self, model: str, words: Sequence[str]) -> None:
        """Everything that would race, and nothing timed."""
        self._best(model, words, AT_ONCE, self.fresh)

    def went_on(self, model: str, words: Sequence[str]) -> dict[str, Any]:
        """The answer of `best` once all is made."""
        return self._best(model, words, self.limit_s, False)

    def _best(self, model: str, words: Sequence[str], limit_s: float, fresh: bool) -> dict[str, Any]:
        if model == "vit" and not (self.folder / VIT).exists():
            from benchmarks.support import vit_block

            vit_block.written(self.folder / VIT)
        options = ("--limit-s", f"{limit_s:g}", "--max-loss", "any", *(("--fresh",) if fresh else ()))
        return self.asked("best", *WORDS[model], *words, *options)

    def asked(self, *words: str) -> dict[str, Any]:
        """The document that a command of the runner prints. Raises RuntimeError where it fails."""
        done = subprocess.run(
            [sys.executable, "-m", "runner", *words, "--json", "--quiet"],
            cwd=self.folder,
            capture_output=True,
            text=True,
        )
        document: dict[str, Any] = json.loads(done.stdout or "{}")
        if "exit_code" in document or not document:
            raise RuntimeError("\n".join([" ".join(words), *(done.stderr or done.stdout).strip().splitlines()[-3:]]))
        return document


def told(model: str, found: Mapping[str, Any]) -> str:
    """`gru: openvino fp32: 1.43× [1.40, 1.46]; 27 % of the exhaustive time, 14 s`."""
    over = interval(found["confirmed"]) if found["confirmed"] else "the default" if found["decided"] else "leads"
    ran = f"{100 * found['share']:.0f} % of the exhaustive time, {found['seconds']:.0f} s, {found['reopened']} reopened"
    why = "" if found["decided"] else f"; undecided: {found['why']}"
    return f"{model}: of {len(found['raced'])} {found['winner']}: {over}; {ran}{why}"


def interval(found: Mapping[str, Any]) -> str:
    """`1.430× [1.400, 1.460]`."""
    return f"{found['ratio']:.3f}× [{found['low']:.3f}, {found['high']:.3f}]"
