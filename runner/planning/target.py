"""The machine that a model is compiled for and measured on, as planning needs it: what it is, and what it lacks."""

from __future__ import annotations

import ast
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from runner.backends import loading
from runner.core import registry
from runner.core.advice import shell
from runner.core.errors import RunnerError, SpecError, Unavailable, Unsupported
from runner.hardware import detect
from runner.spec import hardware
from runner.spec.schema import Limits
from runner.transport import devices
from runner.worker import process


@dataclass(frozen=True)
class Target:
    """A device by its `name`. `hardware` is what it is (empty where it can't be reached, and `problem` says why)."""

    name: str
    hardware: Mapping[str, Any] = field(compare=False)
    problem: RunnerError | None = field(default=None, compare=False)

    @property
    def words(self) -> str:
        """`this machine`, `ssh:pi`."""
        return "this machine" if self.name == hardware.LOCAL else self.name


@cache
def here() -> Target:
    """This machine."""
    return Target(hardware.LOCAL, detect.described())


def target_of(settings: Any) -> Target:
    """The device of a spec's `hardware` settings, asked over its connection. Raises SpecError for wrong settings."""
    if hardware.name_of(settings) == hardware.LOCAL:
        return here()
    device = devices.device_of(settings)
    try:
        return Target(device.name, device.hardware())
    except SpecError:
        raise
    except RunnerError as error:
        device.close()  # its cells are blocked: nothing more is asked of it
        return Target(device.name, {}, error)


def foreign(target: Target, backend: str, settings: Any) -> Unsupported | None:
    """Why what is compiled here doesn't suit the target: the backend tunes it to the machine that it runs on."""
    declared = loading.backend(backend)
    if not target.hardware or not declared.tunes_here():
        return None
    there, ours = (loading.ask(backend, "tuned_to", settings, one.hardware) for one in (target, here()))
    if there == ours:
        return None
    advice = (
        f"What suits any machine: {declared.portable}"
        if declared.portable
        else "Compile and measure on one kind of machine."
    )
    return Unsupported(
        f"backend={backend}: its output is tuned to the machine that compiles, which is of another kind than "
        f"{target.name} ({target.hardware.get('cpu') or target.hardware.get('machine')}).",
        advice,
    )


def lacking(target: Target, backend: str, settings: Any, module: str = "session") -> RunnerError | None:
    """What a backend's `module` imports and the device has not, or why it doesn't tell. Asked of remote ones: here
    `plan` knows by itself."""
    if target.name == hardware.LOCAL or target.problem:
        return None
    wanted = dict.fromkeys(("numpy", *imported(f"{registry.module('backend', backend)}.{module}")))
    try:
        missing = devices.device_of(settings).call("runner.worker.process", "lacking", modules=list(wanted))
    except SpecError:
        raise
    except RunnerError as error:
        return error
    return without(target, backend, settings, missing)


def unlimited(target: Target, limits: Limits) -> Unavailable | None:
    """Why the most memory of a worker can't be held to on the device."""
    if target.name == hardware.LOCAL or limits.memory_mb is None:
        return None
    from runner.transport import ssh

    return ssh.unwatched(target.name, limits.memory_mb)


def without(target: Target, backend: str, settings: Any, missing: Sequence[str]) -> Unavailable | None:
    """What is said of a device over ssh that lacks what a backend needs there; None where nothing is `missing`."""
    if not missing:
        return None
    said = ", ".join(one.replace(process.OR, " or ") for one in missing)
    usual = [one.partition(process.OR)[0] for one in missing]
    return Unavailable(
        f"{target.name}: its `{settings.python}` has no {said}, which backend={backend} needs there.",
        f"On the device: {shell(settings.python, '-m', 'pip', 'install', *usual)}",
    )


def imported(session: str) -> tuple[str, ...]:
    """Packages that a session's module imports when it is loaded, beside the standard library and its own; `a|b` of
    those that it tries one after the other."""
    own = session.partition(".")[0]
    found = [name for node in _tree(session).body for name in _names(node)]
    return tuple(dict.fromkeys(one for one in found if one not in sys.stdlib_module_names and one != own))


def _names(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.Try):
        tried = [node.body, *(handler.body for handler in node.handlers)]
        return [process.OR.join(name for part in tried for one in part for name in _names(one))]
    if isinstance(node, ast.Import):
        return [alias.name.partition(".")[0] for alias in node.names]
    return [(node.module or "").partition(".")[0]] if isinstance(node, ast.ImportFrom) and not node.level else []


def _tree(module: str) -> ast.Module:
    from runner.artifacts import code_closure

    return ast.parse(code_closure.closure((module,))[module].read_text(encoding="utf-8"))
