"""What a worker may answer to each request: types, lengths, ranges. Nothing else is believed, wherever it runs.

A device is somebody's board: what it says is checked where it arrives, so that whoever reads an answer can rely on it.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Mapping
from typing import Any

from runner.core.forms import (
    Fault,
    Form,
    Place,
    anything,
    by_name,
    each,
    either,
    fields,
    first,
    flag,
    maybe,
    number,
    one_of,
    sha256,
    shown,
    string,
    such_that,
)

BYTES = 8_000_000  # of an answer and the progress before it
BYTES_EACH = 24  # for each iteration of a burst: 64 bits in digits, a comma, a blank
BYTES_A_SECOND = 1_000_000  # of progress
REASON, TRACEBACK = 2000, 100_000  # characters that are kept of an error
NAME, WORDS = 1000, 10_000  # characters of a name, of anything else
DEEPEST, MOST = 8, 20_000  # levels and parts of what a runtime says of itself
INT64 = (1 << 63) - 1

Request = Mapping[str, Any]


class Odd(Exception):
    """Why something is no answer: `ns[3] is 'x', no time`. `place` is where in the answer that stands."""

    def __init__(self, what: str, place: str = "") -> None:
        super().__init__(f"{place or 'it'} {what}")
        self.what, self.place = what, place


def most_bytes(do: str, request: Request) -> int:
    """How long an answer to `do` may be."""
    return BYTES + BYTES_EACH * (request["iterations"] if do == "burst" else 0)


def check(do: str, answer: Any, request: Request) -> None:
    """Raises Odd where `answer` is none to the request."""
    _take(answer, ANSWERS[do](request))


def _take(value: Any, form: Form) -> None:
    """Raises Odd where `value` has not that form."""
    fault = form(value, ())
    if fault and fault.what:
        raise Odd(fault.what, _where(fault.place))
    if fault:
        raise Odd(f"lacks {fault.place[-1]}", _where(fault.place[:-1]))


def message(found: Any) -> Mapping[str, Any]:
    """`found`, once it is a message: an object with an id, and a progress, an error or an answer. Raises Odd."""
    _take(found, _MESSAGE)
    if not {"progress", "error", "answer"} & set(found):
        raise Odd("has neither an answer nor an error in it")
    return dict(found)


def tree(line: bytes) -> Any:
    """What a line of JSON says. Raises Odd."""
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        raise Odd(f"is no JSON: {shown(line[:60].decode(errors='replace'))}") from None


def object_of(line: bytes) -> dict[str, Any]:
    """As `tree`, of an object."""
    found: dict[str, Any] = tree(line)
    _take(found, fields({}))
    return found


def reason_of(answer: Mapping[str, Any]) -> str:
    """Of an answer that says only why there is none. Raises Odd."""
    _take(answer, _REASON)
    return str(answer["error"])


def _where(place: Place) -> str:
    """`inputs[0].shape`; names of others in quotes."""
    return "".join(map(_step, place)).removeprefix(".")


def _step(part: str | int) -> str:
    if isinstance(part, int):
        return f"[{part}]"
    return f".{part if part.isidentifier() else shown(part)}"


# --- forms ---


def _settings(value: Any, at: Place) -> Fault | None:
    """What a runtime reads back of itself: names to JSON of DEEPEST levels and MOST parts: whole numbers of 64 bits,
    finite ones, texts."""
    return _mapping(anything)(value, at) or _tree(value, at)


def _tree(value: Any, at: Place) -> Fault | None:
    level, count = [value], 0
    for _ in range(DEEPEST):
        count += len(level)
        if count > MOST:
            return Fault(at, f"has more than {MOST} parts")
        odd = first(_leaf(leaf, at) for leaf in level)
        level = [inner for one in level for inner in _inside(one)]
        if odd or not level:
            return odd
    return Fault(at, f"is more than {DEEPEST} levels deep")


def _inside(node: Any) -> list[Any]:
    if isinstance(node, dict):
        return [*node, *node.values()]
    return node if isinstance(node, list) else []


def _leaf(value: Any, at: Place) -> Fault | None:
    if isinstance(value, str):
        return _WORDS(value, at)
    if isinstance(value, float):
        return None if math.isfinite(value) else Fault(at, f"holds {value}, no number")
    return _whole(-INT64)(value, at) if type(value) is int else None


def _times(count: int) -> Form:
    """So many times in ns. Thousands of them come in a burst: no function of ours looks at each."""

    def form(value: Any, at: Place) -> Fault | None:
        if not isinstance(value, list) or len(value) != count:
            return Fault(at, f"is {shown(value)}, no list of {count} times")
        odd = set(map(type, value)) != {int} or min(value) < 0 or max(value) > INT64
        return Fault(at, "holds what is no time in ns") if odd else None

    return form


def _size(value: Any, at: Place) -> Fault | None:
    """Of an axis: a number, or what a runtime calls one that it doesn't know."""
    return (_NAME if isinstance(value, str) else maybe(_whole(-1)))(value, at)


