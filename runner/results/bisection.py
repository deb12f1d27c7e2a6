"""The release in which a model became slower, or wrong, in O(log n) comparisons; what can't be told is no answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from runner.core.errors import SpecError
from runner.results import formatting
from runner.results.record_schema import Difference, Result

# Of a release beside the first one: not slower and right; slower; wrong; its runtime refuses the file; it can't be told
# apart; it can't be had.
Kind = Literal["good", "slower", "wrong", "refused", "undecided", "unavailable"]
Verdict = Literal["slower", "wrong", "refused", "none", "undecided"]
BAD = ("slower", "wrong")
CHECKS = ("finite", "reference", "outputs")


@dataclass(frozen=True)
class Answer:
    """What was found of a release, in a line; `record`: its record's id, "" where there is none."""

    kind: Kind
    said: str = ""
    record: str = ""


@dataclass(frozen=True)
class Asked:
    """A release that was looked at; `against`: the one that it was compared with, "": only whether it runs the file."""

    release: str
    against: str
    answer: Answer


@dataclass(frozen=True)
class Found:
    """`verdict`: what happened first in release `bad`, and had not in `good`; `between`: releases of which nothing can
    be told, any of which may be the one. `none`: nothing happened. `reads_from`: the oldest that runs the file, where
    that is not the first. `asked`: everything, in its order."""

    verdict: Verdict
    said: str
    good: str = ""
    bad: str = ""
    between: tuple[str, ...] = ()
    reads_from: str = ""
    asked: tuple[Asked, ...] = ()

    def document(self) -> dict[str, Any]:
        """JSON types."""
        return {"schema": 1, **asdict(self)}


@dataclass
class Oracle:
    """How releases are asked: `runs(release)` is whether it runs the file at all, `compare(release, against)` is how it
    does beside another. Each question is asked once, and `tell` is told the answer."""

    runs: Callable[[str], Answer]
    compare: Callable[[str, str], Answer]
    tell: Callable[[Asked], None] = lambda one: None
    asked: list[Asked] = field(default_factory=list)

    def look(self, release: str, against: str = "") -> Answer:
        """The answer to a question, from memory where it was asked before."""
        known = (one.answer for one in self.asked if (one.release, one.against) == (release, against))
        found = next(known, None)
        if found is None:
            found = self.compare(release, against) if against else self.runs(release)
            self.asked.append(Asked(release, against, found))
            self.tell(self.asked[-1])
        return found


def search(releases: Sequence[str], oracle: Oracle) -> Found:
    """The first release that is slower or wrong, `releases` being oldest first, two at least: the ends are looked at,
    then halves. It takes for granted what any bisection does: what happened once has stayed."""
    first, last = (oracle.look(release) for release in (releases[0], releases[-1]))
    for release, answer in ((releases[0], first), (releases[-1], last)):
        if answer.kind in ("unavailable", "undecided"):
            return _ended("undecided", f"{release}: {answer.said}", oracle)
    if first.kind == "good" and last.kind != "good":
        return _changed(releases, oracle, last, lambda release: oracle.look(release))
    if first.kind != "good" and last.kind != "good":
        return _ended("undecided", f"neither {releases[0]} nor {releases[-1]} runs it: {last.said}", oracle)
    start = 0 if first.kind == "good" else _first_that_runs(releases, oracle)
    since = releases[start] if start else ""
    if start == len(releases) - 1:
        return _ended("none", f"of these {since} alone runs it: {first.said} before", oracle, since)
    return _slower_or_wrong(releases[start:], oracle, since)


def _slower_or_wrong(releases: Sequence[str], oracle: Oracle, since: str) -> Found:
    """Of releases of which the first runs the file."""
    last = oracle.look(releases[-1], releases[0])
    if last.kind == "good":
        return _ended(
            "none", f"{releases[-1]} is neither slower than {releases[0]} nor wrong: {last.said}", oracle, since
        )
    if last.kind not in BAD:
        return _ended("undecided", f"{releases[-1]} against {releases[0]}: {last.said}", oracle, since)
    found = _changed(releases, oracle, last, lambda release: oracle.look(release, releases[0]), since)
    return found if found.between else _confirmed(found, oracle)


def _first_that_runs(releases: Sequence[str], oracle: Oracle) -> int:
    """The index of the oldest release that runs the file, of which the first is none and the last is one."""

    def refuses(release: str) -> bool | None:
        kind = oracle.look(release).kind
        return None if kind in ("unavailable", "undecided") else kind == "good"

    return _halves(len(releases), lambda index: refuses(releases[index]))[1]


def _changed(
    releases: Sequence[str], oracle: Oracle, last: Answer, ask: Callable[[str], Answer], since: str = ""
) -> Found:
    """Between which two releases the answer changed from good to something else; `last` is that of the newest."""

    def changed(index: int) -> bool | None:
        kind = ask(releases[index]).kind
        if kind == "good":
            return False
        return True if kind in BAD or kind == last.kind else None

    good, bad = _halves(len(releases), changed)
    answer = ask(releases[bad])
    verdict: Verdict = answer.kind if answer.kind in ("slower", "wrong", "refused") else "undecided"
    between = tuple(releases[good + 1 : bad])
    return Found(verdict, answer.said, releases[good], releases[bad], between, since, tuple(oracle.asked))


