"""The answer of a race in words and tables, however they are shown."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from runner.core.advice import shell
from runner.report.report_model import Section
from runner.results import quality_loss
from runner.results.best_result import Best, BestEstimate, Confirmed, LeftOut, Raced, Reckoned
from runner.results.formatting import number, ratio
from runner.results.quality_loss import Loss

QUALITY = ("over", "unclear")  # why something did not race: its quality
OF_ENERGY = {"faster": "less", "slower": "more"}  # what verdicts on times are called of energies


def raced_by(best: Best) -> str:
    """What less is better of: `time` or `energy`."""
    return "energy" if best.by == "energy" else "time"


def heading(best: Best) -> str:
    """`gru int8 openvino: 1.43× [1.40, 1.46] as fast as the default, onnxruntime fp32 (8 fresh pairs): faster`."""
    if not best.winner:
        return f"Undecided: {best.why}."
    if best.by == "size":
        return f"{best.winner}: the smallest file, {number(best.named(best.winner).size_mb)} MB"
    if best.winner == best.default:
        return f"{best.winner}: the default itself"
    if best.confirmed is None:
        return f"Undecided: {best.why}. So far {best.winner} leads."
    found = best.confirmed
    against = f"the default, {best.default} ({found.pairs} fresh pairs)"
    if raced_by(best) == "energy":
        return f"{best.winner}: {_share(found)} of the energy of {against}: {_verdict(found)}"
    return f"{best.winner}: {ratio(found.ratio, found.low, found.high)} as fast as {against}: {found.verdict}"


def _share(found: Confirmed) -> str:
    """The winner's energy over the default's."""
    ends = [None if end is None else 1 / end for end in (found.high, found.low)]
    return ratio(1 / found.ratio, *ends)


def _verdict(found: Confirmed) -> str:
    return OF_ENERGY.get(found.verdict, found.verdict)


def lines(best: Best) -> Iterator[str]:
    """What is claimed, and what it rests on."""
    if best.by == "size":
        yield "Nothing raced: of those within the budget of quality its file is the smallest."
    elif best.decided and len(best.raced) > 1:
        better = "takes over 2 % less energy" if raced_by(best) == "energy" else "is more than 2 % faster"
        yield f"Nothing else {better}."
    if best.left:
        yield f"Still in the race: {'; '.join(map(partial(_still, best), best.left))} ({best.why})."
    if best.left and best.in_time:
        yield "One of them may be over 2 % faster than it seems. --fresh races anew, best on a quieter machine."
    if best.winner and best.tied:
        yield f"Can't be told apart from it: {', '.join(one.name for one in best.tied)}. {_chosen(best)}"
    for name, found in best.slower:
        yield _not_recommended(best, name, found)
    if best.winner:
        yield f"Quality: {_loss(best)}; at most {_budget(best)} may be lost."
    if best.processes:
        yield _work(best)
    on = [one.name for one in best.raced if one.pareto]
    if len(best.raced) > 1:
        yield f"Not beaten in quality, {raced_by(best)} and size at once: {', '.join(on)}."


def _still(best: Best, name: str) -> str:
    """How it stands: `gru fp32 1.01× [0.97, 1.05]` times as long as the fastest takes."""
    time = best.named(name).relative
    return name if time is None or time[1] == time[2] else f"{name} {ratio(*time)}"


def _not_recommended(best: Best, name: str, found: Confirmed) -> str:
    if raced_by(best) == "energy":
        return f"Not recommended, for it takes more energy than the default in fresh pairs: {name}, {_share(found)}."
    said = ratio(found.ratio, found.low, found.high)
    return f"Not recommended, for fresh pairs call it slower than the default: {name}, {said} ({found.record_id})."


def _chosen(best: Best) -> str:
    return "Of those within 1 % it loses least, then is the smallest, then has the fewest threads."


def _budget(best: Best) -> str:
    return "anything" if best.budget is None else str(best.budget)


def _loss(best: Best) -> str:
    chosen = best.named(best.winner).loss
    return quality_loss.stated(chosen, best.stated) if chosen and best.stated else "not known"


def _work(best: Best) -> str:
    again = f"; fresh pairs reopened it {best.reopened}×" if best.reopened else ""
    share = f"{100 * best.share:.0f} % of what 8 pairs of each would take"
    ran = f"{best.processes} processes with those of the confirmation"
    return f"{len(best.raced)} raced in {best.blocks} blocks: {ran}, {share}{again}."


def raced(best: Best) -> Section:
    """A row a configuration, the fastest first."""
    columns = ("configuration", raced_by(best), "runs", "dropped", "quality lost", "file", "front")
    return Section("Raced", columns, tuple(_row(one, best) for one in best.raced))


def _row(one: Raced, best: Best) -> tuple[str, ...]:
    marks = [word for word, said in (("best", one.name == best.winner), ("default", one.name == best.default)) if said]
    name = f"{one.name} ({', '.join(marks)})" if marks else one.name
    first = one.relative and one.relative[1] == one.relative[2]  # whom the others are held against
    time = "1" if first else ratio(*one.relative) if one.relative else "–"
    gone = f"after block {one.dropped}" if one.dropped else ""
    loss = _percent(one.loss) if one.loss else "not known"
    return (name, time, str(one.runs), gone, loss, f"{number(one.size_mb)} MB", "yes" if one.pareto else "")


def _percent(loss: Loss) -> str:
    """`+0.21 % [-0.05, +0.42]` of what may be lost, in the metric's unit where there is nothing to be a share of."""
    share = 100 / abs(loss.of) if loss.of else 1.0
    value, low, high = (f"{share * end:+.2f}" for end in (loss.value, loss.low, loss.high))
    return f"{value}{' %' if loss.of else ''} [{low}, {high}]" if loss.high > loss.low else "none"


def left_out(found: tuple[LeftOut, ...]) -> Section:
    """Who did not race, those of unclear quality first, and why; one row a reason."""
    by_reason: dict[tuple[str, str, str], list[str]] = {}
    for one in sorted(found, key=lambda one: one.status not in QUALITY):
        by_reason.setdefault((one.status, one.reason, one.next_step), []).append(one.name)
    rows = tuple(
        ("; ".join(names), status, f"{reason} {step}".strip()) for (status, reason, step), names in by_reason.items()
    )
    return Section("Did not race", ("configuration", "status", "why"), rows)


def following(best: Best) -> Iterator[tuple[str, str]]:
    """`(what, command)`: what to type next."""
    if best.winner:
        yield "use", f"python -m runner {shell(*best.named(best.winner).words)}"
    if best.confirmed and best.confirmed.record_id:
        yield "report", f"python -m runner report {best.confirmed.record_id}"
    if best.again:
        yield "go on", f"python -m runner {shell(*best.again)}"
    if best.folder:
        yield "kept", best.folder


def reckoned(best: BestEstimate) -> Section:
    """A row a configuration, the fastest first, each an estimate."""
    rows = tuple((one.name, f"{number(one.ms)} ms ({one.mark})", _by(one), one.record_id) for one in best.reckoned)
    return Section("Estimated; nothing was measured", ("configuration", "latency", "by", "record"), rows)


def _by(one: Reckoned) -> str:
    return f"{one.source}; incomplete: {one.incomplete}" if one.incomplete else one.source


def reckoned_heading(best: BestEstimate) -> str:
    """The winner's name and what is known of it."""
    first = best.reckoned[0]
    partly = f", which is incomplete: {first.incomplete}" if first.incomplete else ""
    return f"{first.name}: the least estimated latency{partly}; nothing was measured, nothing is known of its quality"
