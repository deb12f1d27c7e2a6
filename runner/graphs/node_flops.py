"""How many floating-point operations a node asks for, by its operator.

The convention, as papers and tools have it: a multiplication and an addition count one each, so that a multiply-add is
2; of a function of one value (exp, tanh, an activation) each value counts 1. What moves, casts or quantises values
counts 0: none of it is what the model asks for. Operators: https://onnx.ai/onnx/operators/ and ONNX Runtime's own,
https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Shape = tuple[int, ...]
Flops = Callable[["Called"], int]


class Unknown(Exception):
    """Why a node's operations are not counted."""


@dataclass(frozen=True)
class Called:
    """A node with what is known of it: `inputs` and `outputs` are sizes, None of a tensor that is left out or whose
    sizes are open."""

    op: str
    attributes: Mapping[str, Any]
    inputs: tuple[Shape | None, ...]
    outputs: tuple[Shape | None, ...]

    def given(self, place: int) -> Shape | None:
        """The sizes of an input that may be left out."""
        return self.inputs[place] if place < len(self.inputs) else None

    def input(self, place: int) -> Shape:
        """The sizes of an input. Raises Unknown where nobody knows them."""
        found = self.given(place)
        if found is None:
            raise Unknown("the sizes of its inputs are not known")
        return found

    @property
    def result(self) -> Shape:
        """The sizes of the first output. Raises Unknown where nobody knows them."""
        if not self.outputs or self.outputs[0] is None:
            raise Unknown("the sizes of its output are not known")
        return self.outputs[0]


def flops(node: Called) -> int:
    """The operations of one call. Raises Unknown where they can't be counted."""
    if node.op in MOVES:
        return MOVES[node.op]
    if node.op in BY_VALUE:
        return BY_VALUE[node.op] * math.prod(node.result)
    if node.op in BY_INPUT:
        return BY_INPUT[node.op] * math.prod(node.input(0))
    if node.op not in RULES:
        raise Unknown("what it computes is not known")
    return RULES[node.op](node)


def _product(node: Called) -> int:
    """Of a matrix product: two for each value of the result and of the axis that goes."""
    left = node.input(0)
    depth = left[-2] if node.attributes.get("transA", 0) else left[-1]
    return 2 * math.prod(node.result) * depth


def _gemm(bias: int) -> Flops:
    """`alpha·A·B + beta·C`: the product, and an addition for each value of the result where there is a C."""

    def count(node: Called) -> int:
        rows_first = not node.attributes.get("transA", 0)
        depth = node.input(0)[1 if rows_first else 0]
        added = 1 if node.given(bias) is not None else 0
        return math.prod(node.result) * (2 * depth + added + _activated(node))

    return count


def _convolution(weight: int, bias: int) -> Flops:
    """Each value of the output is a sum over a window; weights are [outputs, inputs / group, *window]."""

    def count(node: Called) -> int:
        window = math.prod(node.input(weight)[1:])
        added = 1 if node.given(bias) is not None else 0
        return math.prod(node.result) * (2 * window + added + _activated(node))

    return count


def _transposed(node: Called) -> int:
    """Each value of the input is spread over a window; weights are [inputs, outputs / group, *window]."""
    added = math.prod(node.result) if node.given(2) is not None else 0
    return 2 * math.prod(node.input(0)) * math.prod(node.input(1)[1:]) + added


def _activated(node: Called) -> int:
    """What ONNX Runtime fused behind it."""
    return 1 if node.attributes.get("activation") else 0


GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}
# A step's operations on a hidden unit behind the matrix products: activations, and how the gates are put together.
POINTWISE = {"LSTM": 5 + 4, "GRU": 3 + 5, "RNN": 1}


def _recurrent(node: Called) -> int:
    """In each step, direction and gate the products with input and state, their sum, and both biases."""
    op = node.op.removeprefix("DynamicQuantize")
    data, hidden, directions = node.input(0), int(node.attributes["hidden_size"]), _directions(node)
    steps = math.prod(data[:2])  # of all sequences of the batch, whichever axis is which
    gates, inputs = GATES[op] * hidden, data[-1]
    biases = 2 if node.given(3) is not None else 0
    return steps * directions * (gates * (2 * inputs + 2 * hidden + 1 + biases) + POINTWISE[op] * hidden)


def _directions(node: Called) -> int:
    return 2 if node.attributes.get("direction") == "bidirectional" else 1


def _pooled(node: Called) -> int:
    window = math.prod(int(size) for size in node.attributes["kernel_shape"])
    return math.prod(node.result) * window


def _einsum(node: Called) -> int:
    """As many multiply-adds as there are values of all letters together; of two inputs."""
    equation: str = node.attributes["equation"]
    words = equation.replace(" ", "").split("->")[0].split(",")
    if len(words) != 2 or "..." in equation:
        raise Unknown("its equation is not counted")
    sizes = {letter: size for word, at in zip(words, (0, 1), strict=True) for letter, size in _named(word, node, at)}
    return 2 * math.prod(sizes.values())


