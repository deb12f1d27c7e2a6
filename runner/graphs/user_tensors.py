"""A user's `.npz` of inputs with expected outputs or labels, checked against the model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import onnx
from numpy.typing import NDArray

from runner.core import advice, given_files
from runner.core.errors import BadFile, SpecError, nearest
from runner.core.foreign_text import line
from runner.graphs import model_outputs, onnx_graph
from runner.tensors import cast, labels, npz
from runner.tensors.labels import LABELS, Output, Reading

Arrays = dict[str, NDArray[Any]]
T = TypeVar("T")
ERRORS = ("mae", "rmse", "max_abs_error")  # metrics of expected outputs
LONGEST_NAME = 60_000  # bytes, of 65,535


def _check_storable(model: onnx.ModelProto) -> None:
    """The arrays of a file have these names: a zip's ends at a NUL, and is 65,535 bytes long at most."""
    for value in (*onnx_graph.inputs(model), *model.graph.output):
        if "\0" in value.name or len(value.name.encode()) > LONGEST_NAME:
            raise SpecError(
                f"{line(value.name, longest=100)}: an input or output of that name can't be stored.", "Rename it."
            )


def check(model: onnx.ModelProto, needs: Mapping[str, Any]) -> None:
    """Raises SpecError for everything that is wrong with the files that `needs` (of `runner.models.onnx`) names, as
    far as the graph says what its outputs are. `model` has its shapes fixed."""
    _check_storable(model)
    if needs["calibration"]:
        calibration(model, needs)
    whole = [
        f"{value.name} ({onnx_graph.container(value)})"
        for value in onnx_graph.inputs(model)
        if onnx_graph.container(value)
    ]
    if whole and not needs["inputs"]:
        raise SpecError(
            f"Inputs that are no tensors aren't drawn: {', '.join(whole)}.",
            "Give them: model.inputs=my.npz, a sequence's parts as arrays named <input>/0, <input>/1, …",
        )
    if needs["inputs"]:
        scored(read(model, needs), model_outputs.outputs_of(model), needs)
    check_metric(needs)


def check_metric(needs: Mapping[str, Any]) -> None:
    """Raises SpecError where nothing is given that could be compared."""
    if needs["metric"] != "none" and not needs["inputs"]:
        raise SpecError(
            f"model.metric={needs['metric']} needs expected outputs or labels.",
            "Give them with the inputs: model.inputs=my.npz",
        )


def read(model: onnx.ModelProto, needs: Mapping[str, Any]) -> Arrays:
    """All samples of `needs["inputs"]`: `in/<input>` in the file's types, `expected/<output>`, `target` (labels).

    Raises SpecError: not an npz, an unknown or missing name, a wrong shape or type, a value that the type can't hold,
    different numbers of samples.
    """
    return _read("model.inputs", needs["inputs"], model, needs["nonfinite"] == "error")


def calibration(model: onnx.ModelProto, needs: Mapping[str, Any]) -> Arrays:
    """`in/<input>` of the user's own calibration set, `needs["calibration"]`; what else the file holds is ignored."""
    found = _read("model.calibration", needs["calibration"], model, needs["nonfinite"] == "error")
    return {name: array for name, array in found.items() if name.startswith("in/")}


def scored(
    given: Arrays, outputs: Mapping[str, Output], needs: Mapping[str, Any]
) -> tuple[Arrays, str, Reading | None]:
    """(`given` with its labels as they are compared, the output that they are for, how). Raises SpecError where labels
    or expected outputs can't be what `outputs` are; what those don't say yet isn't judged."""
    path, metric = needs["inputs"], needs["metric"]
    if metric == "accuracy":
        output = _labelled(path, given, outputs, needs["output"])
        target, reading = labels.read(f"model.inputs={path}", given["target"], output)
        return {**given, "target": target}, output.name, reading
    if metric in ERRORS:  # what a function of the user's needs, it knows itself
        _check_expected(path, given, outputs, metric)
    return given, "", None


def _read(key: str, path: str, model: onnx.ModelProto, finite: bool) -> Arrays:
    where, given = f"{key}={path}", load(key, path, npz.read)
    inputs = {value.name: value for value in onnx_graph.inputs(model)}
    outputs = [value.name for value in model.graph.output]
    arrays = {name: value for value in inputs.values() for name in _arrays_of(value, given)}
    _check_names(where, given, [*arrays], outputs)
    batched = onnx_graph.is_batched(model)
    made = {f"in/{name}": _input(where, given[name], value, batched, finite) for name, value in arrays.items()}
    made |= {f"expected/{name}": given[name] for name in outputs if name in given}
    made |= {"target": given[LABELS]} if LABELS in given else {}
    _check_samples(where, made)
    return made


