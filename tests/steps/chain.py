"""Steps done one after the other, as the scheduler does them but in this process."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from runner.core import project_paths
from runner.core.job import Job

TINY = {"layers": 1, "hidden": 4, "window": 8, "horizon": 2}
TRAIN = {"epochs": 2, "batch_size": 256, "learning_rate": 0.01, "patience": 2, "weight_decay": 0.0}


def values(axis: str, name: str, **changed: Any) -> dict[str, Any]:
    """An option's own values, as its YAML says, with some changed."""
    content = yaml.safe_load((project_paths.shipped("conf") / axis / f"{name}.yaml").read_text())
    return {key: value for key, value in content.items() if key not in ("name", "defaults")} | changed


def model(name: str, **changed: Any) -> dict[str, Any]:
    """A model as steps get it; recurrent ones tiny."""
    return {"name": name, "settings": values("model", name, **changed)}


def do(step: str, settings: Mapping[str, Any], inputs: Mapping[str, Path], base: Path, **job: Any) -> dict[str, Any]:
    """Run one step into `base/step`; returns its meta."""
    out, scratch = base / step, base / f"{step}.scratch"
    out.mkdir(parents=True)
    scratch.mkdir(exist_ok=True)
    meta: dict[str, Any] = importlib.import_module(f"runner.steps.{step}").run(
        Job(settings, inputs, out, scratch, **job)
    )
    return meta


def data(base: Path, name: str, needs: Mapping[str, Any], seed: int = 0, inputs: Any = None, **changed: Any) -> Path:
    """A data artifact."""
    do(
        "data",
        {"name": name, "settings": values("data", name, **changed), "needs": needs, "seed": seed},
        inputs or {},
        base,
    )
    return base / "data"


def trained(base: Path, name: str, **changed: Any) -> tuple[dict[str, Any], dict[str, Path]]:
    """A tiny recurrent model on co2: (the model as steps get it, its artifacts by role)."""
    chosen = model(name, **{**TINY, **changed})
    roles = {"data": data(base, "co2", {"window": chosen["settings"]["window"], "horizon": 2})}
    do("train", {"model": chosen, "train": TRAIN, "seed": 0}, roles, base)
    return chosen, {**roles, "model": base / "train"}
