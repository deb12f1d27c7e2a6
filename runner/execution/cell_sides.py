"""A cell's artifacts, and what its workers are told of them."""

from __future__ import annotations

from collections.abc import Mapping

from runner.artifacts.store import Artifact
from runner.backends import effective_precision, loading
from runner.core import registry
from runner.core.advice import shell
from runner.core.errors import StepFailed
from runner.data import own_metric
from runner.measure.sides import Side
from runner.planning.graph import COMPILED, DATA, GRAPH, QUANTIZED, Cell, Chain
from runner.planning.requirements import Outcome
from runner.spec.preprocess import SEPARATE


def artifacts_of(chain: Chain, outcomes: Mapping[str, Outcome]) -> dict[str, Artifact]:
    """Those of the chain that there are, by step."""
    found = {step: outcomes.get(key) for step, key in chain.keys.items()}
    return {step: artifact for step, artifact in found.items() if isinstance(artifact, Artifact)}


def perhaps(chain: Chain, artifacts: Mapping[str, Artifact], role: str) -> Artifact | None:
    """The artifact of a chain that has the role, where it has one."""
    return next((artifacts[step] for step in chain.steps(role) if step in artifacts), None)


def one(chain: Chain, artifacts: Mapping[str, Artifact], role: str) -> Artifact:
    """The same of a role that every chain has."""
    (step,) = chain.steps(role)
    return artifacts[step]


def sides_of(cell: Cell, artifacts: Mapping[str, Mapping[str, Artifact]]) -> dict[str, Side]:
    """The sides of a cell by role; `artifacts` by role and step. Raises as `side_of`."""
    titles = {"candidate": cell.candidate.spec.title, "baseline": cell.label}
    return {role: side_of(chain, artifacts[role], titles[role]) for role, chain in cell.by_role.items()}


def side_of(chain: Chain, artifacts: Mapping[str, Artifact], label: str) -> Side:
    """What is measured of a chain. Raises StepFailed for an artifact that another backend's module shall run."""
    spec, compiled = chain.spec, one(chain, artifacts, COMPILED)
    data, holders = one(chain, artifacts, DATA), [artifacts[step].folder for step in chain.steps(GRAPH, DATA)]
    quantized = perhaps(chain, artifacts, QUANTIZED)
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
        device=chain.device,
        metric=own_metric.of(getattr(spec.model.settings, "metric", ""), data.content["settings"].get("files", {})),
        keep_in_float=quantized.meta.get("keep_in_float", {}) if quantized else {},
        rounding=data.meta.get("rounding", 0.0),
        preprocess=data.meta["preprocessing"] if spec.preprocess.name == SEPARATE else {},
    )


def _session(compiled: Artifact, backend: str) -> str:
    """The module that runs an artifact: its backend's and no other, whatever the artifact says."""
    wanted, said = f"{registry.module('backend', backend)}.session", compiled.meta.get("session")
    if said != wanted:
        advice = f"Remove it, and it is made again: {shell('rm', '-r', str(compiled.folder))}"
        raise StepFailed(f"{compiled.folder}: it names {said} to run it; backend={backend} has {wanted}.", advice)
    return wanted
