"""What a release is that could not compile a file, or open it."""

from __future__ import annotations

import pytest

from runner.core.errors import RunnerError, StepFailed, StepTimeout, Unavailable, Unsupported, WorkerLost
from runner.execution.bisect_releases import answer_to


@pytest.mark.parametrize(
    ("problem", "kind"),
    [
        (Unsupported("opset 22"), "refused"),
        (Unavailable("no module named x"), "unavailable"),
        (StepFailed("a segmentation fault"), "wrong"),
        (StepTimeout("it took too long"), "undecided"),
        (WorkerLost("somebody killed it"), "undecided"),
    ],
)
def test_a_release_is_blamed_for_what_it_did_itself(problem: RunnerError, kind: str) -> None:
    assert answer_to(problem).kind == kind
    assert answer_to(problem).said.startswith(problem.reason)
