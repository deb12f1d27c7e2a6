"""One key of everything that changes a measurement's number: a cell is measured anew where it differs.

Its parts are kept in the record, so that a resumed sweep can say what differs. Not in it: the sweep's name, so that a
sweep that grows measures its new cells alone; limits; and the noise floor, which changes a verdict and no number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any

from runner.artifacts import code_closure, source_fingerprint
from runner.backends import loading
from runner.core import hashing, registry
from runner.core.errors import Disturbed, RunnerError
from runner.core.unexpected import attempt
from runner.planning.graph import PROOF, Cell, Chain
from runner.spec import hardware
from runner.spec.schema import Spec, plain_part
from runner.transport import devices
from runner.transport.toolchains import Toolchain

Parts = Mapping[str, Any]
# Hardware's settings, the release of a runtime, distributions -> `described`.
Ask = Callable[[Any, Toolchain | None, list[str]], Mapping[str, Any]]

# Code whose change makes a measurement another one: what is timed, when, and what is made of the times.
MEASURING = ("runner.worker.handlers", "runner.measure.benchmark", "runner.telemetry.sampler")
ROOMS = ("runner.worker.", "runner.measure.", "runner.telemetry.")  # of what these import, the rest times nothing
ABOUT = "runner.worker.runtime_environment"


def ask_device(settings: Any, release: Toolchain | None, distributions: list[str]) -> dict[str, Any]:
    """What a measurement depends on at a device: its address and identity, and `runner.worker.runtime_environment`."""
    device = devices.device_of(settings, release)
    found = device.libraries().call(ABOUT, "described", distributions=distributions)
    return {"address": device.name, "identity": device.hardware()["identity"], **found}


def parts_of(cell: Cell) -> dict[str, Any]:
    """The parts of a cell's key. Raises what its devices raise that can't be reached."""
    return _parts(cell, _asking_once(ask_device), code)


def parts_of_all(cells: Iterable[Cell], ask: Ask = ask_device) -> dict[str, dict[str, Any]]:
    """The parts of every cell's key by its spec's key, each device asked once; without the cells that can't be
    measured now."""
    found, once, ours = {}, _asking_once(ask), cache(code)
    for cell in cells:
        if cell.blocked:
            continue
        parts = attempt(partial(_parts, cell, once, ours))
        if not isinstance(parts, RunnerError):  # else the cell can't be measured now, and its record will say why
            found[cell.candidate.spec.key] = parts
    return found


def digest(parts: Parts) -> str:
    """The key itself."""
    return hashing.digest(parts)


def code(scenario: str) -> str:
    """The measuring code, on both ends, of that scenario."""
    own = registry.module("scenario", scenario)
    closure = code_closure.closure((*MEASURING, own))
    rooms = (*ROOMS, own)  # a package's scenario lies elsewhere
    found = {name: path for name, path in closure.items() if name.startswith(rooms)}
    now = hashing.digest({name: source_fingerprint.read(name, path).fingerprint for name, path in found.items()})
    _first.setdefault(scenario, now)
    return now


# The measuring code by scenario when this process read it first: what it has imported stays so.
_first: dict[str, str] = {}


def _session(spec: Spec) -> str:
    """The code of a side's session, which its workers import when they measure."""
    return code_closure.code((f"{registry.module('backend', spec.backend.name)}.session",))


def check_code(cell: Cell, parts: Parts) -> None:
    """Raises Disturbed where a source of what measures the cell was edited since its `parts` were made, or since this
    process imported it: no key says then what ran."""
    code_closure.look_again()
    sessions = all(_session(chain.spec) == parts[role]["session"] for role, chain in cell.by_role.items())
    scenario = cell.candidate.spec.scenario.name
    if not sessions or not code(scenario) == parts["code"] == _first[scenario]:
        raise Disturbed(
            "The measuring code was edited since this process began, so the measurement isn't kept.",
            "Run the same command again; in a notebook restart the kernel before.",
        )


def _asking_once(ask: Ask) -> Ask:
    """Each question is asked once; a device that didn't answer is not asked again."""
    answers: dict[str, Mapping[str, Any] | RunnerError] = {}

    def known(settings: Any, release: Toolchain | None, distributions: list[str]) -> Mapping[str, Any]:
        name = hashing.canonical([hardware.name_of(settings), release and release.installed_as, distributions])
        if name not in answers:
            try:
                answers[name] = ask(settings, release, distributions)
            except RunnerError as error:
                answers[name] = error
        answer = answers[name]
        if isinstance(answer, RunnerError):
            raise answer
        return answer

    return known


def _parts(cell: Cell, ask: Ask, ours: Callable[[str], str]) -> dict[str, Any]:
    spec = cell.candidate.spec
    return {
        "candidate": _side(cell.candidate, ask),
        "baseline": _side(cell.baseline, ask) if cell.baseline else None,
        **{name: plain_part(getattr(spec, name)) for name in ("measure", "telemetry", "seed")},
        "code": ours(spec.scenario.name),
        **_profile(spec),
    }


