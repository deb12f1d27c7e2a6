"""A node made: the key of a step from everything that its output depends on."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from runner.artifacts import code_closure
from runner.backends import loading
from runner.core import extras, hashing
from runner.core.errors import RunnerError
from runner.planning.graph import Node, Step
from runner.planning.place import HERE, Place
from runner.spec.schema import Choice
from runner.worker import variables


def node(
    step: Step,
    title: str,
    settings: Mapping[str, Any],
    inputs: Mapping[str, str],
    code: tuple[str, ...] = (),
    blocked: RunnerError | None = None,
    module: str = "",
    place: Place = HERE,
) -> Node:
    """`code` names modules whose closure the step runs beside its own; `module` is that, `runner.steps.<step>` unless
    another is named; `place` is where it runs, whose versions are in the key. Where that is this interpreter, a tool
    that it lacks makes the step unavailable."""
    module = module or f"runner.steps.{step.name}"
    versions, modules = place.versions(step.tools), (module, *code)
    ours = code_closure.code(modules)
    identity: dict[str, Any] = {
        "step": step.name,
        "settings": _by_content(settings, settings["files"]) if settings.get("files") else settings,
        "inputs": dict(inputs),
        "code": ours,
        "tools": versions,
        **place.identity(),
    }
    changing = variables.of_numbers(os.environ)
    if changing:
        identity["variables"] = changing
    key = hashing.digest(identity)
    plain = (dict(settings), dict(inputs))
    lacking = extras.missing(f"{step.name} {title}", versions) if place == HERE and None in versions.values() else None
    blocked = blocked or place.problem or lacking
    return Node(step.name, title, module, *plain, versions, key, blocked, modules, ours, changing, step, place)


def named(choice: Choice) -> dict[str, Any]:
    """A choice as steps read it: `{"name", "settings": {key: …}}`."""
    plain = choice.plain()
    return {"name": plain["name"], "settings": {key: plain[key] for key in plain if key != "name"}}


def shared(backend: Choice) -> dict[str, Any]:
    """A backend's settings for a key: what only a session reads has one value there, so that sessions of all kinds
    share one artifact."""
    return {**named(backend)["settings"], **loading.backend(backend.name).session_settings}


def _by_content(value: Any, files: Mapping[str, str]) -> Any:
    """Settings with each file's path replaced by its hash: the same content elsewhere has the same key."""
    if isinstance(value, Mapping):
        return {_by_content(key, files): _by_content(item, files) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_by_content(item, files) for item in value]
    return f"sha256:{files[value]}" if isinstance(value, str) and value in files else value
