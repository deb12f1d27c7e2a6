"""What labels mean for what an output is: class scores, one column, yes or no in each, or a class number itself.

Accuracy of a wrong reading looks like any other figure; so labels are understood, and said, or refused. Numpy only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runner.core.errors import BadFile
from runner.tensors.cast import first, place

Array = NDArray[Any]
Sizes = tuple[int, ...]
TEXT = "object"
LABELS = "labels"
PROBABILITIES = ("Sigmoid", "HardSigmoid", "Softmax")
MOST_CLASSES = 2**31
ONE_CLASS = ("Softmax", "LogSoftmax", "Hardmax")


@dataclass(frozen=True)
class Output:
    """An output: `shape` of one sample (None: not known yet), `dtype` by numpy's name, `maker`: the operator whose
    answer it is, `classes`: among how many that chooses. `values` (samples, …) are the float model's, once known."""

    name: str
    shape: Sizes | None
    dtype: str
    maker: str = ""
    classes: int | None = None
    values: Array | None = None

    def measured(self, values: Array) -> Output:
        """The same, now that the float model's outputs are known."""
        return replace(self, shape=values.shape[1:], dtype=_type(values), values=values)

    @property
    def whole(self) -> bool:
        """Whether it holds class numbers rather than scores. Eight bits are a quantised model's scores."""
        return self.maker == "ArgMax" or self.dtype in ("int16", "int32", "int64", "uint32", "bool")

    @property
    def said(self) -> str:
        return f"output {self.name} [{', '.join(['samples', *map(str, self.shape or ())])}]"


@dataclass(frozen=True)
class Reading:
    """How an output is compared with `target`. `how`: `class` (the largest along `axis` of a sample's sizes without
    ones), `threshold` (above it is 1; None: not known before the float model ran) or `equal`. `said`: in words, where
    it isn't the plain one; `warning`: what a reader should check."""

    how: str
    axis: int = 0
    threshold: float | None = None
    said: str = ""
    warning: str = ""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


PLAIN = Reading("class")


def read(where: str, labels: Array, output: Output) -> tuple[Array, Reading]:
    """`labels` (samples, …) as class numbers, 0 and 1, or text, each as the reading compares it.

    Raises SpecError naming array, shape, type or range where they can't be that output's. `where` names the file.
    """
    if output.dtype == TEXT or labels.dtype.kind == "U":
        return _text(where, labels, output)
    numbers = _numbers(where, labels)
    if output.shape is None:
        return numbers, PLAIN
    sample, rest = squeezed(output.shape), squeezed(numbers.shape[1:])
    target = numbers.reshape(len(numbers), *rest)
    if output.whole:
        return _class_numbers(where, target, output, sample)
    if not sample:
        return _one_column(where, target, output)
    if rest == sample and np.isin(target, (0, 1)).all():
        return _ones(where, target, output)
    return _scores(where, target, output, sample)


def answers(y: Array, target: Array, reading: Mapping[str, Any]) -> NDArray[np.bool_]:
    """Which answers are right: (samples, …) of outputs `y` by a `Reading` in plain types. Raises BadFile where only
    `y` says where 1 begins, and doesn't."""
    samples = np.reshape(y, (len(y), *squeezed(y.shape[1:])))
    if reading["how"] == "class":
        samples = np.argmax(samples, axis=1 + reading["axis"])
    elif reading["how"] == "threshold":
        samples = samples > _cut_of(y, reading["threshold"])
    right: NDArray[np.bool_] = samples == target
    return right


def squeezed(sizes: Sizes) -> Sizes:
    """Sizes without ones: a fixed batch, or an axis of one class, may be written out or not."""
    return tuple(size for size in sizes if size != 1)


def _type(values: Array) -> str:
    return TEXT if values.dtype.kind in "OUS" else str(values.dtype)


# --- what labels are ---


