"""What is said of a first word that is neither a command, nor an override, nor a flag."""

from __future__ import annotations

from collections.abc import Sequence

from runner.commands import COMMANDS
from runner.core import advice
from runner.core.errors import SpecError, nearest


def refuse(argv: Sequence[str]) -> SpecError:
    """What is wrong with the first of these words, and what may have been meant."""
    first, rest = argv[0], argv[1:]
    return SpecError(f"{first}: no such command.{nearest(first, COMMANDS)}", _meant(first, rest))


def _meant(first: str, rest: Sequence[str]) -> str:
    from runner.spec.schema import GROUPS

    if own := advice.own_model(first):
        return f"A model of your own: python -m runner {own} {advice.shell(*rest)}".rstrip()
    if first in (*GROUPS, "experiment") and rest:
        name, *others = [word for word in rest if word != "="] or [""]
        return f"Write it with =: {_typed(f'{first}={name}', *others)}"
    if rest and all("=" in word or word.startswith("-") for word in rest) and not nearest(first, COMMANDS):
        return f"To run a spec, leave it out: {_typed(*rest)}"
    return "Type: python -m runner --version" if first == "version" else "See python -m runner --help."


def _typed(*words: str) -> str:
    return advice.shell("python", "-m", "runner", *words)
