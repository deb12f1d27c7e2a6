"""What a record is called by people: its options, with the precision that really ran, and its baseline."""

from __future__ import annotations

from runner.backends import effective_precision
from runner.results.record_form import AXES as AXES
from runner.results.record_schema import Result, Role
from runner.spec import labels

USUAL = {"compression": "none", "scenario": "single_stream", "preprocess": "none"}
TITLE = ("model", "compression", "precision", "backend", "scenario", "preprocess")


def names(result: Result) -> dict[str, str]:
    """`{axis: option's name}` of a record; axes that its spec lacks are left out. The precision is the one that ran:
    `int8 (12 of 38 Conv)`; a backend has the release of its runtime, where one was named."""
    spec = result.spec
    found = {axis: labels.option(spec[axis]) for axis in AXES if axis in spec}
    if "backend" in found:
        found["backend"] = labels.backend(spec)
    if "precision" in found:
        found["precision"] = precision(result, "candidate")
    return found


def misnamed(result: Result) -> str:
    """`int8 (ran fp32)` where nothing ran in the precision that was asked for; empty where it did, or isn't told."""
    asked, shown = str(result.spec.get("precision", {}).get("name", "")), precision(result, "candidate")
    return shown if shown.startswith(f"{asked} (ran ") else ""


def title(result: Result) -> str:
    """`bilstm int8_dynamic onnxruntime`; compression, scenario and preprocessing are named where they are not the
    default, the device where it is one over ssh."""
    chosen = names(result)
    words = [chosen[axis] for axis in TITLE if axis in chosen and chosen[axis] != USUAL.get(axis)]
    there = result.spec.get("hardware", {}).get("host")
    return " ".join([*words, *([f"on {labels.device(result.spec)}"] if there else [])])


def baseline(result: Result) -> str:
    """What a record's baseline is called, by all in which it differs from the candidate; empty where there was none."""
    found = result.baseline
    return labels.of_baseline(result.spec, found.spec, precision(result, "baseline")) if found else ""


def plain_metrics(result: Result) -> dict[str, float]:
    """Its figures under the names that measured ones have, whatever they are: without `imported/` or `estimate/`."""
    return {name.removeprefix("imported/").removeprefix("estimate/"): value for name, value in result.metrics.items()}


def precision(result: Result, role: Role) -> str:
    """The precision that `candidate` or `baseline` ran in: `int8 (ran fp32)`; empty where none was asked for."""
    spec = result.spec if role == "candidate" else result.baseline.spec if result.baseline else {}
    asked, ran = str(spec.get("precision", {}).get("name", "")), result.ran(role)
    return effective_precision.shown(asked, ran.precision, ran.quantized) if asked else ""