def _text(where: str, labels: Array, output: Output) -> tuple[Array, Reading]:
    if output.dtype == TEXT and labels.dtype.kind == "U":
        return labels, Reading("equal", said="labels are compared as text")
    if output.dtype == TEXT:
        raise BadFile(
            f"{where}: {LABELS} are {labels.dtype}; output {output.name} is text.", "Give the classes' names as text."
        )
    some = ", ".join(repr(str(name)) for name in np.unique(labels)[:3])
    raise BadFile(
        f"{where}: {LABELS} are text ({some}); output {output.name} is numbers, and which class is which isn't said.",
        "Give class numbers from 0; in alphabetical order: numpy.unique(labels, return_inverse=True)[1]",
    )


def _numbers(where: str, labels: Array) -> NDArray[np.int64]:
    if labels.dtype.kind not in "biuf":
        raise BadFile(f"{where}: {LABELS} are {labels.dtype}.", "Give class numbers from 0, or 0 and 1.")
    odd = ~(np.abs(labels.astype(np.float64)) < MOST_CLASSES) | (labels != np.floor(labels))
    if odd.any():
        raise BadFile(
            f"{where}: {LABELS}{place(odd)} is {labels[first(odd)]}, which is no class.",
            "Give class numbers from 0, or 0 and 1.",
        )
    return labels.astype(np.int64)


# --- what the output is ---


def _class_numbers(where: str, target: Array, output: Output, sample: Sizes) -> tuple[Array, Reading]:
    """The model chooses the class itself."""
    said = "the output is a class number"
    if target.shape[1:] != sample:
        if target.shape[1:-1] != sample or not _one_each(target, -1):
            raise _misfit(where, target, output, f"Give class numbers {_sizes(sample)}.")
        target, said = target.argmax(axis=-1), f"{said}; labels are one-hot"
    top = output.classes if output.classes is not None else _classes_seen(target, output)
    if top is not None:
        _check_range(where, target, output, top)
    return target, Reading("equal", said=said, warning=_from_one(target, top))


def _classes_seen(target: Array, output: Output) -> int | None:
    """The number of classes, where the model's own answers show that labels are counted from another number."""
    if output.values is None or not output.values.size or output.dtype == "bool":
        return 2 if output.dtype == "bool" else None
    low, high = int(output.values.min()), int(output.values.max())
    shifted = low == 0 and int(target.min()) >= 1 and int(target.max()) == high + 1
    return high + 1 if shifted else None


def _one_column(where: str, target: Array, output: Output) -> tuple[Array, Reading]:
    """One number a sample tells two classes apart."""
    said = "one column"
    if target.shape[1:] == (2,) and _one_each(target, -1):
        target, said = target.argmax(axis=-1), "one column, labels one-hot"
    if target.ndim > 1:
        raise _misfit(where, target, output, "Give labels 0 and 1 [samples].")
    _check_range(where, target, output, 2)
    return target, _threshold(where, output, said)


def _ones(where: str, target: Array, output: Output) -> tuple[Array, Reading]:
    """Labels of the output's own shape, 0 and 1: one-hot along one axis, or yes and no in each place."""
    hot = [axis for axis in range(target.ndim - 1) if _one_each(target, axis + 1)]
    if len(hot) == 1:
        return target.argmax(axis=hot[0] + 1), Reading("class", hot[0], said="labels are one-hot")
    if hot:
        raise _misfit(where, target, output, "They are one-hot along more than one axis: give class numbers.")
    if output.maker in ONE_CLASS:
        raise BadFile(
            f"{where}: {LABELS} have rows without exactly one 1; {output.said} is a {output.maker}, one class a row.",
            "Give one class number a row, or a model with a Sigmoid for each class.",
        )
    return target, _threshold(where, output, "each column is yes or no")


def _scores(where: str, target: Array, output: Output, sample: Sizes) -> tuple[Array, Reading]:
    """Class numbers; the output has one axis more, the classes'."""
    rest = target.shape[1:]
    fitting = [axis for axis in range(len(sample)) if sample[:axis] + sample[axis + 1 :] == rest]
    if not fitting:
        classes = sample[0] if len(sample) == 1 else None
        shapes = f"Give class numbers {_sizes(())}" + (f", or one-hot {_sizes(sample)}." if classes else " a place.")
        if rest == sample:
            _check_range(where, target, output, 2)
        raise _misfit(where, target, output, shapes)
    wide = [axis for axis in fitting if int(target.max()) < sample[axis]] or fitting
    _check_range(where, target, output, sample[wide[0]])
    if len(wide) > 1:
        raise _misfit(where, target, output, "Which axis holds the classes isn't clear: give labels one-hot.")
    said = "" if len(sample) == 1 else f"classes along axis {output_axis(output, wide[0])} of the output"
    return target, Reading("class", wide[0], said=said, warning=_from_one(target, sample[wide[0]]))


