"""The activations of ONNX's recurrent operators (https://onnx.ai/onnx/operators/onnx__LSTM.html) in Relax."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from tvm import relax
from tvm.relax import op

from runner.backends.tvm import relax_types
from runner.backends.tvm.refusal import NotMapped

Expr = Any
Emit = Callable[[Expr], Expr]
Activation = Callable[[Emit, Expr], Expr]

CLIPPED = 2  # activations of a direction
ASKED = float("nan")  # a constant that has to be given: ONNX names no usual one, and runtimes don't agree
# Usual alpha and beta, None where the function has none.
CONSTANTS: Mapping[str, tuple[float | None, float | None]] = {
    "affine": (ASKED, ASKED),
    "elu": (1.0, None),
    "hardsigmoid": (0.2, 0.5),
    "leakyrelu": (0.01, None),
    "relu": (None, None),
    "scaledtanh": (ASKED, ASKED),
    "sigmoid": (None, None),
    "softplus": (None, None),
    "softsign": (None, None),
    "tanh": (None, None),
    "thresholdedrelu": (ASKED, None),
}


def chosen(given: Mapping[str, Any], usual: Sequence[str], directions: int) -> list[list[Activation]]:
    """Of each direction a node's activations, with its alphas, betas and its clip. Raises NotMapped for others.

    The third, an LSTM's of its cell, isn't clipped: so runtimes do it.
    """
    named = [_text(one) for one in given.get("activations", [*usual] * directions)]
    if len(named) != len(usual) * directions:
        raise NotMapped(f"its activations={named}, of which {len(usual) * directions} are needed")
    unknown = next((one for one in named if one.lower() not in CONSTANTS), None)
    if unknown is not None:
        raise NotMapped(f"its activation {unknown}")
    alphas, betas = iter(given.get("activation_alpha", ())), iter(given.get("activation_beta", ()))
    made = []
    for at, name in enumerate(named):
        usual_alpha, usual_beta = CONSTANTS[name.lower()]
        constants = (_constant(name, usual_alpha, alphas), _constant(name, usual_beta, betas))
        made.append(_made(name.lower(), *constants, given.get("clip") if at % len(usual) < CLIPPED else None))
    return [made[at : at + len(usual)] for at in range(0, len(made), len(usual))]


def _constant(name: str, usual: float | None, given: Iterator[float]) -> float | None:
    """The next of those given for an activation that has one."""
    if usual is None:
        return None
    found = float(next(given, usual))
    if found != found:
        raise NotMapped(f"its activation {name} without activation_alpha or activation_beta")
    return found


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _made(name: str, alpha: float | None, beta: float | None, clip: float | None) -> Activation:
    def activation(emit: Emit, x: Expr) -> Expr:
        bounded = x if clip is None else emit(op.clip(x, -float(clip), float(clip)))
        return FUNCTIONS[name](emit, bounded, alpha, beta)

    return activation


def _number(value: float, like: Expr) -> Expr:
    return relax.const(np.asarray(value, relax_types.dtype(like)))


def _affine(emit: Emit, x: Expr, alpha: float, beta: float) -> Expr:
    return emit(op.add(emit(op.multiply(x, _number(alpha, x))), _number(beta, x)))


def _elu(emit: Emit, x: Expr, alpha: float, beta: None) -> Expr:
    below = emit(op.multiply(emit(op.subtract(emit(op.exp(x)), _number(1.0, x))), _number(alpha, x)))
    return emit(op.where(emit(op.greater_equal(x, _number(0.0, x))), x, below))


def _leaky(emit: Emit, x: Expr, alpha: float, beta: None) -> Expr:
    return emit(op.where(emit(op.greater_equal(x, _number(0.0, x))), x, emit(op.multiply(x, _number(alpha, x)))))


def _scaled_tanh(emit: Emit, x: Expr, alpha: float, beta: float) -> Expr:
    return emit(op.multiply(emit(op.tanh(emit(op.multiply(x, _number(beta, x))))), _number(alpha, x)))


def _softplus(emit: Emit, x: Expr, alpha: None, beta: None) -> Expr:
    """max(x, 0) + log(1 + exp(-|x|)), which doesn't overflow."""
    small = emit(op.exp(emit(op.negative(emit(op.abs(x))))))
    return emit(op.add(emit(op.nn.relu(x)), emit(op.log(emit(op.add(small, _number(1.0, x)))))))


def _softsign(emit: Emit, x: Expr, alpha: None, beta: None) -> Expr:
    return emit(op.divide(x, emit(op.add(emit(op.abs(x)), _number(1.0, x)))))


def _thresholded(emit: Emit, x: Expr, alpha: float, beta: None) -> Expr:
    return emit(op.where(emit(op.greater_equal(x, _number(alpha, x))), x, _number(0.0, x)))


FUNCTIONS: Mapping[str, Any] = {
    "affine": _affine,
    "elu": _elu,
    "hardsigmoid": lambda emit, x, alpha, beta: emit(op.clip(_affine(emit, x, alpha, beta), 0.0, 1.0)),
    "leakyrelu": _leaky,
    "relu": lambda emit, x, alpha, beta: emit(op.nn.relu(x)),
    "scaledtanh": _scaled_tanh,
    "sigmoid": lambda emit, x, alpha, beta: emit(op.sigmoid(x)),
    "softplus": _softplus,
    "softsign": _softsign,
    "tanh": lambda emit, x, alpha, beta: emit(op.tanh(x)),
    "thresholdedrelu": _thresholded,
}
