"""`benchmark_model` run in our place: the user's own binary, on the machine where the model is measured. It travels."""

from __future__ import annotations

import shlex
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runner.backends.litert import BENCHMARK_MODEL, benchmark_model
from runner.backends.litert.benchmark_model import Said
from runner.core import hashing
from runner.core.errors import StepFailed, Unavailable, Unsupported

FILE = "model.tflite"


def measured(folder: str, options: dict[str, Any]) -> dict[str, Any]:
    """Its own figures of the model in `folder`, and what was run."""
    command = [options["binary"], f"--graph={Path(folder) / FILE}", *flags(options)]
    said = _read(_run(command, options["binary"]), options["binary"])
    facts = {
        "command": shlex.join([*command[:1], f"--graph={FILE}", *command[2:]]),
        "binary's SHA-256": hashing.file_hash(Path(options["binary"])),
        **{f"delegated to {by}": f"{some} of {of} nodes" for by, some, of in said.delegated},
    }
    return {"source": BENCHMARK_MODEL, "metrics": said.figures, "facts": facts, "layers": _layers(said)}


def flags(options: Mapping[str, Any]) -> list[str]:
    """What our settings are in its words, then the user's own flags."""
    ours = {"num_threads": options["threads"], "use_xnnpack": options["xnnpack"]}
    if options["delegate"]:
        ours["external_delegate_path"] = options["delegate"]
    if options["delegate_options"]:
        pairs = (f"{key}:{value}" for key, value in options["delegate_options"].items())
        ours["external_delegate_options"] = ";".join(pairs)
    return [f"--{name}={_word(value)}" for name, value in {**ours, **options["flags"]}.items()]


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _run(command: list[str], binary: str) -> str:
    """All that it printed. Raises Unavailable where there is no such program, StepFailed where it ends in an error."""
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, errors="replace"
        )
    except OSError as error:  # not there, not to be executed, of another kind of machine
        reason = f"backend.binary={binary}: {error.strerror or error}."
        raise Unavailable(reason, "Name the benchmark_model that is built for that machine.") from error
    if done.returncode < 0:
        raise StepFailed(f"{binary} was ended by {signal.Signals(-done.returncode).name}.", _last(done.stdout))
    if done.returncode:
        raise StepFailed(f"{binary} ended with {done.returncode}: {_last(done.stdout)}", "Run it by hand to see more.")
    return done.stdout


def _last(text: str) -> str:
    return next((line.strip()[:300] for line in reversed(text.splitlines()) if line.strip()), "It printed nothing.")


def _read(text: str, binary: str) -> Said:
    try:
        said = benchmark_model.read(text)
    except ValueError as error:
        raise StepFailed(f"What {binary} printed can't be read: {error}.", "Is it benchmark_model?") from error
    if said.unknown:  # it says so, and goes on without them
        reason = f"backend.flags: {binary} doesn't know {' '.join(said.unknown)}."
        raise Unsupported(reason, f"See what it knows: {shlex.quote(binary)} --help")
    return said


def _layers(said: Said) -> list[dict[str, Any]]:
    """Its profile, where --enable_op_profiling=true asked for one."""
    return [
        {"name": name, "type": kind, "place": "device", "ns": 1e6 * ms, "calls": calls}
        for name, kind, ms, calls in said.operators
    ]
