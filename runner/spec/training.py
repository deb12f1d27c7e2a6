"""The rules of training's settings; the loop is in `runner/steps/_fit.py`."""

from __future__ import annotations

from dataclasses import dataclass

from runner.core.setting_rules import setting


@dataclass(frozen=True)
class Settings:
    """AdamW with a cosine learning rate; the weights with the least validation loss are kept."""

    epochs: int = setting("Most epochs to train", unit="epochs", low=1)
    batch_size: int = setting("Samples a step", unit="samples", low=1)
    learning_rate: float = setting("Learning rate at the start; it falls to 0 as a half cosine", low=1e-7, high=1)
    patience: int = setting("Stop after so many epochs without a smaller validation loss", unit="epochs", low=1)
    weight_decay: float = setting("AdamW's decoupled weight decay", low=0, high=1)


def settings_class(name: str) -> type:
    """One for every option: its name is no more than a name."""
    return Settings