def _halves(count: int, changed: Callable[[int], bool | None]) -> tuple[int, int]:
    """The last index that has not changed and the first that has, of 0, which has not, to `count` - 1, which has. Those
    of which nothing can be told stay in between."""
    low, high, untold = 0, count - 1, set[int]()
    while candidates := [index for index in range(low + 1, high) if index not in untold]:
        middle = min(candidates, key=lambda index: abs(2 * index - low - high))
        answer = changed(middle)
        if answer is None:
            untold.add(middle)
        elif answer:
            high = middle
        else:
            low = middle
    return low, high


def _confirmed(found: Found, oracle: Oracle) -> Found:
    """The two neighbours beside each other: what grew little by little, from release to release, happened in none."""
    answer = oracle.look(found.bad, found.good)
    asked = tuple(oracle.asked)
    if answer.kind in BAD:
        verdict: Verdict = "slower" if answer.kind == "slower" else "wrong"
        return Found(verdict, answer.said, found.good, found.bad, (), found.reads_from, asked)
    said = f"{found.bad} is {found.verdict}, but not beside its neighbour {found.good}: {answer.said}"
    return Found("undecided", said, found.good, found.bad, (), found.reads_from, asked)


def _ended(verdict: Verdict, said: str, oracle: Oracle, since: str = "") -> Found:
    return Found(verdict, said, reads_from=since, asked=tuple(oracle.asked))


# --- what a record says ---


def answer_of(result: Result) -> Answer:
    """What the record of a release beside another one says of it; faster is good, too."""
    if result.status == "unsupported":
        return Answer("refused", result.reason, result.record_id)
    if result.status == "failed":
        return Answer("wrong", result.reason, result.record_id)
    if result.status != "ok" or result.comparison is None:
        kind: Kind = "unavailable" if result.status == "unavailable" else "undecided"
        return Answer(kind, result.reason or "there is no comparison", result.record_id)
    wrong = _wrong(result)
    if wrong:
        return Answer("wrong", wrong, result.record_id)
    found = result.comparison
    said = f"{formatting.ratio(found.ratio, found.low, found.high)} as fast: {found.verdict}"
    of_verdict: dict[str, Kind] = {"faster": "good", "same": "good", "slower": "slower"}
    return Answer(of_verdict.get(found.verdict, "undecided"), said, result.record_id)


def _wrong(result: Result) -> str:
    """Why its outputs are wrong, where the other release's are not; empty where they are as good."""
    mine, theirs = (result.checks.get(role, {}) for role in ("candidate", "baseline"))
    failed = [name for name in CHECKS if name in mine and mine[name].status == "failed"]
    fresh = [name for name in failed if name not in theirs or theirs[name].status != "failed"]
    if fresh:
        return mine[fresh[0]].reason
    found = result.quality.vs_baseline if result.quality else None
    if isinstance(found, Difference) and found.verdict == "worse" and result.quality:
        by = "" if found.difference is None else f" by {abs(found.difference):.3g}"
        return f"{result.quality.metric} is worse{by}"
    return ""


# --- which releases ---


def between(offered: Sequence[str], low: str, high: str) -> list[str]:
    """The releases from `low` to `high` of those `offered`, oldest first, trial ones left out. `1.18` is the oldest
    of its releases as the lower end, the newest as the upper one. Raises SpecError where no two are left."""
    from packaging.version import Version

    every = sorted(version for one in offered if not (version := Version(one)).is_prerelease)
    names = {Version(one): one for one in offered}
    ends = [_end(low, every, 0), _end(high, every, -1)]
    if ends[0] > ends[1]:
        raise SpecError(f"--from {low} --to {high}: the older one comes first.", f"--from {high} --to {low}")
    found = [names[version] for version in every if ends[0] <= version <= ends[1]]
    if len(found) < 2:
        raise SpecError(
            f"--from {low} --to {high}: {found[0]} is the only release there.", "Name an older, or a newer one."
        )
    return found


def _end(wanted: str, every: Sequence[Any], which: int) -> Any:
    from packaging.version import Version

    if not re.fullmatch(r"\d+(\.\d+)*", wanted):
        raise SpecError(f"{wanted}: no release's number.", "For instance 1.18 or 1.18.1")
    parts = Version(wanted).release
    own = [version for version in every if version.release[: len(parts)] == parts]
    if not own:
        there = f"{every[0]} to {every[-1]}" if every else "none"
        raise SpecError(f"{wanted}: the index has no such release for this Python.", f"It has {there}.")
    return own[which]


def in_order(named: Sequence[str]) -> list[str]:
    """Releases that a user names, oldest first. Raises SpecError where there are no two, or one is named twice."""
    from packaging.version import Version

    if len(named) < 2 or len({Version(one) for one in named}) < len(named):
        raise SpecError(
            f"--versions {','.join(named)}: two different releases at the least.", "For instance 1.18.1,1.22.0"
        )
    return sorted(named, key=Version)
