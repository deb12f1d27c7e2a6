"""A node made: the key of a step from everything that its output depends on."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

from runner.artifacts import code_closure
from runner.core import hashing, installed
from runner.core.errors import RunnerError
from runner.planning.graph import Node
from runner.spec.schema import Choice
from runner.worker import variables

# PyPI names whose versions enter a step's key. A backend names its own for `compile`.
TOOLS = {
    "data": ("numpy",),
    "train": ("torch", "numpy"),
    "compress": ("torch", "numpy"),
    "export": ("torch", "onnx", "numpy"),
    "quantize": ("onnx", "onnxruntime", "numpy"),
}


def node(
    step: str,
    title: str,
    settings: Mapping[str, Any],
    inputs: Mapping[str, str],
    code: tuple[str, ...],
    tools: Iterable[str] = (),
    blocked: RunnerError | None = None,
) -> Node:
    module = f"runner.steps.{step}"
    versions, modules = installed.versions(tools or TOOLS[step]), (module, *code)
    ours = code_closure.code(modules)
    identity = {
        "step": step,
        "settings": _by_content(settings, settings["files"]) if settings.get("files") else settings,
        "inputs": dict(inputs),
        "code": ours,
        "tools": versions,
    }
    changing = variables.of_numbers(os.environ)
    if changing:
        identity["variables"] = changing
    key = hashing.digest(identity)
    return Node(step, title, module, dict(settings), dict(inputs), versions, key, blocked, modules, ours, changing)


def named(choice: Choice) -> dict[str, Any]:
    """A choice as steps read it: `{"name", "settings": {key: …}}`."""
    plain = choice.plain()
    return {"name": plain["name"], "settings": {key: plain[key] for key in plain if key != "name"}}


def _by_content(value: Any, files: Mapping[str, str]) -> Any:
    """Settings with each file's path replaced by its hash: the same content elsewhere has the same key."""
    if isinstance(value, Mapping):
        return {_by_content(key, files): _by_content(item, files) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_by_content(item, files) for item in value]
    return f"sha256:{files[value]}" if isinstance(value, str) and value in files else value
