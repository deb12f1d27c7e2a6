"""Compiles for TVM: the graph to Relax, its kernels laid out, one library of machine code."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import onnx
import tvm  # before the session, which would load the runtime alone

from runner.backends import compile_checks, effective_precision
from runner.backends.tvm import (
    LIBRARY,
    MODEL,
    RECORDS,
    TUNED_ON,
    cpus,
    importer,
    precisions,
    refusal,
    schedule,
    source,
    targets,
)
from runner.backends.tvm.session import SIGNATURE, open_session
from runner.core.errors import RunnerError
from runner.core.job import Job
from runner.graphs import float_reference, onnx_graph


def compile(job: Job) -> dict[str, Any]:
    """Writes `model.so`, all sizes fixed, and `signature.json`; compares it with the graph that it came from, where it
    runs here.

    Raises Unsupported naming the node that can't be converted, or with TVM's words.
    """
    settings = job.settings["settings"]
    model = onnx.load(job.inputs["model"] / MODEL)
    taken = onnx_graph.describe(onnx_graph.inputs(model))
    feed = compile_checks.drawn_feed(job.inputs["data"], taken, job.settings["batch"])
    shapes = {name: array.shape for name, array in feed.items()}
    target = targets.chosen(settings["target"], job.settings["tuned_to"])
    layout = schedule.GPU if targets.of_gpu(target) else settings["schedule"]
    module, notes = schedule.prepared(importer.module_of(model, shapes), layout)
    database = str(job.inputs["model"]) if (job.inputs["model"] / RECORDS).is_file() else ""
    built = _built(module, tvm.target.Target(target), layout, database)
    built.export_library(str(job.out / LIBRARY), **targets.linker(target))
    source.write(built, job.out)
    ran = precisions.effective(module)
    about = {**_built_for(target), "schedule": layout, **_tuned(job.inputs["model"])}
    _sign(job.out / SIGNATURE, model, feed, module, about)
    error, unproven = _proven(job, model, feed, ran, target)
    return {
        "version": tvm.__version__,
        "effective": ran,
        "fallback": {},
        "max_abs_error_of_compilation": error,
        "warnings": [*notes, *unproven],
    }


def _built_for(target: Mapping[str, Any]) -> dict[str, Any]:
    """The machine, its CPU and, where kernels run on one, its GPU."""
    about = {"machine": targets.machine_of(target), "cpu": targets.host_of(target)["mcpu"]}
    return {**about, "gpu": target["arch"]} if targets.of_gpu(target) else about


def _tuned(folder: Path) -> dict[str, Any]:
    """Whether kernels are laid out by a database, and which devices timed its trials."""
    file = folder / TUNED_ON
    return {"tuned": True, "tuned_on": json.loads(file.read_text())} if file.is_file() else {"tuned": False}


def _proven(
    job: Job, model: onnx.ModelProto, feed: Mapping[str, Any], ran: Any, target: Mapping[str, Any]
) -> tuple[float | None, list[str]]:
    """The largest difference from the graph's own outputs, and a note where this machine can't run the library."""
    if not cpus.runs_here(targets.host_of(target)):
        built_for = f"{targets.machine_of(target)} ({targets.host_of(target)['mcpu']})"
        return None, [f"built for {built_for}, which this machine can't run: not compared with the graph here"]
    session = open_session(str(job.out), {"threads": 1})
    return _compared(session, model, feed, effective_precision.coarsest(job.settings["precision"], ran)), []


def _built(module: Any, target: Any, layout: str, database: str) -> Any:
    """The module's executable. Raises Unsupported with TVM's words."""
    try:
        return tvm.compile(module, target=target, relax_pipeline=schedule.pipeline_of(target, layout, database))
    except RunnerError:
        raise
    except Exception as error:  # TVM's own share no base class
        raise refusal.of_model("compile", error) from error


def _sign(path: Path, model: onnx.ModelProto, feed: Mapping[str, Any], module: Any, built: Mapping[str, Any]) -> None:
    """What the library doesn't say of itself: its inputs and outputs, and how it was built."""
    inputs = [{"name": name, "shape": list(array.shape), "dtype": str(array.dtype)} for name, array in feed.items()]
    names = [value.name for value in model.graph.output]
    outputs = [{"name": name, **kind} for name, kind in zip(names, precisions.returned(module), strict=True)]
    content = {"inputs": inputs, "outputs": outputs, "built": dict(built)}
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def _compared(session: Any, model: onnx.ModelProto, feed: Mapping[str, Any], precision: str) -> float | None:
    """The largest difference from what ONNX Runtime makes of the graph; None where it can't say."""
    batched, names = onnx_graph.is_batched(model), [spec["name"] for spec in session.outputs]

    def source(inputs: Mapping[str, Any]) -> list[Any]:
        rows = inputs if batched else {name: array[None] for name, array in inputs.items()}
        known = float_reference.outputs(model, rows)
        return [known[name] if batched else known[name][0] for name in names if name in known]

    expected = source(feed)
    if len(expected) != len(names):
        return None
    return compile_checks.compared(session, feed, expected, precision, source)
