"""Every option of the rooms models, data, compression and precision: one YAML, one dataclass, the same keys."""

from __future__ import annotations

import dataclasses
import importlib
import subprocess
import sys
from typing import Any

import pytest
import yaml

from runner.core import project_paths, registry, setting_rules
from runner.spec import precision, training

AXES = ("model", "data", "compression", "precision", "train")
OPTIONS = [
    (path.parent.name, path.stem) for axis in AXES for path in (project_paths.shipped("conf") / axis).glob("*.yaml")
]
DATA = "/data@_global_.data"
HEAVY = ("numpy", "torch", "onnx", "onnxruntime", "sklearn", "scipy")


def rules(axis: str, name: str) -> Any:
    if axis == "precision":
        return precision.settings_class(name)
    return training.Settings if axis == "train" else registry.load(axis, name).Settings


@pytest.mark.parametrize(("axis", "name"), OPTIONS)
def test_a_yaml_and_its_rules_name_the_same_keys(axis: str, name: str) -> None:
    values = yaml.safe_load((project_paths.shipped("conf") / axis / f"{name}.yaml").read_text())
    values.pop("defaults", None)
    assert next(iter(values)) == "name"
    assert values.pop("name") == name
    assert list(values) == [field.name for field in dataclasses.fields(rules(axis, name))]
    setting_rules.build(rules(axis, name), values, axis)


def test_every_module_of_rules_has_a_yaml() -> None:
    for axis in ("model", "data", "compression"):
        for path in project_paths.shipped(registry.PACKAGES[axis].replace(".", "/")).glob("[!_]*.py"):
            module = importlib.import_module(f"{registry.PACKAGES[axis]}.{path.stem}")
            if hasattr(module, "Settings"):
                assert (axis, path.stem) in OPTIONS


def test_rules_are_read_without_heavy_imports() -> None:
    modules = [registry.module(axis, name) for axis, name in OPTIONS if axis in registry.PACKAGES]
    load = f"import importlib, sys; [importlib.import_module(m) for m in {modules}]"
    code = f"{load}; print(set(sys.modules) & set({HEAVY}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize(("axis", "name"), [option for option in OPTIONS if option[0] == "model"])
def test_a_model_names_a_data_set_of_its_task(axis: str, name: str) -> None:
    defaults = yaml.safe_load((project_paths.shipped("conf") / axis / f"{name}.yaml").read_text())["defaults"]
    (data,) = [item[DATA] for item in defaults if isinstance(item, dict) and DATA in item]
    assert registry.load("data", data).TASK in registry.load("model", name).TASKS
