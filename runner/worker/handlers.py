"""What a worker does: one function a request (`docs/architecture.md`, Workers)."""

from __future__ import annotations

import contextlib
import importlib
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from runner.core.foreign_text import brief
from runner.worker import process, session_loader, timing_loop
from runner.worker.json_lines import Channel, error_message

PROGRESS_SECONDS = 0.1


class State:
    """The session that `load` left for the requests after it."""

    def __init__(self) -> None:
        self.session: Any = None
        self.bound: list[Any] = []
        self.batch = 1
        self.batched = True
        self.position = 0
        self.data = ""
        self.expected: list[Any] = []


def serve(channel: Channel) -> None:
    """Answers requests, one after the other, until the parent closes the channel."""
    state = State()
    for request in channel.requests():
        _answer(channel, state, request)


def _answer(channel: Channel, state: State, request: dict[str, Any]) -> None:
    name = request["id"]
    try:
        answer = DO[request["do"]](state, request, _progress(channel, name))
    except (Exception, SystemExit) as error:
        message = error_message(error)
        with contextlib.suppress(OSError):  # a full disk takes no log, and the answer must go out
            print(message["traceback"], file=sys.stderr)
        channel.send(id=name, error=message)
    else:
        channel.send(id=name, answer=answer)


def _progress(channel: Channel, name: Any) -> Callable[[int, int, str], None]:
    """Sends progress at most every PROGRESS_SECONDS, and the last of each note always."""
    last = [0.0]

    def report(done: int, total: int, note: str = "") -> None:
        now = time.monotonic()
        if now - last[0] >= PROGRESS_SECONDS or done >= total:
            last[0] = now
            channel.send(id=name, progress={"done": done, "total": total, "note": note})

    return report


def call(state: State, request: dict[str, Any], progress: Callable[[int, int, str], None]) -> Any:
    """What `module.function(**arguments)` returns."""
    function = getattr(importlib.import_module(request["module"]), request["function"])
    return function(**request.get("arguments", {}))


def step(state: State, request: dict[str, Any], progress: Callable[[int, int, str], None]) -> dict[str, Any]:
    """Does one step: `module.run(job)`."""
    from runner.core.disk_errors import room
    from runner.core.job import Job

    start = time.perf_counter()
    inputs = {role: Path(folder) for role, folder in request["inputs"].items()}
    folders = (Path(request["out"]), Path(request["scratch"]))
    job = Job(request["settings"], inputs, *folders, progress, request.get("device"))
    with room(job.out):
        meta = importlib.import_module(request["module"]).run(job)
    seconds = time.perf_counter() - start
    return {"meta": meta, "seconds": seconds, "peak_rss_mb": process.memory()["peak_rss_mb"]}


def load(state: State, request: dict[str, Any], progress: Callable[[int, int, str], None]) -> dict[str, Any]:
    """Opens a session and binds `samples` inputs of `batch` rows, drawn by `seed`; keeps the rows of `reference`
    that belong to them, if there is one. With `preprocess` the inputs are raw, and made ready in each run."""
    start = time.perf_counter()
    if state.session is not None:
        state.session.close()
        state.session = None  # the next one may not open
    process.imports(request["session"])
    imported = time.perf_counter()
    session = _opened(request, "open_session")
    loaded = time.perf_counter()
    _bind(state, session, request)
    return {
        "version": session.version,
        "inputs": session.inputs,
        "outputs": session.outputs,
        "effective": session.effective,
        "memory": session.memory,
        "clock": session.clock,
        "at_once": getattr(session, "at_once", 1),
        "warnings": list(getattr(session, "warnings", ())),
        "import_seconds": imported - start,
        "load_seconds": loaded - imported,
    }


def _opened(request: dict[str, Any], opening: str) -> Any:
    session = session_loader.load(request["session"], request["folder"], request.get("options", {}), opening)
    if not request.get("preprocess"):  # most have none, and load nothing for it
        return session
    from runner.worker import preprocessed

    return preprocessed.opened(session, request["preprocess"])


