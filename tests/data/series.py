"""Making data sets in this process."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from runner.core import project_paths, registry, setting_rules
from runner.data.arrays import Dataset


def chosen(name: str, **changed: Any) -> Any:
    """The `Settings` of a data set: its YAML's values, some changed."""
    content = yaml.safe_load((project_paths.shipped("conf") / "data" / f"{name}.yaml").read_text())
    values = {key: value for key, value in content.items() if key not in ("name", "defaults")} | changed
    return setting_rules.build(registry.load("data", name).Settings, values, "data")


def make(name: str, needs: Mapping[str, Any], seed: int = 0, inputs: Any = None, **changed: Any) -> Dataset:
    """The data set itself."""
    made: Dataset = registry.load("data", name).make(chosen(name, **changed), needs, seed, inputs or {})
    return made


def write_csv(path: Path, rows: list[str], header: str = "date,load,temp") -> str:
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return str(path)
