"""Whether a model can be compiled and measured, known before any work: what is missing, and what can't be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from runner.backends import loading
from runner.backends.contract import AS_BUILT, Request, Tool
from runner.core import extras, registry
from runner.core.errors import Impossible, RunnerError, SpecError, Unavailable, Unsupported
from runner.hardware import detect
from runner.planning import target as targets
from runner.planning.draft import Draft
from runner.planning.place import Place
from runner.planning.target import Target
from runner.spec import hardware, options
from runner.spec.schema import Choice, Spec

SESSION, TOOL = "session", "tool"  # modules of a backend that run what is measured


def estimated(spec: Spec) -> bool:
    """Whether figures of it are reckoned by its backend: nothing that it compiles is run."""
    return loading.backend(spec.backend.name).capabilities.estimate


def tool_of(spec: Spec) -> Tool | None:
    """The runtime's own program that measures it in our place."""
    found: Tool | None = loading.ask(spec.backend.name, "tool", spec.backend.settings)
    return found


def alone(spec: Spec) -> str:
    """Why its figures are compared with nothing, and nothing with them: they are not measured by this tool; empty where
    they are."""
    tool = tool_of(spec)
    if tool:
        return f"is measured by {tool.name}"
    return "only estimates" if estimated(spec) else ""


def unprofiled(spec: Spec) -> str:
    """Why no profiler times its layers; empty where one does."""
    if why := alone(spec):
        return f"backend={spec.backend.name} {why}: no profiler of ours watches it."
    if not loading.backend(spec.backend.name).capabilities.profile:
        return f"backend={spec.backend.name} can't time its layers."
    return ""


def unfit(specs: Sequence[Spec], draft: Draft) -> RunnerError | None:
    """Why nothing can be measured on the devices of a cell's specs, candidate first: one can't be reached, lacks a
    runtime or holds to no limit of memory, or the baseline is not measured by this tool."""
    if why := next(filter(None, map(alone, specs[1:])), ""):
        return Unsupported(
            f"baseline: backend={specs[1].backend.name} {why}: nothing is compared with that.",
            "Use another baseline, or baseline=none.",
        )
    for spec in specs:
        target = draft.once(targets.target_of, spec.hardware.settings)
        problem = targets.unlimited(target, spec.limits) or target.problem
        opened_by = TOOL if tool_of(spec) else SESSION
        problem = problem or draft.once(targets.lacking, target, spec.backend.name, spec.hardware.settings, opened_by)
        if problem:
            return problem
    return None


@dataclass(frozen=True)
class Wanted:
    """What is asked of a backend: a model by its name, as it is `provided`, and the data's name; `place` is where the
    last stage of its compile runs, `runs` where its session will: in both its library is asked."""

    backend: Choice
    model: str
    provided: tuple[str, ...]
    data: str
    precision: str
    batch: int
    target: Target
    place: Place
    runs: Place


def blocker(wanted: Wanted) -> RunnerError | None:
    """Why a model can't be compiled for its target, known before any work: a library is missing, the backend can't do
    it, or what it makes suits this machine alone."""
    backend, target = wanted.backend, wanted.target
    _check_threads(backend, target)
    declared = loading.backend(backend.name)
    here = declared.compiles_here() or declared.opens_here() or target.name == hardware.LOCAL
    ours = here and wanted.runs.release is None
    missing = extras.missing(f"backend={backend.name}", declared.distributions) if ours else None
    if missing:
        return Unavailable(missing.reason, declared.install)
    try:
        reason = loading.ask(backend.name, "support", _request(wanted))
    except Unavailable as error:
        return error
    reason = reason or declared.refusal(wanted.precision, wanted.batch, wanted.provided)
    if reason is None:  # nothing of ours is tuned to this machine in a file that is built elsewhere
        return None if wanted.precision == AS_BUILT else targets.foreign(target, backend.name, backend.settings)
    return Unsupported(
        f"backend={backend.name}: {reason}", "See what it can do: python -m runner list backend --matrix"
    )


def _request(wanted: Wanted) -> Request:
    task, hardware = registry.load("data", wanted.data).TASK, wanted.target.hardware
    about = (wanted.backend.settings, wanted.precision, wanted.model, task, wanted.batch)
    return Request(*about, hardware, wanted.place.ask, wanted.runs.ask)


def unopened(backend: str, path: str, project: Path) -> Unsupported | None:
    """Why a backend can't run a file that is built already, by its suffix, and which one can."""
    own, suffix = loading.backend(backend).built, Path(path).suffix.lower()
    if suffix in own:
        return None
    opens = {name: _opens(name) for name in options.names("backend", project)}
    others = [name for name, suffixes in opens.items() if suffix in suffixes]
    if others:
        others.sort(key=lambda name: suffix in loading.backend(name).takes_up)  # first those that simply run it
        said = f"it opens {', '.join(own)}" if own else "it opens no files that are built elsewhere"
        words = [f"backend={name}" for name in others]
        return Unsupported(f"backend={backend} can't run {path} as built: {said}.", f"Use {' or '.join(words)}.")
    there = "; ".join(f"{name} {', '.join(suffixes)}" for name, suffixes in opens.items() if suffixes)
    return Unsupported(f"{path}: no backend here opens {suffix} files.", f"What is opened: {there}.")


def _opens(name: str) -> tuple[str, ...]:
    """What a backend opens; nothing where its declaration is wrong, which is said where it is chosen."""
    try:
        return loading.backend(name).built
    except SpecError:
        return ()


def _check_threads(backend: Choice, target: Target) -> None:
    """More threads than cores measure the operating system's scheduler, and some runtimes hang."""
    threads = loading.backend(backend.name).threads(backend.settings)
    cores = detect.usable(target.hardware)
    if threads and cores and threads > cores:
        has = f"{target.words} has {cores} usable core{'s' if cores > 1 else ''}"
        raise Impossible(f"backend.threads={threads}: {has}.", f"Use backend.threads={cores}.")
