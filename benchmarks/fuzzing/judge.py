"""What a case came to: an answer or an error in words is right, everything else is a fault with a name."""

from __future__ import annotations

import io
import re
import traceback
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path

CODES = (0, 1, 2, 3, 4, 5)
BUG = "This is a bug of the runner"
LONGEST = 4_000  # characters of one error
PEAK_MB = 2_000  # resident memory that one case may add
ACTS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


@dataclass(frozen=True)
class Case:
    """What is tried. `run` does it, in the case's folder, and returns a fault it saw itself ("" for none); `words` are
    what a person would type to see the same."""

    run: Callable[[], str]
    words: Sequence[str] = field(default_factory=tuple)


def outcome(case: Case) -> str:
    """ "" where the case came to an answer or to an error in words, else the fault's name."""
    from runner.core.errors import RunnerError

    try:
        return case.run()
    except RunnerError as error:
        return said_badly(printed(error.reason), printed(error.next_step))
    except Exception as error:
        return unexpected(error)


def printed(text: str) -> str:
    """An error's text as the command prints it; as it is where the tree is from before that was a function."""
    try:
        from runner.core.foreign_text import line
    except ImportError:
        return text
    return line(text)


def unexpected(error: BaseException) -> str:
    """An exception that no user can mend, by its type and the function of ours that let it through."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "/runner/" in frame.filename]
    last = ours[-1] if ours else frames[-1]
    return f"{type(error).__name__} in {Path(last.filename).stem}.{last.name}"


def said_badly(reason: str, next_step: str) -> str:
    """What is wrong with the words of an error: too many lines, characters that act, nothing said."""
    text = f"{reason}\n{next_step}".strip()
    if not reason.strip():
        return "error without a reason"
    if ACTS.search(text):
        return "error with characters that act"
    if len(text) > LONGEST:
        return "error of more than 4,000 characters"
    return "error of more than two lines" if text.count("\n") > 1 else ""


def command(*words: str) -> tuple[int, str, str]:
    """Exit code, standard output and error of a command line, in this process."""
    from runner.__main__ import main

    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main(list(words))
    return code, out.getvalue(), err.getvalue()


def of_command(words: Sequence[str]) -> str:
    """What is wrong with how a command line ended. RUNNER_DEBUG=1 is set: a bug shows its traceback."""
    return ended(*command(*words))


def ended(code: int, out: str, err: str) -> str:
    """What is wrong with a command's exit code and texts."""
    if BUG in err:
        return _bug(err)
    if code not in CODES:
        return f"exit code {code}"
    if ACTS.search(out):
        return "output with characters that act"
    told = err.rpartition("\nerror: ")[2] if "\nerror: " in err else err.removeprefix("error: ")
    return said_badly(told, "") if code in (2, 3, 4) else ""


def _bug(err: str) -> str:
    """The last function of ours in a traceback, and the exception's type."""
    places = re.findall(r'File "[^"]*/runner/([^"]*)\.py", line \d+, in (\S+)', err)
    found = re.findall(r"error: Unexpected (\w+)", err)
    where = f"{places[-1][0].rpartition('/')[2]}.{places[-1][1]}" if places else "an unknown place"
    return f"{found[-1] if found else 'Exception'} in {where}"
