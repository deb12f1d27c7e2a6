"""Our AdamW is torch's, without what torch's class imports."""

from __future__ import annotations

import copy
import subprocess
import sys
from pathlib import Path

import torch
from torch import nn

from runner.steps import _adamw
from runner.steps._adamw import AdamW
from tests.conftest import REPOSITORY
from tests.steps import chain

RATES = (0.01, 0.005, 0.001)
TRAIN = """
import sys
from pathlib import Path
from runner.core.job import Job
from runner.steps import train
out, data = map(Path, sys.argv[1:])
model = {"name": "gru", "settings": {"layers": 1, "hidden": 4, "window": 8, "horizon": 2}}
hyper = {"epochs": 1, "batch_size": 256, "learning_rate": 0.01, "patience": 1, "weight_decay": 0.1}
train.run(Job({"model": model, "train": hyper, "seed": 0}, {"data": data}, out, out / "scratch"))
print("torch._dynamo" in sys.modules)
"""


class Halves(nn.Module):
    """One that uses only a part of its parameters, and every second time the other, too."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.always, self.seldom, self.never = nn.Linear(3, 2), nn.Linear(3, 2), nn.Linear(3, 2)

    def loss(self, at: int) -> torch.Tensor:
        x = torch.full((4, 3), 1.0 + at)
        return (self.always(x) + (self.seldom(x) if at % 2 else 0)).square().sum()


def ours(network: nn.Module) -> AdamW:
    return _adamw.begin(network.parameters(), RATES[0], 0.1)


def updated(network: Halves, optimizer: AdamW, times: range) -> list[torch.Tensor]:
    for at in times:
        optimizer.learning_rate = RATES[at % len(RATES)]
        optimizer.forget_gradients()
        network.loss(at).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return [*network.parameters()]


def same(one: list[torch.Tensor], other: list[torch.Tensor]) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def test_weights_are_to_the_last_bit_those_of_torchs_class() -> None:
    network, theirs = Halves(), Halves()
    optimizer = torch.optim.AdamW(theirs.parameters(), lr=RATES[0], weight_decay=0.1)
    for at in range(7):
        optimizer.param_groups[0]["lr"] = RATES[at % len(RATES)]
        optimizer.zero_grad()
        theirs.loss(at).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    assert same(updated(network, ours(network), range(7)), [*theirs.parameters()])


def test_one_that_goes_on_from_a_state_comes_to_the_same_weights() -> None:
    whole, killed = Halves(), Halves()
    optimizer = ours(killed)
    updated(killed, optimizer, range(3))
    later = ours(killed)
    later.resume(copy.deepcopy(optimizer.state()))
    assert same(updated(killed, later, range(3, 7)), updated(whole, ours(whole), range(7)))


def test_training_doesnt_import_torchs_compiler(tmp_path: Path) -> None:
    data = chain.data(tmp_path, "co2", {"window": 8, "horizon": 2})
    (out := tmp_path / "train").mkdir()
    words = [sys.executable, "-c", TRAIN, str(out), str(data)]
    done = subprocess.run(words, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("False\n", 0), done.stderr
