"""ONNX's LSTM, GRU and RNN as Relax expressions, each step of the sequence on its own: TVM's importer has none of them.

Shapes and gates as ONNX has them (https://onnx.ai/onnx/operators/): X (steps, batch, features), W (directions, gates ·
hidden, features), R (directions, gates · hidden, hidden), B (directions, 2 · gates · hidden), states (directions,
batch, hidden), P (directions, 3 · hidden).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from tvm import ir, relax
from tvm.relax import op

from runner.backends.tvm import relax_types
from runner.backends.tvm.activations import Activation, chosen
from runner.backends.tvm.refusal import NotMapped

GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}
USUAL = {"LSTM": ("Sigmoid", "Tanh", "Tanh"), "GRU": ("Sigmoid", "Tanh"), "RNN": ("Tanh",)}
STEPS_FIRST, BATCH_FIRST = 0, 1  # values of `layout`
X, W, R, B, LENGTHS, H, C, P = range(8)  # places of a node's inputs

Expr = Any  # relax.Expr, which has no types of its own
Step = Callable[[Expr, tuple[Expr, ...]], tuple[Expr, ...]]


@dataclass(frozen=True)
class Cell:
    """One direction of a node: its weights, transposed and split by nothing, and what its step needs to know."""

    emit: Callable[[Expr], Expr]
    kind: str
    w: Expr  # (features, gates · hidden)
    r: Expr  # (hidden, gates · hidden)
    biases: Sequence[Expr]  # of the inputs' product and of the state's, each (1, gates · hidden)
    peepholes: Sequence[Expr]  # of input, output, forget, each (1, hidden); none: ()
    activations: Sequence[Activation]
    coupled: bool  # an LSTM's forget gate is 1 - its input gate
    late_reset: bool  # a GRU resets after the product


def converted(kind: str, builder: Any, inputs: Sequence[Expr], given: Mapping[str, Any]) -> Expr:
    """The node's outputs (Y, Y_h, and Y_c of an LSTM) as a tuple.

    Raises NotMapped where a size isn't fixed, or an attribute asks for what no ONNX operator set defines.
    """

    def emit(expression: Expr) -> Expr:
        return builder.emit(expression)

    node = _Node(kind, emit, [*inputs, *[None] * (8 - len(inputs))], given)
    parts = [node.direction(at) for at in range(node.directions)]
    y = emit(op.stack([part[0] for part in parts], axis=1))  # (steps, directions, batch, hidden)
    states = [emit(op.stack(list(ends), axis=0)) for ends in zip(*(part[1] for part in parts), strict=True)]
    if node.layout == BATCH_FIRST:
        y = emit(op.permute_dims(y, [2, 0, 1, 3]))
        states = [emit(op.permute_dims(state, [1, 0, 2])) for state in states]
    return relax.Tuple([y, *states])


class _Node:
    """A node's inputs made ready for its directions."""

    def __init__(self, kind: str, emit: Any, inputs: list[Expr], given: Mapping[str, Any]) -> None:
        self.kind, self.emit, self.inputs, self.given = kind, emit, inputs, given
        self.layout = given.get("layout", STEPS_FIRST)
        self.directions = sizes(inputs[W])[0]
        self.hidden = sizes(inputs[R])[2]
        self.backwards = _backwards(given, self.directions)
        self.activations = chosen(given, USUAL[kind], self.directions)
        x = inputs[X]
        self.x = emit(op.permute_dims(x, [1, 0, 2])) if self.layout == BATCH_FIRST else x
        self.steps, self.batch, self.features = sizes(self.x)
        self.dtype = relax_types.dtype(self.x)

    def direction(self, at: int) -> tuple[Expr, tuple[Expr, ...]]:
        """(Outputs of all steps (steps, batch, hidden), the states at the end) of direction number `at`."""
        cell = self._cell(at)
        # The products with the inputs don't wait for each other: one for all steps.
        flat = self.emit(op.reshape(self.x, (self.steps * self.batch, self.features)))
        product = self.emit(op.add(self.emit(op.matmul(flat, cell.w)), cell.biases[0]))
        gates = self.emit(op.reshape(product, (self.steps, self.batch, GATES[self.kind] * self.hidden)))
        states, found = self._start(at), {}
        order = range(self.steps)
        for step in reversed(order) if self.backwards[at] else order:
            given = self._row(gates, step, GATES[self.kind] * self.hidden)
            states, found[step] = self._masked(step, states, STEPS[self.kind](cell, given, states))
        return self.emit(op.stack([found[step] for step in order], axis=0)), states

    def _masked(self, step: int, before: Any, after: Any) -> tuple[tuple[Expr, ...], Expr]:
        """(States, output) of a step: a sequence that has ended keeps its states and gives zeros."""
        lengths = self.inputs[LENGTHS]
        if lengths is None:
            return after, after[0]
        runs = self.emit(op.greater(lengths, relax.const(np.asarray(step, relax_types.dtype(lengths)))))
        column = self.emit(op.reshape(runs, (self.batch, 1)))
        kept = tuple(self.emit(op.where(column, new, old)) for new, old in zip(after, before, strict=True))
        zeros = relax.const(np.zeros((self.batch, self.hidden), self.dtype))
        return kept, self.emit(op.where(column, after[0], zeros))

    def _cell(self, at: int) -> Cell:
        wide = GATES[self.kind] * self.hidden
        zeros = relax.const(np.zeros((1, wide), self.dtype))
        return Cell(
            self.emit,
            self.kind,
            self._turned(self._part(self.inputs[W], at, (wide, self.features))),
            self._turned(self._part(self.inputs[R], at, (wide, self.hidden))),
            self._parts(B, at, 2, wide) or [zeros, zeros],
            self._parts(P, at, 3, self.hidden),
            self.activations[at],
            bool(self.given.get("input_forget", 0)),
            bool(self.given.get("linear_before_reset", 0)),
        )

    def _start(self, at: int) -> tuple[Expr, ...]:
        found = (self.inputs[H], self.inputs[C]) if self.kind == "LSTM" else (self.inputs[H],)
        return tuple(self._first(state, at) for state in found)

    def _first(self, state: Expr, at: int) -> Expr:
        if state is None:
            return relax.const(np.zeros((self.batch, self.hidden), self.dtype))
        turned = self.emit(op.permute_dims(state, [1, 0, 2])) if self.layout == BATCH_FIRST else state
        return self._part(turned, at, (self.batch, self.hidden))

    def _part(self, whole: Expr, at: int, shape: tuple[int, ...]) -> Expr:
        """What belongs to direction `at`, without the axis of directions."""
        if (known := values(whole)) is not None:
            return relax.const(known[at].reshape(shape))
        return self.emit(op.reshape(self._row(whole, at, None), shape))

    def _parts(self, place: int, at: int, parts: int, width: int) -> list[Expr]:
        """An input that may be missing, of direction `at`, split into `parts` of (1, width); none where it is."""
        whole = self.inputs[place]
        return [] if whole is None else split(self.emit, self._part(whole, at, (1, parts * width)), parts)

    def _row(self, whole: Expr, at: int, width: int | None) -> Expr:
        row = self.emit(op.strided_slice(whole, axes=[0], begin=[at], end=[at + 1]))
        return row if width is None else self.emit(op.reshape(row, (self.batch, width)))

    def _turned(self, matrix: Expr) -> Expr:
        if (known := values(matrix)) is not None:
            return relax.const(np.ascontiguousarray(known.T))
        return self.emit(op.permute_dims(matrix))


