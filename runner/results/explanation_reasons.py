"""Why one side is slower than another, as far as the data support it: each reason with the layers that show it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from runner.backends.effective_precision import HEAVY as HEAVY_TYPES
from runner.measure.layer_groups import CONVERSION, ELEMENTWISE, HEAVY, LAYOUT, Layer, group_of, total_ms
from runner.results.explanation_side import Profile, Side
from runner.results.formatting import number

NARROW = ("int8", "fp16", "bf16")  # precisions that are asked for to be faster
LONGER = 1.1  # times the other side's time, from which on a group is called slower
MORE = 1.05  # times the other side's operations
LEAST = 0.01  # of a side's layers' time, below which a group is no reason
NAMED, KINDS = 3, 4  # layers, and types of layers, that a sentence names
NO_WORK = (CONVERSION, LAYOUT, ELEMENTWISE)  # groups with a reason of their own
POOL = ("inter_op_threads", "streams", "spinning", "pinning")  # what pools of several threads differ in besides


@dataclass(frozen=True)
class Reason:
    """`kind` is its name (`float fallback`), `told` a sentence; `layers` show it, all of them; `ms` is how much longer
    the slower side takes there under the profiler, None where no time is known."""

    kind: str
    told: str
    layers: tuple[str, ...] = ()
    ms: float | None = None


def reasons(slow: Side, fast: Side) -> list[Reason]:
    """Why `slow` is slower than `fast`: the dearest first, then those without a time."""
    found = [reason for rule in RULES for reason in rule(slow, fast)]
    return sorted(found, key=lambda one: -(one.ms if one.ms is not None else -1.0))


def held_back(side: Side) -> Iterator[Reason]:
    """What of a side ran otherwise than asked for; on the faster one it is no reason why the other is slower."""
    yield from _float_fallback(side, side)
    yield from _partly_delegated(side, side)


def _float_fallback(side: Side, _: Side) -> Iterator[Reason]:
    """What was to run in a narrow precision and didn't: it costs what it always did."""
    if side.asked not in NARROW:
        return
    left = [one for one in side.heavy if one["precision"] != side.asked]
    if left:
        runs = f"{len(left)} {'runs' if len(left) == 1 else 'run'} in {_kinds(left)}, not in {side.asked}"
        told = f"of the {side.role}'s {_layers(side.heavy)} that do the work {runs}: {_named(left)}"
        yield Reason("float fallback", told, _names(left))
    elif not side.layers and (ops := _not_in(side)):
        yield Reason("float fallback", f"of the {side.role} {_listed(ops)}, not in {side.asked}")


def _not_in(side: Side) -> dict[str, int]:
    """`GRU in fp32`: how many, of a record without a profile."""
    kinds = [(op, kind, count) for op, every in side.effective.precision.items() for kind, count in every.items()]
    heavy = [one for one in kinds if HEAVY_TYPES.search(one[0])]
    return {f"{op} in {kind}": count for op, kind, count in heavy if kind not in (side.asked, "conversion")}


def _no_work(kind: str, group: str, what: str) -> Callable[[Side, Side], Iterator[Reason]]:
    """Layers of a group that computes nothing, or nothing by itself: more of them, or dearer ones."""

    def rule(slow: Side, fast: Side) -> Iterator[Reason]:
        mine, theirs = slow.of_group(group), fast.of_group(group)
        longer = total_ms(mine) - total_ms(theirs)
        if not slow.profile or not fast.profile or longer <= LEAST * slow.profile.sum_ms:
            return
        if not _possible(mine, slow.profile):
            return
        if len(mine) <= len(theirs) and not _takes_longer(mine, theirs, slow.profile, fast.profile):
            return
        have = f"{len(mine)} {what} layer{'' if len(mine) == 1 else 's'} ({_listed(_types(mine))})"
        share = f"{100 * total_ms(mine) / slow.profile.sum_ms:.0f} % of its layers' time"
        told = f"the {slow.role} has {have}, {_ms(mine)}, {share}"
        others = f"{len(theirs)}, {_ms(theirs)}" if theirs else "none"
        yield Reason(kind, f"{told}; the {fast.role} has {others}", _names(mine), longer)

    return rule


def _possible(layers: Sequence[Layer], profile: Profile) -> bool:
    """Whether a run without the profiler can have such layers: none of them takes longer than it does."""
    return not profile.hides or total_ms(layers) <= profile.measured_ms


def _takes_longer(mine: Sequence[Layer], theirs: Sequence[Layer], *profiles: Profile) -> bool:
    """By more than a tenth, and than the profilers can tell."""
    longer = total_ms(mine) - total_ms(theirs)
    return total_ms(mine) > LONGER * total_ms(theirs) and longer > max(one.resolution_ms for one in profiles)


