"""The record of one cell: what was measured, or why nothing was."""

from __future__ import annotations

import os
import platform
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timezone
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.artifacts.store import Artifact
from runner.backends import effective_precision, loading
from runner.core import installed, registry
from runner.core.advice import shell
from runner.core.disk_errors import room
from runner.core.errors import RunnerError, StepFailed
from runner.core.linear_algebra import one_thread
from runner.core.progress import Display
from runner.core.unexpected import attempt
from runner.measure import layer_profile, scenarios
from runner.measure.layer_profile import LayerProfile
from runner.measure.next_pair import starting
from runner.measure.run import Run
from runner.measure.sides import Side
from runner.planning import measurement_key
from runner.planning.graph import COMPILED, DATA, GRAPH, QUANTIZED, STAGE, Cell, Chain
from runner.planning.requirements import Outcome
from runner.results import naming, record_schema, records
from runner.results.record_schema import Effective
from runner.results.records import Record
from runner.spec import hardware, labels
from runner.spec.schema import Spec
from runner.transport import devices
from runner.worker import variables

if TYPE_CHECKING:
    from runner.measure.noise_floor import NoiseFloor
    from runner.measure.run import Quiet
    from runner.telemetry.sampler import Sampler

LATER = ("numpy.ma", "numpy.random", "runner.pictures.record_pictures")  # np.median asks for the first
PACKAGES = ("edge-runner", "numpy", "torch", "onnx", "onnxruntime", "openvino", "hydra-core", "mlflow")


@dataclass(frozen=True)
class Origin:
    """What a record says of the command that it comes from: its sweep, how many comparisons the sweep's table will
    have, how often a step (by key) was begun again because its worker of a cluster had died, how often the benchmark
    was because its worker had, and what is to be warned of in every record of the command."""

    sweep: str = ""
    comparisons: int = 1
    retries: Mapping[str, int] = field(default_factory=dict)
    again: int = 0
    warnings: tuple[str, ...] = ()


def measured(
    cell: Cell,
    outcomes: Mapping[str, Outcome],
    root: Path,
    quiet: Quiet,
    origin: Origin,
    display: Display,
    item: str,
) -> Record:
    """Benchmark one cell and keep its record; see `benchmarked`."""
    made = benchmarked(cell, outcomes, root, quiet, origin, display, item)
    with made as (content, files), room(root):
        return records.write(root, content, files)


@contextmanager
def benchmarked(
    cell: Cell,
    outcomes: Mapping[str, Outcome],
    root: Path,
    quiet: Quiet,
    origin: Origin,
    display: Display,
    item: str,
) -> Iterator[tuple[dict[str, Any], dict[str, Path]]]:
    """Benchmark one cell: the content of its record, and its files, which are gone at the end.

    Everything is timed inside `quiet()`; `item` is the display's name of this cell. Raises what the benchmark raises.
    """
    display.begin(item)
    spec, key = cell.candidate.spec, measurement(cell)
    measurement_key.check_code(cell, key["measurement"])
    chains = {"candidate": cell.candidate} | ({"baseline": cell.baseline} if cell.baseline else {})
    titles = {"candidate": spec.title, "baseline": cell.label}
    parts = {role: artifacts_of(chain, outcomes) for role, chain in chains.items()}
    sides = {role: side_of(chain, parts[role], titles[role]) for role, chain in chains.items()}
    with room(root), _draft(root, item) as draft:
        with _sampling_here(cell, draft) as sampler:
            how, limit_s = scenarios.of(spec.scenario.name), spec.limits.answer_s
            run = Run(sides, spec.measure.settings, spec.seed, draft, limit_s, quiet, sampler, scenario=how)
            with starting(run) as ready:
                with one_thread():
                    from runner.measure.benchmark import benchmark  # numpy: imported while the first processes start

                _import_for_later()
                found = benchmark(ready, _floor(cell, root), origin.comparisons, partial(display.update, item))
        profile = _profiled(run, spec, found)
        measurement_key.check_code(cell, key["measurement"])
        machine = devices.of(spec.hardware.settings).hardware()
        content = {**_identity(cell, outcomes, origin, machine), "status": "ok", "reason": "", "next_step": ""}
        content |= key | _figures(found, cell, parts)
        content["environment"]["variables"] = key["measurement"]["candidate"]["variables"]  # of its device
        told = [f"no profile of layers: {profile.reason}"] if isinstance(profile, RunnerError) else []
        content["warnings"] = [*origin.warnings, *content["warnings"], *told]
        content["title"] = naming.title(record_schema.read(content))
        content["timing"] = {"benchmark_s": found.seconds}
        beside = profile.files(draft) if isinstance(profile, LayerProfile) else {}
        yield content, {**_files(found, content, draft), **beside}
    display.end(item, "done", found.seconds, "")


