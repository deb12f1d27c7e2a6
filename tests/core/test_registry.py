"""An option's name leads to its module: a wrong one is told with what was meant, what is missing, and where."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from runner.core import registry
from runner.core.errors import SpecError


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The file of the module that an installed package registers as `model=theirs`."""
    info = tmp_path / "theirs_pack-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs-pack\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[runner.models]\ntheirs = theirs_pack\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "theirs_pack", raising=False)
    forget()
    yield tmp_path / "theirs_pack.py"
    forget()


def forget() -> None:
    importlib.invalidate_caches()
    registry.registered.cache_clear()
    registry.module.cache_clear()


def refused(axis: str, name: str) -> tuple[str, str]:
    with pytest.raises(SpecError) as caught:
        registry.load(axis, name)
    return caught.value.reason, caught.value.next_step


def test_an_option_of_ours_is_a_module_of_its_axis() -> None:
    assert registry.load("model", "gru").__name__ == "runner.models.gru"


def test_an_option_of_a_package_is_the_module_that_it_registers(package: Path) -> None:
    package.write_text("Settings, TASKS, PROVIDES, data_needs = object, (), (), dict\n")
    assert registry.load("model", "theirs").__file__ == str(package)


def test_a_slip_is_told_with_what_was_meant() -> None:
    assert refused("model", "gro") == (
        "model.name=gro: no such one. Did you mean gru?",
        "Choose one: python -m runner list model",
    )


def test_a_path_is_no_name() -> None:
    assert refused("data", "../x") == ("data=../x: not a name.", "Names are letters, digits and underscores.")


def test_a_name_that_nobody_provides_says_what_to_write() -> None:
    reason, next_step = refused("scenario", "zzz")
    assert reason == (
        "scenario=zzz has a YAML but no module runner.measure.scenarios.zzz and no entry point in "
        "`runner.measure.scenarios`."
    )
    assert next_step == "Write runner/measure/scenarios/zzz, or install the package that provides it."


def test_a_module_that_lacks_something_is_named_with_its_file(package: Path) -> None:
    package.write_text("Settings = object\n")
    reason, _ = refused("model", "theirs")
    assert reason == f"model=theirs: theirs_pack is no model: it has no TASKS, PROVIDES, data_needs ({package})."


def test_a_module_that_breaks_is_told_with_its_own_error(package: Path) -> None:
    package.write_text("1 / 0\n")
    reason, _ = refused("model", "theirs")
    assert reason == "model=theirs: theirs_pack can't be imported: ZeroDivisionError: division by zero"


def test_what_is_installed_is_read_once_for_all_axes(monkeypatch: pytest.MonkeyPatch) -> None:
    read, times = metadata.entry_points, []

    def counted() -> Any:
        times.append(1)
        return read()

    monkeypatch.setattr(metadata, "entry_points", counted)
    registry.registered.cache_clear()
    found = [registry.entry_points(group) for group in registry.PACKAGES.values()]
    assert (len(found), len(times)) == (len(registry.PACKAGES), 1)
