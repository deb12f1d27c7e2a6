"""A `.tflite` that is built already, opened to be described. Runs in the toolchain."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from runner.backends.litert.session import FILE, PLAIN, Session


def open_session(folder: str, options: dict[str, Any]) -> Session:
    """The file by LiteRT's interpreter, whatever Vela's `options` are; its integers are its own. Sizes that it leaves
    open are 1, for Vela compiles it so."""
    session = Session(Path(folder) / FILE, PLAIN, as_built=True)
    for port in (*session.inputs, *session.outputs):
        port.pop("usual", None)
        port["shape"] = [size if isinstance(size, int) else 1 for size in port["shape"]]
    return session
