"""Trying again: once, and only where the worker itself is not to blame."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from runner.core.errors import RunnerError, StepFailed, StepTimeout, Unavailable, Unsupported, WorkerLost
from runner.transport.retry import can_help, with_retry


@pytest.mark.parametrize(
    ("error", "helps"),
    [
        (WorkerLost("killed by SIGKILL"), True),
        (StepFailed("out of memory"), False),
        (StepFailed("killed by SIGSEGV"), False),
        (StepTimeout("took longer than 5 s"), False),
        (Unsupported("no such kernel"), False),
        (Unavailable("not installed"), False),
    ],
)
def test_when_another_try_can_help(error: RunnerError, helps: bool) -> None:
    assert can_help(error, 0) is helps
    assert not can_help(error, 1)


def failing(*errors: RunnerError) -> Callable[[], str]:
    left = list(errors)

    def do() -> str:
        if left:
            raise left.pop(0)
        return "made"

    return do


def test_what_succeeds_at_once_was_not_tried_again() -> None:
    said: list[str] = []
    assert with_retry(failing(), said.append) == ("made", 0)
    assert said == []


def test_a_lost_worker_is_tried_once_more_and_said() -> None:
    said: list[str] = []
    assert with_retry(failing(WorkerLost("killed by SIGKILL.")), said.append) == ("made", 1)
    assert said == ["killed by SIGKILL. It is tried once more."]


def test_a_second_loss_is_final_and_counted() -> None:
    with pytest.raises(WorkerLost) as error:
        with_retry(failing(WorkerLost("a"), WorkerLost("b"), WorkerLost("c")), print)
    assert (error.value.reason, error.value.retries) == ("b", 1)


def test_what_would_fail_again_is_not_tried_again() -> None:
    with pytest.raises(StepTimeout) as error:
        with_retry(failing(StepTimeout("too slow")), print)
    assert error.value.retries == 0