def _bind(state: State, session: Any, request: dict[str, Any]) -> None:
    from runner.worker import input_batches

    arrays = input_batches.read(request["inputs"], session.inputs)
    state.session, state.batch, state.position, state.data = session, request["batch"], 0, request["inputs"]
    state.batched = input_batches.has_batch_axis(arrays, session.inputs)
    drawn = input_batches.drawn(arrays, state.batch, request["samples"], request["seed"], state.batched)
    state.bound = [session.bind(inputs) for inputs in drawn]
    state.expected = []
    if request.get("reference"):
        picked = input_batches.picks(input_batches.rows(arrays), state.batch, request["samples"], request["seed"])
        state.expected = input_batches.expected(request["reference"], session.outputs, picked)


def warmup(state: State, request: dict[str, Any], progress: Callable[[int, int, str], None]) -> dict[str, Any]:
    session, least = _session(state), (request["iterations"], request["seconds"])
    if _overlaps(session, request):
        found = timing_loop.warm_up_together(session.run_many, state.bound, *least, session.at_once)
    else:
        found = timing_loop.warm_up(session.run, state.bound, *least)
    return {"iterations": found[0], "seconds": found[1]}


def _overlaps(session: Any, request: dict[str, Any]) -> bool:
    """Whether inferences are asked for at once, and the session runs them so."""
    return bool(request.get("together")) and getattr(session, "at_once", 1) > 1


def burst(state: State, request: dict[str, Any], progress: Callable[[int, int, str], None]) -> dict[str, Any]:
    """Times `iterations` runs, several at once where that is asked for and can be; the last outputs are checked
    afterwards: finite, and how far from the reference."""
    session = _session(state)
    about = (state.bound, request["iterations"], state.position)
    if _overlaps(session, request):
        ns, start_ns, outputs = timing_loop.together(session.run_many, *about)
    else:
        ns, start_ns, outputs = timing_loop.burst(session.run, *about)
    state.position += request["iterations"]
    found = _arrays(session, outputs)
    wanted = _expected(state, found)
    return {"ns": ns, "start_ns": start_ns, "outputs_finite": _finite(found, wanted), **_deviation(found, wanted)}


def _arrays(session: Any, outputs: list[Any]) -> list[Any]:
    from runner.worker import values

    return [values.array(output, spec["dtype"]) for output, spec in zip(outputs, session.outputs)]  # noqa: B905


def _expected(state: State, found: list[Any]) -> list[Any]:
    """Of each of the last run's outputs the reference's, flat where shapes differ from sample to sample; None where
    nothing of that size is known."""
    index = (state.position - 1) % len(state.bound)
    rows = [None if kept is None else kept[index] if state.batched else kept[index][0] for kept in state.expected]
    rows = rows or [None] * len(found)
    return [_alike(ours, row) for ours, row in zip(found, rows)]  # noqa: B905 - not in Python 3.8


def _alike(ours: Any, row: Any) -> Any:
    if row is None or row.dtype.kind == "O" or ours.size != row.size:
        return None
    return row.reshape(ours.shape) if row.shape == ours.shape or row.ndim == 1 else None


def _finite(found: list[Any], wanted: list[Any]) -> bool:
    """Whether every output is finite, or NaN and infinite where the reference is."""
    import numpy as np

    from runner.worker import values

    return all(
        values.finite(ours) or (row is not None and bool(np.isfinite(values.differences(ours, row)).all()))
        for ours, row in zip(found, wanted)  # noqa: B905 - not in Python 3.8
    )


def _deviation(found: list[Any], wanted: list[Any]) -> dict[str, float]:
    """`error` and `signal`: sums of squares of the last run's outputs less the reference's, and of the reference's;
    `values`: how many those are. Empty without a reference of that shape."""
    import numpy as np

    from runner.worker import values

    pairs = [(ours, row) for ours, row in zip(found, wanted) if row is not None]  # noqa: B905 - not in Python 3.8
    if not pairs:
        return {}
    with np.errstate(over="ignore"):
        error = sum(float((values.differences(ours, row) ** 2).sum()) for ours, row in pairs)
        signal = sum(float((values.sizes(row) ** 2).sum()) for _, row in pairs)
    # JSON has no nan: an infinite error says as much.
    error = error if np.isfinite(error) else sys.float_info.max
    signal = signal if np.isfinite(signal) else sys.float_info.max
    return {"error": error, "signal": signal, "values": sum(row.size for _, row in pairs)}


