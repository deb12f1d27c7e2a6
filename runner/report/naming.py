"""What a recorded spec is called by people, and what in it was measured."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

AXES = ("model", "data", "compression", "precision", "backend", "hardware", "scenario")
IMPORTED = "imported"
HOW_MEASURED = ("measure", "baseline", "limits", "telemetry")


def names(spec: Mapping[str, Any]) -> dict[str, str]:
    """`{axis: option's name}` of a record's `spec`; axes that it lacks are left out."""
    return {axis: str(spec[axis]["name"]) for axis in AXES if axis in spec}


def title(spec: Mapping[str, Any]) -> str:
    """`bilstm int8_dynamic onnxruntime`; compression and scenario are named where they are not the default."""
    chosen = names(spec)
    usual = {"compression": "none", "scenario": "single_stream"}
    shown = ("model", "compression", "precision", "backend", "scenario")
    return " ".join(chosen[axis] for axis in shown if axis in chosen and chosen[axis] != usual.get(axis))


def point(spec: Mapping[str, Any]) -> dict[str, Any]:
    """What is measured, without how and against what: two records with one point measured the same thing."""
    return {key: value for key, value in spec.items() if key not in HOW_MEASURED}


def flatten(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """`("backend.threads", "1")` for every leaf; an axis's own name stands as `backend`, lists as JSON."""
    for key, value in tree.items():
        name = prefix.rstrip(".") if key == "name" and prefix else f"{prefix}{key}"
        if isinstance(value, Mapping):
            yield from flatten(value, f"{name}.")
        else:
            yield name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def imported(content: Mapping[str, Any]) -> bool:
    """Whether a record's numbers were measured elsewhere: its metrics are all `imported/…`."""
    return content.get("origin") == IMPORTED
