"""Settings that came after the first records: what those were measured with, though they don't say it.

Without it every record of before would seem to differ from one of today in each setting that is new.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Json = Mapping[str, Any]

PARTS: Json = {
    "profile": {"name": "none"},
    "preprocess": {"name": "none"},
    "toolchain": {"python": None, "image": None, "install": False, "version": None},
}
MEASURE: Json = {"apart_s": 0.0}
OPTIONS: Mapping[str, Json] = {
    "backend": {
        "onnxruntime": {
            "provider_options": {}, "format": "onnx", "io": "bind", "spinning": True, "arena": True, "session": {},
        },
        "openvino": {"requests": None, "pinning": None, "device": "CPU", "inference_precision": None, "format": "ir"},
        "torch": {"compiler": "script", "channels_last": False},
    },
    "data": {"csv": {"decimal": "auto", "time_format": None}, "digits": {"raw_size": 8}},
    "model": {"onnx": {"output": None, "calibration": None, "nonfinite": "error"}},
    "precision": {"int8": {"exclude": []}},
}  # fmt: skip


def filled(spec: Json) -> dict[str, Any]:
    """A record's spec with what it lacks of these; what it says stands."""
    chosen = {part: options.get(str(spec.get(part, {}).get("name")), {}) for part, options in OPTIONS.items()}
    settings = {part: more for part, more in {**chosen, "measure": MEASURE}.items() if part in spec}
    return {**spec, **{part: {**more, **spec.get(part, {})} for part, more in {**PARTS, **settings}.items()}}