def _process(value: Any, at: Place) -> Fault | None:
    """Its name, and the seconds that it has used."""
    return each(anything, 2, 2)(value, at) or _NAME(value[0], at) or _GAUGE(value[1], at)


def _speed_of(value: Any, at: Place) -> Fault | None:
    """Of arrays of so many bytes."""
    return each(number(0, 1e18, open_=True), 2, 2)(value, at)


def _whole(least: int = 0) -> Form:
    return number(least, INT64, whole=True)


def _list(form: Form) -> Form:
    return each(form, 0, MOST)


def _mapping(form: Form, most: int = MOST) -> Form:
    return by_name(form, most, NAME)


_NAME, _WORDS = string(NAME), string(WORDS)
_GAUGE, _SECONDS, _MEGABYTES = number(0, 1e18), number(0, 1e9), number(0, 1e12)
_SUM = number(0, sys.float_info.max)
_PROGRESS = fields({"done": _whole(), "total": _whole(), "note": _WORDS})
_ERROR = fields(dict.fromkeys(("status", "reason", "next_step", "traceback"), string(BYTES)))
_MESSAGE = fields({"id": _whole(1)}, {"progress": _PROGRESS, "error": _ERROR})
_REASON = fields({"error": string(REASON)})

# --- answers ---

_PORTS = _list(fields({"name": _WORDS, "shape": _list(_size), "dtype": _NAME}))
_LOAD = fields(
    {
        "version": _NAME, "inputs": _PORTS, "outputs": _PORTS, "effective": _settings, "memory": _NAME,
        "clock": _NAME, "import_seconds": _SECONDS, "load_seconds": _SECONDS,
    },
    {"at_once": _whole(1), "warnings": _list(_WORDS)},
)  # fmt: skip


def _warmup(request: Request) -> Form:
    return fields({"iterations": number(request["iterations"], INT64, whole=True), "seconds": _SECONDS})


def _burst(request: Request) -> Form:
    timed = {"ns": _times(request["iterations"]), "start_ns": _whole(), "outputs_finite": flag}
    return fields(timed, {"error": _SUM, "signal": _SUM, "values": _whole(1)})


_SEEN = _list(fields({"dtype": _NAME, "shape": _list(_whole())}))
_LAYER = fields(
    {"name": _WORDS, "type": _NAME, "precision": _NAME, "ns": _GAUGE, "calls": _whole(1)},
    {"nodes": _list(_WORDS), "bytes": _whole(), "outputs": _SEEN},
)
_PROFILE = fields(
    {
        "version": _NAME, "statistic": one_of("median", "mean"), "layers": _list(_LAYER),
        "run_ns": number(0, 1e18, open_=True), "resolution_ns": number(0, 1e18, open_=True),
    }
)  # fmt: skip


def _repeats(request: Request) -> Form:
    times = each(number(1, 1e18), request["rounds"], request["rounds"])
    return either("problem", fields({"problem": _WORDS}), fields({"same_ns": times, "different_ns": times}))


