"""Every option that is shipped: its YAML and its rules name the same keys, and its values obey them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from runner.commands.list import first_comment
from runner.core import setting_rules
from runner.core.registry import PACKAGES
from runner.spec import options
from runner.spec.schema import GROUPS, Limits, settings_class
from runner.sweeps import request
from tests.conftest import REPOSITORY, Command

OPTIONS = [(axis, name) for axis in GROUPS for name in options.names(axis, Path("/"))]
EXPERIMENTS = sorted(path.stem for path in (REPOSITORY / "experiments").glob("*.yaml"))
FILLED_BY_THE_USER = ("path",)


@pytest.mark.parametrize(("axis", "name"), OPTIONS, ids="=".join)
def test_the_yaml_has_the_keys_of_the_rules(axis: str, name: str) -> None:
    values = options.values(axis, name, Path("/"))
    assert values.pop("name") == name
    assert set(values) == set(setting_rules.rules(settings_class(axis, name)))


@pytest.mark.parametrize(("axis", "name"), OPTIONS, ids="=".join)
def test_the_default_values_obey_the_rules(axis: str, name: str) -> None:
    values = options.values(axis, name, Path("/"))
    del values["name"]
    setting_rules.build(settings_class(axis, name), values, axis)


@pytest.mark.parametrize(("axis", "name"), OPTIONS, ids="=".join)
def test_it_says_what_it_is(axis: str, name: str) -> None:
    assert first_comment(options.file(axis, name, Path("/")))
    assert all(rule.help for _, rule in setting_rules.rules(settings_class(axis, name)).values())


@pytest.mark.parametrize("axis", PACKAGES)
def test_every_implementation_has_its_yaml(axis: str) -> None:
    folder = REPOSITORY / PACKAGES[axis].replace(".", "/")
    kinds = ("*/__init__.py",) if axis == "backend" else ("*.py",)
    found = {path.parent.name if axis == "backend" else path.stem for kind in kinds for path in folder.glob(kind)}
    offers = re.compile(r'class Settings|__all__ = .*"Settings"')
    helpers = {path.stem for path in folder.glob("*.py") if not offers.search(path.read_text())}
    assert {name for name in found - helpers if name[0] != "_"} == set(options.names(axis, Path("/")))


def test_the_root_has_the_limits() -> None:
    content = yaml.safe_load((REPOSITORY / "conf" / "config.yaml").read_text())
    assert set(content["limits"]) == set(setting_rules.rules(Limits))


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_study_composes(tmp_path: Path, name: str) -> None:
    assert request.cells(tmp_path, [f"experiment={name}"]).cells


@pytest.mark.parametrize("name", [name for axis, name in OPTIONS if axis == "model" and name != "onnx"])
@pytest.mark.parametrize("backend", options.names("backend", Path("/")))
def test_every_model_composes_with_every_backend(tmp_path: Path, name: str, backend: str) -> None:
    spec = request.one(tmp_path, [f"model={name}", f"backend={backend}"])
    assert (spec.model.name, spec.backend.name) == (name, backend)


def test_a_projects_own_option_comes_before_the_shipped_one_of_its_name(command: Command, tmp_path: Path) -> None:
    (tmp_path / "conf" / "train").mkdir(parents=True)
    (tmp_path / "conf" / "train" / "default.yaml").write_text(
        "# Mine.\ndefaults:\n  - smoke\n  - _self_\nname: default\nepochs: 3\n"
    )
    assert "epochs: 3" in command("--cfg", "job", "model=gru").out
    assert "train=default  Mine." in command("show", "train=default").out
