"""A project's own YAML: options, experiments and the root config, and what else may stand in their place."""

from __future__ import annotations

import os
import random
from pathlib import Path

from fuzzing import judge, odd

PLACES = (
    "conf/backend/mine.yaml", "conf/model/mine.yaml", "experiments/mine.yaml", "conf/config.yaml",
    "conf/train/mine.yaml",
)  # fmt: skip
COMMANDS = (
    ("plan", "experiment=mine"), ("plan", "backend=mine"), ("plan", "model=mine"), ("list",),
    ("list", "backend"), ("plan",), ("show", "backend=mine"), ("plan", "-m", "experiment=mine"),
    ("plan", "train=mine"), ("keys",),
)  # fmt: skip
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
    for _ in range(draw.randrange(1, 4)):
        _write(draw, folder / draw.choice(PLACES))
    words = draw.choice(COMMANDS)
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
        path.write_bytes(_content(draw))


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
