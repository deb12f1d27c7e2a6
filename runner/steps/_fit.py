"""The training loop of `train` and of a compression's fine-tuning: deterministic, and resumed after a kill."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from runner.core.errors import StepFailed
from runner.data import arrays, units
from runner.spec.training import Settings
from runner.steps import _adamw
from runner.steps._adamw import AdamW

# The same everywhere: the number of threads changes the order of sums, and so the result. Nets of this size gain
# nothing from a second one, and lose fivefold where another program keeps a core busy.
THREADS = 1

State = dict[str, Any]
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Split:
    """One split as tensors; `raw` are its arrays, for going back to units."""

    x: Tensor
    target: Tensor
    raw: Mapping[str, Any]


@dataclass(frozen=True)
class Fit:
    """The network with its best weights and the history, one dict an epoch."""

    network: nn.Module
    history: list[dict[str, float]]
    best_epoch: int


def deterministic(seed: int) -> None:
    """One result for one seed, on one machine with one version of torch."""
    torch.set_num_threads(THREADS)
    torch.set_deterministic_debug_mode("error")  # `use_deterministic_algorithms` imports torch's compiler: two seconds
    torch.manual_seed(seed)


def fit(
    network: nn.Module,
    data: Path,
    hyper: Settings,
    seed: int,
    scratch: Path,
    progress: Progress,
    after_update: Callable[[nn.Module], None] | None = None,
) -> Fit:
    """Train from where `scratch` stands, or from the start. `after_update` runs after every update of the weights
    (a compression keeps its zeros so). Raises StepFailed where the loss is not finite."""
    meta, splits = arrays.read_meta(data), {part: _split(data, part) for part in ("train", "val")}
    optimizer = _adamw.begin(network.parameters(), hyper.learning_rate, hyper.weight_decay)
    state = _resume(scratch, network, optimizer)
    while not _done(state, hyper):
        epoch = len(state["history"])
        _set_learning_rate(optimizer, hyper, epoch)
        loss = _epoch(network, optimizer, splits["train"], hyper, meta, seed + epoch, after_update)
        state = _after_epoch(state, network, optimizer, {"loss": loss, **_judge(network, splits["val"], meta)})
        _save(state, scratch)
        progress(epoch + 1, hyper.epochs, _note(state["history"][-1]))
    network.load_state_dict(state["best"])
    return Fit(network, state["history"], state["best_epoch"])


def _split(data: Path, part: str) -> Split:
    raw = arrays.read(data, part)
    return Split(torch.from_numpy(raw["in/x"]), torch.from_numpy(raw["target"]), raw)


def _resume(scratch: Path, network: nn.Module, optimizer: AdamW) -> State:
    file = scratch / "epoch.pt"
    if not file.is_file():
        return {"history": [], "best": {}, "best_epoch": 0, "best_loss": math.inf}
    state: State = torch.load(file, weights_only=True)
    network.load_state_dict(state["network"])
    optimizer.resume(state["optimizer"])
    return state


def _save(state: State, scratch: Path) -> None:
    """Whole or not at all: a kill while writing leaves the epoch before."""
    scratch.mkdir(parents=True, exist_ok=True)
    torch.save(state, scratch / "epoch.tmp")
    (scratch / "epoch.tmp").replace(scratch / "epoch.pt")


def _done(state: State, hyper: Settings) -> bool:
    epochs = len(state["history"])
    return epochs >= hyper.epochs or (epochs > 0 and epochs - state["best_epoch"] >= hyper.patience)


def _set_learning_rate(optimizer: AdamW, hyper: Settings, epoch: int) -> None:
    optimizer.learning_rate = hyper.learning_rate * 0.5 * (1 + math.cos(math.pi * epoch / hyper.epochs))


def _epoch(
    network: nn.Module,
    optimizer: AdamW,
    split: Split,
    hyper: Settings,
    meta: Mapping[str, Any],
    seed: int,
    after_update: Callable[[nn.Module], None] | None,
) -> float:
    """One pass in an order drawn by `seed`; the mean loss."""
    network.train()
    order = torch.randperm(len(split.x), generator=torch.Generator().manual_seed(seed))
    total = 0.0
    for rows in order.split(hyper.batch_size):  # type: ignore[no-untyped-call]
        loss = _loss(network(split.x[rows]), split.target[rows], meta)
        optimizer.forget_gradients()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        if after_update:
            after_update(network)
        total += loss.item() * len(rows)
    if not math.isfinite(total):
        raise StepFailed("Training diverged: the loss is not a number.", "Make train.learning_rate smaller.")
    return total / len(split.x)


def _loss(y: Tensor, target: Tensor, meta: Mapping[str, Any]) -> Tensor:
    if meta["task"] == "classify":
        return nn.functional.cross_entropy(y, target)
    return nn.functional.smooth_l1_loss(y, target)


def _judge(network: nn.Module, split: Split, meta: Mapping[str, Any]) -> dict[str, float]:
    """Validation loss and the task's metric: MAE in units, or accuracy."""
    network.eval()
    with torch.no_grad():
        y = torch.cat([network(part) for part in split.x.split(512)])  # type: ignore[no-untyped-call]
    judged = {"val_loss": _loss(y, split.target, meta).item()}
    if meta["task"] == "classify":
        return judged | {"val_accuracy": (y.argmax(1) == split.target).double().mean().item()}
    error = units.to_units(y.numpy(), meta, split.raw) - units.to_units(split.raw["target"], meta, split.raw)
    return judged | {"val_mae": float(abs(error).mean())}


def _after_epoch(state: State, network: nn.Module, optimizer: AdamW, epoch: dict[str, float]) -> State:
    after = state | {
        "history": [*state["history"], epoch],
        "network": network.state_dict(),
        "optimizer": optimizer.state(),
    }
    if epoch["val_loss"] < state["best_loss"]:
        best = copy.deepcopy(network.state_dict())
        after |= {"best": best, "best_epoch": len(after["history"]), "best_loss": epoch["val_loss"]}
    return after


def _note(epoch: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {value:.4g}" for name, value in epoch.items())


def summary(done: Fit) -> dict[str, Any]:
    """Epochs, and what validation said of the weights that were kept."""
    best = done.history[done.best_epoch - 1]
    return {
        "epochs": len(done.history),
        "best_epoch": done.best_epoch,
        **{k: v for k, v in best.items() if k != "loss"},
    }
