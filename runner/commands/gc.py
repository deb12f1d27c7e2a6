"""`python -m runner gc [--delete] [--json]`: what the store holds that nothing needs; removes it where told to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from runner.commands import console
from runner.commands.cli_parser import parser
from runner.core import project_paths
from runner.execution.gc import Item, remove, survey


def main(argv: list[str]) -> int:
    """List what would go and what stays, and why; with `--delete`, remove it."""
    arguments = parser("gc", "Removes artifacts that no record or DVC stage needs, and what killed commands left.")
    arguments.add_argument("--delete", action="store_true", help="remove it; without, it is only listed")
    arguments.add_argument("--json", action="store_true", help="one JSON document on standard output")
    options = arguments.parse_args(argv)
    root = project_paths.home(project_paths.root())
    if not (root / "artifacts").is_dir():
        items: list[Item] = []  # and no folder is made to look into
    else:
        with survey(root) as items:
            if options.delete:
                remove(root, items)
    if options.json:
        console.document(document(root, items, options.delete))
    else:
        console.say(text(root, items, options.delete))
    return 0


def document(root: Path, items: list[Item], deleted: bool) -> dict[str, Any]:
    """`{"schema", "root", "deleted", "go": [item, …], "stay": [item, …]}`; sizes in bytes."""
    both = {"go": [one for one in items if not one.needed], "stay": [one for one in items if one.needed]}
    return {
        "schema": 1,
        "root": str(root),
        "deleted": deleted,
        **{name: [_plain(one, root) for one in found] for name, found in both.items()},
    }


def _plain(item: Item, root: Path) -> dict[str, Any]:
    path = str(item.path.relative_to(root))
    return {"path": path, "kind": item.kind, "title": item.title, "bytes": item.bytes, "why": item.why}


def text(root: Path, items: list[Item], deleted: bool) -> str:
    """The list for people: what goes first."""
    go, stay = [one for one in items if not one.needed], [one for one in items if one.needed]
    word = "gone" if deleted else "goes"
    lines = [f"project {root}", ""]
    lines += [_line(word, one, root) for one in go] + [_line("stays", one, root) for one in stay]
    lines += [""] if items else []
    lines.append(f"{_total(go)} {'removed' if deleted else 'to go'}, {_total(stay)} to stay.")
    if go and not deleted:
        lines.append("Remove them: python -m runner gc --delete")
    return "\n".join(lines)


def _line(word: str, item: Item, root: Path) -> str:
    name = " ".join(filter(None, (str(item.path.relative_to(root)), item.title)))
    return f"{word:<7}{item.kind:<10}{item.bytes / 1e6:>9.2f} MB  {name}  {item.why}"


def _total(items: list[Item]) -> str:
    return f"{len(items)} of {sum(one.bytes for one in items) / 1e6:.2f} MB"
