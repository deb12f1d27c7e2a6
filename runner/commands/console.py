"""What commands say: clean lines, and documents in JSON."""

from __future__ import annotations

import json
import sys
from typing import Any

from runner.core.advice import as_typed
from runner.core.foreign_text import tree, visible


def say(text: str) -> None:
    """Lines on standard output."""
    print(as_typed(visible(text)))


def warn(text: str) -> None:
    """One line on standard error."""
    print(f"warning: {as_typed(visible(text))}", file=sys.stderr)


def document(content: Any) -> None:
    """One JSON document on standard output."""
    print(json.dumps(tree(content), indent=1, ensure_ascii=False))
