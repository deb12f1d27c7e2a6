"""Reading a user's ONNX file, with every fault named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import onnx
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from onnx.external_data_helper import ExternalDataInfo, uses_external_data

from runner.core import advice, given_files
from runner.core.errors import SpecError, nearest
from runner.core.foreign_text import line
from runner.graphs import external_weights, onnx_graph

Model = onnx.ModelProto
Dims = Sequence[int | str]
IR_VERSION_FIELD = 0x08  # the first byte of nearly every ONNX file: protobuf field 1, `ir_version`
LARGEST = 2**31 - 1  # bytes of one protobuf message
INITIALIZERS_ALONE = 4  # the first IR version in which an initializer need not be an input too
GUESS = 32  # a size to start from, in advice on dynamic axes other than the first


def read(path: str | None) -> Model:
    """The model without its external weights. Raises SpecError: none named, not there, not an ONNX file, truncated."""
    if path is None:
        raise SpecError("model=onnx needs a file.", "Name it: model.path=my.onnx")
    content = Path(given_files.existing(path, "model.path")).read_bytes()
    try:
        model = onnx.load_model_from_string(content)
    except DecodeError as error:
        raise _unreadable(path, content) from error
    if not model.graph.output or not model.opset_import:
        raise _unreadable(path, content)
    odd = next((one.name for one in (*model.graph.input, *model.graph.output) if isinstance(one.name, bytes)), None)
    if odd is not None:
        raise SpecError(f"model.path={path}: the name {odd!r} is not text in UTF-8.", "Copy or export it again.")
    return model


def _unreadable(path: str, content: bytes) -> SpecError:
    if content[:1] == bytes([IR_VERSION_FIELD]):
        return SpecError(
            f"model.path={path}: an ONNX file that ends too early or is damaged ({len(content)} bytes).",
            "Copy or export it again.",
        )
    return SpecError(f"model.path={path}: not an ONNX file.", "Export the model to ONNX, and give that file.")


def external_files(path: str, model: Model) -> list[str]:
    """Paths of the files with the model's external weights. Raises SpecError where one is missing or too short."""
    wanted: dict[str, int] = {}
    for tensor in external_weights.tensors(model):
        if uses_external_data(tensor):
            info = _said_outside(path, tensor)
            end = (info.offset or 0) + (info.length or 0)
            wanted[info.location] = max(end, wanted.get(info.location, 0))
    return [_external_file(path, location, size) for location, size in sorted(wanted.items())]


def _said_outside(path: str, tensor: onnx.TensorProto) -> ExternalDataInfo:
    """Where a tensor says that its values lie. Raises SpecError where that can't be."""
    try:
        return ExternalDataInfo(tensor)
    except ValueError as error:
        raise SpecError(
            f"model.path={path}: where weight {line(tensor.name)} lies is no place in a file: {line(str(error))}",
            "Export the model again.",
        ) from error


def _external_file(path: str, location: str, size: int) -> str:
    folder, shown = Path(path).parent, line(location, longest=200)
    file = folder / location
    try:
        inside, there = file.resolve().is_relative_to(folder.resolve()), file.is_file()
    except (OSError, ValueError):  # no name that a file can have
        inside, there = True, False
    if not inside:
        raise SpecError(f"model.path={path}: its weights lie outside its folder ({shown}).", "Save it as one file.")
    if not there:
        raise SpecError(
            f"model.path={path}: its weights are in {shown}, which is not beside it.",
            f"Put {shown} into the folder of the ONNX file.",
        )
    if file.stat().st_size < size:
        raise SpecError(
            f"model.path={path}: its weights' file {location} ends too early ({file.stat().st_size} of {size} bytes).",
            "Copy or export it again.",
        )
    return str(file)


def valid(path: str | None) -> Model:
    """The model, its external weights there. Raises SpecError."""
    model = read(path)
    external_files(str(path), model)
    return model


def complaint(path: str) -> str:
    """What `onnx.checker` says of the file, "" where nothing; ONNX Runtime may run it all the same."""
    try:
        onnx.checker.check_model(path)
    except Exception as error:  # ValidationError, and what else the checker's own parser raises
        return onnx_graph.first_line(error)
    return ""


def complete(path: str | None) -> Model:
    """The valid model with its external weights inside. Raises SpecError, also where it is too large for one file."""
    valid(path)
    model = onnx.load(str(path))
    if model.ByteSize() > LARGEST:
        raise SpecError(
            f"model.path={path}: larger than 2 GiB, which one ONNX file can't hold.", "Use a smaller model."
        )
    return model


def shaped(model: Model, shapes: Mapping[str, Dims], path: str) -> Model:
    """A copy whose inputs have the sizes of `shapes`: numbers, or `batch` for the first axis of every input.

    Raises SpecError: an unknown input, a wrong number of axes, a size that contradicts the file, a dynamic
    dimension without a size.
    """
    copy = Model()
    copy.CopyFrom(model)
    inputs = {value.name: value for value in onnx_graph.inputs(copy)}
    for name in shapes:
        if name not in inputs:
            raise SpecError(
                f"model.shapes.{name}: {path} has no such input.{nearest(name, inputs)}",
                f"Its inputs: {', '.join(inputs)}.",
            )
    _check_given(inputs, shapes, path)
    _check_static(inputs, shapes, path)
    for name, value in inputs.items():
        if onnx_graph.container(value):
            continue
        _fix(value, shapes.get(name, _dims(value)))
    _drop_old_shapes(copy)
    return copy


