"""`python -m runner list [axis] [--matrix] [--json]`: the axes and their options, one line each.

`list backend --matrix`: which backend takes which precision in which scenario, from what the backends declare.
"""

from __future__ import annotations

from pathlib import Path

from runner.backends import support
from runner.commands import console
from runner.commands.cli_parser import parser
from runner.core import project_paths
from runner.core.errors import SpecError, nearest
from runner.spec import options
from runner.spec.schema import GROUPS

HEAD = 10_000  # characters of a file in which its description is looked for


def main(argv: list[str]) -> int:
    """Print the options of every axis, or of one."""
    arguments = parser("list", "The axes of a spec and their options, one line each.")
    arguments.add_argument("axis", nargs="*", help="an axis: model, backend, …; all of them by default")
    arguments.add_argument("--matrix", action="store_true", help="of backend: the precisions and scenarios each takes")
    arguments.add_argument("--json", action="store_true", help="one JSON document on standard output")
    chosen = arguments.parse_args(argv)
    for axis in chosen.axis:
        if axis not in (*GROUPS, "experiment"):
            raise SpecError(f"{axis}: no such axis.{nearest(axis, GROUPS)}", f"Axes: {', '.join(GROUPS)}, experiment.")
    root = project_paths.root()
    if chosen.matrix:
        if chosen.axis != ["backend"]:
            raise SpecError("--matrix is of the backends.", "python -m runner list backend --matrix")
        return _say_matrix(support.matrix(root), chosen.json)
    found = {axis: _options(axis, root) for axis in chosen.axis or (*GROUPS, "experiment")}
    if chosen.json:
        console.document({"schema": 1, "axes": found})
        return 0
    for axis, lines in found.items():
        console.say(axis)
        for name, line in lines.items():
            console.say(f"  {name:<16}{line}".rstrip())
    return 0


def _say_matrix(found: support.Matrix, as_json: bool) -> int:
    if as_json:
        console.document({"schema": 1, "matrix": found})
        return 0
    for line in support.table(found):
        console.say(line)
    return 0


def _options(axis: str, root: Path) -> dict[str, str]:
    if axis == "experiment":
        return {name: first_comment(path) for name, path in sorted(project_paths.experiments(root).items())}
    return {name: first_comment(options.file(axis, name, root)) for name in options.names(axis, root)}


def first_comment(path: Path) -> str:
    """The first comment of a YAML: its one-line description."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            head = file.read(HEAD)
    except OSError as error:
        return f"(can't be read: {error.strerror})"
    for line in head.splitlines():
        if line.startswith("#") and "@package" not in line:
            return line.lstrip("# ").rstrip()
        if line and not line.startswith("#"):
            break
    return ""
