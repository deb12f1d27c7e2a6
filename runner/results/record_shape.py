"""Whether a record has the form that tables and sweeps need: an odd one is left out, and stops nobody.

The form itself is in `record_form`.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runner.core import foreign_text
from runner.core.forms import Fault, dotted
from runner.results.record_form import MEASURE, RECORD, SOURCE

EMPTY = re.compile(rb"'shape': \((0,|\d+, 0\)|0, )")  # in the header of an npy: an array without values
HEADER = 256  # bytes of an npy in which its shape stands


def fault(content: Mapping[str, Any]) -> str:
    """Why a record's content is not as tables need it: `has no usable 'metrics'`; "" where it is."""
    wrong = RECORD(content, ())
    if not wrong and content.get("origin"):  # which is called as the part that says from where
        wrong = SOURCE(content.get(content["origin"]), (content["origin"],))
    elif not wrong and content["status"] == "ok":  # a measurement, which says how surely it was made
        wrong = MEASURE(content["spec"].get("measure"), ("spec", "measure"))
    return unusable(wrong) if wrong else ""


def unusable(fault: Fault) -> str:
    """What is wrong with a file whose content has a `fault`: the end of a sentence that begins with its name."""
    return f"has no usable {foreign_text.line(dotted(fault.place), 200)!r}"


def samples_fault(file: Path) -> str:
    """Why a record's samples can't be read: `has no samples.npz that can be read`; "" where they can, or there are
    none."""
    if not file.exists():
        return ""
    try:
        if not file.is_file():  # of a pipe a reader would wait for ever
            return f"has a {file.name} that is no file"
        with zipfile.ZipFile(file) as arrays:
            heads = {name: _head(arrays, name) for name in arrays.namelist()}
    except (OSError, ValueError, NotImplementedError, RuntimeError, EOFError, zipfile.BadZipFile, zlib.error):
        return f"has a {file.name} that can't be read"
    if not any(name.startswith("candidate/") for name in heads) or any(map(EMPTY.search, heads.values())):
        return f"has an empty {file.name}"
    return ""


def _head(arrays: zipfile.ZipFile, name: str) -> bytes:
    with arrays.open(name) as file:
        return file.read(HEADER)
