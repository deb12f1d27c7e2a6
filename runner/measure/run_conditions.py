"""Under what a run's pairs were measured: the conditions of each, of all, and which stand out; on each device."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from runner.measure import conditions, flagged_pairs
from runner.measure.timed import Pair

Marked = Mapping[str, Mapping[int, Sequence[str]]]  # as `marked` returns them


def figures(pairs: Sequence[Pair]) -> list[dict[str, Any]]:
    """The conditions of each pair in figures; of rounds on two devices, those of the candidate's."""
    return [conditions.of_pair(pair.before, pair.during, pair.after) for pair in pairs]


def devices(pairs: Sequence[Pair]) -> dict[str, Sequence[Pair]]:
    """`{role: its blocks}` where the sides ran on devices of their own; `{"": pairs}` where they shared one."""
    roles = tuple(pairs[0].blocks)
    return {role: [pair.blocks[role] for pair in pairs] for role in roles} if roles else {"": pairs}


def of_run(pairs: Sequence[Pair]) -> dict[str, Any]:
    """The state of the device over all pairs, and in `pairs` under what each was measured and why it is flagged.

    On two devices that is the candidate's; `baseline` holds the same of the other.
    """
    of_each = {role: _of_device(its) for role, its in devices(pairs).items()}
    mine = of_each.get("candidate") or of_each[""]
    return {**mine, **({"baseline": of_each["baseline"]} if "baseline" in of_each else {})}


def _of_device(pairs: Sequence[Pair]) -> dict[str, Any]:
    every = figures(pairs)
    marked = flagged_pairs.flags(every)
    by_pair = [{"pair": number, **one, "flags": marked.get(number, [])} for number, one in enumerate(every)]
    return {**conditions.summary(every, pairs[-1].after["absent"]), "pairs": by_pair}


def marked(pairs: Sequence[Pair]) -> dict[str, dict[int, list[str]]]:
    """`{role: {pair: reasons}}` of the pairs that stand out; under `""` those of a device that both sides shared."""
    return {role: flagged_pairs.flags(figures(its)) for role, its in devices(pairs).items()}


def reasons(marked: Marked) -> dict[int, list[str]]:
    """`{pair: reasons}`; of two devices with whose it was."""
    found: dict[int, list[str]] = {}
    for role, its in marked.items():
        for number, why in its.items():
            found.setdefault(number, []).extend(f"{role}'s device: {one}" if role else one for one in why)
    return dict(sorted(found.items()))
