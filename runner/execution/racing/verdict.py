"""What a race, as far as it went, says of each configuration."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from runner.execution.racing.command import LOSS, How
from runner.execution.racing.field import Entry
from runner.execution.racing.journal import Told
from runner.execution.racing.losses import Losses
from runner.racing import race as racing
from runner.racing import replay, ties
from runner.racing.groups import PAIR
from runner.racing.race import Race
from runner.racing.standing import Standing
from runner.racing.ties import Merits
from runner.results import pareto, row_cost
from runner.results.best_result import Best, Raced
from runner.results.quality_loss import Loss

MORE_TIME = 2  # times what was not enough


@dataclass(frozen=True)
class About:
    """What a verdict says beside the race. `folder` keeps it; empty where there is none. `words` are the command's."""

    how: How
    lost: Losses
    folder: str = ""
    words: Sequence[str] = ()


def winner(told: Told, entries: Sequence[Entry], lost: Losses, default: int) -> int:
    """Who is recommended: of the fastest that can't be told apart the most accurate, then the smallest, then the one
    of the fewest threads."""
    now = told.race.standing
    return ties.recommended(now, _merits(entries, lost), default, told.slower) if now else 0


def smallest(entries: Sequence[Entry], default: int, lost: Losses, how: How) -> Best:
    """The answer by size, for which nobody runs: the smallest file, of those as small the most accurate, then the one
    of the fewest threads."""
    merits = _merits(entries, lost)
    first = min(range(len(entries)), key=lambda one: (merits[one].size, merits[one].loss, merits[one].threads))
    return of(Told(Race(1, 0)), entries, default, first, About(how, lost))


def _merits(entries: Sequence[Entry], lost: Losses) -> list[Merits]:
    """An exact model loses nothing; of what isn't known the worst is taken."""
    return [Merits(_loss(one, lost), one.size_mb, one.side.threads or math.inf) for one in entries]


def _loss(entry: Entry, lost: Losses) -> float:
    """Nothing where it can't be told from the float model's."""
    known = lost.of(entry)
    if not isinstance(known, Loss):
        return math.inf
    return 0.0 if known.low <= 0 <= known.high else known.value


def of(told: Told, entries: Sequence[Entry], default: int, winner: int | None, about: About) -> Best:
    """The whole answer. Without enough of a race nobody wins."""
    race, now = told.race, told.race.standing
    raced = _raced(race, now, entries, about.lost)
    over = len(entries) == 1 or about.how.by == row_cost.SIZE or (now is not None and now.decided)
    own = [*told.slower.values(), *([told.confirmed] if told.confirmed else [])]
    pairs = sum(group.block == PAIR for group in race.groups) + sum(one.pairs for one in own)
    ran = sum(len(group.values) for group in race.groups if group.block != PAIR) + 2 * pairs
    named = winner is not None and (now is not None or about.how.by == row_cost.SIZE or len(entries) == 1)
    return Best(
        by=about.how.by,
        budget=about.how.budget,
        raced=raced,
        left_out=(),
        winner=entries[winner].name if named and winner is not None else "",
        stated=about.lost.stated(entries[winner]) if named and winner is not None else None,
        default=entries[default].name,
        decided=over,
        in_time=not racing.left(race)[1],
        why="" if over else _why(race, about),
        left=() if over else _left(now, entries),
        again=tuple(_again(about)) if racing.left(race)[1] else (),
        confirmed=told.confirmed,
        reopened=told.reopened,
        slower=tuple((entries[one].name, found) for one, found in told.slower.items()),
        blocks=race.block + 1 if race.groups else 0,
        processes=ran,
        share=ran / (2 * replay.PAIRS * len(entries)),
        seconds=0.0,
        folder=about.folder,
    )


def _why(race: Race, about: About) -> str:
    if racing.left(race)[1]:
        return f"time is up ({about.how.limit_s:g} s)"
    return "these have run as often as they may, and are not told apart"


def _again(about: About) -> Iterator[str]:
    """The words of the command with twice the time."""
    how = about.how
    options = {"--max-loss": how.max_loss, "--by": how.by}
    usual = {"--max-loss": LOSS, "--by": row_cost.LATENCY}
    yield from ("best", *about.words)
    yield from (part for option in options.items() if option not in usual.items() for part in option)
    yield from ("--limit-s", f"{MORE_TIME * how.limit_s:g}")


def _left(now: Standing | None, entries: Sequence[Entry]) -> tuple[str, ...]:
    if now is None:
        return tuple(one.name for one in entries)
    return tuple(entries[one].name for one in now.order if one in now.active)


def _raced(race: Race, now: Standing | None, entries: Sequence[Entry], lost: Losses) -> tuple[Raced, ...]:
    order = now.order if now else list(range(len(entries)))
    tied = {now.leader, *ties.tied(now)} if now else set()
    gone = racing.dropped(race) if now else {}
    on = pareto.front([_costs(one, now, entries[one], lost) for one in range(len(entries))])
    return tuple(
        Raced(
            name=entries[one].name,
            words=entries[one].configuration.words,
            threads=entries[one].side.threads,
            size_mb=entries[one].size_mb,
            loss=known if isinstance(known := lost.of(entries[one]), Loss) else None,
            relative=_relative(now, one) if now else None,
            runs=int(now.fit.counts[one]) if now else 0,
            dropped=gone[one] + 1 if one in gone else None,
            tied=one in tied,
            pareto=on[one],
        )
        for one in order
    )


def _relative(now: Standing, one: int) -> tuple[float, float, float]:
    """How many times as long as the fastest it takes, and the interval."""
    if one == now.leader:
        return (1.0, 1.0, 1.0)
    middle, reach = now.fit.difference(one, now.leader), now.fit.reach(one, now.leader)
    return (math.exp(middle), math.exp(middle - reach), math.exp(middle + reach))


def _costs(one: int, now: Standing | None, entry: Entry, lost: Losses) -> tuple[float, ...]:
    time = float(now.fit.times[one]) if now else 0.0
    return (_loss(entry, lost), time, entry.size_mb)
