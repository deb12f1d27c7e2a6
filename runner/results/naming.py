"""What a record is called by people: its options, with the precision that really ran, and its baseline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runner.backends import effective_precision
from runner.results.record_form import AXES as AXES
from runner.results.record_form import IMPORTED as IMPORTED
from runner.spec import labels

USUAL = {"compression": "none", "scenario": "single_stream"}
TITLE = ("model", "compression", "precision", "backend", "scenario")


def names(content: Mapping[str, Any]) -> dict[str, str]:
    """`{axis: option's name}` of a record; axes that its spec lacks are left out. The precision is the one that ran:
    `int8 (12 of 38 Conv)`."""
    spec = content["spec"]
    found = {axis: str(spec[axis]["name"]) for axis in AXES if axis in spec}
    if "precision" in found:
        found["precision"] = precision(content, "candidate")
    return found


def title(content: Mapping[str, Any]) -> str:
    """`bilstm int8_dynamic onnxruntime`; compression and scenario are named where they are not the default,
    the device where it is one over ssh."""
    chosen = names(content)
    words = [chosen[axis] for axis in TITLE if axis in chosen and chosen[axis] != USUAL.get(axis)]
    there = content["spec"].get("hardware") or {}
    return " ".join([*words, *([f"on {labels.device(content['spec'])}"] if there.get("host") else [])])


def baseline(content: Mapping[str, Any]) -> str:
    """What a record's baseline is called, by all in which it differs from the candidate; empty where there was none."""
    found = baseline_spec(content)
    return labels.of_baseline(content["spec"], found, precision(content, "baseline")) if found else ""


def baseline_spec(content: Mapping[str, Any]) -> Mapping[str, Any]:
    """The spec of a record's own baseline; empty where it had none."""
    found: Mapping[str, Any] = ((content.get("comparison") or {}).get("baseline") or {}).get("spec") or {}
    return found


def precision(content: Mapping[str, Any], role: str) -> str:
    """The precision that `candidate` or `baseline` ran in: `int8 (ran fp32)`; empty where none was asked for."""
    spec = content["spec"] if role == "candidate" else baseline_spec(content)
    asked = str((spec.get("precision") or {}).get("name", ""))
    return effective_precision.shown(asked, _effective(content, role)) if asked else ""


def _effective(content: Mapping[str, Any], role: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = (content.get("effective") or {}).get(role) or {}
    return found


def imported(content: Mapping[str, Any]) -> bool:
    """Whether a record's numbers were measured elsewhere: its metrics are all `imported/…`."""
    return content.get("origin") == IMPORTED
