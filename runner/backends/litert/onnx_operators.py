"""ONNX's operators in PyTorch (https://onnx.ai/onnx/operators/), those of models without control flow.

Each function takes a node's attributes and its inputs: floats as tensors, constants of whole numbers as numpy arrays,
an input that is left out as None. It gives one output or a tuple of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch.nn import functional

from runner.backends.litert.onnx_convolutions import (
    average_pool,
    batch_normalization,
    conv,
    conv_transpose,
    global_average_pool,
    global_max_pool,
    instance_normalization,
    layer_normalization,
    max_pool,
)
from runner.backends.litert.onnx_resize import resize, upsample
from runner.backends.litert.onnx_sizes import (
    concat,
    depth_to_space,
    expand,
    flatten,
    gather,
    gather_elements,
    pad,
    reshape,
    slices,
    space_to_depth,
    split,
    squeeze,
    tile,
    transpose,
    unsqueeze,
)
from runner.backends.litert.onnx_values import Attributes, NotMapped, Operator, axes_of, of_many, plain, tensor

CASTS = {1: torch.float32, 6: torch.int32, 7: torch.int64, 9: torch.bool, 10: torch.float16, 11: torch.float64}


def gemm(given: Attributes, a: Any, b: Any, c: Any = None) -> Any:
    a, b = tensor(a).T if given.get("transA") else a, tensor(b).T if given.get("transB") else b
    alpha, beta = given.get("alpha", 1.0), given.get("beta", 1.0)
    product = a @ b if alpha == 1.0 else alpha * (a @ b)
    if c is None:
        return product
    return product + (tensor(c) if beta == 1.0 else beta * tensor(c))


def clip(given: Attributes, x: Any, low: Any = None, high: Any = None) -> Any:
    least, most = given.get("min", low), given.get("max", high)
    if least is None and most is None:
        return x
    found = torch.clamp(x, None if least is None else float(least), None if most is None else float(most))
    return found.to(x.dtype)


def power(given: Attributes, x: Any, exponents: Any) -> Any:
    return torch.pow(tensor(x), tensor(exponents)).to(tensor(x).dtype)


def reduced(function: Callable[..., Any]) -> Operator:
    """A reduction over some axes, or all."""

    def operator(given: Attributes, x: Any, axes: Any = None) -> Any:
        chosen = axes_of(given, axes)
        if not chosen and given.get("noop_with_empty_axes"):
            return x
        return function(x, tuple(chosen or range(x.ndim)), keepdim=bool(given.get("keepdims", 1)))

    return operator


def softmax(given: Attributes, x: Any) -> Any:
    return functional.softmax(x, given.get("axis", -1))


def log_softmax(given: Attributes, x: Any) -> Any:
    return functional.log_softmax(x, given.get("axis", -1))


def cast(given: Attributes, x: Any) -> Any:
    if given["to"] not in CASTS:
        raise NotMapped("it casts to a type that PyTorch's converter hasn't")
    return tensor(x).to(CASTS[given["to"]])


def gelu(given: Attributes, x: Any) -> Any:
    return functional.gelu(x, approximate=given.get("approximate", "none"))


def arg_extreme(function: Callable[..., Any]) -> Operator:
    """The place of the largest or smallest value along an axis."""

    def operator(given: Attributes, x: Any) -> Any:
        if given.get("select_last_index"):
            raise NotMapped("it selects the last of equal values")
        return function(x, given.get("axis", 0), keepdim=bool(given.get("keepdims", 1)))

    return operator


def dropout(given: Attributes, x: Any, ratio: Any = None, training: Any = None) -> Any:
    """Nothing is dropped but in training."""
    if training is not None and (isinstance(training, torch.Tensor) or bool(training)):
        raise NotMapped("it trains")
    return x


def leaky_relu(given: Attributes, x: Any) -> Any:
    return functional.leaky_relu(x, given.get("alpha", 0.01))


def prelu(given: Attributes, x: Any, slope: Any) -> Any:
    return torch.where(x < 0, tensor(slope) * x, x)


def elu(given: Attributes, x: Any) -> Any:
    return functional.elu(x, given.get("alpha", 1.0))


def selu(given: Attributes, x: Any) -> Any:
    if {"alpha", "gamma"} & set(given):
        raise NotMapped("its alpha and gamma are its own")
    return functional.selu(x)


def hard_sigmoid(given: Attributes, x: Any) -> Any:
    return torch.clamp(given.get("alpha", 0.2) * x + given.get("beta", 0.5), 0.0, 1.0)


def divided(a: Any, b: Any) -> Any:
    return torch.div(a, b) if a.is_floating_point() else torch.div(a, b, rounding_mode="trunc")


OPERATORS: Mapping[str, Operator] = {
    "Abs": plain(torch.abs),
    "Add": plain(torch.add),
    "And": plain(torch.logical_and),
    "ArgMax": arg_extreme(torch.argmax),
    "ArgMin": arg_extreme(torch.argmin),
    "Atan": plain(torch.atan),
    "AveragePool": average_pool,
    "BatchNormalization": batch_normalization,
    "Cast": cast,
    "Ceil": plain(torch.ceil),
    "Clip": clip,
    "Concat": concat,
    "Conv": conv,
    "ConvTranspose": conv_transpose,
    "Cos": plain(torch.cos),
    "DepthToSpace": depth_to_space,
    "Div": plain(divided),
    "Dropout": dropout,
    "Elu": elu,
    "Equal": plain(torch.eq),
    "Erf": plain(torch.erf),
    "Exp": plain(torch.exp),
    "Expand": expand,
    "Flatten": flatten,
    "Floor": plain(torch.floor),
    "Gather": gather,
    "GatherElements": gather_elements,
    "Gelu": gelu,
    "Gemm": gemm,
    "GlobalAveragePool": global_average_pool,
    "GlobalMaxPool": global_max_pool,
    "Greater": plain(torch.gt),
    "GreaterOrEqual": plain(torch.ge),
    "HardSigmoid": hard_sigmoid,
    "HardSwish": plain(functional.hardswish),
    "Identity": plain(lambda x: x),
    "InstanceNormalization": instance_normalization,
    "LayerNormalization": layer_normalization,
    "LeakyRelu": leaky_relu,
    "Less": plain(torch.lt),
    "LessOrEqual": plain(torch.le),
    "Log": plain(torch.log),
    "LogSoftmax": log_softmax,
    "MatMul": plain(torch.matmul),
    "Max": of_many(torch.maximum),
    "MaxPool": max_pool,
    "Min": of_many(torch.minimum),
    "Mish": plain(functional.mish),
    "Mul": plain(torch.mul),
    "Neg": plain(torch.neg),
    "Not": plain(torch.logical_not),
    "Or": plain(torch.logical_or),
    "PRelu": prelu,
    "Pad": pad,
    "Pow": power,
    "Reciprocal": plain(torch.reciprocal),
    "ReduceL1": reduced(lambda x, axes, keepdim: x.abs().sum(axes, keepdim)),
    "ReduceL2": reduced(lambda x, axes, keepdim: (x * x).sum(axes, keepdim).sqrt()),
    "ReduceLogSumExp": reduced(torch.logsumexp),
    "ReduceMax": reduced(torch.amax),
    "ReduceMean": reduced(torch.mean),
    "ReduceMin": reduced(torch.amin),
    "ReduceSum": reduced(torch.sum),
    "ReduceSumSquare": reduced(lambda x, axes, keepdim: (x * x).sum(axes, keepdim)),
    "Relu": plain(torch.relu),
    "Reshape": reshape,
    "Resize": resize,
    "Round": plain(torch.round),
    "Selu": selu,
    "Sigmoid": plain(torch.sigmoid),
    "Sign": plain(torch.sign),
    "Sin": plain(torch.sin),
    "Slice": slices,
    "Softmax": softmax,
    "Softplus": plain(functional.softplus),
    "Softsign": plain(functional.softsign),
    "SpaceToDepth": space_to_depth,
    "Split": split,
    "Sqrt": plain(torch.sqrt),
    "Squeeze": squeeze,
    "Sub": plain(torch.sub),
    "Sum": of_many(torch.add),
    "Tan": plain(torch.tan),
    "Tanh": plain(torch.tanh),
    "Tile": tile,
    "Transpose": transpose,
    "Unsqueeze": unsqueeze,
    "Upsample": upsample,
    "Where": plain(torch.where),
    "Xor": plain(torch.logical_xor),
}
