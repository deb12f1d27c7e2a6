"""Precisions written into an ONNX graph by ONNX Runtime's quantisers."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import onnx
from numpy.typing import NDArray

from runner.core.errors import SpecError, Unsupported, nearest
from runner.graphs import onnx_format, onnx_graph
from runner.spec.precision import Int8

Model = onnx.ModelProto
Arrays = Mapping[str, NDArray[Any]]

# Operators that carry weights or do the multiplying, so that their precision decides the speed.
HEAVY = ("Conv", "ConvTranspose", "Gemm", "MatMul", "LSTM", "GRU", "RNN")
CASTS = re.compile(r"^(graph_(?:input|output)_cast)")  # what the float16 converter calls its casts
ITS_NODES = re.compile(r"_(Dequantize|Quantize)Linear$")
ITS_TENSORS = re.compile(r"_((Dequantize|Quantize)Linear_Output|quantized|scale|zero_point)$")
MOST_KEPT = 8  # nodes that a message names
SCALE_A_TENSOR, SCALE_A_CHANNEL = 10, 13  # the opsets from which on a graph can say so
WHY_NOT = {
    "fp16": "the converter leaves it in float32",
    "int8": "ONNX Runtime's static quantiser leaves it in float",
    "int8_dynamic": "the backend has no dynamic int8 kernel for it",
}


def named(model: Model) -> Model:
    """With a name for every node, so that it is found again after quantisation."""
    for position, node in enumerate(model.graph.node):
        node.name = node.name or f"{node.op_type}_{position}"
    return model


def fp16(model: Model) -> Model:
    """Float16 inside, float32 at inputs and outputs. Raises Unsupported where the converter can't do the graph."""
    ready, outputs = _with_free_names(_copy(model)), list(model.graph.output)
    # An input that is handed on has one name at both ends: casts between them would go in a circle.
    handed_on = {value.name for value in onnx_graph.inputs(model)}
    once = {value.name: value for value in outputs if value.name not in handed_on}
    _set_outputs(ready, list(once.values()))
    made = _converted(ready) if ready.graph.output else ready
    computed = {value.name: value for value in made.graph.output}
    _set_outputs(made, [computed.get(value.name, value) for value in outputs])
    return made


def _with_free_names(model: Model) -> Model:
    """The converter names the casts that it adds always alike; a file that it converted before has them already."""
    ends = {value.name for value in (*model.graph.input, *model.graph.output)}
    for node in onnx_graph.nodes(model.graph):
        node.name = CASTS.sub(r"given_\1", node.name)
        for names in (node.input, node.output):
            names[:] = [name if name in ends else CASTS.sub(r"given_\1", name) for name in names]
    return model


def _set_outputs(model: Model, values: Sequence[onnx.ValueInfoProto]) -> None:
    kept = [onnx.ValueInfoProto.FromString(value.SerializeToString()) for value in values]
    del model.graph.output[:]
    model.graph.output.extend(kept)


def _converted(model: Model) -> Model:
    from onnxruntime.transformers import float16, onnx_model  # type: ignore[import-untyped]

    kept = [*float16.DEFAULT_OP_BLOCK_LIST, *onnx_graph.quantised_types(model)]
    try:
        made: Model = _quietly(lambda: float16.convert_float_to_float16(model, keep_io_types=True, op_block_list=kept))
        # The converter appends its casts at the end; parsers want every tensor computed before its use.
        onnx_model.OnnxModel.graph_topological_sort(made.graph)
    except Exception as error:
        said = onnx_graph.first_line(error.__cause__ or error)
        said = f"precision=fp16: ONNX Runtime's converter can't do this graph: {said}."
        raise Unsupported(said, "Use precision=fp32.") from error
    return made


def static(model: Model, settings: Int8, calibration: Mapping[str, Any], scratch: Path) -> tuple[Model, list[str]]:
    """Q/DQ nodes around what ONNX Runtime's static quantiser knows, and what is told of them; ranges from all of
    `calibration` (samples first: arrays, or what slices like one). Raises Unsupported where it can't do the graph."""
    try:
        return _static(model, settings, calibration, scratch)
    except Unsupported as error:
        try:
            made, notes = _static(onnx_graph.opened(model), settings, calibration, scratch)
        except Unsupported:
            raise error from None
    return made, [*notes, "quantised without the sizes of its inputs: ONNX Runtime refuses the graph with them"]


