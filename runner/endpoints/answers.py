"""What a worker may answer to each request: types, lengths, ranges. Nothing else is believed, wherever it runs.

A device is somebody's board: what it says is checked where it arrives, so that whoever reads an answer can rely on it.
"""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Callable, Collection, Mapping
from typing import Any

BYTES = 8_000_000  # of an answer and the progress before it
BYTES_EACH = 24  # for each iteration of a burst: 64 bits in digits, a comma, a blank
BYTES_A_SECOND = 1_000_000  # of progress
REASON, TRACEBACK = 2000, 100_000  # characters that are kept of an error
NAME, WORDS = 1000, 10_000  # characters of a name, of anything else
DEEPEST, MOST = 8, 20_000  # levels and parts of what a runtime says of itself
INT64 = (1 << 63) - 1

Check = Callable[[Any], None]
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
    if do == "call":
        _called(answer, request)
    else:
        ANSWERS[do](request)(answer)


def message(found: Any) -> Mapping[str, Any]:
    """`found`, once it is a message: an object with an id, and a progress, an error or an answer. Raises Odd."""
    _object(id=_whole(1, INT64))(found)
    if "progress" in found:
        _at("progress", _PROGRESS, found["progress"])
    elif "error" in found:
        _at("error", _ERROR, found["error"])
    elif "answer" not in found:
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
    _object()(found)
    return found


def reason_of(answer: Mapping[str, Any]) -> str:
    """Of an answer that says only why there is none. Raises Odd."""
    _object(error=_text(REASON))(answer)
    return str(answer["error"])


# --- checks ---


def _whole(low: int, high: int) -> Check:
    def check(value: Any) -> None:
        if type(value) is not int or not low <= value <= high:
            raise Odd(f"is {shown(value)}, no whole number from {low} to {high}")

    return check


def _number(low: float = 0.0, high: float = 1e18) -> Check:
    def check(value: Any) -> None:
        if type(value) not in (int, float) or not low <= value <= high:  # nan is in no range
            raise Odd(f"is {shown(value)}, no number from {low:g} to {high:g}")

    return check


def _text(longest: int = BYTES, pattern: str = "(?s).*") -> Check:
    def check(value: Any) -> None:
        if not isinstance(value, str) or len(value) > longest or not re.fullmatch(pattern, value):
            raise Odd(f"is {shown(value)}, no text as it should be there")

    return check


def _truth(value: Any) -> None:
    if not isinstance(value, bool):
        raise Odd(f"is {shown(value)}, neither true nor false")


def _if_any(each: Check) -> Check:
    """Nothing (null) is right, too."""

    def check(value: Any) -> None:
        if value is not None:
            each(value)

    return check


def _list(each: Check, least: int = 0, most: int = MOST) -> Check:
    def check(value: Any) -> None:
        if not isinstance(value, list) or not least <= len(value) <= most:
            raise Odd(f"is {shown(value)}, no list of {least} to {most}")
        for number, one in enumerate(value):
            _at(f"[{number}]", each, one)

    return check


def _mapping(each: Check, most: int = MOST) -> Check:
    """Texts to what `each` checks."""

    def check(value: Any) -> None:
        if not isinstance(value, dict) or len(value) > most or any(len(key) > NAME for key in value):
            raise Odd(f"is {shown(value)}, no object of at most {most} names")
        for key, one in value.items():
            _at(shown(key), each, one)

    return check


def _object(optional: Mapping[str, Check] | None = None, /, **wanted: Check) -> Check:
    """At least the `wanted` names; more may be there."""

    def check(value: Any) -> None:
        if not isinstance(value, dict):
            raise Odd(f"is {shown(value)}, no object")
        for name, each in {**(optional or {}), **wanted}.items():
            if name in value:
                _at(name, each, value[name])
            elif name in wanted:
                raise Odd(f"lacks {name}")

    return check


