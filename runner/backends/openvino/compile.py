"""Compiles for OpenVINO: ONNX to its IR with the batch fixed, weights as they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import openvino  # type: ignore[import-untyped,unused-ignore]

from runner.backends.openvino import devices, preprocess, unheeded
from runner.backends.openvino.session import (
    BLOB,
    FILE,
    HINTS,
    Session,
    configuration,
    last_line,
    name_of,
    opened,
    precision,
    refused,
)
from runner.core.errors import Unsupported
from runner.core.job import Job
from runner.graphs import onnx_graph
from runner.preprocessing.description import Preprocessing

NOT_WORK = ("Input", "Output", "Const")


def compile(job: Job) -> dict[str, Any]:
    """Writes `model.xml` and `model.bin` with all sizes fixed; says what each layer runs in once it is loaded. Where
    the samples are raw it makes them ready, and is compared with the model without that.

    Raises Unsupported with OpenVINO's words where it can't convert, size or load the model.
    """
    source, batch = job.inputs["model"] / "model.onnx", job.settings["batch"]
    raw = preprocess.asked(job)
    sizes = {**_sizes(job.inputs["data"], batch), **{name: [batch, *one.ready] for name, one in raw.items()}}
    given = onnx.load(source, load_external_data=False)
    _check_inputs(onnx_graph.inputs(given))
    preprocess.check_nodes(given, job.inputs["data"])
    unheeded.check(given)
    plain, warnings = _converted(source, sizes, job)
    unheeded.check_sized(unheeded.ordered(plain))
    model = preprocess.applied(plain.clone(), raw, batch) if raw else plain
    openvino.save_model(model, str(job.out / FILE), compress_to_fp16=False)
    settings, unseen = runs_here(dict(job.settings["settings"]))
    compiled = _loaded(job.out, settings, job.settings["precision"])
    if settings["format"] == "blob":
        (job.out / BLOB).write_bytes(compiled.export_model().getvalue())
        for path in (job.out / FILE, (job.out / FILE).with_suffix(".bin")):
            path.unlink()
    session = Session(compiled, None)
    warnings += _precision_kept(settings["inference_precision"] or HINTS[job.settings["precision"]], session)
    effective = {} if unseen else precisions(session)
    warnings += [unseen] if unseen else []
    proof = {"max_abs_error_of_preprocessing": _apart(plain, session, raw, settings, job)} if raw else {}
    return {"version": session.version, "effective": effective, "fallback": {}, "warnings": warnings, **proof}


def _converted(source: Path, sizes: Mapping[str, list[int]], job: Job) -> tuple[Any, list[str]]:
    """(The model, all sizes fixed; what is to be said of that)."""
    batch, loose = job.settings["batch"], job.scratch / "without-sizes.onnx"
    try:
        return sized(read(source), sizes, batch), []
    except Unsupported as error:
        try:
            onnx.save(onnx_graph.opened(onnx.load(source)), loose)
            model = sized(read(loose), sizes, batch)
        except Unsupported:
            raise error from None
    return model, ["converted without the sizes of its inputs: OpenVINO refuses the graph with them"]


def _apart(plain: Any, session: Session, raw: Mapping[str, Preprocessing], settings: dict[str, Any], job: Job) -> float:
    """How far its own preprocessing moves outputs, from those of the `plain` model on what numpy makes of a sample."""
    properties = configuration(settings, job.settings["precision"])
    ready = Session(openvino.Core().compile_model(plain, settings["device"], properties), None)
    return preprocess.compared(ready, session, raw, job)


def runs_here(settings: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """The settings that can be tried on this machine, and what is said where those are others: a device that only
    another machine has."""
    wanted = settings["device"]
    if wanted == devices.EVERYWHERE or not devices.found(wanted)["missing"]:
        return settings, ""
    here = {**settings, "device": devices.EVERYWHERE}
    return here, f"proven by this machine's {devices.EVERYWHERE}: {wanted} is on the device alone"


def _loaded(folder: Path, settings: dict[str, Any], asked: str) -> Any:
    """The IR in the folder, loaded. Raises Unsupported with OpenVINO's words: the file is as we wrote it."""
    try:
        return opened(folder / FILE, settings["device"], configuration(settings, asked))
    except Exception as error:  # RuntimeError, and others that its plug-ins raise
        raise refused("load", error) from error


def _check_inputs(inputs: Sequence[onnx.ValueInfoProto]) -> None:
    odd = next((value for value in inputs if onnx_graph.container(value)), None)
    if odd is not None:
        raise Unsupported(
            f"input {odd.name} is of type {onnx_graph.container(odd)}; OpenVINO takes tensors alone.",
            "Choose another backend for it.",
        )


def _sizes(data: Path, batch: int) -> dict[str, list[int]]:
    """Each input's sizes by what the data hold: of a free batch with `batch` rows and without."""
    with np.load(data / "calibration.npz", allow_pickle=False) as file:
        return {name[len("in/") :]: [batch, *file[name].shape[1:]] for name in file.files if name.startswith("in/")}


def read(path: Path) -> Any:
    """`openvino.Model` of an ONNX file. Raises Unsupported naming the operators that OpenVINO can't convert."""
    try:
        model = openvino.Core().read_model(str(path))
    except Exception as error:  # RuntimeError, and others that its plug-ins raise
        raise refused("convert", error) from error
    _name(model, [value.name for value in onnx_graph.inputs(onnx.load(path, load_external_data=False))])
    return model


def _name(model: Any, names: list[str]) -> None:
    """The input whose name OpenVINO gave up for that of an output that hands it on gets its own again, in place."""
    found = {name_of(port): port for port in model.inputs}
    lost, strange = [name for name in names if name not in found], [name for name in found if name not in names]
    if len(lost) == len(strange) == 1:
        found[strange[0]].get_node().set_friendly_name(lost[0])


def sized(model: Any, sizes: Mapping[str, list[int]], batch: int) -> Any:
    """`model` with every open size fixed, in place: those of the samples, or those with `batch` rows."""
    shapes = {}
    for port in model.inputs:
        shape, known = port.get_partial_shape(), sizes.get(name_of(port), [])
        rank = len(shape) if shape.rank.is_static else len(known) - 1
        own = known if rank == len(known) else known[1:]
        shapes[port] = openvino.PartialShape(own) if shape.is_dynamic and len(own) == rank else shape
    try:
        model.reshape(shapes)
    except RuntimeError as error:
        raise Unsupported(f"openvino can't fix the batch at {batch}: {last_line(error)}", "Try batch 1.") from error
    return model


def precisions(session: Session) -> dict[str, dict[str, int]]:
    """`{layer type: {precision: layers}}` of the graph that the plug-in runs."""
    counts: dict[str, Counter[str]] = {}
    for layer in session.compiled.get_runtime_model().get_ops():
        info = layer.get_rt_info()
        kind = info["layerType"].astype(str)
        if kind not in NOT_WORK:
            counts.setdefault(kind, Counter())[precision(kind, info["primitiveType"].astype(str))] += 1
    return {kind: dict(count) for kind, count in sorted(counts.items())}


def _precision_kept(wanted: str, session: Session) -> list[str]:
    """A line where the plug-in took another float type than the one asked for."""
    found = session.effective["inference_precision"]
    if found == wanted:
        return []
    return [f"floats in {wanted} were asked for: OpenVINO has no such kernels for this CPU and runs in {found}"]
