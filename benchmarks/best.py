"""What `best` finds here, live, and in how much of the time of an exhaustive comparison.

`python -m benchmarks.best` races 12 configurations each of a GRU, a BiLSTM and a MobileNet (OpenVINO, and ONNX
Runtime at two levels of its graph's optimisation; four precisions, one thread): its winner with the fresh interval
over the default, and the processes that ran as a share of what 8 pairs of each would take. `--table MODEL…` races
everything that measures here (of bilstm, mobilenet_v1, vit) and prints the table of backend × precision × threads as
speed-ups over each runtime's own default, which is fp32 on one thread; then the winner is compared with each
runtime's default in fresh pairs. Exit code 1 where the median share is over 30 %, or the winner is *slower* than a
default, or the lower end of an interval is below 0.97. Numbers of a race are those of one moment of one machine;
nothing else should run.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

MODELS = ("gru", "bilstm", "mobilenet_v1")
WORDS: Mapping[str, tuple[str, ...]] = {
    "gru": ("model=gru", "train=smoke"),
    "bilstm": ("model=bilstm", "train=smoke"),
    "mobilenet_v1": ("model=mobilenet_v1", "train=smoke"),
    "vit": ("model=onnx", "model.path=vit.onnx"),
}
TWELVE = ("backend=onnxruntime,openvino", "backend.threads=1", "precision=fp32,fp16,int8,int8_dynamic")
TABLE = ("backend.threads=1,2", "backend.graph_optimization=all")
SHARE, LEAST = 0.30, 0.97
TOKENS, WIDE, HEADS = 50, 192, 3


def asked(folder: Path, *words: str) -> dict[str, Any]:
    """The document that a command of the runner prints. Raises RuntimeError where it fails."""
    done = subprocess.run(
        [sys.executable, "-m", "runner", *words, "--json", "--quiet"], cwd=folder, capture_output=True, text=True
    )
    document: dict[str, Any] = json.loads(done.stdout or "{}")
    if "exit_code" in document or not document:
        raise RuntimeError("\n".join(done.stderr.strip().splitlines()[-3:]))
    return document


def raced(model: str, folder: Path, limit_s: float, words: Sequence[str]) -> dict[str, Any]:
    """The answer of `best`, raced afresh."""
    limit = ("--limit-s", f"{limit_s:g}", "--max-loss", "any", "--fresh")
    return asked(folder, "best", *WORDS[model], *words, *limit)


def told(model: str, found: Mapping[str, Any]) -> str:
    """`gru: openvino fp32: 1.43× [1.40, 1.46]; 27 % of the exhaustive time, 14 s`."""
    confirmed = found.get("confirmed")
    over = (
        f"{confirmed['ratio']:.3f}× [{confirmed['low']:.3f}, {confirmed['high']:.3f}]" if confirmed else "the default"
    )
    ran = f"{100 * found['share']:.0f} % of the exhaustive time, {found['seconds']:.0f} s, {found['reopened']} reopened"
    why = "" if found.get("decided") else f"; undecided: {found.get('why')}"
    return f"{model}: of {len(found['raced'])} {found['winner']}: {over}; {ran}{why}"


def vit(file: Path) -> None:
    """A block of a vision transformer (pre-norm attention and MLP, without the fused attention of torch, which no ONNX
    operator is) as an ONNX file."""
    import torch
    from torch import nn

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = nn.LayerNorm(WIDE), nn.LayerNorm(WIDE)
            self.qkv, self.out = nn.Linear(WIDE, 3 * WIDE), nn.Linear(WIDE, WIDE)
            self.mlp = nn.Sequential(nn.Linear(WIDE, 4 * WIDE), nn.GELU(), nn.Linear(4 * WIDE, WIDE))

        def forward(self, x: Any) -> Any:
            heads = self.qkv(self.first(x)).reshape(1, TOKENS, 3, HEADS, WIDE // HEADS).permute(2, 0, 3, 1, 4)
            scores = heads[0] @ heads[1].transpose(-1, -2) / (WIDE // HEADS) ** 0.5
            x = x + self.out((scores.softmax(-1) @ heads[2]).transpose(1, 2).reshape(1, TOKENS, WIDE))
            return x + self.mlp(self.second(x))

    torch.manual_seed(0)
    tokens = (torch.zeros(1, TOKENS, WIDE),)
    torch.onnx.export(
        Block().eval(), tokens, str(file), opset_version=17, dynamo=False, input_names=["tokens"], output_names=["out"]
    )


def table(found: Mapping[str, Any]) -> Iterator[str]:
    """Each configuration as a speed-up over its own runtime's default, by the race's estimate."""
    times = {one["name"]: one["relative"][0] for one in found["raced"] if one["relative"]}
    defaults = {backend: times[name] for backend, name in own_defaults(found).items() if name in times}
    for name, time in times.items():
        own = defaults.get(_backend(found, name))
        yield f"  {name:<48}{1 / time:6.3f} of the fastest  {own / time:6.3f}× its runtime's default" if own else name


def _backend(found: Mapping[str, Any], name: str) -> str:
    words = next(one["words"] for one in found["raced"] if one["name"] == name)
    return next((word.removeprefix("backend=") for word in words if word.startswith("backend=")), "onnxruntime")


def own_defaults(found: Mapping[str, Any]) -> dict[str, str]:
    """`{backend: the name of its fp32 on one thread}`."""
    named = [one["name"] for one in found["raced"]]
    each = {_backend(found, name): name for name in named if "fp32" in name and "threads=1" in name}
    return {**each, _backend(found, found["default"]): found["default"]}


def beside_defaults(found: Mapping[str, Any], folder: Path) -> bool:
    """Compares the winner with each runtime's default in fresh pairs; whether it is nowhere slower."""
    words = next(one["words"] for one in found["raced"] if one["name"] == found["winner"])
    met = True
    for backend in own_defaults(found):
        changes = f"baseline.overrides=[backend={backend},precision=fp32,backend.threads=1]"
        record = asked(folder, *words, "baseline=spec", changes)
        against = record["comparison"]
        if not against:
            print(f"  {found['winner']} is the default of {backend}")
            continue
        met = met and against["verdict"] != "slower" and against["low"] >= LEAST
        shown = f"{against['ratio']:.3f}× [{against['low']:.3f}, {against['high']:.3f}]"
        print(f"  {found['winner']} against the default of {backend}: {shown} {against['verdict']}", flush=True)
    return met