def _at(place: str, each: Check, value: Any) -> None:
    try:
        each(value)
    except Odd as error:
        joint = "." if error.place and error.place[0] != "[" else ""
        raise Odd(error.what, f"{place}{joint}{error.place}") from None


def _tree(value: Any) -> None:
    """JSON of DEEPEST levels and MOST parts: whole numbers of 64 bits, finite ones, texts."""
    level, count = [value], 0
    for _ in range(DEEPEST):
        count += len(level)
        if count > MOST:
            raise Odd(f"has more than {MOST} parts")
        for leaf in level:
            _leaf(leaf)
        level = [inner for one in level for inner in _inside(one)]
        if not level:
            return
    raise Odd(f"is more than {DEEPEST} levels deep")


def _settings(value: Any) -> None:
    """What a runtime reads back of itself: names to anything that is bounded."""
    _mapping(_any)(value)
    _tree(value)


def _any(value: Any) -> None:
    """Checked by whoever looks at the whole."""


def _inside(node: Any) -> list[Any]:
    if isinstance(node, dict):
        return [*node, *node.values()]
    return node if isinstance(node, list) else []


def _leaf(value: Any) -> None:
    if isinstance(value, str):
        _text(WORDS)(value)
    elif type(value) is int:
        _whole(-INT64, INT64)(value)
    elif isinstance(value, float) and not math.isfinite(value):
        raise Odd(f"holds {value}, no number")


def _times(count: int) -> Check:
    """So many times in ns. Thousands of them come in a burst: no function of ours looks at each."""

    def check(value: Any) -> None:
        if not isinstance(value, list) or len(value) != count:
            raise Odd(f"is {shown(value)}, no list of {count} times")
        if set(map(type, value)) != {int} or min(value) < 0 or max(value) > INT64:
            raise Odd("holds what is no time in ns")

    return check


def shown(value: Any) -> str:
    """The beginning of what was said, without characters that would act on a terminal."""
    text = ascii(value) if isinstance(value, (str, int, float, bool, type(None))) else type(value).__name__
    return text if len(text) <= 60 else f"{text[:60]}…"


_PROGRESS = _object(done=_whole(0, INT64), total=_whole(0, INT64), note=_text(WORDS))
_ERROR = _object(**dict.fromkeys(("status", "reason", "next_step", "traceback"), _text()))

# --- answers ---


def _size(value: Any) -> None:
    """Of an axis: a number, or what a runtime calls one that it doesn't know."""
    (_text(NAME) if isinstance(value, str) else _if_any(_whole(-1, INT64)))(value)


_SECONDS, _MEGABYTES, _SUM = _number(0.0, 1e9), _number(0.0, 1e12), _number(0.0, sys.float_info.max)
_PORTS = _list(_object(name=_text(WORDS), shape=_list(_size), dtype=_text(NAME)))


def _load(request: Request) -> Check:
    return _object(
        version=_text(NAME), inputs=_PORTS, outputs=_PORTS, effective=_settings,
        import_seconds=_SECONDS, load_seconds=_SECONDS,
    )  # fmt: skip


def _warmup(request: Request) -> Check:
    return _object(iterations=_whole(request["iterations"], INT64), seconds=_SECONDS)


def _burst(request: Request) -> Check:
    compared = {"error": _SUM, "signal": _SUM, "values": _whole(1, INT64)}
    ns = _times(request["iterations"])
    return _object(compared, ns=ns, start_ns=_whole(0, INT64), outputs_finite=_truth)


def _repeats(request: Request) -> Check:
    each = _list(_number(1.0), request["rounds"], request["rounds"])
    times, none = _object(same_ns=each, different_ns=each), _object(problem=_text(WORDS))

    def check(value: Any) -> None:
        (none if isinstance(value, dict) and "problem" in value else times)(value)

    return check


def _predict(request: Request) -> Check:
    return _object(samples=_whole(0, INT64))