def output_axis(output: Output, axis: int) -> int:
    """Which axis of the output, samples first, the `axis` of its sizes without ones is."""
    kept = [number for number, size in enumerate(output.shape or (), start=1) if size != 1]
    return kept[axis]


def _threshold(where: str, output: Output, said: str) -> Reading:
    """0.5 for probabilities, 0 for what a Sigmoid would turn into them. Raises BadFile for what is neither: percents,
    logarithms, a quantised model's eight bits."""
    if output.maker in PROBABILITIES:
        return Reading("threshold", threshold=0.5, said=f"{said}: above 0.5 is 1")
    if output.values is None or not output.values.size:
        return Reading("threshold", said=f"{said}: above 0.5 is 1 where all outputs lie in 0 to 1, else above 0")
    cut = _cut(output.values)
    if cut is None:
        raise _without_a_cut(f"{where}: {LABELS} are 0 and 1; {output.said}", output.values)
    inside = "all outputs lie in 0 to 1" if cut else "outputs leave 0 to 1"
    return Reading("threshold", threshold=cut, said=f"{said}: above {cut:g} is 1 ({inside})")


def _cut(values: Array) -> float | None:
    """Above what an output is 1; None for what is neither a probability nor a logit."""
    if ((values >= 0) & (values <= 1)).all():
        return 0.5
    both_sides = (values < 0).any() and (values > 0).any()
    return 0.0 if both_sides and values.dtype.itemsize > 1 else None


def _cut_of(y: Array, known: float | None) -> float:
    """`known` from the float model; where there is none, by the outputs `y` themselves."""
    cut = _cut(y) if known is None else known
    if cut is None:
        raise _without_a_cut("The scored output", y)
    return cut


# --- what is wrong ---


def _check_range(where: str, target: Array, output: Output, classes: int) -> None:
    low, high = int(target.min()), int(target.max())
    if low >= 1 and high == classes:
        raise BadFile(
            f"{where}: {LABELS} run from {low} to {high}; {output.said} has the classes 0 to {classes - 1}.",
            "Count them from 0: labels - 1",
        )
    odd = (target < 0) | (target >= classes)
    if odd.any():
        raise BadFile(
            f"{where}: {LABELS}{place(odd)} is {target[first(odd)]}; {output.said} has the classes 0 to {classes - 1}.",
            "Give class numbers from 0.",
        )


def _from_one(target: Array, classes: int | None) -> str:
    if classes is None or classes == 2 or int(target.min()) < 1:
        return ""
    return (
        f"{LABELS} run from {int(target.min())} to {int(target.max())}, the classes from 0 to {classes - 1}: "
        "if labels count from 1, accuracy is wrong"
    )


def _misfit(where: str, target: Array, output: Output, advice: str) -> BadFile:
    return BadFile(f"{where}: {LABELS} {_sizes(target.shape[1:])} don't fit {output.said}.", advice)


def _without_a_cut(what: str, values: Array) -> BadFile:
    low, high = (f"{float(end(values)):g}" for end in (np.nanmin, np.nanmax))
    return BadFile(
        f"{what} is {values.dtype} from {low} to {high}: which of it is 1 isn't known.",
        "Give a model whose output is a float: a probability, or a logit that is above 0 for 1 and below for 0.",
    )


def _one_each(target: Array, axis: int) -> bool:
    """Exactly one 1 along `axis`, and else 0."""
    return bool(np.isin(target, (0, 1)).all() and (target.sum(axis=axis) == 1).all())


def _sizes(sizes: Sizes) -> str:
    return f"[{', '.join(['samples', *map(str, sizes)])}]"
