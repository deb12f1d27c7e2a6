"""A race as it goes: what has been timed, and which groups come next. All of it follows from the seed and the list of
finished groups, so that a race that was killed goes on as if nothing had happened."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from runner.racing import groups as timed
from runner.racing.groups import AT_ONCE, PAIR, Group
from runner.racing.standing import LEAST, Standing, standing


@dataclass(frozen=True)
class Race:
    """`configurations` race, numbered from 0; `groups` in the order in which they were finished. `demanded`: runs that
    a leader needs (`confirmation.reopened` asks for more). `at_once`: the most processes of a group."""

    configurations: int
    seed: int
    groups: tuple[Group, ...] = ()
    demanded: int = LEAST
    at_once: int = AT_ONCE

    @property
    def standing(self) -> Standing | None:
        """None while not all have run twice."""
        return self.after(len(self.groups))

    def after(self, groups: int) -> Standing | None:
        """How it stood after so many of its groups."""
        return standing(self.groups[:groups], self.configurations, self.demanded, self.at_once)

    @property
    def decided(self) -> bool:
        """Whether there is a winner: of one configuration that needs no race."""
        now = self.standing
        return self.configurations == 1 or (now is not None and now.decided)

    @property
    def block(self) -> int:
        """The block in hand, or the last one where all of it is finished."""
        return max((group.block for group in self.groups if group.block != PAIR), default=0)

    def with_(self, block: int, values: Mapping[int, float]) -> Race:
        """After one more finished group."""
        return replace(self, groups=(*self.groups, Group(block, values)))


def left(race: Race) -> tuple[int, list[tuple[int, ...]]]:
    """The block in hand and those of its groups that are not finished yet; no groups where the race is over, decided or
    not."""
    block = race.block
    first = next((place for place, group in enumerate(race.groups) if group.block == block), len(race.groups))
    ran = frozenset(one for group in race.groups if group.block == block for one in group.values)
    rest = _not_yet(race, _planned(race, first, block), ran)
    return (block, rest) if rest else (block + 1, _planned(race, len(race.groups), block + 1))


def _not_yet(race: Race, planned: Sequence[tuple[int, ...]], ran: Collection[int]) -> list[tuple[int, ...]]:
    """What is left of a block's groups after those that `ran` in it: where groups were others (one of them fell out),
    those who haven't run are put together anew, and one alone beside somebody who has."""
    if all(set(group) <= set(ran) or not set(group) & set(ran) for group in planned):
        return [group for group in planned if not set(group) <= set(ran)]
    late = [one for group in planned for one in group if one not in ran]
    beside = [one for group in planned for one in group if one in ran][: 1 if len(late) == 1 else 0]
    return timed.cut([*late, *beside], race.seed, race.block, race.at_once)


def _planned(race: Race, before: int, block: int) -> list[tuple[int, ...]]:
    """The groups of a block that comes after so many groups."""
    now = race.after(before)
    members = now.next if now else range(race.configurations if race.configurations > 1 else 0)
    return timed.cut(members, race.seed, block, race.at_once) if members else []


def dropped(race: Race) -> dict[int, int]:
    """`{configuration: the block after which it was dropped for good}` of those that are not in the race any more."""
    found: dict[int, int] = {}
    ends = [place for place, group in enumerate(race.groups, 1) if _last_of_block(race.groups, place)]
    for end in ends:
        now = race.after(end)
        if now:
            block = max(group.block for group in race.groups[:end])
            found = {one: found.get(one, block) for one in range(race.configurations) if one not in now.active}
    return found


def _last_of_block(groups: Sequence[Group], end: int) -> bool:
    return end == len(groups) or groups[end].block != groups[end - 1].block
