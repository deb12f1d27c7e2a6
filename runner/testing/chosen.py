"""Which test of the contract runs over which backend, and with which of the backend's own marks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest

from runner.backends import loading
from runner.backends.contract import Backend
from runner.backends.marks import said_of
from runner.core.errors import SpecError

F = TypeVar("F", bound=Callable[..., None])


def where(condition: Callable[[Backend], bool]) -> Callable[[F], F]:
    """A test about backends of which `condition` holds."""

    def mark(test: F) -> F:
        test.condition = condition  # type: ignore[attr-defined]
        return test

    return mark


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each backend that it is about, with the backend's own marks."""
    if "name" in metafunc.fixturenames:
        condition = getattr(metafunc.function, "condition", None)
        about = [one for one in metafunc.module.BACKENDS if condition is None or _holds(condition, one)]
        metafunc.parametrize(
            "name", [pytest.param(one, marks=list(_marks(one, metafunc.function.__name__))) for one in about]
        )


def _holds(condition: Callable[[Backend], bool], name: str) -> bool:
    """A declaration that can't be read fails the test that is about it, and no other."""
    try:
        return condition(loading.backend(name))
    except SpecError:
        return False


def _marks(name: str, test: str) -> Iterator[pytest.MarkDecorator]:
    try:
        never, not_yet = said_of(name)
    except SpecError:  # told by the test of the declaration
        return
    if test in never:
        yield pytest.mark.skip(reason=never[test])
    if test in not_yet:
        yield pytest.mark.xfail(reason=not_yet[test], strict=True)


def first(name: str) -> str:
    """The precision that a backend is tested in: fp32 where it has that, else its first."""
    precisions = loading.backend(name).precisions
    return "fp32" if "fp32" in precisions else precisions[0]


def runs_here(declared: Backend) -> bool:
    """Whether what it compiles opens on this machine."""
    return declared.opens_here()


def reads_graphs(declared: Backend) -> bool:
    """Whether a graph can be given to it."""
    return "onnx" in declared.accepts


def runs_graphs(declared: Backend) -> bool:
    """Whether what it makes of a graph opens on this machine."""
    return runs_here(declared) and reads_graphs(declared)