def repeats(state: State, request: dict[str, Any], progress: Callable[[int, int, str], None]) -> dict[str, Any]:
    """Whether a repeated input is quicker: in each of `rounds`, `iterations` runs of one input that was run before,
    and as many of inputs that never were but differ from it in their last bits alone, in turns. `same_ns` and
    `different_ns` (rounds,): medians of a run; or `problem`, where the model runs with no other input.

    Each is copied and bound just before its run, the repeated one too: memory that was never touched is slower.

    The idea is MLPerf's TEST04 audit, which compares a sample issued again and again with different ones. Samples that
    differ more would take other branches of decision trees, which the processor predicts where they repeat.
    """
    from runner.worker import input_batches

    session = _session(state)
    arrays = input_batches.read(state.data, session.inputs)
    first = next(input_batches.drawn(arrays, state.batch, 1, request["seed"], state.batched))
    problem = "the inputs have no values that could be changed"
    # A whole number may be a size or an axis that the model runs with in no other order: then another input is.
    for name in input_batches.changeable(first):
        fresh = input_batches.never_seen(first, name, request["iterations"] * request["rounds"], request["seed"])
        try:
            return dict(_probed(session, first, fresh, request))
        except Exception as error:  # a runtime's exceptions share no base class
            problem = "the model runs with these inputs only: " + brief(str(error))
    return {"problem": problem}


def _probed(
    session: Any, known: dict[str, Any], fresh: Iterator[dict[str, Any]], request: dict[str, Any]
) -> dict[str, list[float]]:
    from statistics import median

    found: dict[str, list[float]] = {"same_ns": [], "different_ns": []}
    for _ in range(request["rounds"]):
        for name, ns in _in_turns(session, known, fresh, request["iterations"]).items():
            found[name].append(median(ns))
    return found


def _in_turns(session: Any, known: dict[str, Any], fresh: Iterator[dict[str, Any]], size: int) -> dict[str, list[int]]:
    """ns of `size` runs of each; who is first changes from turn to turn."""
    found: dict[str, list[int]] = {"same_ns": [], "different_ns": []}
    for turn in range(size):
        pair = [("same_ns", known), ("different_ns", next(fresh))]
        for name, arrays in pair if turn % 2 else reversed(pair):
            bound = session.bind({key: array.copy() for key, array in arrays.items()})
            found[name] += timing_loop.burst(session.run, [bound], 1)[0]
    return found


def predict(state: State, request: dict[str, Any], progress: Callable[[int, int, str], None]) -> dict[str, Any]:
    """Writes the outputs of every sample of `inputs`, in its order (`predictions.py`); left out is an output that has
    not one row a sample of a batch."""
    import numpy as np

    from runner.worker import input_batches, predictions

    session = _session(state)
    arrays = input_batches.read(request["inputs"], session.inputs)
    found: dict[str, list[Any]] = {spec["name"]: [] for spec in session.outputs}
    for count, inputs in input_batches.whole(arrays, state.batch, state.batched):
        for parts, output in zip(found.values(), _arrays(session, session.run(session.bind(inputs)))):  # noqa: B905
            rows = output if state.batched else output[None]
            # Copied: a runtime may hand out the same memory on every run.
            parts.append(np.array(rows[:count]) if rows.ndim and len(rows) >= count else None)
    whole = [(name, parts) for name, parts in found.items() if all(part is not None for part in parts)]
    np.savez(request["out"], **{key: array for one in whole for key, array in predictions.arrays(*one).items()})
    return {"samples": input_batches.rows(arrays)}


def profile(state: State, request: dict[str, Any], progress: Callable[[int, int, str], None]) -> dict[str, Any]:
    """How long each layer takes in `iterations` runs of one input, by the runtime's profiler, in a session opened for
    it: nothing is timed in this process."""
    session = _opened(request, "open_profiled")
    _bind(state, session, request)
    return {"version": session.version, **session.profile(state.bound[0], request["iterations"])}


def memory(state: State, request: dict[str, Any], progress: Callable[[int, int, str], None]) -> dict[str, Any]:
    return dict(process.memory())


def _session(state: State) -> Any:
    if state.session is None:
        raise ValueError("no session is loaded: `load` comes first")
    return state.session


DO: dict[str, Callable[[State, dict[str, Any], Any], Any]] = {
    "call": call,
    "step": step,
    "load": load,
    "warmup": warmup,
    "burst": burst,
    "repeats": repeats,
    "predict": predict,
    "profile": profile,
    "memory": memory,
}
