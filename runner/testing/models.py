"""Cases compiled, opened and run as the runner does it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from runner.backends import loading
from runner.backends.contract import AS_BUILT
from runner.core import project_paths as projects
from runner.core.job import Job
from runner.core.setting_rules import build
from runner.hardware import detect
from runner.spec import options
from runner.steps import quantize
from runner.testing import stages
from runner.testing.cases import Case
from runner.testing.stages import Opened, fresh
from runner.transport.local import Worker, open_worker

NOTHING: Mapping[str, Any] = {}
FOLDERS = {"onnx": "graph", "checkpoint": "checkpoint"}  # by what a backend accepts


@dataclass(frozen=True)
class Compiled:
    """What the compile step made in `out`; its `meta` with that of `verify`, where it was proven here; the backend's
    `settings` and the data artifact."""

    out: Path
    meta: dict[str, Any]
    settings: dict[str, Any]
    data: Path


def settings_of(backend: str, **changed: Any) -> dict[str, Any]:
    """The values of a backend's YAML, some of them `changed`."""
    values = options.values("backend", backend, projects.root())
    return {key: value for key, value in values.items() if key != "name"} | changed


def compiled(
    root: Path,
    backend: str,
    case: Case,
    batch: int = 1,
    precision: str = "fp32",
    proven_with: Mapping[str, Any] = NOTHING,
    proven: bool = True,
    opened: Opened = fresh,
    **changed: Any,
) -> Compiled:
    """`case` compiled below `root`, as the runner does, in workers that are `opened`; `changed`: settings of the
    backend, of which `verify` has those of `proven_with`; not `proven`: it is for another machine, and there is no
    `verify`."""
    root = root / "-".join(map(str, (backend, batch, precision, *changed.values())))
    for name in ("out", "scratch"):
        (root / name).mkdir(parents=True)
    settings = settings_of(backend, **changed)
    checked: Any = build(loading.backend(backend).settings, settings, "backend")
    tuned_to = loading.ask(backend, "tuned_to", checked, detect.described())
    asked = {"backend": backend, "settings": settings, "batch": batch, "precision": precision, "tuned_to": tuned_to}
    asked["model"] = case.network
    data, source = case.folder / "data", _source(root, backend, case, precision)
    about = {**asked, "precision_settings": _chosen(precision)}
    source = stages.before_compile(case.folder / "stages", backend, about, source, data, opened)
    with opened(f"{backend} compiles", partial(stages.last_worker, root / "log", backend)) as worker:
        meta = _step(worker, root, "compile", about, {"model": source, "data": data})
        if proven and loading.backend(backend).opens_here():
            asked = {**asked, "settings": {**settings, **proven_with}}
            found = _step(worker, root, "verify", asked, {"model": root / "out", "data": data})
            meta = {**meta, **found, "warnings": [*meta["warnings"], *found["warnings"]]}
    return Compiled(root / "out", meta, settings, data)


def built(root: Path, backend: str, made: Compiled) -> Compiled:
    """What the backend `made`, taken for a file of the user's that another toolchain built."""
    declared = loading.backend(backend)
    file = next(path for suffix in declared.opens for path in sorted(made.out.glob(f"*{suffix}")))
    beside = [file.with_suffix(one) for one in declared.companions.get(file.suffix, ())]
    places = [[str(path), f"model{path.suffix}"] for path in (file, *beside)]
    for name in ("out", "scratch"):
        (root / "built" / name).mkdir(parents=True)
    asked = {"backend": backend, "settings": made.settings, "precision": AS_BUILT, "places": places, "batch": 1}
    with open_worker(root / "built/log", name=backend) as worker:
        meta = _step(worker, root / "built", "adopt", asked, {"data": made.data})
    return Compiled(root / "built/out", meta, made.settings, made.data)


def _step(worker: Worker, root: Path, step: str, asked: Mapping[str, Any], inputs: Mapping[str, Path]) -> Any:
    """A step's meta; it writes to `out` below `root`."""
    given: dict[str, Any] = {"settings": asked, "inputs": inputs, "out": root / "out", "scratch": root / "scratch"}
    return worker.ask("step", timeout=120, module=f"runner.steps.{step}", **given)["meta"]


def _source(root: Path, backend: str, case: Case, precision: str) -> Path:
    """What is compiled: a graph in the precision asked for, or the checkpoint."""
    declared = loading.backend(backend)
    reads = next(one for one in declared.accepts if (case.folder / FOLDERS[one]).is_dir())
    source = case.folder / FOLDERS[reads]
    if reads != "onnx" or precision == "fp32" or declared.capabilities.quantizes:
        return source
    dynamic = sorted(declared.int8_dynamic_ops) if precision == "int8_dynamic" else []
    settings = {"precision": precision, "settings": _chosen(precision), "dynamic_ops": dynamic}
    (root / "quantized").mkdir()
    inputs = {"model": source, "data": case.folder / "data"}
    quantize.run(Job(settings, inputs, root / "quantized", root / "scratch"))
    return root / "quantized"


def _chosen(precision: str) -> dict[str, Any]:
    """The values of a precision's YAML."""
    values = options.values("precision", precision, projects.root())
    return {key: value for key, value in values.items() if key != "name"}


def load(
    worker: Worker, made: Compiled, batch: int = 1, reference: Path | None = None, **changed: Any
) -> dict[str, Any]:
    """The worker's answer to `load` of what was compiled; `changed`: settings of the backend, `reference`: what the
    outputs are compared with."""
    answer: dict[str, Any] = worker.ask("load", timeout=60, **_opening(made, batch, changed), reference=reference)
    return answer


def profile(worker: Worker, made: Compiled, iterations: int, batch: int = 1) -> dict[str, Any]:
    """The worker's answer to `profile` of what was compiled."""
    answer: dict[str, Any] = worker.ask("profile", timeout=60, iterations=iterations, **_opening(made, batch, {}))
    return answer


def _opening(made: Compiled, batch: int, changed: Mapping[str, Any]) -> dict[str, Any]:
    options, inputs = {**made.settings, **changed}, made.data / "test.npz"
    what = {"session": made.meta["session"], "folder": made.out, "options": options, "inputs": inputs}
    return {**what, "batch": batch, "samples": 3, "seed": 0}


def predicted(made: Compiled, folder: Path, batch: int = 1) -> npt.NDArray[Any]:
    """What a compiled model of one output answers to the test split, from a fresh worker."""
    with open_worker(folder / "predict.log", name="predict") as worker:
        (output,) = answered(worker, made, folder, batch).values()
    return output


def answered(worker: Worker, made: Compiled, folder: Path, batch: int = 1) -> dict[str, npt.NDArray[Any]]:
    """What the compiled model answers to the test split in the worker, by output; a file of it goes to `folder`."""
    load(worker, made, batch)
    worker.ask("predict", timeout=60, inputs=made.data / "test.npz", out=folder / "predicted.npz")
    with np.load(folder / "predicted.npz") as file:
        return {name.removeprefix("out/"): file[name] for name in file.files if name.startswith("out/")}


def files(made: Compiled) -> list[Path]:
    """What a session may open of what was compiled: all but what its compiler says of it in `reports/`."""
    every = sorted(path for path in made.out.rglob("*") if path.is_file())
    return [path for path in every if path.relative_to(made.out).parts[0] != "reports"]


def read_session(made: Compiled) -> dict[str, Any]:
    """`session.json` of what was compiled."""
    described: dict[str, Any] = json.loads((made.out / "session.json").read_text())
    return described
