"""Which row to choose: the best by one figure of those that lose no more quality than a budget allows, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runner.core.errors import check_choice
from runner.measure.noise_floor import NoiseFloor
from runner.results import groups, naming, noise_floor, pareto, quality_loss, row_cost
from runner.results.quality_loss import Budget, Loss
from runner.results.record_schema import Absent
from runner.results.row_cost import BEST, BY, LATENCY, METRICS, SIZE, Cost
from runner.results.rows import Row

RECOMMENDED, PARETO, TIED = "recommended", "Pareto", "not told apart"


@dataclass(frozen=True)
class Pick:
    """What is recommended among rows of one float model, scenario and machine (`about`: what tells them from others'):
    a record_id, None where no row will do; those that are `tied` with it; and why, in a `sentence`."""

    recommended: str | None
    sentence: str
    tied: tuple[str, ...] = ()
    about: str = ""


@dataclass(frozen=True)
class Choice:
    """The picks under a budget. `pareto` are rows (record_ids) that none beats in both the figure and the quality
    (`pareto.fronts`); `left_out` says of the others that can't be chosen why."""

    by: str
    budget: Budget
    picks: tuple[Pick, ...]
    pareto: frozenset[str]
    left_out: Mapping[str, str]

    def mark(self, row: Row) -> str:
        """`recommended, Pareto`, `Pareto; may lose too much: …`, or nothing."""
        own = row.result.record_id
        first = RECOMMENDED if any(own == pick.recommended for pick in self.picks) else ""
        tied = TIED if any(own in pick.tied for pick in self.picks) else ""
        marks = ", ".join(filter(None, [first, PARETO if own in self.pareto else "", tied]))
        return "; ".join(filter(None, [marks, self.left_out.get(own, "")]))


@dataclass(frozen=True)
class _Fit:
    """A row that may be compared, what it costs (`relative` to its group's baseline, too) and what it loses."""

    row: Row
    cost: Cost
    relative: Cost | None
    loss: Loss

    @property
    def own(self) -> str:
        return self.row.result.record_id


def choose(
    rows: Sequence[Row],
    settings: Mapping[str, str],
    budget: Budget,
    by: str = LATENCY,
    calibrated: Mapping[str, NoiseFloor] = noise_floor.UNCALIBRATED,
) -> Choice:
    """The choice among a comparison's `rows`; `settings` by record_id tell those of one title apart. Raises SpecError
    for an unknown `by`."""
    check_choice("--by", by, BY)
    reasons = {row.result.record_id: why for row in rows if (why := _unfit(row))}
    picks = []
    for about, members in pareto.apart([row for row in rows if row.measured and row.result.measured], _question):
        fit = _fit([row for row in members if row.result.record_id not in reasons], by, reasons)
        reasons |= {one.own: _too_much(one, budget) for one in fit if not one.loss.within(budget)}
        picks.append(_Question(about, budget, by, settings, calibrated).pick(fit))
    front = frozenset(own for one in pareto.fronts(rows, by) for own in one.best)
    return Choice(by, budget, tuple(picks), front, reasons)


def _unfit(row: Row) -> str:
    """Why a row can't be chosen, whatever it costs; empty where it can."""
    if not row.measured:
        return row.missing
    if not row.result.measured:
        return groups.ELSEWHERE[row.result.origin]
    if why := pareto.unfit(row):
        return why
    loss = quality_loss.loss_of(row.result)
    return loss.reason if isinstance(loss, Absent) else ""


def _too_much(one: _Fit, budget: Budget) -> str:
    return f"over the budget of {budget}: {quality_loss.worded(one.loss)}"


# --- what is comparable ---


def _question(row: Row) -> dict[str, Any]:
    """What the float model is made of, the machine, and the scenario whatever its batch: times and figures are those of
    a sample."""
    spec = row.result.spec
    scenario = spec.get("scenario", {}).get("name", "")
    model = {part: spec[part] for part in quality_loss.SAME_MODEL if part in spec}
    return {**model, "scenario": scenario, **groups.machine(row)}


def _fit(rows: Sequence[Row], by: str, reasons: dict[str, str]) -> list[_Fit]:
    """Those that have the figure; of the others `reasons` is told why not."""
    found = []
    for row in rows:
        one, loss = row_cost.cost_of(row, by), quality_loss.loss_of(row.result)
        if isinstance(one, Absent):
            reasons[row.result.record_id] = one.reason
        elif isinstance(loss, Loss):
            found.append(_Fit(row, one, row_cost.relative(row, by), loss))
    return found


# --- the pick ---


@dataclass(frozen=True)
class _Question:
    """What is asked of rows that one float model, scenario and machine have in common."""

    about: str
    budget: Budget
    by: str
    settings: Mapping[str, str]
    calibrated: Mapping[str, NoiseFloor]

    def pick(self, fit: Sequence[_Fit]) -> Pick:
        """The one to take, and the sentence why."""
        allowed = [one for one in fit if one.loss.within(self.budget)]
        if not allowed:
            return Pick(None, self._nobody(fit), about=self.about)
        best = _best(allowed)
        tied = [one for one in allowed if self._alike(one, best)]
        chosen, how = _resolved(tied)
        rest = [one for one in tied if one is not chosen]
        said = [self._chosen(chosen, len(allowed), bool(rest)), *([self._ties(rest, how)] if rest else [])]
        return Pick(chosen.own, self._told(" ".join(said)), tuple(one.own for one in rest), self.about)

    def _alike(self, one: _Fit, best: _Fit) -> bool:
        """Whether it isn't told apart from the best: intervals overlap, or noise is larger; a file's size has none."""
        mine, theirs = _beside(one, best)
        floor = noise_floor.between(one.row.result, best.row.result, self.calibrated).value
        return mine.low <= theirs.high or mine.value <= theirs.value * (1 + (0.0 if self.by == SIZE else floor))

    def _nobody(self, fit: Sequence[_Fit]) -> str:
        if not fit:
            return self._told("Nothing to recommend: no row can be chosen; each says why.")
        least = min(fit, key=lambda one: one.loss.high)
        nearest = f"Nothing to recommend: no row is within the budget of {self.budget}. Least: {self._name(least)}, "
        advice = f"--max-loss {quality_loss.enough(least.loss, self.budget)}"
        return self._told(f"{nearest}{quality_loss.worded(least.loss)} ({advice}).")

    def _chosen(self, one: _Fit, among: int, tied: bool) -> str:
        best = "among the best" if tied else BEST[self.by]
        figure = f"{row_cost.worded(one.row, self.by)}, {best} of {among} within the budget of {self.budget}"
        return f"Recommended: {self._name(one)}: {figure}; {quality_loss.worded(one.loss)}."

    def _ties(self, rest: Sequence[_Fit], how: str) -> str:
        names = ", ".join(f"{self._name(one)} ({row_cost.worded(one.row, self.by)})" for one in rest)
        return f"Not told apart from {names}: intervals overlap, or differ by less than the noise floor; {how}."

    def _name(self, one: _Fit) -> str:
        return " ".join(filter(None, [naming.title(one.row.result), self.settings.get(one.own, "")]))

    def _told(self, sentence: str) -> str:
        return f"{self.about}: {sentence}" if self.about else sentence


def _best(fit: Sequence[_Fit]) -> _Fit:
    """The one of least cost; beside the rows of its own group by what was measured in turns."""
    least = min(fit, key=lambda one: one.cost.value)
    group = [(one.relative.value, place) for place, one in enumerate(fit) if _paired(one, least) and one.relative]
    return fit[min(group)[1]] if group else least


def _paired(one: _Fit, other: _Fit) -> bool:
    """Whether both were measured in turns with one baseline."""
    return one.row.group == other.row.group and one.relative is not None and other.relative is not None


def _beside(one: _Fit, other: _Fit) -> tuple[Cost, Cost]:
    """The costs of both in the same terms, the surest that they share."""
    if _paired(one, other) and one.relative and other.relative:
        return one.relative, other.relative
    return one.cost, other.cost


def _resolved(tied: Sequence[_Fit]) -> tuple[_Fit, str]:
    """Of rows that cost the same the one that loses least, as far as that can be told; of these the smallest file."""
    finest = min(tied, key=lambda one: one.loss.value)
    alike = [one for one in tied if one.loss.low <= finest.loss.high]
    if len(alike) == 1:
        return finest, "it has the best quality of them"
    size = METRICS[SIZE]
    least = min(one.row.metrics.get(size, float("inf")) for one in alike)
    smallest = [one for one in alike if one.row.metrics.get(size, float("inf")) == least]
    chosen = min(smallest, key=lambda one: (one.cost.value, one.own))
    if len(smallest) < len(alike):
        return chosen, "of those whose quality isn't told apart it is the smallest file"
    return chosen, "quality and size don't decide either: it has the best estimate"


# --- as data ---


def sentences(choice: Choice) -> Iterator[str]:
    """One a pick; where there are several, why."""
    yield from (pick.sentence for pick in choice.picks)
    if len(choice.picks) > 1:
        yield f"{len(choice.picks)} recommendations: each among rows of one float model, scenario and machine."
    if not choice.picks:
        yield "Nothing to recommend: nothing was measured here."


def as_json(choice: Choice) -> dict[str, Any]:
    """JSON types: `{"by", "budget", "picks": [{"recommended", "sentence", "tied", "about"}], "pareto", "left_out"}`;
    rows are record_ids."""
    return {
        "by": choice.by,
        "budget": {"amount": choice.budget.amount, "relative": choice.budget.relative},
        "picks": [{**vars(pick), "tied": list(pick.tied)} for pick in choice.picks],
        "pareto": sorted(choice.pareto),
        "left_out": dict(choice.left_out),
    }
