"""What a baseline is called: what it is, and all in which it differs from the candidate."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any

from runner.core.errors import SpecError
from runner.core.setting_rules import rules
from runner.spec.schema import OWN_NAME, settings_class

SELF = "self"
HOW_MEASURED = ("measure", "baseline", "limits", "telemetry", "toolchain")
WORDS = ("model", "backend", "precision", "compression", "hardware")  # whose names stand in a label by themselves
FILES = (".path", ".inputs")  # settings that say which data or model it is
MOST = 8  # differences that are written out

Plain = Mapping[str, Any]


def point(spec: Plain) -> dict[str, Any]:
    """What is measured, without how and against what: two specs with one point measure the same thing."""
    found = {key: value for key, value in spec.items() if key not in HOW_MEASURED}
    return found | ({"toolchain": {"version": release(spec)}} if release(spec) else {})


def release(spec: Plain) -> str:
    """The release of its backend's runtime; empty where that is the one installed."""
    return str(_axis(spec, "toolchain").get("version") or "")


def backend(spec: Plain) -> str:
    """`onnxruntime`, `onnxruntime 1.18.1`."""
    return " ".join(filter(None, (_name(spec, "backend"), release(spec))))


def flatten(tree: Plain, prefix: str = "") -> Iterator[tuple[str, str]]:
    """`("backend.threads", "1")` for every leaf; an axis's own name stands as `backend`, lists as JSON."""
    own = OWN_NAME if OWN_NAME in tree else "name"
    for key, value in tree.items():
        name = prefix.rstrip(".") if key == own and prefix else f"{prefix}{key}"
        if isinstance(value, Mapping):
            yield from flatten(value, f"{name}.")
        else:
            yield name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def of_baseline(candidate: Plain, baseline: Plain, precision: str = "") -> str:
    """`onnxruntime fp32`, `self`, `onnxruntime fp32 (model.hidden 32→64, scenario=offline)`: both are specs in JSON
    types; `precision` is the one that the baseline ran in, where that is known (`effective.precision`). Of sides with
    other batches the label says that a sample's time is compared."""
    if point(candidate) == point(baseline):
        return SELF
    parts = [backend(baseline), precision or _name(baseline, "precision")]
    if _name(baseline, "compression") not in ("none", ""):
        parts.append(_name(baseline, "compression"))
    if _name(baseline, "model") != _name(candidate, "model"):
        parts.insert(0, _name(baseline, "model"))
    if device(baseline) != device(candidate):
        parts.append(f"on {device(baseline)}")
    differing = differences(candidate, baseline)
    if release(candidate) and not release(baseline) and _name(candidate, "backend") == _name(baseline, "backend"):
        differing.append("as installed")
    if _batch(candidate) != _batch(baseline):
        differing.append("time of a sample")
    return " ".join(filter(None, parts)) + (f" ({', '.join(differing)})" if differing else "")


def differences(candidate: Plain, baseline: Plain) -> list[str]:
    """`model.hidden 32→64`, `scenario=offline`, `backend.hint=latency`: what else differs, besides WORDS and
    what follows from its options."""
    mine, theirs = (dict(flatten(point(spec))) for spec in (candidate, baseline))
    found = [_difference(key, mine, theirs) for key in theirs if mine.get(key) != theirs[key]]
    told = [one for one in found if one]
    return told if len(told) <= MOST else [*told[:MOST], f"and {len(told) - MOST} more"]


def _difference(key: str, candidate: Mapping[str, str], baseline: Mapping[str, str]) -> str:
    axis, dot, _ = key.partition(".")
    theirs = baseline[key]
    if axis in ("hardware", "toolchain") or key in WORDS:
        return ""
    if not dot and key != "seed":
        return f"{key}={theirs}"
    if key in candidate and not _another(axis, key, candidate.get(axis, ""), baseline.get(axis, "")):
        return f"{key} {candidate[key]}→{theirs}"
    named = axis in ("data", "model") and key.endswith(FILES)
    return f"{key}={theirs}" if named or theirs != _usual(axis, baseline.get(axis, "")).get(key, theirs) else ""


@lru_cache(maxsize=256)
def _another(axis: str, key: str, mine: str, theirs: str) -> bool:
    """Whether two options mean different things by a key of one name: they choose among other words."""
    if axis != "backend" or mine == theirs:
        return False
    with suppress(SpecError):  # one of a project's own that is gone
        found = [rules(settings_class(axis, name)).get(key.partition(".")[2]) for name in (mine, theirs)]
        return len({one[1].choices for one in found if one}) > 1
    return False


@lru_cache(maxsize=256)
def _usual(axis: str, name: str) -> dict[str, str]:
    """The values that an option comes with, flat; empty for one of a project's own."""
    from runner.core import project_paths
    from runner.spec import options

    home = project_paths.shipped("conf").parent
    if name not in options.names(axis, home):
        return {}
    return dict(flatten(options.values(axis, name, home), f"{axis}."))


def device(spec: Plain) -> str:
    """The device's address as locks name it: `local`, `ssh:pi`, `ssh:10.0.0.7:2222`."""
    hardware = _axis(spec, "hardware")
    parts = [hardware.get("name"), hardware.get("host"), hardware.get("port")]
    return ":".join(str(part) for part in parts if part is not None)


def _name(spec: Plain, axis: str) -> str:
    return option(_axis(spec, axis))


def _batch(spec: Plain) -> int:
    return int(_axis(spec, "scenario").get("batch", 1))


def option(choice: Plain) -> str:
    """What an axis's choice in a spec is called: its file's own name, else its implementation's."""
    return str(choice.get(OWN_NAME) or choice.get("name", ""))


def _axis(spec: Plain, axis: str) -> Plain:
    """Its settings; none where the record is imported or of a time without this axis."""
    found: Plain = spec.get(axis, {})
    return found


def distinguishing(flat: Sequence[Mapping[str, str]]) -> list[str]:
    """The keys of flattened specs that tell these apart; of an option with another name not the settings that follow
    from it."""
    keys = dict.fromkeys(key for one in flat for key in one)
    return [key for key in keys if len({one.get(key) for one in flat}) > 1 and not _implied(key, flat)]


def _implied(key: str, flat: Sequence[Mapping[str, str]]) -> bool:
    """Whether an option's name says it already: `measure.warmup` differs because `measure` does, and only then."""
    axis, dot, _ = key.partition(".")
    values: dict[str | None, set[str | None]] = {}
    for one in flat:
        values.setdefault(one.get(axis), set()).add(one.get(key))
    return bool(dot) and len(values) > 1 and all(len(found) == 1 for found in values.values())