def _backwards(given: Mapping[str, Any], directions: int) -> tuple[bool, ...]:
    known = {"forward": (False,), "reverse": (True,), "bidirectional": (False, True)}
    direction = given.get("direction", b"forward")
    name = direction.decode() if isinstance(direction, bytes) else str(direction)
    if len(known.get(name, ())) != directions:
        raise NotMapped(f"its direction={name} with weights of {directions}")
    return known[name]


def sizes(value: Expr) -> list[int]:
    """The sizes of a tensor. Raises NotMapped where one isn't a number."""
    try:
        return [int(size) for size in relax_types.of(value).shape]
    except (TypeError, AttributeError):
        raise NotMapped("sizes of its inputs aren't known") from None


def values(whole: Expr) -> Any:
    """The array of a constant, whose parts need not be computed; None of anything else."""
    return whole.value.numpy() if isinstance(whole, ir.GenericConst) else None


def split(emit: Callable[[Expr], Expr], whole: Expr, parts: int) -> list[Expr]:
    """Equal parts of a matrix along its last axis."""
    if (known := values(whole)) is not None:
        return [relax.const(np.ascontiguousarray(part)) for part in np.split(known, parts, axis=1)]
    found = emit(op.split(whole, parts, axis=1))
    return [emit(found[place]) for place in range(parts)]