def _static(model: Model, settings: Int8, calibration: Mapping[str, Any], scratch: Path) -> tuple[Model, list[str]]:
    from onnxruntime import quantization as q  # type: ignore[import-untyped]

    methods = {
        "minmax": q.CalibrationMethod.MinMax,
        "entropy": q.CalibrationMethod.Entropy,
        "percentile": q.CalibrationMethod.Percentile,
    }
    model, per_channel, notes = _for_scales(_with_onnx_domain(_without_its_names(model)), settings.per_channel)
    excluded = _excluded(model, settings.exclude)
    ready = _prepared(model, scratch)
    _quietly(
        lambda: q.quantize_static(
            ready,
            scratch / "static.onnx",
            _reader(model, calibration),
            quant_format=q.QuantFormat.QDQ,
            per_channel=per_channel,
            activation_type=q.QuantType.QInt8,
            weight_type=q.QuantType.QInt8,
            nodes_to_exclude=excluded,
            calibrate_method=methods[settings.calibration],
            extra_options={"CalibPercentile": settings.percentile} if settings.calibration == "percentile" else {},
        )
    )
    return onnx.load(scratch / "static.onnx"), notes


def _without_its_names(model: Model) -> Model:
    """A copy in which nothing is called as the quantiser calls what it adds: a file that it made before has such names
    already. Inputs and outputs keep theirs, of branches and loops too."""
    copy = _copy(model)
    graphs = list(onnx_graph.graphs(copy.graph))
    ends = {value.name for graph in graphs for value in (*graph.input, *graph.output)}
    for graph in graphs:
        for tensor in graph.initializer:
            tensor.name = _free(tensor.name, ends)
        for node in graph.node:
            node.name = ITS_NODES.sub(r"\g<0>_given", node.name)
            for names in (node.input, node.output):
                names[:] = [_free(name, ends) for name in names]
        graph.ClearField("value_info")
    return copy


def _free(name: str, taken: set[str]) -> str:
    return name if name in taken else ITS_TENSORS.sub(r"\g<0>_given", name)


def _with_onnx_domain(model: Model) -> Model:
    """The quantiser wants ONNX's own operators declared, also of a graph that has those of other domains alone."""
    if all(opset.domain not in ("", "ai.onnx") for opset in model.opset_import):
        model.opset_import.append(onnx.helper.make_opsetid("", SCALE_A_CHANNEL))
    return model


def _excluded(model: Model, names: tuple[str, ...]) -> list[str]:
    """Raises SpecError for a name that no node has."""
    known = {node.name for node in model.graph.node}
    for name in names:
        if name not in known:
            raise SpecError(
                f"precision.exclude: the graph has no node {name}.{nearest(name, known)}", "See its nodes in a viewer."
            )
    return list(names)


# What puts values together or hands them on: with it the operators before it share a scale.
JOINS = (
    "Concat",
    "Add",
    "Reshape",
    "Transpose",
    "Squeeze",
    "Unsqueeze",
    "Flatten",
    "Identity",
    "Slice",
    "Split",
    "Cast",
)


def keep_in_float(model: Model) -> dict[str, list[str]]:
    """`{output: [nodes]}`: those that would have to stay in float where quantising destroys an output: from it back to
    the operators that compute what it puts together. Of a float model with names."""
    makers = {name: node for node in model.graph.node for name in node.output if name}
    return {output.name: _back(output.name, makers) for output in model.graph.output}


def _back(name: str, makers: Mapping[str, onnx.NodeProto]) -> list[str]:
    found: list[str] = []
    todo = [name]
    while todo and len(found) < MOST_KEPT:
        node = makers.get(todo.pop(0))
        if node is None or node.name in found:
            continue
        found.append(node.name)
        todo += list(node.input) if node.op_type in JOINS else []
    return found


def _for_scales(model: Model, per_channel: bool) -> tuple[Model, bool, list[str]]:
    """A model into whose opset Q/DQ nodes can be written, whether they may have a scale a channel, and what is told:
    opset 10 has the nodes, opset 13 their axis; ONNX Runtime's quantiser writes them into older ones all the same."""
    opset = onnx_format.versions(model)["opset"]
    needed = SCALE_A_CHANNEL if per_channel else SCALE_A_TENSOR
    if opset >= needed:
        return model, per_channel, []
    try:
        raised = onnx.version_converter.convert_version(model, SCALE_A_CHANNEL)
        return named(raised), per_channel, [f"opset {opset} raised to {SCALE_A_CHANNEL}, which int8 needs"]
    except Exception as error:  # the converter's own share no base class
        said = f"opset {opset} can't be raised to {SCALE_A_CHANNEL} ({onnx_graph.first_line(error)})"
        if opset < SCALE_A_TENSOR:
            raise Unsupported(f"precision=int8: {said}.", "Export the model with a newer opset.") from error
        return model, False, [f"one scale a tensor instead of one a channel: {said}"]


def dynamic(model: Model, op_types: tuple[str, ...], scratch: Path) -> Model:
    """Int8 weights for `op_types`; activations are quantised at run time."""
    from onnxruntime import quantization as q

    scratch.mkdir(parents=True, exist_ok=True)
    # A Gemm is a MatMul and an Add to the quantiser, so a kernel for MatMul does it.
    kinds = {*op_types, "Gemm"} if "MatMul" in op_types else set(op_types)
    other = _of_other_types(model)
    nodes = [node for node in model.graph.node if node.op_type in kinds and node.input[0] not in other]
    chosen = [name for node in nodes for name in _names(node)]
    if not chosen:
        return model
    _quietly(
        lambda: q.quantize_dynamic(
            _copy(model), scratch / "dynamic.onnx", nodes_to_quantize=chosen, weight_type=q.QuantType.QInt8
        )
    )
    return onnx.load(scratch / "dynamic.onnx")


