"""Whether a record has the form that tables and sweeps need: an odd one is left out, and stops nobody.

Plain checks of what is read from every record; `runner.portable.shape` looks closer at what others wrote.
"""

from __future__ import annotations

import math
import re
import zipfile
import zlib
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

STATUSES = ("ok", "unsupported", "unavailable", "failed", "timeout")
LEAST_AXES = ("model", "precision", "backend")  # a table names a row by these
EMPTY = re.compile(rb"'shape': \((0,|\d+, 0\)|0, )")  # in the header of an npy: an array without values
HEADER = 256  # bytes of an npy in which its shape stands


def fault(content: Mapping[str, Any]) -> str:
    """Why a record's content is not as tables need it: `has no usable 'metrics'`; "" where it is."""
    wrong = next((name for name, fits in _FORM.items() if not fits(content.get(name))), "")
    if not wrong and _measured_here(content) and not _measure(content["spec"]):
        wrong = "spec.measure"
    return f"has no usable {wrong!r}" if wrong else ""


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


# --- forms of values ---


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _maybe_text(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _maybe_map(value: Any) -> bool:
    return value is None or isinstance(value, dict)


def _maybe_texts(value: Any) -> bool:
    return value is None or (isinstance(value, dict) and all(map(_maybe_text, value.values())))


def _maybe_list(value: Any) -> bool:
    return value is None or (isinstance(value, list) and all(map(_text, value)))


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _numbers(value: Any) -> bool:
    return isinstance(value, dict) and all(map(_number, value.values()))


def _date(value: Any) -> bool:
    try:
        return isinstance(value, str) and datetime.fromisoformat(value.replace("Z", "+00:00")).tzinfo is not None
    except ValueError:
        return False


def _spec(value: Any) -> bool:
    """Axes are mappings with a name; other parts are settings of their own."""
    if not isinstance(value, dict) or not all(isinstance(value.get(axis), dict) for axis in LEAST_AXES):
        return False
    return all(_text(one["name"]) for one in value.values() if isinstance(one, dict) and "name" in one) and all(
        "name" in value[axis] for axis in LEAST_AXES
    )


def _measured_here(content: Mapping[str, Any]) -> bool:
    return content["status"] == "ok" and content.get("origin") != "imported"


def _measure(spec: Mapping[str, Any]) -> bool:
    """What was measured says how surely: tables need the confidence."""
    measure = spec.get("measure")
    return isinstance(measure, dict) and _number(measure.get("confidence"))


def _comparison(value: Any) -> bool:
    if not value or not isinstance(value, dict):
        return value is None
    baseline = value.get("baseline")
    numbers = [value.get("ratio"), *(value[name] for name in ("low", "high") if value.get(name) is not None)]
    return (
        isinstance(baseline, dict)
        and _text(baseline.get("label"))
        and _spec(baseline.get("spec"))
        and all(_number(one) and one > 0 for one in numbers)
        and all(_text(value.get(name)) for name in ("verdict", "kind"))
        and isinstance(value.get("pairs"), int)
    )


_FORM: dict[str, Callable[[Any], bool]] = {
    "date": _date,
    "status": lambda value: value in STATUSES,
    "spec": _spec,
    "spec_key": _text,
    "metrics": _numbers,
    "comparison": _comparison,
    "keys": _maybe_texts,
    "sweep": _maybe_text,
    "reason": _maybe_text,
    "next_step": _maybe_text,
    "unavailable": _maybe_texts,
    "notes": _maybe_texts,
    "effective": _maybe_map,
    "conditions": _maybe_map,
    "environment": _maybe_map,
    "timing": _maybe_map,
    "warnings": _maybe_list,
}
