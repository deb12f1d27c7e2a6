"""What a worker says of an exception: what an environment lacks is no fault of what was asked of it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest

from runner.core.errors import StepFailed, Unavailable, Unsupported
from runner.worker.json_lines import error_message

LIBRARY = """
def names(): from json import what_it_had_once
def asks(): raise ImportError("Please install something.")
def opens(): raise OSError("no such device")
"""


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of the module `vendor`."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "vendor", raising=False)
    file = tmp_path / "vendor.py"
    file.write_text(LIBRARY)
    return file


def told(do: Callable[[], object]) -> tuple[str, str]:
    with pytest.raises(Exception) as caught:
        do()
    message = error_message(caught.value)
    return message["status"], message["reason"]


def raised(name: str) -> Callable[[], object]:
    return lambda: getattr(import_module("vendor"), name)()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("import nothing_of_that_name", "ModuleNotFoundError: No module named 'nothing_of_that_name'"),
        ("raise OSError('libvendor.so: undefined symbol: f')", "OSError: libvendor.so: undefined symbol: f"),
    ],
)
def test_a_library_that_can_not_be_imported_is_unavailable(library: Path, text: str, reason: str) -> None:
    library.write_text(text)
    assert told(lambda: import_module("vendor")) == ("unavailable", f"{reason} (in {sys.prefix})")


@pytest.mark.parametrize("name", ["names", "asks"])
def test_so_is_one_that_lacks_a_name_or_another_library(library: Path, name: str) -> None:
    assert told(raised(name))[0] == "unavailable"


def test_what_a_library_raises_while_it_works_is_a_failure(library: Path) -> None:
    assert told(raised("opens")) == ("failed", "OSError: no such device")


def test_a_module_of_our_own_that_is_not_there_is_a_failure() -> None:
    assert told(lambda: import_module("runner.nothing"))[0] == "failed"


@pytest.mark.parametrize("kind", [StepFailed, Unsupported])
def test_an_import_behind_a_librarys_refusal_is_what_is_told(library: Path, kind: type[StepFailed]) -> None:
    def refuse() -> None:
        try:
            raised("names")()
        except ImportError as error:
            raise kind("it can't convert the model.") from error

    with pytest.raises(kind) as caught:
        refuse()
    message = error_message(caught.value)
    assert (message["status"], message["reason"]) == ("unavailable", "it can't convert the model.")
    assert message["next_step"].startswith("ImportError: cannot import name 'what_it_had_once' from 'json'")


def test_so_is_one_without_what_a_backend_of_ours_calls(library: Path) -> None:
    calls = "import vendor\ndef call(): vendor.newer()\n"
    namespace: dict[str, Callable[[], object]] = {}
    exec(compile(calls, "/site-packages/runner/backends/mynpu/compile.py", "exec"), namespace)
    status, reason = told(namespace["call"])
    assert status == "unavailable"
    assert reason.startswith("AttributeError: module 'vendor' has no attribute 'newer'")


def test_what_is_unavailable_keeps_its_own_words() -> None:
    def lacks() -> None:
        raise Unavailable("no SDK.", "Install it.") from ImportError("x", name="x")

    assert told(lacks) == ("unavailable", "no SDK.")
