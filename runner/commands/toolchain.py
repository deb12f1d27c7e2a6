"""`python -m runner toolchain install NAME | list | remove NAME`: environments for vendors' SDKs, and for releases of
runtimes (`onnxruntime==1.20.0`)."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from runner.commands.cli_parser import parser
from runner.commands.console import say
from runner.core import project_paths
from runner.core.advice import as_typed
from runner.core.foreign_text import line
from runner.transport import toolchains


def main(argv: list[str]) -> int:
    """Do it, and say what was done."""
    arguments = parser(
        "toolchain",
        "Environments of their own, in .toolchains/ of the project: for vendors' SDKs, and for releases of runtimes.",
    )
    arguments.add_argument("do", choices=("install", "list", "remove"))
    arguments.add_argument("name", nargs="?", help="which one: see list; or a release such as onnxruntime==1.20.0")
    arguments.add_argument("--json", action="store_true", help="list as one JSON document")
    asked = arguments.parse_args(argv)
    project = project_paths.home(project_paths.root())
    if asked.do == "list":
        _show(project, asked.json)
        return 0
    if asked.name is None:
        arguments.error(f"{asked.do} needs a name: {', '.join(toolchains.names())}, onnxruntime==1.20.0")
    if asked.do == "install":
        print(f"{asked.name} is in {line(str(toolchains.install(project, asked.name, _tell)))}")
    else:
        there = toolchains.remove(project, asked.name)
        print(f"{asked.name} {'was removed' if there else 'was not installed'}")
    return 0


def _tell(text: str) -> None:
    print(as_typed(line(text)), file=sys.stderr, flush=True)


def _show(project: Path, as_json: bool) -> None:
    states = toolchains.listed(project)
    if as_json:
        print(json.dumps({"schema": 1, "toolchains": states}, indent=1))
        return
    widest = max(map(len, states), default=0)
    for name, state in states.items():
        advice = "" if state == "installed" else f"  {toolchains.how_to_install(name)}"
        say(f"{name:<{widest}}  {state:<16}{advice}".rstrip())
