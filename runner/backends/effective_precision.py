"""In which precision a compiled model really ran, beside the one that was asked for."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

# Operators, layers and modules that do a model's work, as ONNX Runtime, OpenVINO and PyTorch call them.
HEAVY = re.compile(
    r"conv|matmul|gemm|lstm|gru|rnn|linear|fully_?connected|innerproduct|attention|einsum", re.IGNORECASE
)
KINDS = ("fp64", "fp32", "fp16", "bf16", "int8")
WANTED = {"int8_dynamic": "int8"}


def shown(asked: str, ran: Mapping[str, Mapping[str, int]], quantized: Mapping[str, Sequence[int]]) -> str:
    """`int8`, and where not all of it ran so `int8 (ran fp32)` or `int8 (12 of 38 Conv)`.

    `ran` is `{operator: {kind: count}}` as the runtime ran it, `quantized` `{operator: [in the asked precision, all]}`
    as the graph was made.
    """
    kinds, wanted = _ran(ran), WANTED.get(asked, asked)
    partly = {op: found for op, found in quantized.items() if found[0] < found[1]}
    if kinds and not kinds[wanted]:
        return f"{asked} (ran {' and '.join(kind for kind in KINDS if kinds[kind])})"
    if partly:
        return f"{asked} ({', '.join(f'{done} of {total} {op}' for op, (done, total) in partly.items())})"
    total = sum(kinds.values())
    return asked if kinds[wanted] == total else f"{asked} ({kinds[wanted]} of {total} operators)"


def coarsest(asked: str, ran: Mapping[str, Mapping[str, int]]) -> str:
    """The precision whose rounding the outputs may have: `asked`, or a coarser one where operators of the file's own
    run so, or the runtime was told to."""
    kinds = _ran(ran)
    if kinds["int8"]:
        return "int8"
    return "fp16" if asked == "fp32" and (kinds["fp16"] or kinds["bf16"]) else asked


def _ran(ops: Mapping[str, Mapping[str, int]]) -> Counter[str]:
    """`{kind: how many}` of the operators that do the work; of a model that has none of these, of all."""
    counts = {op: {kind: count for kind, count in kinds.items() if kind in KINDS} for op, kinds in ops.items()}
    heavy = [kinds for op, kinds in counts.items() if HEAVY.search(op) and kinds]
    found: Counter[str] = Counter()
    for kinds in heavy or counts.values():
        found.update(kinds)
    return found
