"""Entries of a session's configuration (`session.…`, `optimization.…`): free names, as ONNX Runtime takes any."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Mapping  # noqa: UP035 - Python 3.8: it travels

from runner.core.errors import Impossible, nearest

SPINNING = ("session.intra_op.allow_spinning", "session.inter_op.allow_spinning")
# What a setting of ours says already: said twice it could contradict itself.
OURS = {
    **dict.fromkeys(SPINNING, "backend.spinning"),
    **dict.fromkeys(("session.save_model_format", "session.load_model_format"), "backend.format"),
}
NAMES = rb"\0((?:session|optimization|ep|mlas|memory)\.[a-z][A-Za-z0-9_.]*[a-z0-9])(?=\0)"


def check_entries(asked: Mapping[str, Any]) -> None:
    """Raises Impossible for an entry that has a setting of its own."""
    for name in asked:
        if name in OURS:
            raise Impossible(f"backend.session has {name}, which is said by {OURS[name]}.", f"Use {OURS[name]}=….")


def text(value: Any) -> str:
    """A value as ONNX Runtime reads it: true is 1."""
    return str(int(value)) if isinstance(value, bool) else str(value)


def unknown(asked: Mapping[str, Any], folder: Path) -> list[str]:
    """A line for each entry that no library of ONNX Runtime's in `folder` speaks of: it takes any name in silence."""
    if not asked:
        return []
    known = {name.decode() for file in sorted(folder.glob("*.so*")) for name in re.findall(NAMES, file.read_bytes())}
    return [
        f"backend.session: this ONNX Runtime knows no entry {name}, and ignores it.{nearest(name, known)}"
        for name in asked
        if name not in known
    ]
