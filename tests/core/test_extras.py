"""What is missing is named with the command that installs it, which pip understands as pyproject.toml is written."""

from __future__ import annotations

import re

import pytest

from runner.backends import loading
from runner.core import extras, installed
from tests.conftest import REPOSITORY
from tests.without import hide


@pytest.fixture
def optional() -> dict[str, list[str]]:
    """`{extra: distributions}` of pyproject.toml, without versions."""
    toml = pytest.importorskip("tomllib", reason="Python 3.10 reads no TOML")
    project = toml.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {name: [_name(one) for one in asked] for name, asked in project["optional-dependencies"].items()}


def _name(requirement: str) -> str:
    return re.split(r"[<>=~!\[; ]", requirement)[0]


@pytest.mark.parametrize("name", extras.EXTRAS)
def test_an_extra_brings_what_pyproject_says(name: str, optional: dict[str, list[str]]) -> None:
    assert [*extras.EXTRAS[name].distributions] == optional[name]


@pytest.mark.parametrize("backend", ["openvino", "torch", "tvm", "litert"])
def test_a_backend_of_ours_is_installed_by_the_extra_that_brings_its_library(backend: str) -> None:
    declared = loading.backend(backend)
    assert declared.install == extras.install(declared.distributions)


def test_nothing_is_said_where_all_is_here() -> None:
    assert extras.missing("train", ("numpy", "torch")) is None


def test_what_is_missing_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    hide(monkeypatch, "scipy", "scikit-learn")
    told = extras.missing("data=digits", ("numpy", "scipy", "scikit-learn"))
    assert told is not None
    assert (told.status, told.exit_code) == ("unavailable", 3)
    assert told.reason == "data=digits: scipy, scikit-learn are not installed here."
    assert told.next_step == "pip install 'edge-runner[train]'"


def test_parts_of_several_extras_are_one_command(monkeypatch: pytest.MonkeyPatch) -> None:
    hide(monkeypatch, "mlflow", "torch", "onnxruntime")
    told = extras.missing("all", ("mlflow", "torch", "onnxruntime"))
    assert told is not None
    assert told.next_step == "pip install 'edge-runner[ui]' 'edge-runner[train]' onnxruntime"


def test_where_this_package_is_not_installed_its_extras_are_not_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    hide(monkeypatch, "edge-runner", "scikit-learn")
    told = extras.missing("data=digits", ("scikit-learn",))
    assert told is not None
    assert told.next_step == "pip install scikit-learn"


def test_a_library_that_is_removed_while_working_is_told_in_the_same_words() -> None:
    told = extras.lost(ModuleNotFoundError("No module named 'sklearn.datasets'", name="sklearn.datasets"))
    assert told is not None
    assert told.reason == "scikit-learn is not installed here: No module named 'sklearn.datasets'."
    assert told.next_step == "pip install 'edge-runner[train]'"


def test_what_removing_mlflow_leaves_is_mended_in_one_command(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = ModuleNotFoundError("No module named 'mlflow'", name="mlflow")
    version = installed.version("mlflow-skinny")
    told = extras.lost(gone)
    assert told is not None
    assert told.reason == f"mlflow-skinny {version} is not whole: No module named 'mlflow'; removing mlflow does that."
    assert told.next_step == f"pip install --force-reinstall --no-deps mlflow-skinny=={version}"
    hide(monkeypatch, "mlflow-skinny")
    told = extras.lost(gone)
    assert told is not None
    assert told.next_step == "pip install edge-runner"


@pytest.mark.parametrize(
    "error",
    [
        ModuleNotFoundError("No module named 'mine'", name="mine"),
        ImportError("cannot import name 'f' from 'torch'", name="torch"),
        ModuleNotFoundError("lost"),
    ],
)
def test_another_import_that_fails_is_no_missing_extra(error: ImportError) -> None:
    assert extras.lost(error) is None
