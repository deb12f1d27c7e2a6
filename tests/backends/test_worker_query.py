"""Questions to a library in a worker of its own."""

from __future__ import annotations

import os

import pytest

from runner.backends.worker_query import ask
from runner.core.errors import SpecError, Unavailable


def test_it_is_answered_by_another_process_once() -> None:
    first = ask("os", "getpid")
    assert first != os.getpid()
    assert ask("os", "getpid") == first


def test_what_the_function_raises_is_raised_here() -> None:
    with pytest.raises(SpecError, match="model=a-b: not a name"):
        ask("runner.core.registry", "module", axis="model", name="a-b")


def test_a_library_that_dies_is_unavailable() -> None:
    with pytest.raises(Unavailable, match="SIGABRT") as error:
        ask("os", "abort")
    assert error.value.next_step == "See what works here: python -m runner doctor"