def _of_other_types(model: Model) -> set[str]:
    """Tensors that are not float32, which alone the dynamic quantiser's nodes take."""
    typed = onnx.shape_inference.infer_shapes(model).graph
    kinds = {value.name: value.type.tensor_type.elem_type for value in (*typed.input, *typed.value_info, *typed.output)}
    return {name for name, kind in kinds.items() if kind not in (onnx.TensorProto.UNDEFINED, onnx.TensorProto.FLOAT)}


def _prepared(model: Model, scratch: Path) -> Path:
    """The model with shapes inferred and batch normalisation folded, which the static quantiser wants."""
    from onnxruntime.quantization.shape_inference import quant_pre_process  # type: ignore[import-untyped]

    scratch.mkdir(parents=True, exist_ok=True)
    onnx.save(model, scratch / "float.onnx")
    ready = scratch / "prepared.onnx"
    _quietly(lambda: quant_pre_process(scratch / "float.onnx", ready, skip_symbolic_shape=True))
    return ready


def _reader(model: Model, calibration: Mapping[str, Any]) -> Any:
    """Calibration data as ONNX Runtime asks for it: one run's inputs at a time, None at the end."""
    from onnxruntime.quantization import CalibrationDataReader  # type: ignore[import-untyped]

    class Reader(CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            self.feeds: Iterator[dict[str, NDArray[Any]]] = onnx_graph.feeds(model, calibration, batch=1)

        def get_next(self) -> dict[str, NDArray[Any]] | None:
            return next(self.feeds, None)

    return Reader()


def _copy(model: Model) -> Model:
    copy = Model()
    copy.CopyFrom(model)
    return copy


def _quietly(work: Callable[[], Any]) -> Any:
    """What `work` returns; the quantiser's own advice on the root logger is dropped, its exceptions are ours."""
    logging.disable(logging.WARNING)
    try:
        return work()
    except OSError:  # the disk's
        raise
    except Exception as error:  # its exceptions share no base class of their own
        raise Unsupported(
            f"ONNX Runtime's quantiser can't do this model: {onnx_graph.first_line(error)}",
            "Use precision=fp32 or fp16.",
        ) from error
    finally:
        logging.disable(logging.NOTSET)


def counts(model: Model, made: Model, precision: str) -> dict[str, list[int]]:
    """`{op type: [in the asked precision, all]}` of the heavy operators. `model` is the float graph, `made` the result:
    dynamic quantisation replaces operators, so they are counted before; the others are counted as they stand."""
    found: dict[str, list[int]] = {}
    done = {"fp16": _half, "int8": _between_qdq, "int8_dynamic": _replaced}[precision](made)
    for node in model.graph.node if precision == "int8_dynamic" else made.graph.node:
        if node.op_type in HEAVY:
            count = found.setdefault(node.op_type, [0, 0])
            count[0] += done(node)
            count[1] += 1
    return found


def _half(made: Model) -> Callable[[onnx.NodeProto], bool]:
    """Does a node compute float16?"""
    typed = onnx.shape_inference.infer_shapes(made).graph
    values = [*typed.value_info, *typed.output]
    half = {value.name for value in values if value.type.tensor_type.elem_type == onnx.TensorProto.FLOAT16}
    return lambda node: bool(half & set(node.output))


def _between_qdq(made: Model) -> Callable[[onnx.NodeProto], bool]:
    """Do a node's input and its weight come from DequantizeLinear?"""
    dequantized = {out for node in made.graph.node if node.op_type == "DequantizeLinear" for out in node.output}
    return lambda node: set(node.input[:2]) <= dequantized


def _replaced(made: Model) -> Callable[[onnx.NodeProto], bool]:
    """Has a node, or the MatMul that a Gemm was split into, gone for an integer one?"""
    left = {node.name for node in made.graph.node if node.op_type in HEAVY}
    return lambda node: not left & set(_names(node))


def _names(node: onnx.NodeProto) -> tuple[str, ...]:
    """A node's name, and that of the MatMul into which the quantiser splits a Gemm first."""
    return (node.name, f"{node.name}_MatMul") if node.op_type == "Gemm" else (node.name,)


def warnings(counts: Mapping[str, list[int]], precision: str, changed: bool) -> list[str]:
    """One line for each op type that is not wholly in the asked precision; `changed`: whether any operator is."""
    if not changed and not counts:
        return [f"precision={precision}: the graph has no operator that ONNX Runtime's tools can change to it"]
    return [
        f"{done} of {total} {op_type}{'' if total == 1 else 's'} quantised ({WHY_NOT[precision]})"
        for op_type, (done, total) in counts.items()
        if done < total
    ]