ANSWERS: dict[str, Callable[[Request], Form]] = {
    "load": lambda request: _LOAD,
    "warmup": _warmup,
    "burst": _burst,
    "repeats": _repeats,
    "predict": lambda request: fields({"samples": _whole()}),
    "profile": lambda request: _PROFILE,
    "memory": lambda request: fields({"peak_rss_mb": _MEGABYTES}, {"rss_mb": _MEGABYTES}),
    "step": lambda request: fields({"meta": _mapping(anything), "seconds": _SECONDS, "peak_rss_mb": _MEGABYTES}),
    "call": lambda request: _called(request),
    # Of `arrival`, which takes files and gives them:
    "look": lambda request: fields({"home": string(NAME, r"[^\0\n]+"), "missing": each(_NAME, 0, 1)}),
    "take": lambda request: fields({"taken": _NAME}),
    "give": lambda request: fields({"sha256": sha256, "bytes": _whole()}),
}

# --- answers of functions that a device is asked for ---

_CPUS = _list(number(0, 1_000_000, whole=True))
_WORD, _COUNT = maybe(_NAME), maybe(_whole())
_HARDWARE = fields(
    {
        **dict.fromkeys(("machine", "board", "cpu", "governor", "hypervisor", "os", "kernel"), _WORD),
        **dict.fromkeys(("physical_cores", "logical_cores", "usable_cores", "memory_mb", "memory_limit_mb"), _COUNT),
        "cpu_limit": maybe(number(1e-6, 1e6)),
        "isa": maybe(_list(_NAME)),
        "unknown": _mapping(_NAME),
        "identity": string(12, "[0-9a-f]{12}"),
    }
)
_GAUGES = (
    "load_1m", "cpu_mhz", "throttle_count", "busy_s", "steal_s", "memory_available_mb", "memory_stall_s",
    "cpu_stall_s", "runnable", "waited_s",
)  # fmt: skip
_CONDITIONS = fields(
    {"monotonic_s": _GAUGE, "ours_s": _GAUGE, "absent": _mapping(_NAME)},
    {
        **dict.fromkeys(_GAUGES, _GAUGE),
        "temperature_c": number(-274, 10_000),
        "governor": _NAME,
        "processes": _mapping(_process, 1_000_000),
    },
)
_ABOUT = fields(
    {
        "machine_id": maybe(string(16, "[0-9a-f]{16}")), "python": _NAME, "versions": _mapping(_WORD),
        "cpus": maybe(_CPUS), "scheduling": _WORD, "variables": _mapping(_WORDS),
    },
    {"files": _mapping(_NAME)},
)  # fmt: skip
_SPEED = number(0, 1e18, open_=True)
_PEAKS = fields(
    {"flops_per_s": _mapping(_SPEED, 10), "by": _mapping(_NAME, 10), "bytes_per_s": each(_speed_of, 1, 100)}
)
CALLED: dict[tuple[str, str], Form] = {
    ("runner.worker.runtime_environment", "described"): _ABOUT,
    ("runner.core.installed", "versions"): _mapping(_WORD),
    ("runner.hardware.detect", "described"): _HARDWARE,
    ("runner.measure.conditions", "read"): _CONDITIONS,
    ("runner.worker.process", "allowed"): maybe(_CPUS),
    ("runner.worker.process", "pin"): _CPUS,
    ("runner.worker.machine_peaks", "measured"): _PEAKS,
    ("runner.worker.device_lock", "acquire"): maybe(_settings),
    ("runner.worker.device_lock", "release"): maybe(_settings),
    ("os", "getpid"): _whole(1),
    ("os", "getppid"): _whole(1),
}


def _called(request: Request) -> Form:
    """Of functions that aren't listed only this machine's workers are asked, where our own code answers."""
    function = (request["module"], request["function"])
    if function == ("runner.worker.process", "lacking"):
        asked = request["arguments"]["modules"]
        return _list(such_that(lambda value: value in asked, "which was not asked for"))
    return CALLED.get(function, anything)
