"""What a command says beside its result."""

from __future__ import annotations

import sys


def warn(text: str) -> None:
    """One line on standard error."""
    print(f"warning: {text}", file=sys.stderr)