def _named(word: str, node: Called, at: int) -> list[tuple[str, int]]:
    return list(zip(word, node.input(at), strict=True))


def _attention(node: Called) -> int:
    """ONNX's own, of queries, keys and values. ONNX Runtime's, whose second input are the weights [width, 3·inner],
    makes these of one input [batch, tokens, width] before."""
    if len(node.input(1)) != 2:
        return _heads(node)
    batch, tokens, width = node.input(0)
    three, heads = node.input(1)[1], int(node.attributes["num_heads"])
    return batch * tokens * (2 * width + 1) * three + _scored(batch * tokens * tokens, three // 3, heads)


def _heads(node: Called) -> int:
    """Scores, softmax and the weighted sum: of [batch, tokens, width] with the heads in an attribute, or of [batch,
    heads, tokens, width of a head]."""
    queries, keys = node.input(0), node.input(1)
    if len(queries) == 4:
        batch, heads, tokens, width = queries
        return _scored(batch * tokens * keys[-2], heads * width, heads)
    batch, tokens, width = queries
    own = node.attributes.get("num_heads") or node.attributes["q_num_heads"]
    return _scored(batch * tokens * keys[-2], width, int(own))


def _scored(scores: int, width: int, heads: int) -> int:
    return scores * (4 * width + SOFTMAX * heads)


def _narrow(node: Called) -> int:
    """A product with weights of a few bits, whose sizes are attributes."""
    return 2 * math.prod(node.result) * int(node.attributes["K"])


SOFTMAX = 5  # of each value the largest, the difference to it, exp, the sum, the quotient
NORMALISED = 7  # mean, difference, square, mean of those, quotient, scale, offset


def _listed(words: str, count: int = 0) -> dict[str, int]:
    return dict.fromkeys(words.split(), count)


MOVES = _listed(
    """Cast CastLike Compress Concat Constant ConstantOfShape DepthToSpace DequantizeLinear Dropout
    DynamicQuantizeLinear Expand EyeLike Flatten Gather GatherElements GatherND Identity NhwcTranspose OneHot Pad
    QLinearConcat QuantizeLinear Range ReorderInput ReorderOutput Reshape ReverseSequence Scatter ScatterElements
    ScatterND SequenceAt SequenceConstruct Shape Size Slice SpaceToDepth Split SplitToSequence Squeeze Tile Transpose
    Trilu Unsqueeze"""
)
BY_VALUE = {
    **_listed(
        """Abs Acos Acosh Add And Asin Asinh Atan Atanh BitShift Ceil Celu Clip Cos Cosh Div Elu Equal Erf Exp FastGelu
        Floor Gelu Greater GreaterOrEqual HardSigmoid HardSwish IsInf IsNaN LeakyRelu Less LessOrEqual Log Max Mean Min
        Mish Mod Mul Neg Not Or PRelu Pow QLinearAdd QLinearLeakyRelu QLinearMul QLinearSigmoid QuickGelu Reciprocal
        Relu Round Selu Sigmoid Sign Sin Sinh Softplus Softsign Sqrt Sub Sum Swish Tan Tanh ThresholdedRelu Where
        Xor""",
        1,
    ),
    **_listed("BatchNormalization BiasGelu", 2),
    **_listed("Softmax LogSoftmax QLinearSoftmax", SOFTMAX),
    **_listed("LayerNormalization SimplifiedLayerNormalization RMSNormalization InstanceNormalization", NORMALISED),
    **_listed("GroupNormalization", NORMALISED),
    **_listed("SkipLayerNormalization", NORMALISED + 1),
}
BY_INPUT = _listed(
    """ArgMax ArgMin CumSum GlobalAveragePool GlobalMaxPool QLinearGlobalAveragePool QLinearReduceMean ReduceL1 ReduceL2
    ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare""",
    1,
)
PRODUCTS = ("MatMul", "FusedMatMul", "MatMulInteger", "MatMulIntegerToFloat", "DynamicQuantizeMatMul", "QLinearMatMul")
RULES: Mapping[str, Flops] = {
    **dict.fromkeys(PRODUCTS, _product),
    "MatMulNBits": _narrow,
    **dict.fromkeys(("Gemm", "FusedGemm"), _gemm(2)),
    "QGemm": _gemm(6),
    **dict.fromkeys(("Conv", "FusedConv", "NhwcFusedConv"), _convolution(1, 2)),
    "ConvInteger": _convolution(1, 4),
    "QLinearConv": _convolution(3, 8),
    "ConvTranspose": _transposed,
    **dict.fromkeys((*GATES, "DynamicQuantizeLSTM"), _recurrent),
    **dict.fromkeys(("AveragePool", "MaxPool", "LpPool", "QLinearAveragePool"), _pooled),
    "Einsum": _einsum,
    "Attention": _attention,
    "MultiHeadAttention": _heads,
}
