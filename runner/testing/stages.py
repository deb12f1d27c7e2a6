"""The stages of a backend's compile before the last, each in its place; what they make is shared by tests."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any

from runner.backends import loading
from runner.backends.contract import Backend, Stage
from runner.core import hashing, installed, registry
from runner.core import project_paths as projects
from runner.core.errors import RunnerError
from runner.core.setting_rules import build
from runner.transport import toolchains
from runner.transport.endpoint import Endpoint, WorkerOptions
from runner.transport.local import Worker
from runner.transport.toolchains import Toolchain

STEP = "runner.steps.compile"
SECONDS = 300.0  # for one stage
Open = Callable[[], Worker]
Opened = Callable[[str, Open], AbstractContextManager[Worker]]  # of a process's name, and what opens it


def fresh(name: str, opens: Open) -> Worker:
    """A process for one thing alone."""
    return opens()


def lacking(declared: Backend) -> str:
    """What a backend's tests need that is not here, as a reason to skip them; "" for nothing."""
    missing = [one for one in declared.distributions if installed.version(one) is None]
    if missing:
        return f"{', '.join(missing)} is not installed here"
    for name in {stage.toolchain for stage in declared.stages if stage.toolchain}:
        try:
            _toolchain(name)
        except RunnerError as error:
            return f"{error.reason} {error.next_step}"
    return ""


def _toolchain(name: str) -> Toolchain:
    return toolchains.installed(projects.home(projects.root()), name)


def before_compile(
    folder: Path, backend: str, asked: Mapping[str, Any], source: Path, data: Path, opened: Opened = fresh
) -> Path:
    """The folder that `compile` is given: `source`, or what the stages before it made of that, below `folder`, in
    workers that are `opened`. `asked` is what a stage may be given: `settings`, `batch`, `precision`,
    `precision_settings`, and `model` of a checkpoint.
    """
    declared = loading.backend(backend)
    for stage in declared.stages_of(build(declared.settings, asked["settings"], "backend"))[:-1]:
        given = {key: asked[key] for key in stage.asks if key in asked}
        if (source / "model.pt").is_file():
            given["model"] = asked["model"]
        reads = asked["settings"] if stage.reads is None else {key: asked["settings"][key] for key in stage.reads}
        settings = {"backend": stage.whose or backend, "stage": stage.name, "settings": reads, **given}
        source = _once(folder, stage, settings, {"model": source, "data": data}, opened)
    return source


def last_worker(log: Path, backend: str) -> Worker:
    """A worker where the last stage of a backend's compile runs."""
    stage = loading.backend(backend).stages[-1]
    module = registry.module("backend", backend)
    return _endpoint(stage).open_worker(log, WorkerOptions(backend, modules=(STEP, f"{module}.compile")))


def _endpoint(stage: Stage) -> Endpoint:
    return toolchains.endpoint(_toolchain(stage.toolchain) if stage.toolchain else None)


def _once(folder: Path, stage: Stage, settings: Mapping[str, Any], inputs: Mapping[str, Path], opened: Opened) -> Path:
    """What a stage makes of the same settings and inputs, made once."""
    wanted = {role: path for role, path in inputs.items() if role in stage.needs}
    told = json.dumps({**settings, **{role: str(path) for role, path in wanted.items()}}, sort_keys=True)
    out = folder / f"{stage.name}-{hashing.digest_of(told)[:12]}"
    if not (out / "made").is_dir():
        _make(out, stage, settings, wanted, opened)
    return out / "made"


def _make(out: Path, stage: Stage, settings: Mapping[str, Any], inputs: Mapping[str, Path], opened: Opened) -> None:
    shutil.rmtree(out, ignore_errors=True)  # of one that failed
    folders = {"out": out / "draft", "scratch": out / "scratch"}
    for folder in folders.values():
        folder.mkdir(parents=True)
    options = WorkerOptions(stage.name, modules=_modules(stage, settings), reads=[*inputs.values()], writes=[out])
    opens = partial(_endpoint(stage).open_worker, out / "log", options)
    with opened(f"{settings['backend']} {stage.name} {options.modules}", opens) as worker:
        given: dict[str, Any] = {"settings": dict(settings), "inputs": inputs, **folders}
        worker.ask("step", timeout=SECONDS, module=STEP, **given)
    folders["out"].rename(out / "made")


def _modules(stage: Stage, settings: Mapping[str, Any]) -> Sequence[str]:
    """What travels with a worker elsewhere."""
    network = settings.get("model")
    own = f"{registry.module('backend', settings['backend'])}.{stage.name}"
    return (STEP, own, *([registry.module("model", network["name"])] if network else []))
