"""Inputs for a user's finished file: drawn by seed from what it says of its inputs, or the user's own."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.core.errors import SpecError
from runner.core.foreign_text import line
from runner.core.setting_rules import setting

if TYPE_CHECKING:
    import onnx
    from numpy.typing import NDArray

    from runner.data.arrays import Dataset
    from runner.tensors.labels import Output, Reading
    from runner.tensors.random_inputs import Drawn

TASK = "tensors"
DISTRIBUTIONS = ("numpy", "onnx", "onnxruntime")
MOST = sys.maxsize // (100_000 * 80)  # values of a sample, each a text: numpy counts an axis of size 0 as 1
PROOF_BYTES = 16 * 10**6  # of random calibration inputs that are written down for the compile's proof: one at the least


@dataclass(frozen=True)
class Settings:
    """How many inputs are drawn, and from where; all but `calibration` is unused where model.inputs is given."""

    samples: int = setting("Inputs to draw for measuring and comparing", unit="samples", low=1, high=100_000)
    calibration: int = setting(
        "Inputs for calibrating int8; of model.inputs a quarter at the most, which isn't measured",
        unit="samples",
        low=1,
        high=100_000,
    )
    integers_below: int = setting(
        "Whole-number inputs are drawn from 0 up to below this (token ids: the table's)", low=1
    )


def make(settings: Settings, needs: Mapping[str, Any], seed: int, inputs: Mapping[str, Path]) -> Dataset:
    """Test and calibration arrays for the `model` artifact (an export, or a built file's description), and the float
    model's outputs on the test split as its reference, where there is one.

    Raises SpecError for a bad file of inputs, StepFailed where the model doesn't run.
    """
    import onnx

    model = onnx.load(inputs["model"] / "model.onnx")
    return _given(settings, needs, seed, model) if needs["inputs"] else _random(settings, needs, seed, model)


# --- random ---


def _random(settings: Settings, needs: Mapping[str, Any], seed: int, model: onnx.ModelProto) -> Dataset:
    from runner.data.arrays import Dataset
    from runner.graphs import steering_inputs

    test = _drawn(model, settings.samples, settings.integers_below, seed, "test")
    drawn: dict[str, dict[str, Drawn]] = {"test": {f"in/{name}": one for name, one in test.items()}}
    own = _own(settings, needs, seed, model)
    calibration: dict[str, Any] = {"rows": len(next(iter(own.values()), ())), "from": "model.calibration"}
    if not own:
        random = _drawn(model, settings.calibration, settings.integers_below, seed, "calibration")
        drawn["calibration"] = {f"in/{name}": one for name, one in _for_proof(random).items()}
        calibration = {**_as_meta(random), "from": "random"}
    reference, about_it = _reference(model, needs, test)
    warnings = [*steering_inputs.warnings(model, settings.integers_below), *about_it.pop("warnings")]
    about = {"calibration": calibration, "warnings": warnings, **about_it}
    meta = {**_meta(model, needs, "random", settings.samples if test else 1), **about}
    splits = {"calibration": own} if own else {}
    return Dataset(splits, meta, reference, drawn)


def _drawn(model: onnx.ModelProto, samples: int, below: int, seed: int, part: str) -> dict[str, Drawn]:
    from runner.graphs import onnx_graph, steering_inputs
    from runner.tensors.random_inputs import PARTS, Drawn

    counts = steering_inputs.counts(model)
    skipped = 1 if onnx_graph.is_batched(model) else 0
    found = {
        value.name: Drawn(
            samples,
            tuple(map(int, onnx_graph.dims(value)[skipped:])),
            onnx_graph.dtype(value),
            below,
            (seed, PARTS[part], number),
            low=int(value.name in counts),
        )
        for number, value in enumerate(onnx_graph.inputs(model))
        if not onnx_graph.container(value)  # only a user gives those
    }
    _check_memory(found)
    return found


def _check_memory(random: Mapping[str, Drawn]) -> None:
    """Raises SpecError where one sample of an input is larger than the memory that is free, or than any array."""
    from runner.hardware import detect

    free = detect.memory_available()
    for name, one in random.items():
        if free is not None and one.sample_bytes > free:
            raise SpecError(
                f"input {line(name)}: one sample, {list(one.sizes)} of {one.dtype}, takes {one.sample_bytes / 1e9:.3g} "
                f"GB; {free / 1e9:.3g} GB are free.",
                "Give smaller sizes in model.shapes, or use a machine with more memory.",
            )
        if math.prod(size or 1 for size in one.sizes) > MOST:
            raise SpecError(
                f"input {line(name)}: no array can have {list(one.sizes)} for its sizes.",
                "Give smaller sizes in model.shapes.",
            )


def _for_proof(random: Mapping[str, Drawn]) -> dict[str, Drawn]:
    """The first few: compiling proves itself with them; quantising draws as many as it uses."""
    row = sum(one.sample_bytes for one in random.values())
    return {name: one.limited(max(1, PROOF_BYTES // max(1, row))) for name, one in random.items()}


def _as_meta(random: Mapping[str, Drawn]) -> dict[str, Any]:
    rows = max((len(one) for one in random.values()), default=0)
    return {"rows": rows, "drawn": {name: one.as_dict() for name, one in random.items()}}


# --- the user's ---


def _given(settings: Settings, needs: Mapping[str, Any], seed: int, model: onnx.ModelProto) -> Dataset:
    from runner.data import calibration_set
    from runner.data.arrays import Dataset, inputs_of
    from runner.graphs import model_outputs, user_tensors

    given = user_tensors.read(model, needs)
    rows = len(next(iter(given.values()), [0]))
    own = _own(settings, needs, seed, model)
    kept = 0 if own or not needs["reference"] else settings.calibration
    measured, calibrates = calibration_set.split(rows, kept, seed)
    inputs = {name: array for name, array in given.items() if name.startswith("in/")}
    reference, about_it = _reference(model, needs, inputs_of(_rows(inputs, measured)))
    outputs = {name: _seen(one, reference.get(name)) for name, one in model_outputs.outputs_of(model).items()}
    understood, name, reading = user_tensors.scored(given, outputs, needs)
    # Without rows to spare, the compile proves itself with those that are measured; quantising draws its own.
    calibration = own or _rows(inputs, calibrates if len(calibrates) else measured)
    about = _about(settings, needs, seed, model, (rows, len(calibrates), len(next(iter(own.values()), ()))))
    meta = {**_meta(model, needs, "the user's", len(measured)), "calibration": about, **_scoring(name, reading)}
    meta["warnings"] = [*meta.get("warnings", []), *about_it.pop("warnings")]
    meta |= about_it
    return Dataset({"test": _rows(understood, measured), "calibration": calibration}, meta, reference)


def _reference(
    model: onnx.ModelProto, needs: Mapping[str, Any], arrays: Mapping[str, Any]
) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """(The float model's outputs, what is to be said of them: `warnings` where there are none, and how far rounding
    alone moves them, `rounding`); of a built file there is no float model."""
    from runner.graphs import float_reference

    if not needs["reference"]:
        return {}, {"warnings": []}
    found = float_reference.outputs(model, arrays)
    known = {"rounding": float_reference.rounded(model, arrays)} if found else {}
    return found, {"warnings": float_reference.refused(model, found), **known}


def _seen(output: Output, values: NDArray[Any] | None) -> Output:
    """With what the float model's answers say of it, where they are known and of one shape."""
    return output if values is None or values.dtype.kind == "O" else output.measured(values)


def _own(settings: Settings, needs: Mapping[str, Any], seed: int, model: onnx.ModelProto) -> dict[str, NDArray[Any]]:
    """`in/<input>` of model.calibration, drawn by seed where it holds more rows than are used; empty without one."""
    from runner.data import calibration_set
    from runner.graphs import user_tensors

    if not needs["calibration"]:
        return {}
    found = user_tensors.calibration(model, needs)
    rows = len(next(iter(found.values())))
    return _rows(found, calibration_set.some(rows, settings.calibration, seed))


def _rows(arrays: Mapping[str, NDArray[Any]], rows: NDArray[Any]) -> dict[str, NDArray[Any]]:
    return {name: array[rows] for name, array in arrays.items()}


def _about(
    settings: Settings, needs: Mapping[str, Any], seed: int, model: onnx.ModelProto, counts: tuple[int, int, int]
) -> dict[str, Any]:
    """The artifact's `calibration`; `counts`: rows of model.inputs, those of them that calibrate, rows of a set of
    its own."""
    rows, kept, own = counts
    if own:
        return {"rows": own, "from": "model.calibration"}
    if kept:
        said = (
            f"calibrated on {kept} of the {rows} rows of model.inputs, which aren't measured; "
            "a set of its own: model.calibration=my.npz"
        )
        return {"rows": kept, "from": "model.inputs", "said": said}
    random = _drawn(model, settings.calibration, settings.integers_below, seed, "calibration")
    said = (
        f"calibrated on random inputs: the {rows} rows of model.inputs are too few to keep some apart; "
        "give a set of its own: model.calibration=my.npz"
    )
    return {**_as_meta(random), "from": "random", "said": said}


def _scoring(name: str, reading: Reading | None) -> dict[str, Any]:
    """How labels are compared, and with which output."""
    if reading is None:
        return {}
    warnings = [reading.warning] if reading.warning else []
    return {"labels": {"output": name, **reading.as_dict()}, "warnings": warnings}


def _meta(model: onnx.ModelProto, needs: Mapping[str, Any], source: str, samples: int) -> dict[str, Any]:
    from runner.graphs import onnx_graph

    return {
        "task": "tensors",
        "metric": needs["metric"],
        "unit": "",
        "features": [value.name for value in onnx_graph.inputs(model)],
        "outputs": [value.name for value in model.graph.output],
        "source": source,
        "rows": {"test": samples},
        "shapes": {value.name: onnx_graph.dims(value) for value in onnx_graph.inputs(model)},
    }
