"""The form of an artifact's description: all that planning, measuring and tidying up rely on.

A seal says that nothing was changed by accident; whoever writes a description anew can seal it, too. More may be there.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from runner.core.forms import anything, both, by_name, dotted, each, fields, maybe, number, sha256, such_that, text

NOT_NEGATIVE, COUNT = number(0), number(0, whole=True)
FILES = both(by_name(fields({"sha256": sha256, "bytes": COUNT})), such_that(lambda files: all(map(_is_inside, files))))
EVERY = fields(
    {"step": text, "key": sha256, "meta": fields({}, {"warnings": each(text)}), "files": FILES},
    {"name": text, "inputs": by_name(text)},
)
SIZE = fields({"file_bytes": NOT_NEGATIVE, "gzip_bytes": NOT_NEGATIVE})
RAN = {"effective": by_name(by_name(NOT_NEGATIVE)), "fallback": by_name(COUNT)}
COMPILED = fields({"session": anything, "size": SIZE, **RAN})
QUANTIZED = fields({"quantized": by_name(each(COUNT, 2, 2))}, {"keep_in_float": by_name(anything)})
BY_STEP = {
    "compile": fields({"seconds": NOT_NEGATIVE, "peak_rss_mb": NOT_NEGATIVE, "meta": COMPILED}),
    "quantize": fields({"meta": QUANTIZED}),
    "export": fields({"meta": fields({}, {"nonzero_params": maybe(COUNT)})}),
}


def fault(content: Any) -> str:
    """Where the content of an `artifact.json` is not as it must be: `meta.size`; "" where it is."""
    found = EVERY(content, ()) or BY_STEP.get(content["step"], anything)(content, ())
    return (dotted(found.place) or "its form") if found else ""


def _is_inside(name: str) -> bool:
    """Whether a file's name keeps to the artifact's folder."""
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts
