"""What a benchmark found, as the parts of a record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from runner.artifacts.store import Artifact
from runner.backends import effective_precision
from runner.execution import cell_sides
from runner.execution.measurements import roofline
from runner.execution.measurements.protocol import Artifacts, Work
from runner.planning.graph import COMPILED, GRAPH, QUANTIZED, STAGE, Cell, Chain
from runner.results.record_schema import Effective
from runner.spec import labels
from runner.spec.schema import Spec
from runner.transport import devices

if TYPE_CHECKING:
    from runner.measure.benchmark import Benchmark
    from runner.measure.metrics import Metric

MEDIAN = "latency/p50_ms"


def record_parts(found: Benchmark, work: Work) -> dict[str, Any]:
    """Parts of a record's content, by their names there."""
    from runner.measure import metrics, mlperf_validity

    spec, cell, every = work.cell.candidate.spec, work.cell, _metrics(found, work)
    reckoned = {role: roofline.reckoned(work, role, found.effective[role]) for role in cell.by_role}
    for role, one in reckoned.items():
        every[role].append(one.share(metrics.numbers(every[role])[MEDIAN]))
    ran = {role: effective(chain, found.effective[role], work.artifacts[role]) for role, chain in cell.by_role.items()}
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
        "roofline": {role: one.as_dict() for role, one in reckoned.items()},
        "validity": mlperf_validity.judge(
            found, spec.measure.settings, spec.scenario.name, spec.scenario.settings.batch
        ),
    }


def _metrics(found: Benchmark, work: Work) -> dict[str, list[Metric]]:
    """By role: what was measured, and the size and cost of what was compiled."""
    from runner.measure import metrics

    measured = {"candidate": found.metrics, "baseline": found.baseline_metrics}
    every: dict[str, list[Metric]] = {}
    sizes: dict[str, Mapping[str, int]] = {}
    for role, chain in work.cell.by_role.items():
        every[role] = [*measured[role], *_of_artifacts(chain, work.artifacts[role])]
        sizes[role] = cell_sides.one(chain, work.artifacts[role], COMPILED).meta["size"]
    every["candidate"].append(metrics.size_ratio(sizes["candidate"], sizes.get("baseline")))
    return every


def _of_artifacts(chain: Chain, artifacts: Artifacts) -> list[Metric]:
    """Size and cost; what all stages of a compile took, and the most that one held."""
    from runner.measure import metrics

    stages = [artifacts[step].content for step in chain.steps(STAGE, COMPILED)]
    cost = (sum(one["seconds"] for one in stages), max(one["peak_rss_mb"] for one in stages))
    graph = cell_sides.one(chain, artifacts, GRAPH).meta
    size = cell_sides.one(chain, artifacts, COMPILED).meta["size"]
    return metrics.of_artifact(size, graph.get("nonzero_params"), *cost)


def effective(chain: Chain, settings: Mapping[str, Any], artifacts: Mapping[str, Artifact]) -> Effective:
    """`settings` as the session read them back, and what the runtime made of the model."""
    compiled = cell_sides.one(chain, artifacts, COMPILED).meta
    quantized = cell_sides.perhaps(chain, artifacts, QUANTIZED)
    made = quantized.meta["quantized"] if quantized else {}
    return Effective(settings, compiled["effective"], made, compiled["fallback"])


def _comparison(found: Benchmark, cell: Cell, baseline: Sequence[Metric], ran: Effective) -> dict[str, Any] | None:
    """`baseline` are its figures, `ran` is what its runtime made of it."""
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
            "metrics": metrics.numbers(baseline),
            **_other_machine(cell.candidate.spec, spec),
        },
        **found.comparison.as_dict(),
        "pairs": len(found.pairs),
        "stopped_by": found.stopped_by,
    }


def _other_machine(candidate: Spec, baseline: Spec) -> dict[str, Any]:
    """What the baseline's device is, where it isn't the candidate's."""
    one, other = (devices.device_of(spec.hardware.settings) for spec in (candidate, baseline))
    return {} if one.name == other.name else {"hardware": dict(other.hardware())}