def _dims(value: onnx.ValueInfoProto) -> list[int | str]:
    """As in the file; a size below 0 means dynamic, as some exporters write it."""
    return ["?" if isinstance(d, int) and d < 0 else d for d in onnx_graph.dims(value)]


def _check_given(inputs: Mapping[str, onnx.ValueInfoProto], shapes: Mapping[str, Dims], path: str) -> None:
    sizes: dict[str, tuple[int | str, str]] = {}
    for name, wanted in shapes.items():
        _check_sizes(name, wanted)
        if not onnx_graph.tensor(inputs[name].type).HasField("shape"):
            continue
        have = _dims(inputs[name])
        shown = f"model.shapes.{name}={_list(wanted)}"
        if len(have) != len(wanted):
            raise SpecError(f"{shown}: {path} has {len(have)} axes there: {_list(have)}.", "Give a size for each.")
        for size, own in zip(wanted, have, strict=True):
            if isinstance(own, int) and own != 0 and size != own:  # by 0 some exporters mean any size
                raise SpecError(f"{shown} contradicts {path}, which has {_list(have)}.", f"Leave the {own} as it is.")
            if isinstance(own, str) and own != "?" and sizes.setdefault(own, (size, name))[0] != size:
                other, where = sizes[own]
                raise SpecError(
                    f"{shown}: axis {own} is {size} here and {other} in model.shapes.{where}.",
                    f"{path} has one size for both.",
                )
    _check_batch(inputs, shapes)


def _check_sizes(name: str, wanted: Dims) -> None:
    for axis, size in enumerate(wanted):
        if not (size == "batch" and axis == 0) and (isinstance(size, str) or size < 0):
            raise SpecError(
                f"model.shapes.{name}={_list(wanted)}: {size} is no size.",
                "Sizes are whole numbers from 0, or `batch` for the first axis.",
            )


def _check_batch(inputs: Mapping[str, onnx.ValueInfoProto], shapes: Mapping[str, Dims]) -> None:
    batched = [name for name, wanted in shapes.items() if wanted and wanted[0] == "batch"]
    without = [name for name in inputs if name not in batched]
    if batched and without:
        raise SpecError(
            f"model.shapes.{batched[0]} has a free batch axis, input {without[0]} has none.",
            "Give `batch` as the first axis of every input, or numbers.",
        )


def _check_static(inputs: Mapping[str, onnx.ValueInfoProto], shapes: Mapping[str, Dims], path: str) -> None:
    """Inputs to which `model.shapes` gives no size need none."""
    tensors = {name: value for name, value in inputs.items() if not onnx_graph.container(value)}
    values = [value for name, value in tensors.items() if name not in shapes]
    for value in values:
        if not value.type.tensor_type.HasField("shape"):
            raise SpecError(
                f"model.path={path}: input {value.name} has no shape.",
                f"Give its sizes, for example: {advice.shape(value.name, [1, GUESS])}",
            )
    dynamic = {value.name: _dims(value) for value in values if any(isinstance(d, str) for d in _dims(value))}
    if dynamic:
        first, have = next(iter(dynamic.items()))
        known = _named_sizes(tensors, shapes)
        examples = (advice.shape(name, _example(dims, known)) for name, dims in dynamic.items())
        raise SpecError(
            f"model.path={path}: input {first} has dynamic dimensions: {_list(have)}.",
            f"Give their sizes, for example: {' '.join(examples)}",
        )


def _fix(value: onnx.ValueInfoProto, wanted: Dims) -> None:
    value.type.tensor_type.shape.ClearField("dim")
    for size in wanted:
        axis = value.type.tensor_type.shape.dim.add()
        if isinstance(size, int):
            axis.dim_value = size
        else:
            axis.dim_param = size


def _named_sizes(inputs: Mapping[str, onnx.ValueInfoProto], shapes: Mapping[str, Dims]) -> dict[str, int | str]:
    """A size for each named axis, one wherever the name stands: what was given; 1 for what comes first somewhere."""
    every = {name: _dims(value) for name, value in inputs.items() if value.type.tensor_type.HasField("shape")}
    first = {str(dims[0]): 1 for dims in every.values() if dims}
    given = {str(own): size for name in shapes for own, size in zip(every.get(name, ()), shapes[name], strict=False)}
    return {**first, **given}


def _example(dims: Dims, known: Mapping[str, int | str]) -> list[int | str]:
    """Sizes to start from."""
    return [_guess(axis, size, known) for axis, size in enumerate(dims)]


def _guess(axis: int, size: int | str, known: Mapping[str, int | str]) -> int | str:
    if isinstance(size, int):
        return size
    nameless = 1 if axis == 0 else GUESS
    return nameless if size == "?" else known.get(size, nameless)


def _list(dims: Dims) -> str:
    return f"[{','.join(map(str, dims))}]"


def _drop_old_shapes(model: Model) -> None:
    """Shapes further on follow from the inputs': inferred again. Inputs that initializers fill (IR 3) are none."""
    model.graph.ClearField("value_info")
    names = {value.name for value in onnx_graph.inputs(model)}
    kept = [value for value in model.graph.input if value.name in names]
    if len(kept) < len(model.graph.input):
        model.ir_version = max(model.ir_version, INITIALIZERS_ALONE)
    model.graph.ClearField("input")
    model.graph.input.extend(kept)
    for output in model.graph.output:
        if output.type.HasField("tensor_type"):
            output.type.tensor_type.ClearField("shape")
