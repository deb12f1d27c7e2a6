"""A project's own YAML: options, experiments and the root config, and what else may stand in their place."""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from pathlib import Path

from benchmarks.fuzzing import judge, odd

READS: dict[str, tuple[str, ...]] = {
    "conf/backend/mine.yaml": ("plan", "backend=mine"), "conf/model/mine.yaml": ("plan", "model=mine"),
    "experiments/mine.yaml": ("plan", "-m", "experiment=mine"), "conf/config.yaml": ("plan",),
    "conf/train/mine.yaml": ("plan", "train=mine"), "conf/measure/mine.yaml": ("plan", "measure=mine"),
    "conf/data/mine.yaml": ("plan", "data=mine"), "runner.toml": ("plan",),
}  # fmt: skip
PLACES = tuple(READS)
COMMANDS = (
    ("plan", "experiment=mine"), ("plan", "backend=mine"), ("plan", "model=mine"), ("list",),
    ("list", "backend"), ("plan",), ("show", "backend=mine"), ("plan", "-m", "experiment=mine"),
    ("plan", "train=mine"), ("keys",),
)  # fmt: skip
# What each place's file may say, so that more than its first line is read.
WHOLE: dict[str, tuple[str, ...]] = {
    "experiments/mine.yaml": (
        "# @package _global_", "sweep:", "  axes:", "    model: [gru, lstm]", "    precision: [fp32, int8]",
        "    seed: [1, 2]", "  exclude:", "    - {model: gru, precision: int8}", "  cells:",
        "    - {model: gru, baseline: spec, baseline.overrides: [precision=fp32]}",
    ),
    "conf/backend/mine.yaml": (
        "name: onnxruntime", "threads: 1", "graph_optimization: all", "defaults:", "  - /precision: fp32", "  - _self_",
    ),
    "conf/model/mine.yaml": ("defaults:", "  - gru", "  - _self_", "name: gru", "hidden: 8", "layers: 1", "window: 8"),
    "conf/train/mine.yaml": ("defaults:", "  - default", "  - _self_", "name: default", "epochs: 2"),
    "conf/measure/mine.yaml": ("defaults:", "  - quick", "  - _self_", "name: quick", "max_pairs: 2", "pin: same"),
    "conf/data/mine.yaml": ("defaults:", "  - mackey_glass", "  - _self_", "name: mackey_glass", "rows: 300"),
    "conf/config.yaml": ("defaults:", "  - model: gru", "  - _self_", "seed: 1", "limits: {step_s: 5}"),
}  # fmt: skip
PARTS = (
    "null",
    "[]",
    "{}",
    "-1",
    "[[1]]",
    "{a: {b: c}}",
    "!!binary aGk=",
    "!!set {a}",
    "1:30",
    "017",
    "0b1",
    "1_0",
    "*a",
)

LINES = (
    "name: onnxruntime", "threads: 1", "graph_optimization: all", "name: gru", "hidden: 8", "defaults:",
    "  - model: gru", "  - _self_", "  - override /backend: torch", "  - override hydra/launcher: basic",
    "  - experiment: null", "sweep:", "  axes:", "    model: [gru, lstm]", "    seed: range(0,3)",
    "    precision: fp32,int8", "    model.hidden: [8, {a: 1}]", "  cells:",
    "    - {model: gru, backend: torch}", "  exclude:", "    - {model: gru}", "    - {}",
    "hydra: {run: {dir: x}}", "hydra: {callbacks: {x: {_target_: os.system}}}", "_target_: os.getcwd",
    "model: {hidden: 8}", "seed: 1", "seed: [1]", "limits: {step_s: 5}", "limits: 5", "telemetry: null",
    "# @package _global_", "- a", "a: b: c", "\tx: 1", "x: !!python/name:os.system ''", "x: &a [1, 1]",
    "y: [*a, *a, *a]", "? [a, b] : c", "{", "}", "key: |", "  text", "---", "...", "%YAML 9.9", "<<: *a",
    "1: 2", "true: x", "x: 2024-01-31", "x: 1e5", "x: .nan", "x: ${seed}", "x: ${oc.env:HOME}",
    "x: ${oc.decode:'1'}", "x: ${.y}", "null: 1", "name: null", "name: 5", "name: [a]", "epochs: many",
    "window: 99999999999", "baseline: {overrides: [a=1]}",
    "  axes: {model: [gru], data.path: ['a b', 'c,d', \"e'f\"]}",
)  # fmt: skip


def case(seed: int, folder: Path) -> judge.Case:
    """One to three files, then one command."""
    draw = random.Random(f"yaml/{seed}")
    place = draw.choice(PLACES)
    _write(draw, folder / place)
    for _ in range(draw.randrange(3)):
        _write(draw, folder / draw.choice(PLACES))
    words = READS[place] if draw.random() < 0.6 else draw.choice(COMMANDS)
    return judge.Case(lambda: judge.of_command(words), words)


def _write(draw: random.Random, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() or path.is_symlink():
        return
    how = draw.random()
    if how < 0.03:
        os.mkfifo(path)
    elif how < 0.05:
        path.mkdir()
    elif how < 0.07:
        path.symlink_to(draw.choice(("/dev/zero", "/dev/stdin", path.name, "nowhere", "/proc/self/mem")))
    else:
        place = path.parent.name + "/" + path.name
        whole = next((lines for name, lines in WHOLE.items() if name.endswith(place)), ())
        path.write_bytes(_changed(draw, whole) if whole and draw.random() < 0.5 else _content(draw))


def _changed(draw: random.Random, lines: Sequence[str]) -> bytes:
    """A file as it may be, with a line left out, said twice, moved inwards, or with another value."""
    found = list(lines)
    for _ in range(draw.randrange(3)):
        at, how = draw.randrange(len(found)), draw.randrange(5)
        if how == 0 and len(found) > 1:
            del found[at]
        elif how == 1:
            found.insert(at, found[draw.randrange(len(found))])
        elif how == 2:
            found[at] = draw.choice((" ", "  ", "- ")) + found[at]
        else:
            key, colon, _ = found[at].partition(":")
            found[at] = key + colon + " " + draw.choice((*PARTS, *odd.VALUES, "gru", "[gru, gru]", "[1, 2, null]"))
    return "\n".join(found).encode("utf-8", "surrogatepass")


def _content(draw: random.Random) -> bytes:
    how = draw.random()
    if how < 0.05:
        return _bomb(draw.randrange(4, 10)).encode()
    if how < 0.1:
        return (draw.choice("[{(-") * draw.choice((50, 5_000, 200_000))).encode()
    lines = [draw.choice(LINES) for _ in range(draw.randrange(1, 8))]
    if draw.random() < 0.3:
        lines.append(f"{draw.choice(odd.NAMES)}: {draw.choice(odd.VALUES)}")
    data = "\n".join(lines).encode("utf-8", "surrogatepass")
    if draw.random() < 0.1:
        data = draw.choice((b"\xef\xbb\xbf", b"\xff\xfe", b"\x00")) + data
    return odd.mangled(draw, data) if draw.random() < 0.15 else data


def _bomb(levels: int) -> str:
    """Ten to the power of `levels` texts, in as many lines."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]" for level in range(1, levels)]
    return "\n".join(lines)
