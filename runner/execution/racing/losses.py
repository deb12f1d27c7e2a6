"""What each compiled artifact loses of the float model's quality, before anything races: by the one-sided upper 95 %
bound, so that what races is surely within the budget."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from runner.core.errors import RunnerError, StepFailed
from runner.core.unexpected import attempt
from runner.data import scoring
from runner.data.scoring import PerSample
from runner.execution.racing import field
from runner.execution.racing.field import Entry
from runner.execution.racing.kept_losses import KeptLosses, key_of
from runner.measure import output_errors, quality, quality_interval, quality_parts
from runner.measure.predict import predict
from runner.measure.sides import Side
from runner.planning.measurement_key import Parts
from runner.results import quality_loss
from runner.results.best_result import LeftOut
from runner.results.quality_loss import Budget, Loss, Lost, Stated
from runner.results.record_schema import Absent, Difference

TWO_SIDED = 0.90  # whose upper end is a one-sided 95 % bound
Told = Callable[[str], None]
Judged = Loss | Absent | RunnerError


@dataclass(frozen=True)
class Losses:
    """`by_artifact`: what each loses, or why that isn't known, or how asking for it failed."""

    by_artifact: Mapping[str, Lost | Absent | RunnerError]

    def of(self, entry: Entry) -> Judged:
        """What an entry is chosen by."""
        found = self.by_artifact[entry.artifact]
        return found.loss if isinstance(found, Lost) else found

    def stated(self, entry: Entry) -> Stated | None:
        """What is stated of it once it is chosen; None where nothing is known."""
        found = self.by_artifact[entry.artifact]
        return found.stated if isinstance(found, Lost) else None

    def missing(self, entries: Sequence[Entry]) -> list[Entry]:
        """Those that nothing is known of."""
        return [one for one in entries if one.artifact not in self.by_artifact]

    def with_(self, more: Losses) -> Losses:
        """Both together."""
        return Losses({**self.by_artifact, **more.by_artifact})


def known(entries: Iterable[Entry], default: Entry, kept: KeptLosses, parts: Mapping[str, Parts]) -> Losses:
    """What was found before of the artifacts of `entries`; `parts` of their measurements by a spec's key."""
    found = {one.artifact: kept.read(key_of(one, default, parts)) for one in field.artifacts(entries)}
    return Losses({artifact: loss for artifact, loss in found.items() if loss is not None})


def measured(entries: Sequence[Entry], default: Entry, folder: Path, say: Told) -> Losses:
    """The losses of all artifacts beside the float model of the `default`, on its test split; each predicts in a
    process of its own, one after the other."""
    beside = _float_model(default.side, folder)
    found: dict[str, Lost | Absent | RunnerError] = {}
    for one in field.artifacts(entries):
        say(f"quality: {one.name}")
        found[one.artifact] = attempt(partial(_loss, one, default, beside, folder))
    return Losses(found)


def keep(
    losses: Losses, entries: Iterable[Entry], default: Entry, kept: KeptLosses, parts: Mapping[str, Parts]
) -> None:
    """On disk what didn't fail."""
    for one in field.artifacts(entries):
        found = losses.by_artifact.get(one.artifact)
        if isinstance(found, (Lost, Absent)):
            kept.write(key_of(one, default, parts), found)


def _float_model(side: Side, folder: Path) -> PerSample | None:
    if side.reference is None:
        return None
    return quality.scores(side.reference, side.data, side.metric, folder / "reference.npz")


def _loss(one: Entry, default: Entry, known: PerSample | None, folder: Path) -> Lost | Absent:
    """Raises what its worker raises, and StepFailed where its outputs are no answer at all."""
    side, spec = one.side, one.configuration.spec
    file = predict(side, one.artifact[:16], folder, spec.limits.answer_s)
    judged = quality.judge(file, side.data, side.reference, side.metric)
    if lost := output_errors.failure(judged.outputs, side.precision, side.keep_in_float):
        raise StepFailed(f"check failed: {lost}")
    if judged.scores is None or known is None:
        return Absent("the data have no metric, or nothing is known of the float model's")
    if not scoring.same_samples(side.data, default.side.data):
        return Absent("it answered other samples than the default")
    exact = side.precision == "fp32" and spec.compression.name == "none"
    return lost_of(judged.scores, known, spec.seed, exact)


def lost_of(mine: PerSample, float_model: PerSample, seed: int, exact: bool) -> Lost | Absent:
    """What a model loses of the float model's answers; `exact` where it is that in its precision."""
    parts = quality_parts.parted(mine)
    if parts is None:
        loss = _compared(mine, float_model, seed, exact)
        return Lost(loss, Stated(loss, mine.samples, apart=False)) if isinstance(loss, Loss) else loss
    own, theirs = ([quality_parts.of(side, part) for part in parts] for side in (mine, float_model))
    chosen, stated = (_compared(*both, seed, exact) for both in zip(own, theirs, strict=True))
    if isinstance(chosen, Absent):
        return chosen
    if isinstance(stated, Absent):
        return stated
    return Lost(chosen, Stated(stated, own[1].samples, apart=True))


def _compared(mine: PerSample, float_model: PerSample, seed: int, exact: bool) -> Loss | Absent:
    said = quality_interval.compared(mine, float_model, seed, TWO_SIDED)
    if "reason" in said:
        return Absent(str(said["reason"]))
    figure = quality_interval.figure(mine)
    return quality_loss.of_difference(mine.metric, figure, mine.samples, Difference(**said), exact)


def sorted_out(
    entries: Sequence[Entry], default: Entry, losses: Losses, budget: Budget | None
) -> tuple[list[Entry], list[LeftOut]]:
    """Who races, and who doesn't: surely within the `budget` (None: whatever it loses), or the default."""
    racing, out = [], []
    for one in entries:
        why = None if one is default else _why_not(one, losses.of(one), budget)
        if why is None:
            racing.append(one)
        else:
            out.append(why)
    return racing, out


def _why_not(one: Entry, loss: Judged, budget: Budget | None) -> LeftOut | None:
    if isinstance(loss, RunnerError):
        return LeftOut(one.name, loss.status, loss.reason, loss.next_step)
    if isinstance(loss, Absent):
        if budget is None or one.side.precision == "fp32":
            return None
        return LeftOut(one.name, "unclear", loss.reason, "Give data with a metric, or race it anyway: --max-loss any")
    if budget is None or loss.within(budget):
        return None
    enough = f"--max-loss {quality_loss.enough(loss, budget)} allows it."
    clear = loss.low > quality_loss.allowed(budget, loss)
    return LeftOut(one.name, "over" if clear else "unclear", quality_loss.interval(loss), enough)
