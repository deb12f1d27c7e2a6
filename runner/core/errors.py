"""What can go wrong, as a user sees it: one line what, one line what to do, one exit code."""

from __future__ import annotations

from collections.abc import Iterable


class RunnerError(Exception):
    """An error that a user can mend.

    `reason` says what is wrong and where (file, key, value); `next_step` says what to do.
    """

    status = "failed"
    exit_code = 5
    retries = 0  # tries beyond the first (runner/transport/retry.py)

    def __init__(self, reason: str, next_step: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.next_step = next_step

    def __str__(self) -> str:
        return f"{self.reason}\n{self.next_step}" if self.next_step else self.reason


class SpecError(RunnerError):
    """The spec is wrong: an unknown option or key, a wrong type, an impossible combination, a broken input file.

    Found before any work, so that no run ends in it: its status stands in `--json` alone, never in a record.
    """

    status = "bad spec"
    exit_code = 2


class Impossible(SpecError):
    """Every word is right, but together they make no sense: a sweep goes on without that cell."""


class BadFile(SpecError):
    """What a user's file holds isn't what the spec needs: a sweep goes on, and the record of that cell says so."""


class Unavailable(RunnerError):
    """A library, an SDK, a sensor or a device is missing here."""

    status = "unavailable"
    exit_code = 3


class Unsupported(RunnerError):
    """The backend can't do this spec (which op, which precision)."""

    status = "unsupported"
    exit_code = 4


class StepFailed(RunnerError):
    """A step or a benchmark failed."""


class Disturbed(StepFailed):
    """What was done is not to blame: the disk is full, code was edited meanwhile, a worker was lost."""


class WorkerLost(Disturbed):
    """A worker was killed from outside, or the connection to it was lost."""


class OddAnswer(StepFailed):
    """A worker, or the device that it runs on, answered what can't be: it is broken, or it lies."""


class StepTimeout(RunnerError):
    """A step or a benchmark took longer than its limit."""

    status = "timeout"


# A worker that a step lost is told to the parent as `lost`, so that it tries again; the run ends as failed.
BY_STATUS: dict[str, type[RunnerError]] = {
    "lost": WorkerLost,
    "unavailable": Unavailable,
    "unsupported": Unsupported,
    "timeout": StepTimeout,
    "failed": StepFailed,
    "bad spec": SpecError,
}


def nearest(word: str, known: Iterable[str]) -> str:
    """`" Did you mean X?"`, or nothing where no known word is close."""
    import difflib  # at a slip alone

    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f" Did you mean {close[0]}?" if close else ""


def check_choice(key: str, value: str, known: Iterable[str]) -> None:
    """Raises SpecError where `value` is none of the `known` ones."""
    if value not in (every := list(known)):
        raise SpecError(f"{key}={value}: no such one.{nearest(value, every)}", f"There are: {', '.join(every)}.")
