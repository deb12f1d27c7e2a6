"""Other programs asked a question: what they answer, or why they don't."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence


class NoAnswer(Exception):
    """A program that can't be started, or is late; its text says which."""


def ask(
    command: Sequence[str], seconds: float, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """The program once it has ended, in whichever way; it reads nothing. Raises NoAnswer."""
    try:
        return subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            errors="replace",
            env=env,
            timeout=seconds,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoAnswer(getattr(error, "strerror", None) or "it does not answer") from error