def _import_for_later() -> None:
    """What figures and pictures are made with: 50 ms, for which nobody waits while processes load."""
    for name in LATER:
        import_module(name)


def _profiled(run: Run, spec: Spec, found: Any) -> LayerProfile | RunnerError | None:
    """The candidate's layers, or why there are none: a measurement is kept without them. None where nobody asks."""
    if spec.profile.name == "none":
        return None
    import numpy as np

    measured = float(np.median(np.concatenate([pair.sides["candidate"].ns for pair in found.pairs])))
    return attempt(lambda: layer_profile.profiled(run, spec.profile.settings.iterations, measured))


def measurement(cell: Cell) -> dict[str, Any]:
    """The key of what changes the cell's number, as a record has it, with its parts."""
    parts = measurement_key.parts_of(cell)
    return {"measurement_key": measurement_key.digest(parts), "measurement": parts}


def _specs(cell: Cell) -> dict[str, Spec]:
    """By role."""
    return {"candidate": cell.candidate.spec} | ({"baseline": cell.baseline.spec} if cell.baseline else {})


def _sampling_here(cell: Cell, draft: Path) -> AbstractContextManager[Sampler | None]:
    """The sampler of the sides that run on this machine; it sees no other."""
    from runner.telemetry.sampler import sampling

    here = [role for role, spec in _specs(cell).items() if not devices.of(spec.hardware.settings).remote]
    return sampling(draft, cell.candidate.spec.telemetry, here) if here else nullcontext()


def _floor(cell: Cell, root: Path) -> NoiseFloor:
    """The noise floor of the device that the cell is measured on; of two the larger one."""
    from runner.measure.noise_floor import NoiseFloor
    from runner.results import calibration

    setting, found = cell.candidate.spec.measure.settings.floor, {}
    for spec in _specs(cell).values():
        device = devices.of(spec.hardware.settings)
        where = hardware.called(spec.hardware.settings)
        known = calibration.noise_floor(root, str(device.hardware()["identity"]), where=where)
        found[device.name] = known or NoiseFloor(setting, f"measure.floor; {where} is not calibrated")
    return max(found.values(), key=lambda floor: floor.value)


@contextmanager
def _draft(root: Path, item: str) -> Iterator[Path]:
    """A folder for the workers' logs and outputs. Of a benchmark that fails the logs stay: its reason names them."""
    home = root / "artifacts" / ".logs"
    home.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{item}-", dir=home))
    try:
        yield folder
    except RunnerError:
        for path in folder.glob("*.npz"):
            path.unlink()
        raise
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    shutil.rmtree(folder, ignore_errors=True)


def unmeasured(cell: Cell, error: RunnerError, outcomes: Mapping[str, Outcome], origin: Origin) -> dict[str, Any]:
    """The content of the record of a cell that could not be measured."""
    ending = {"status": error.status, "reason": error.reason, "next_step": error.next_step}
    nothing: dict[str, Any] = {name: {} for name in ("metrics", "unavailable", "notes", "effective", "conditions")}
    nothing |= {"comparison": None, "warnings": [*origin.warnings]}
    failed_itself = not any(error is outcome for outcome in outcomes.values())
    origin = replace(origin, again=error.retries if failed_itself else 0)
    # A device that isn't this machine is not asked again: perhaps it was the problem.
    device = devices.of(cell.candidate.spec.hardware.settings)
    return {**_identity(cell, outcomes, origin, None if device.remote else device.hardware()), **ending, **nothing}


def _identity(
    cell: Cell, outcomes: Mapping[str, Outcome], origin: Origin, hardware: Mapping[str, Any] | None
) -> dict[str, Any]:
    """`hardware` is what the candidate's device is."""
    spec = cell.candidate.spec
    return {
        "schema": records.SCHEMA,
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "sweep": origin.sweep,
        "comparisons": origin.comparisons,
        "title": spec.title,
        "spec": spec.plain(),
        "spec_key": spec.key,
        "keys": dict(cell.candidate.keys),
        "retries": _retries(cell, outcomes, origin),
        "environment": {**_environment(cell), "hardware": hardware},
    }


