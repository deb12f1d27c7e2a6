"""Compiles for ONNX Runtime: batch fixed, graph optimised once and stored as it will run."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnx
import onnxruntime  # type: ignore[import-untyped,unused-ignore]

from runner.backends import effective_precision
from runner.backends.compile_checks import calibration_feed, compared, shapes
from runner.backends.onnxruntime import entries, profiler, provider
from runner.backends.onnxruntime.session import (
    FILE,
    LOADING,
    SAVED,
    Session,
    load,
    open_session,
    refused,
    session_options,
)
from runner.core.errors import Unsupported
from runner.core.job import Job
from runner.graphs import onnx_graph, random_operators
from runner.tensors.difference import apart
from runner.worker import values


@dataclass(frozen=True)
class Attempt:
    """One way to store a graph. `source`: the file; `level`: how far it is optimised whenever it is loaded, None: now,
    once and for all. `note` is what is said of it."""

    source: Path
    level: str | None
    note: str


def compile(job: Job) -> dict[str, Any]:
    """Writes `model.onnx`, or `model.ort`, optimised for `job.settings["batch"]`; compares it with the graph that it
    came from.

    What ONNX Runtime runs, runs: where it refuses the graph with our sizes in it, or what its optimiser stored, the
    next of `attempts` is tried, and told. Raises Unsupported with its words where none works, and where the provider
    takes none of the operators.
    """
    settings, unseen = runs_here(dict(job.settings["settings"]))
    made, session, feed = _made(job, settings, at_load=bool(unseen) or settings["provider"] != provider.EVERYWHERE)
    nodes = profile(job.out, settings, feed, job.scratch)
    ran = precisions(nodes)
    coarsest = effective_precision.coarsest(job.settings["precision"], ran)
    error, notes = _compared(_original(made.source, settings), session, feed, coarsest, made.source)
    return {
        "version": session.version,
        **seen(nodes, settings["provider"], unseen),
        "max_abs_error_of_optimisation": error,
        "warnings": [*filter(None, (made.note, unseen)), *notes, *unknown_entries(settings)],
    }


def runs_here(settings: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """The settings that can be tried on this machine, and what is said where those are others: a provider that only
    another machine has."""
    wanted = settings["provider"]
    if wanted in onnxruntime.get_available_providers():
        return settings, ""
    here = {**settings, "provider": provider.EVERYWHERE, "provider_options": {}}
    return here, f"proven by this machine's {provider.EVERYWHERE}: {wanted} is on the device alone"


def seen(nodes: list[dict[str, Any]], wanted: str, unseen: str) -> dict[str, Any]:
    """`effective` and `fallback` of a run; nothing where the device's provider was `unseen`."""
    if unseen:
        return {"effective": {}, "fallback": {}}
    elsewhere = fallback(nodes, wanted)
    if nodes and sum(elsewhere.values()) == len(nodes):
        raise provider.unused(wanted, sorted(elsewhere))
    return {"effective": precisions(nodes), "fallback": elsewhere}


def unknown_entries(settings: dict[str, Any]) -> list[str]:
    """A line for each entry of the session's configuration that this ONNX Runtime doesn't know."""
    return entries.unknown(settings["session"], Path(str(onnxruntime.__file__)).parent / "capi")


def _made(job: Job, settings: dict[str, Any], at_load: bool) -> tuple[Attempt, Session, dict[str, Any]]:
    """The first attempt that opens and runs, its session, and what it ran with. Raises what stopped the first."""
    first: Unsupported | None = None
    for attempt in _ways(job, settings, at_load):
        try:
            _store(attempt, job.out, settings, job.settings["batch"])
            session = open_session(str(job.out), settings)
            feed = calibration_feed(job.inputs["data"], session, job.settings["batch"])
            shapes(session, feed, job.settings["batch"])
            _outputs(session, feed, attempt.source)
        except Unsupported as error:
            first = first or error
        else:
            return attempt, session, feed
    assert first is not None, "there are attempts"
    raise first


def _ways(job: Job, settings: dict[str, Any], at_load: bool) -> Iterator[Attempt]:
    """Those of `attempts` that the format and the provider leave: `.ort` is what an optimiser stores, and another
    provider than the CPU's optimises a graph for itself when it loads it."""
    for attempt in attempts(job.inputs["model"] / FILE, job.scratch, settings["graph_optimization"]):
        if settings["format"] == "ort":
            if attempt.level is None:
                yield attempt
        elif not at_load:
            yield attempt
        elif attempt.level is not None:
            yield Attempt(attempt.source, attempt.level, "")


