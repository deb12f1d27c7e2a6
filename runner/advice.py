"""What a message says to type, in a form that can be pasted into a shell: names are other people's."""

from __future__ import annotations

import shlex
from collections.abc import Sequence


def shell(*words: str) -> str:
    """Words as a shell takes them."""
    return shlex.join(words)


def shape(name: str, dims: Sequence[int | str]) -> str:
    """The word that gives an input its sizes."""
    return shell(f"model.shapes.{name}=[{','.join(str(size) for size in dims)}]")
