"""The operators of a loaded model: what each computes in, and who runs it. Travels with the session."""

from __future__ import annotations

from collections import Counter, namedtuple
from typing import Any

import numpy as np

DELEGATE_NODE = "DELEGATE"  # what stands in the graph for all operators that a delegate took
DELEGATE, XNNPACK, BUILT_IN = "delegate", "xnnpack", "built in"
CONVERSIONS = ("QUANTIZE", "DEQUANTIZE", "CAST")
KINDS = {"float64": "fp64", "float32": "fp32", "float16": "fp16", "uint8": "int8"}

# An operator: its type as the file has it, what it computes in, and who runs it.
Node = namedtuple("Node", ["type", "precision", "runner"])


def executed(interpreter: Any) -> set[int]:
    """The operators that the interpreter runs by itself, by their places: those that an output needs and that no
    delegate's node computes. The interpreter lists what delegates took, too, and doesn't say so."""
    every = interpreter._get_ops_details()
    makers: dict[int, dict[str, Any]] = {}
    for one in every:  # delegates' nodes are the last ones: they take the place of what made a tensor before
        makers.update(dict.fromkeys(map(int, one["outputs"]), one))
    todo = [makers[details["index"]] for details in interpreter.get_output_details() if details["index"] in makers]
    todo += [one for one in every if not len(one["outputs"])]  # run for what they do: variables are assigned
    seen: dict[int, str] = {}
    while todo:
        one = todo.pop()
        if one["index"] not in seen:
            seen[one["index"]] = one["op_name"]
            todo += [makers[index] for index in map(int, one["inputs"]) if index in makers]
    return {index for index, kind in seen.items() if kind != DELEGATE_NODE}


def by_runner(interpreter: Any, before: set[int]) -> list[Node]:
    """Every operator of the file. `before`: those that were left before XNNPACK took its share."""
    left = executed(interpreter)
    own = [one for one in interpreter._get_ops_details() if one["op_name"] != DELEGATE_NODE]
    # Not by an operator's own `result_types`: tflite-runtime tells none.
    types = {one["index"]: np.dtype(one["dtype"]).name for one in interpreter.get_tensor_details()}
    return [Node(one["op_name"], _precision(one, types), _runner(one["index"], left, before)) for one in own]


def _runner(index: int, left: set[int], before: set[int]) -> str:
    if index in left:
        return BUILT_IN
    return XNNPACK if index in before else DELEGATE


def _precision(one: dict[str, Any], types: dict[int, str]) -> str:
    """What an operator computes in: integers where its weights are (dynamic int8 takes and gives floats)."""
    if one["op_name"] in CONVERSIONS:
        return "conversion"
    given = [types[index] for index in map(int, (*one["outputs"], *one["inputs"])) if index in types]
    if not given:
        return "none"
    narrow = "int8" in given and given[0] in ("float32", "int16", "int8")
    return "int8" if narrow else KINDS.get(given[0], given[0])


def effective(found: list[Node]) -> dict[str, dict[str, int]]:
    """`{operator: {precision: how many}}`."""
    counts: dict[str, Counter[str]] = {}
    for one in found:
        counts.setdefault(one.type, Counter())[one.precision] += 1
    return {kind: dict(count) for kind, count in sorted(counts.items())}


def counted(found: list[Node]) -> dict[str, dict[str, int]]:
    """`{who runs it: {operator: how many}}`."""
    counts: dict[str, Counter[str]] = {}
    for one in found:
        counts.setdefault(one.runner, Counter())[one.type] += 1
    return {runner: dict(count) for runner, count in sorted(counts.items())}


def taken(found: list[Node], runner: str) -> bool:
    """Whether `runner` has any operator."""
    return any(one.runner == runner for one in found)


def fallback(found: list[Node]) -> dict[str, int]:
    """`{operator: how many}` that a delegate left to the CPU."""
    return dict(Counter(one.type for one in found if one.runner != DELEGATE))