def _slower_kernels(slow: Side, fast: Side) -> Iterator[Reason]:
    """The same work, and it takes longer."""
    if not slow.profile or not fast.profile:
        return
    for group in dict.fromkeys((*HEAVY, *(group_of(one["type"]) for one in slow.layers))):
        mine, theirs = slow.of_group(group), fast.of_group(group)
        if group in NO_WORK or not theirs or not _possible(mine, slow.profile):
            continue
        if not _takes_longer(mine, theirs, slow.profile, fast.profile):
            continue
        longer = total_ms(mine) - total_ms(theirs)
        if group in HEAVY or longer > LEAST * slow.profile.sum_ms:
            told = f"{group}: {_ms(mine)} in {_kinds(mine)} ({_layers(mine)} of the {slow.role})"
            told += f" against {_ms(theirs)} in {_kinds(theirs)} ({_layers(theirs)} of the {fast.role})"
            yield Reason("slower kernels", f"{told}; the longest: {_named(mine)}", _names(mine), longer)


def _partly_delegated(side: Side, _: Side) -> Iterator[Reason]:
    if side.effective.fallback:
        told = f"of the {side.role} {_listed(dict(side.effective.fallback))} ran elsewhere than asked for"
        yield Reason("partial delegation", told, tuple(side.effective.fallback))


def _thread_pool(slow: Side, fast: Side) -> Iterator[Reason]:
    """The threads that each has, and what else of their pools isn't the same where one of them has a pool at all."""
    mine, theirs = (side.effective.settings for side in (slow, fast))
    threads = [one["threads"] for one in (mine, theirs) if one.get("threads") is not None]
    if len(threads) < 2:
        return
    names = ["threads", *(POOL if max(threads) > 1 else ())]
    differing = [
        name for name in names if None not in (mine.get(name), theirs.get(name)) and mine[name] != theirs[name]
    ]
    if differing:
        words = (", ".join(_of_pool(name, side[name]) for name in differing) for side in (mine, theirs))
        yield Reason("thread pool", f"the {slow.role} has {next(words)}, the {fast.role} {next(words)}")


def _between_layers(slow: Side, fast: Side) -> Iterator[Reason]:
    """What of a run is in no layer grows with the layers that are called."""
    mine, theirs = slow.profile, fast.profile
    if not mine or not theirs or theirs.hides or mine.between_ms <= LONGER * theirs.between_ms:
        return
    told = f"{number(mine.between_ms)} ms of the {slow.role}'s run are in none of its {_layers(slow.layers)}"
    others = f"{number(theirs.between_ms)} ms of the {fast.role}'s, which has {len(fast.layers)}"
    yield Reason("between layers", f"{told}; {others}", (), mine.between_ms - theirs.between_ms)


def _more_work(slow: Side, fast: Side) -> Iterator[Reason]:
    mine, theirs = slow.roofline, fast.roofline
    if mine and theirs and mine.flops and theirs.flops and mine.flops > MORE * theirs.flops:
        told = f"the {slow.role} asks for {number(mine.flops / theirs.flops)}× the operations of the {fast.role}"
        yield Reason("more work", f"{told} ({number(mine.flops / 1e6)} against {number(theirs.flops / 1e6)} MFLOP)")


RULES = (
    _slower_kernels,
    _no_work("extra conversions", CONVERSION, "quantising or casting"),
    _no_work("layout conversions", LAYOUT, "layout-changing"),
    _no_work("unfused", ELEMENTWISE, "separate element-wise"),
    _between_layers,
    _float_fallback,
    _partly_delegated,
    _thread_pool,
    _more_work,
)


# --- words ---


def _types(layers: Sequence[Layer]) -> dict[str, int]:
    """The most frequent ones, and how many more there are."""
    found = Counter(str(one["type"]) for one in layers).most_common()
    more = len(found) - KINDS
    return dict(found[:KINDS]) | ({f"{more} more kinds": 1} if more > 0 else {})


def _listed(counts: dict[str, int]) -> str:
    """`Relu ×27, Add`."""
    return ", ".join(f"{name} ×{count}" if count > 1 else name for name, count in counts.items())


def _kinds(layers: Sequence[Layer]) -> str:
    return " and ".join(dict.fromkeys(str(one["precision"]) for one in layers))


def _layers(layers: Sequence[Layer]) -> str:
    return f"{len(layers)} layer{'' if len(layers) == 1 else 's'}"


def _ms(layers: Sequence[Layer]) -> str:
    return f"{number(total_ms(layers))} ms"


def _names(layers: Sequence[Layer]) -> tuple[str, ...]:
    return tuple(str(one["name"]) for one in layers)


def _named(layers: Sequence[Layer]) -> str:
    """The first few, with their types and times, and how many more."""
    shown = [f"{one['name']} ({one['type']}, {number(one['ns'] / 1e6)} ms)" for one in layers[:NAMED]]
    more = len(layers) - NAMED
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")


def _of_pool(name: str, value: Any) -> str:
    if name == "threads":
        return f"{value} thread{'' if value == 1 else 's'}"
    return f"{name}={str(value).lower() if isinstance(value, bool) else value}"