def attempts(source: Path, scratch: Path, asked: str) -> Iterator[Attempt]:
    """In order of preference; the file without sizes is written to `scratch` when it is needed."""
    yield Attempt(source, None, "")
    loose = scratch / "without-sizes.onnx"
    onnx.save(onnx_graph.opened(onnx.load(source)), loose)
    unsized = "stored without the sizes of its inputs: ONNX Runtime refuses the graph with them"
    yield Attempt(loose, None, unsized)
    for level in dict.fromkeys((asked, "basic", "disabled")):
        at_load = f"optimised ({level}) at each load: ONNX Runtime refuses what its own optimiser stored"
        yield Attempt(source, level, at_load)
        yield Attempt(loose, level, f"{unsized}; {at_load}")


def _store(attempt: Attempt, out: Path, settings: dict[str, Any], batch: int) -> None:
    for path in (*out.glob(f"{FILE}*"), out / SAVED, out / LOADING):
        path.unlink(missing_ok=True)
    if attempt.level is None:
        optimise(attempt.source, out / (SAVED if settings["format"] == "ort" else FILE), settings, batch)
        return
    shutil.copyfile(attempt.source, out / FILE)
    (out / LOADING).write_text(json.dumps({"level": attempt.level}) + "\n", encoding="utf-8")


def optimise(source: Path, target: Path, settings: dict[str, Any], batch: int) -> None:
    """ONNX Runtime's own optimiser, run offline; the graph that it would have run is stored."""
    options = session_options(settings, settings["graph_optimization"])
    options.add_free_dimension_override_by_name("batch", batch)
    options.optimized_model_filepath = str(target)
    load(source, options, settings["provider"], settings["provider_options"])


def _original(source: Path, settings: dict[str, Any]) -> Session:
    """The graph before optimisation, as the reference for numbers."""
    plain = {**settings, "provider": provider.EVERYWHERE, "session": {}}
    return Session(load(source, session_options(plain, "disabled"), provider.EVERYWHERE, {}))


def _compared(
    original: Session, session: Session, feed: dict[str, Any], precision: str, source: Path
) -> tuple[float | None, list[str]]:
    """The largest difference that optimising made. None where the graph's own outputs differ from run to run."""
    model = onnx.load(source, load_external_data=False)
    expected = _outputs(original, feed, source)
    if all(apart(expected, _outputs(original, feed, source))[0] == 0 for _ in range(1, random_operators.runs(model))):
        return compared(session, feed, expected, precision, lambda inputs: _outputs(original, inputs, source)), []
    return None, [f"outputs differ from run to run{random_operators.why(model)}: they are compared with nothing"]


def _outputs(session: Session, feed: Mapping[str, Any], source: Path) -> list[Any]:
    try:
        outputs = session.run(session.bind(dict(feed)))
    except Exception as error:  # ONNX Runtime's own share no base class
        raise refused(error, source, "run") from error
    found = [values.array(output, spec["dtype"]) for output, spec in zip(outputs, session.outputs, strict=True)]
    return [array.copy() for array in found]  # the session writes the next run's into the same memory


def profile(folder: Path, settings: dict[str, Any], feed: dict[str, Any], scratch: Path) -> list[dict[str, Any]]:
    """One run's nodes as ONNX Runtime's profiler saw them (`op_name`, `provider`, types): what ran, not what the
    file says. ONNX Runtime puts Casts around operators for which it has no float16 kernel; here they show."""
    kept = Path(tempfile.mkdtemp(dir=scratch))
    session = open_session(str(folder), settings, profile=str(kept / "profile"))
    session.run(session.bind(feed))
    found = profiler.nodes(profiler.events(session.end_profiling()))
    shutil.rmtree(kept)
    return list(found.values())


def precisions(nodes: list[dict[str, Any]]) -> dict[str, dict[str, int]]:
    """`{op type: {precision: nodes}}`."""
    counts: dict[str, Counter[str]] = {}
    for node in nodes:
        counts.setdefault(node["op_name"], Counter())[profiler.precision(node)] += 1
    return {op: dict(count) for op, count in sorted(counts.items())}


def fallback(nodes: list[dict[str, Any]], provider: str) -> dict[str, int]:
    """`{op type: nodes}` that did not run on the provider asked for."""
    return dict(Counter(node["op_name"] for node in nodes if node["provider"] != provider))
