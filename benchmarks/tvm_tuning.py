"""Tuned TVM over its own best untuned schedule: MobileNet-V1 and a small ViT block, one thread.

`python benchmarks/tvm_tuning.py [--budget 300]`: tunes each for at most so many seconds, measures the tuned library
beside the generic schedule's as any two specs, prints the ratios. Exit code 1 where one is below 1.3.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.support import vit_block
from runner import api

LEAST = 1.3
TRIALS = 100_000  # more than any budget allows
COMMON = ("backend=tvm", f"backend.tuning.trials={TRIALS}", "limits.step_s=3600")
UNTUNED = ("baseline=spec", "baseline.overrides=[backend.tuning.trials=0]")
MOBILENET = ("model=mobilenet_v1", "train=smoke", "model.input_size=96")


def speed_up(words: tuple[str, ...], budget_s: float, project: Path) -> float:
    """Prints how the tuned model compares with the untuned one; the ratio, 0 where there is none."""
    found = api.run(*COMMON, *UNTUNED, *words, f"backend.tuning.budget_s={budget_s}", root=project)
    compared = found.details.comparison
    if compared is None:
        print(f"{words[0]}: {found.details.status}: {found.details.reason}")
        return 0.0
    print(
        f"{words[0]}: {compared.ratio:.2f} [{compared.low:.2f}, {compared.high:.2f}] tuned over untuned, {budget_s:g} s"
    )
    return compared.ratio


def main() -> int:
    """Exit code 1 where a ratio is below the limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--budget", type=float, default=300, help="seconds of tuning for each model")
    budget_s = parser.parse_args().budget
    with tempfile.TemporaryDirectory() as folder:
        vit = ("model=onnx", f"model.path={vit_block.written(Path(folder) / 'vit.onnx')}", "precision=fp32")
        ratios = [speed_up(words, budget_s, Path(folder)) for words in (MOBILENET, vit)]
    print(f"limit {LEAST}: {'kept' if min(ratios) >= LEAST else 'MISSED'}")
    return 0 if min(ratios) >= LEAST else 1


if __name__ == "__main__":
    sys.exit(main())