def _memory(request: Request) -> Check:
    return _object({"rss_mb": _MEGABYTES}, peak_rss_mb=_MEGABYTES)


def _step(request: Request) -> Check:
    return _object(meta=_mapping(_any), seconds=_SECONDS, peak_rss_mb=_MEGABYTES)


ANSWERS: dict[str, Callable[[Request], Check]] = {
    "load": _load,
    "warmup": _warmup,
    "burst": _burst,
    "repeats": _repeats,
    "predict": _predict,
    "memory": _memory,
    "step": _step,
    # Of `arrival`, which takes files and gives them:
    "look": lambda request: _object(home=_text(NAME, r"[^\0\n]+"), missing=_list(_text(NAME), 0, 1)),
    "take": lambda request: _object(taken=_text(NAME)),
    "give": lambda request: _object(sha256=_text(64, "[0-9a-f]{64}"), bytes=_whole(0, INT64)),
}

# --- answers of functions that a device is asked for ---

_CPUS = _list(_whole(0, 1_000_000))
_PID = _whole(1, INT64)
_WORD = _if_any(_text(NAME))
_COUNT = _if_any(_whole(0, INT64))
_HARDWARE = _object(
    machine=_WORD, board=_WORD, cpu=_WORD, governor=_WORD, hypervisor=_WORD, os=_WORD, kernel=_WORD,
    physical_cores=_COUNT, logical_cores=_COUNT, usable_cores=_COUNT, memory_mb=_COUNT, memory_limit_mb=_COUNT,
    cpu_limit=_if_any(_number(1e-6, 1e6)), isa=_if_any(_list(_text(NAME))), unknown=_mapping(_text(NAME)),
    identity=_text(12, "[0-9a-f]{12}"),
)  # fmt: skip
_GAUGES = (
    "load_1m", "cpu_mhz", "throttle_count", "busy_s", "steal_s", "memory_available_mb", "memory_stall_s",
    "cpu_stall_s", "runnable", "waited_s",
)  # fmt: skip


def _process(value: Any) -> None:
    """Its name, and the seconds that it has used."""
    _list(_any, 2, 2)(value)
    _text(NAME)(value[0])
    _number()(value[1])


_CONDITIONS = _object(
    {
        **dict.fromkeys(_GAUGES, _number()),
        "temperature_c": _number(-274.0, 10_000.0),
        "governor": _text(NAME),
        "processes": _mapping(_process, 1_000_000),
    },
    monotonic_s=_number(),
    ours_s=_number(),
    absent=_mapping(_text(NAME)),
)
_ABOUT = _object(
    machine_id=_if_any(_text(16, "[0-9a-f]{16}")), python=_text(NAME), versions=_mapping(_WORD), cpus=_if_any(_CPUS),
    scheduling=_if_any(_text(NAME)), variables=_mapping(_text(WORDS)),
)  # fmt: skip
CALLED: dict[tuple[str, str], Check] = {
    ("runner.worker.about", "described"): _ABOUT,
    ("runner.hardware", "described"): _HARDWARE,
    ("runner.measure.conditions", "read"): _CONDITIONS,
    ("runner.worker.process", "allowed"): _if_any(_CPUS),
    ("runner.worker.process", "pin"): _CPUS,
    ("runner.worker.alone", "take"): _if_any(_settings),
    ("runner.worker.alone", "give_back"): _if_any(_settings),
    ("os", "getpid"): _PID,
    ("os", "getppid"): _PID,
}


def _called(answer: Any, request: Request) -> None:
    """Of functions that aren't listed only this machine's workers are asked, where our own code answers."""
    function = (request["module"], request["function"])
    if function == ("runner.worker.process", "lacking"):
        _list(_among(request["arguments"]["modules"]))(answer)
    elif function in CALLED:
        CALLED[function](answer)


def _among(words: Collection[str]) -> Check:
    def check(value: Any) -> None:
        if value not in words:
            raise Odd(f"is {shown(value)}, which was not asked for")

    return check