def _retries(cell: Cell, outcomes: Mapping[str, Outcome], origin: Origin) -> dict[str, int]:
    """How often a step, or the benchmark, was begun again, because the process that ran it was killed: `{step:
    times}`, of both sides."""
    found = {"benchmark": origin.again}
    for chain in filter(None, (cell.candidate, cell.baseline)):
        for step, key in chain.keys.items():
            came = outcomes.get(key)
            told = came.content.get("retries", 0) if isinstance(came, Artifact) else getattr(came, "retries", 0)
            found[step] = max(found.get(step, 0), told + origin.retries.get(key, 0))
    return {step: times for step, times in found.items() if times}


def _environment(cell: Cell) -> dict[str, Any]:
    own = [name for spec in _specs(cell).values() for name in loading.backend(spec.backend.name).distributions]
    versions = {name: version for name, version in installed.versions((*PACKAGES, *own)).items() if version}
    kept = variables.of_timing(os.environ)
    return {"python": platform.python_version(), "packages": versions, "variables": kept}


def artifacts_of(chain: Chain, outcomes: Mapping[str, Outcome]) -> dict[str, Artifact]:
    found = {step: outcomes.get(key) for step, key in chain.keys.items()}
    return {step: artifact for step, artifact in found.items() if isinstance(artifact, Artifact)}


def _any(chain: Chain, artifacts: Mapping[str, Artifact], role: str) -> Artifact | None:
    """The artifact of a chain that has the role, where it has one."""
    return next((artifacts[step] for step in chain.steps(role) if step in artifacts), None)


def _one(chain: Chain, artifacts: Mapping[str, Artifact], role: str) -> Artifact:
    """The same of a role that every chain has."""
    (step,) = chain.steps(role)
    return artifacts[step]


def side_of(chain: Chain, artifacts: Mapping[str, Artifact], label: str) -> Side:
    spec, compiled = chain.spec, _one(chain, artifacts, COMPILED)
    data, holders = _one(chain, artifacts, DATA), [artifacts[step].folder for step in chain.steps(GRAPH, DATA)]
    quantized = _any(chain, artifacts, QUANTIZED)
    options = spec.backend.plain()
    options.pop("name")
    return Side(
        label=label,
        session=_session(compiled, spec.backend.name),
        folder=compiled.folder,
        options=options,
        data=data.folder,
        reference=next((path for folder in holders if (path := folder / "reference.npz").is_file()), None),
        batch=spec.scenario.settings.batch,
        threads=loading.backend(spec.backend.name).threads(spec.backend.settings),
        precision=spec.precision.name,
        coarsest=effective_precision.coarsest(spec.precision.name, compiled.meta["effective"]),
        memory_mb=spec.limits.memory_mb,
        device=devices.of(spec.hardware.settings),
        keep_in_float=quantized.meta.get("keep_in_float", {}) if quantized else {},
    )


def _session(compiled: Artifact, backend: str) -> str:
    """The module that runs an artifact: its backend's and no other, whatever the artifact says."""
    wanted, said = f"{registry.module('backend', backend)}.session", compiled.meta.get("session")
    if said != wanted:
        advice = f"Remove it, and it is made again: {shell('rm', '-r', str(compiled.folder))}"
        raise StepFailed(f"{compiled.folder}: it names {said} to run it; backend={backend} has {wanted}.", advice)
    return wanted