def _profile(spec: Spec) -> dict[str, Any]:
    """It changes no number, but a record without it is none to take over."""
    return {} if spec.profile.name == "none" else {"profile": spec.profile.plain()}


def _side(chain: Chain, ask: Ask) -> dict[str, Any]:
    spec = chain.spec
    return {
        "artifacts": {step: chain.keys[step] for step, role in chain.roles.items() if role != PROOF},
        "session": _session(spec),
        "backend": spec.backend.plain(),
        "scenario": spec.scenario.plain(),
        **ask(spec.hardware.settings, chain.release, _distributions(spec)),
        **_tool(spec),
        **_preprocess(spec),
    }


def _preprocess(spec: Spec) -> dict[str, Any]:
    """Where the samples are raw; what is done to them is in the artifacts."""
    return {} if spec.preprocess.name == "none" else {"preprocess": spec.preprocess.plain()}


def _tool(spec: Spec) -> dict[str, Any]:
    """The program that measures in our place, by its content, where it is on this machine."""
    tool = loading.ask(spec.backend.name, "tool", spec.backend.settings)
    here = tool is not None and hardware.name_of(spec.hardware.settings) == hardware.LOCAL
    return {"tool": hashing.file_hash(Path(tool.program))} if here and Path(tool.program).is_file() else {}


def _distributions(spec: Spec) -> list[str]:
    return sorted({"numpy", *loading.backend(spec.backend.name).distributions})


# --- what differs, in words ---


def differences(before: Parts, now: Parts) -> list[str]:
    """Why a cell is measured anew: `the baseline's compile changed`, `another machine`; the plainest first."""
    found = [*_of_sides(before, now), *_of_rest(before, now)]
    return list(dict.fromkeys(found)) or ["something else changed"]


def _of_sides(before: Parts, now: Parts) -> Iterator[str]:
    if (before.get("baseline") is None) != (now["baseline"] is None):
        yield "the baseline was none" if now["baseline"] else "there is no baseline now"
    for role in ("candidate", "baseline"):
        if before.get(role) and now[role]:
            yield from _of_side(role, before[role], now[role])


def _of_side(role: str, before: Parts, now: Parts) -> Iterator[str]:
    old, new = _part(before, "artifacts"), now["artifacts"]
    step = next((one for one in (*new, *old) if old.get(one) != new.get(one)), "")
    if step:
        yield f"the {role}'s {step} changed"
    for name in ("backend", "scenario", "preprocess"):
        yield from _named(f"the {role}'s {name}.", _part(before, name), _part(now, name))
    if not step and before.get("session") != now.get("session"):
        yield f"the {role}'s session changed"
    yield from _of_machine(before, now)
    for name in ("python", "scheduling"):
        if before.get(name) != now.get(name):
            yield f"{_shown(now.get(name))} instead of {_shown(before.get(name))}"
    yield from _named("", _part(before, "versions"), now["versions"])
    yield from _named("", _part(before, "variables"), now["variables"])
    yield from _of_files(_part(before, "files"), _part(now, "files"))


def _of_files(before: Parts, now: Parts) -> Iterator[str]:
    """A variable that is new, or gone, has been told of."""
    for name in sorted({*before, *now}):
        if before.get(name) != now.get(name):
            yield f"the libraries that {name} names changed"


def _of_machine(before: Parts, now: Parts) -> Iterator[str]:
    if any(before.get(name) != now[name] for name in ("address", "machine_id")):
        yield "another machine"
    elif before.get("cpus") != now["cpus"]:
        yield f"cpuset: CPUs {_list(now['cpus'])} instead of {_list(before.get('cpus'))}"
    elif before.get("identity") != now["identity"]:
        yield "the machine changed (its processor, memory, limits or governor)"


def _of_rest(before: Parts, now: Parts) -> Iterator[str]:
    for name in ("measure", "telemetry"):
        yield from _named(f"{name}.", _part(before, name), now[name])
    yield from _named("profile.", _part(before, "profile"), _part(now, "profile"))
    if before.get("seed") != now["seed"]:
        yield f"seed={now['seed']} instead of {before.get('seed')}"
    if before.get("code") != now["code"]:
        yield "the measuring code changed"


def _named(prefix: str, before: Parts, now: Parts) -> Iterator[str]:
    for name in sorted({*before, *now}):
        if before.get(name) != now.get(name):
            yield f"{prefix}{name}: {_shown(now.get(name))} instead of {_shown(before.get(name))}"


def _part(parts: Parts, name: str) -> Parts:
    """One of them; empty where the cell has none, or its record is of a time that didn't keep it yet."""
    found: Parts = parts.get(name, {})
    return found


def _shown(value: Any) -> str:
    return "none" if value is None else str(value)[:80]


def _list(cpus: Any) -> str:
    return ",".join(map(str, cpus)) if isinstance(cpus, list) else "any"