# --- one step of each kind: its gates' products with the inputs, states -> states, the output first ---


def _lstm(cell: Cell, given: Expr, states: tuple[Expr, ...]) -> tuple[Expr, ...]:
    """Gates stand as input, output, forget, cell."""
    emit, (h, c) = cell.emit, states
    f, g, last = cell.activations
    i, o, forget, new = split(emit, emit(op.add(given, _from_state(cell, h))), 4)
    i = f(emit, _peeped(cell, 0, i, c))
    keep = emit(op.subtract(relax.const(np.ones((), relax_types.dtype(i))), i)) if cell.coupled else None
    keep = f(emit, _peeped(cell, 2, forget, c)) if keep is None else keep
    c = emit(op.add(emit(op.multiply(keep, c)), emit(op.multiply(i, g(emit, new)))))
    o = f(emit, _peeped(cell, 1, o, c))
    return emit(op.multiply(o, last(emit, c))), c


def _gru(cell: Cell, given: Expr, states: tuple[Expr, ...]) -> tuple[Expr, ...]:
    """Gates stand as update, reset, hidden."""
    emit, (h,) = cell.emit, states
    f, g = cell.activations
    x_update, x_reset, x_new = split(emit, given, 3)
    r_update, r_reset, r_new = split(emit, cell.r, 3)
    b_update, b_reset, b_new = split(emit, cell.biases[1], 3)

    def product(state: Expr, weights: Expr, bias: Expr) -> Expr:
        return emit(op.add(emit(op.matmul(state, weights)), bias))

    update = f(emit, emit(op.add(x_update, product(h, r_update, b_update))))
    reset = f(emit, emit(op.add(x_reset, product(h, r_reset, b_reset))))
    if cell.late_reset:
        state = emit(op.multiply(reset, product(h, r_new, b_new)))
    else:
        state = product(emit(op.multiply(reset, h)), r_new, b_new)
    new = g(emit, emit(op.add(x_new, state)))
    difference = emit(op.multiply(update, emit(op.subtract(h, new))))
    return (emit(op.add(new, difference)),)


def _rnn(cell: Cell, given: Expr, states: tuple[Expr, ...]) -> tuple[Expr, ...]:
    return (cell.activations[0](cell.emit, cell.emit(op.add(given, _from_state(cell, states[0])))),)


def _from_state(cell: Cell, h: Expr) -> Expr:
    return cell.emit(op.add(cell.emit(op.matmul(h, cell.r)), cell.biases[1]))


def _peeped(cell: Cell, place: int, gate: Expr, c: Expr) -> Expr:
    if not cell.peepholes:
        return gate
    return cell.emit(op.add(gate, cell.emit(op.multiply(cell.peepholes[place], c))))


STEPS: Mapping[str, Any] = {"LSTM": _lstm, "GRU": _gru, "RNN": _rnn}