def _arrays_of(value: onnx.ValueInfoProto, given: Mapping[str, Any]) -> list[str]:
    """Names of the arrays that are an input: its own; of a sequence `<input>/0`, `<input>/1`, …; of an optional one
    none, where it isn't given."""
    kind = onnx_graph.container(value)
    if not kind:
        return [value.name]
    parts = [name for name in given if name.startswith(f"{value.name}/") and name.rpartition("/")[2].isdigit()]
    return parts or [name for name in given if name == value.name and kind == "optional"]


def load(key: str, path: str, read: Callable[[Path], T]) -> T:
    """What `read` (of `npz`) finds in the file that the setting `key` names. Raises SpecError."""
    try:
        return read(Path(given_files.existing(path, key)))
    except (npz.Unreadable, OSError) as error:
        raise BadFile(f"{key}={path}: {error}.", "Expected are plain arrays: numpy.savez writes them.") from error


def _check_names(where: str, given: Mapping[str, Any], inputs: list[str], outputs: list[str]) -> None:
    for name in inputs:
        if name not in given:
            raise BadFile(f"{where} lacks input {name}.", f"It has: {', '.join(given) or 'nothing'}.")
    known = [*inputs, *outputs, LABELS]
    for name in given:
        if name not in known:
            raise BadFile(
                f"{where}: {name} is no input or output of the model.{nearest(name, known)}",
                f"Known: {', '.join(known)}.",
            )


def _input(where: str, array: NDArray[Any], value: onnx.ValueInfoProto, batched: bool, finite: bool) -> NDArray[Any]:
    """Samples first; without a free batch axis each sample has the whole shape of the input, of which a first axis of
    one may be left out."""
    if onnx_graph.container(value):  # elements may have any sizes
        return cast.cast(f"{where}: {value.name}", array, onnx_graph.dtype(value), finite)
    shape = onnx_graph.dims(value)[1:] if batched else onnx_graph.dims(value)
    short = not batched and shape[:1] == [1] and list(array.shape[1:]) == shape[1:]
    if not short and (array.ndim == 0 or list(array.shape[1:]) != shape):
        raise BadFile(
            f"{where}: {value.name} has shape {list(array.shape)}.",
            f"The model wants [samples{''.join(f', {size}' for size in shape)}].",
        )
    made = cast.cast(f"{where}: {value.name}", array, onnx_graph.dtype(value), finite)
    return made[:, None] if short else made


def _check_samples(where: str, arrays: Arrays) -> None:
    counts = {name.partition("/")[2] or LABELS: len(array) if array.ndim else 0 for name, array in arrays.items()}
    if len(set(counts.values())) > 1 or 0 in counts.values():
        shown = ", ".join(f"{name} {count}" for name, count in counts.items())
        raise BadFile(f"{where}: numbers of samples differ or are 0: {shown}.", "Give as many of each.")


def _labelled(path: str, given: Arrays, outputs: Mapping[str, Output], chosen: str | None) -> Output:
    """The output that the labels are for."""
    if "target" not in given:
        raise BadFile(
            f"model.metric=accuracy needs an array `{LABELS}` in {path} and a model with one output.",
            "Add the labels, or choose another metric.",
        )
    if chosen is None and len(outputs) > 1:
        raise BadFile(
            f"model.metric=accuracy: the model has {len(outputs)} outputs ({', '.join(outputs)}).",
            f"Say which the labels are for, for example: {advice.setting('model.output', next(iter(outputs)))}",
        )
    name = next(iter(outputs)) if chosen is None else chosen
    if not outputs[name].dtype:
        raise BadFile(f"model.metric=accuracy: output {name} is no tensor.", "Choose another: model.output=…")
    return outputs[name]


def check_output(outputs: list[str], chosen: str | None) -> None:
    """Raises SpecError where `model.output` is no output."""
    if chosen is not None and chosen not in outputs:
        raise SpecError(
            f"model.output={chosen}: the model has no such output.{nearest(chosen, outputs)}",
            f"Its outputs: {', '.join(outputs)}.",
        )


def _check_expected(path: str, given: Arrays, outputs: Mapping[str, Output], metric: str) -> None:
    """Numbers, finite, of the outputs' shapes: a fixed batch of one may be written out or not."""
    where = f"model.inputs={path}"
    expected = {name: given[f"expected/{name}"] for name in outputs if f"expected/{name}" in given}
    if not expected:
        raise BadFile(
            f"model.metric={metric} needs expected outputs in {path}.",
            f"Add an array named as an output: {', '.join(outputs)}.",
        )
    for name, array in expected.items():
        if array.dtype.kind not in "biuf" or outputs[name].dtype in ("", labels.TEXT):
            raise BadFile(f"{where}: {name} is no array of numbers.", "Leave it out, or choose another metric.")
        cast.check_finite(f"{where}: {name}", array, "Mend the file, or leave those samples out.")
        shape = outputs[name].shape
        if shape is not None and labels.squeezed(shape) != labels.squeezed(array.shape[1:]):
            raise BadFile(
                f"{where}: {name} has shape {list(array.shape)}.",
                f"The model's output is [samples{''.join(f', {size}' for size in shape)}].",
            )
