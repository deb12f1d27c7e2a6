"""What pip is told to install can be installed, on each Python that the project takes."""

from __future__ import annotations

from importlib import metadata

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from tests.conftest import REPOSITORY

PYTHONS = ("3.10", "3.11", "3.12", "3.13")


def pins() -> list[Requirement]:
    lines = (REPOSITORY / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if not line.startswith("#")]


def asked() -> list[Requirement]:
    """Everything that pyproject.toml requires, of all extras."""
    toml = pytest.importorskip("tomllib", reason="Python 3.10 reads no TOML")
    project = toml.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    optional = [one for group in project["optional-dependencies"].values() for one in group]
    return [Requirement(one) for one in (*project["dependencies"], *optional)]


@pytest.mark.parametrize("python", PYTHONS)
def test_no_pin_is_of_a_release_that_a_python_has_not(python: str) -> None:
    meant = [pin for pin in pins() if pin.marker is None or pin.marker.evaluate({"python_version": python})]
    impossible = [str(pin) for pin in meant if not _takes(pin, python)]
    assert impossible == []


def _takes(pin: Requirement, python: str) -> bool:
    """Whether the pinned release runs on a Python; taken for granted of one that isn't installed here."""
    try:
        found = metadata.distribution(pin.name)
    except metadata.PackageNotFoundError:
        return True
    if not pin.specifier.contains(found.version):
        return True
    return SpecifierSet(str(found.metadata.json.get("requires_python", ""))).contains(f"{python}.14")


def test_every_pin_is_one_that_the_project_takes() -> None:
    wanted = {canonicalize_name(one.name): one.specifier for one in asked() if one.name != "edge-runner"}
    pinned = {canonicalize_name(pin.name): next(iter(pin.specifier)).version for pin in pins()}
    refused = {name: version for name, version in pinned.items() if name in wanted and version not in wanted[name]}
    assert refused == {}