def main(argv: Sequence[str]) -> int:
    """Print what was found; 1 where a target is missed."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--folder", type=Path, default=Path(), help="of the project that keeps what is made")
    arguments.add_argument("--limit-s", type=float, default=600.0, help="of each race")
    arguments.add_argument("--models", nargs="+", default=MODELS, choices=MODELS)
    arguments.add_argument("--table", nargs="+", default=[], choices=[*WORDS], metavar="MODEL")
    options = arguments.parse_args(argv)
    if options.table:
        return _tables(options.table, options.folder, options.limit_s)
    shares = []
    for model in options.models:
        found = raced(model, options.folder, options.limit_s, TWELVE)
        shares.append(found["share"])
        print(told(model, found), flush=True)
    print(f"median {100 * median(shares):.0f} % of the exhaustive time (at most {100 * SHARE:.0f})")
    return 0 if median(shares) <= SHARE else 1


def _tables(models: Sequence[str], folder: Path, limit_s: float) -> int:
    met = []
    for model in models:
        if model == "vit" and not (folder / "vit.onnx").exists():
            vit(folder / "vit.onnx")
        found = raced(model, folder, limit_s, TABLE)
        print(told(model, found))
        print(*table(found), sep="\n")
        print(*(f"  {one['name']}: {one['status']}: {one['reason'][:100]}" for one in found["left_out"]), sep="\n")
        met.append(beside_defaults(found, folder))
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