def _figures(found: Any, cell: Cell, parts: Mapping[str, Mapping[str, Artifact]]) -> dict[str, Any]:
    from runner.measure import metrics, mlperf_validity

    spec = cell.candidate.spec
    chains = {"candidate": cell.candidate} | ({"baseline": cell.baseline} if cell.baseline else {})
    every = {"candidate": [*found.metrics, *_of_artifacts(cell.candidate, parts["candidate"])]}
    sizes = {role: _one(chain, parts[role], COMPILED).meta["size"] for role, chain in chains.items()}
    every["candidate"].append(metrics.size_ratio(sizes["candidate"], sizes.get("baseline")))
    if cell.baseline:
        every["baseline"] = [*found.baseline_metrics, *_of_artifacts(cell.baseline, parts["baseline"])]
    ran = {role: _effective(chain, found.effective[role], parts[role]) for role, chain in chains.items()}
    return {
        "metrics": metrics.numbers(every["candidate"]),
        "unavailable": metrics.reasons(every["candidate"]),
        "notes": metrics.notes(every["candidate"]),
        "effective": {role: asdict(one) for role, one in ran.items()},
        "comparison": _comparison(found, cell, every.get("baseline", []), ran.get("baseline", Effective())),
        "conditions": found.conditions,
        "checks": found.checks,
        "quality": found.quality,
        "outliers": found.outliers,
        "validity": mlperf_validity.judge(
            found, spec.measure.settings, spec.scenario.name, spec.scenario.settings.batch
        ),
        "warnings": [*_warned(parts), *found.warnings],
    }


def _of_artifacts(chain: Chain, artifacts: Mapping[str, Artifact]) -> Any:
    """Size and cost; what all stages of a compile took, and the most that one held."""
    from runner.measure import metrics

    stages = [artifacts[step].content for step in chain.steps(STAGE, COMPILED)]
    cost = (sum(one["seconds"] for one in stages), max(one["peak_rss_mb"] for one in stages))
    graph = _one(chain, artifacts, GRAPH).meta
    return metrics.of_artifact(_one(chain, artifacts, COMPILED).meta["size"], graph.get("nonzero_params"), *cost)


def _effective(chain: Chain, settings: Any, artifacts: Mapping[str, Artifact]) -> Effective:
    """`settings` as the session read them back, and what the runtime made of the model."""
    compiled, quantized = _one(chain, artifacts, COMPILED).meta, _any(chain, artifacts, QUANTIZED)
    made = quantized.meta["quantized"] if quantized else {}
    return Effective(settings, compiled["effective"], made, compiled["fallback"])


def _comparison(found: Any, cell: Cell, baseline_metrics: Any, ran: Effective) -> dict[str, Any] | None:
    """`ran` is what the baseline's runtime made of it."""
    from runner.measure import metrics

    if found.comparison is None or cell.baseline is None:
        return None
    spec = cell.baseline.spec
    return {
        "baseline": {
            "label": labels.of_baseline(
                cell.candidate.spec.plain(),
                spec.plain(),
                effective_precision.shown(spec.precision.name, ran.precision, ran.quantized),
            ),
            "spec": spec.plain(),
            "key": spec.key,
            "keys": dict(cell.baseline.keys),
            "metrics": metrics.numbers(baseline_metrics),
            **_other_machine(cell.candidate.spec, spec),
        },
        **found.comparison.as_dict(),
        "pairs": len(found.pairs),
        "stopped_by": found.stopped_by,
    }


def _other_machine(candidate: Spec, baseline: Spec) -> dict[str, Any]:
    """What the baseline's device is, where it isn't the candidate's."""
    one, other = (devices.of(spec.hardware.settings) for spec in (candidate, baseline))
    return {} if one.name == other.name else {"hardware": dict(other.hardware())}


def _warned(parts: Mapping[str, Mapping[str, Artifact]]) -> list[str]:
    said = [
        (f"{step}: {text}" if role == "candidate" else f"baseline {step}: {text}")
        for role, artifacts in parts.items()
        for step, artifact in artifacts.items()
        for text in artifact.meta.get("warnings", ())
    ]
    shared = {text.removeprefix("baseline ") for text in said if not text.startswith("baseline ")}
    return [text for text in dict.fromkeys(said) if text.removeprefix("baseline ") not in shared or text in shared]


def _files(found: Any, content: Mapping[str, Any], draft: Path) -> dict[str, Path]:
    """What lies beside `record.json`, by name: samples, telemetry and pictures."""
    from runner.pictures import record_pictures
    from runner.telemetry import summary

    files = {"samples.npz": _samples(found, draft), **summary.write(found.telemetry, draft)}
    candidate, baseline = (found.latencies_ms(role) for role in ("candidate", "baseline"))
    return files | record_pictures.write(
        record_pictures.charts(record_schema.read(content), candidate, baseline, files.get("system_profile.txt")), draft
    )


def _samples(found: Any, draft: Path) -> Path:
    import numpy as np

    path = draft / "samples.npz"
    np.savez_compressed(path, **found.samples())
    return path
