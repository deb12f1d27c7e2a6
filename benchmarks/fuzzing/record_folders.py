"""Records that were edited, cut, replaced, or are of other programs, before every command that reads them.

A sound record lies beside the odd one: tables keep it.
"""

from __future__ import annotations

import copy
import hashlib
import json
import random
import shutil
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.fuzzing import judge, odd, template

COMMANDS = (
    ("compare",), ("compare", "--json"), ("compare", "--csv"), ("compare", "--md"),
    ("compare", "--fail-if", "speedup_low<0.9"), ("report", "ODD"), ("report", "ODD", "--json"), ("report",),
    ("report", "ODD", "--html", "x.html"), ("export", "ODD", "-o", "x.runner.zip"), ("compare", "ODD", "SOUND"),
    ("compare", "SOUND", "ODD"), ("gc",), ("gc", "--json"), ("compare", "--sweep", "x"),
    ("compare", "--baseline", "ODD"), ("compare", "--sort", "latency/p50_ms"),
)  # fmt: skip
OF_FILES = (("compare", "FILE", "SOUND"), ("compare", "SOUND", "FILE"), ("report", "FILE"), ("compare", "FILE", "FILE"))
FILE = "x.runner.zip"
NAMES = ("../record.json", "/record.json", "record.json", "samples.npz", "manifest.json", "\x1b[31m", "a/b", "x" * 300)
VALUES: tuple[Any, ...] = (
    None, True, 0, -1, 1e300, 10**400, "", "x", "\x1b[31m", "=1+1", "../../x", "a|b`c", "<script>", [], [1], {},
    {"a": 1}, float("nan"), float("inf"), "2024-01-31", "9999-12-31T00:00:00+00:00", [[[[[]]]]], "x" * 9000,
)  # fmt: skip
FOLDERS = ("ODD", "99991231T235959999999", "0", ".hidden", "a b", "ünïcode", "-x", "20240101T000000000000-xyz")


def case(seed: int, folder: Path) -> judge.Case:
    """A project with a sound record and an odd one."""
    draw = random.Random(f"records/{seed}")
    sound = template.record()
    shutil.copytree(sound, folder / "records" / sound.name)
    if draw.random() < 0.15:
        _exported(draw, sound, folder / FILE)
        words = [{"FILE": FILE, "SOUND": sound.name}.get(word, word) for word in draw.choice(OF_FILES)]
        return judge.Case(lambda: judge.of_command(words), words)
    name = draw.choice(FOLDERS)
    _odd(draw, sound, folder / "records" / name)
    words = [{"ODD": name, "SOUND": sound.name}.get(word, word) for word in draw.choice(COMMANDS)]
    return judge.Case(lambda: _read(words, sound.name, name), words)


def _read(words: Sequence[str], sound: str, odd_one: str) -> str:
    """The command's own fault; or a table with neither: a later record of one spec stands in an earlier one's place."""
    found = judge.of_command(words)
    if found or words[:2] != ["compare", "--json"] or len(words) > 2:
        return found
    code, out, _ = judge.command(*words)
    return "" if code == 0 and (sound in out or odd_one in out) else "a sound record is missing from the table"


def _odd(draw: random.Random, sound: Path, folder: Path) -> None:
    how = draw.random()
    if how < 0.04:
        folder.write_text("a file", encoding="utf-8")
    elif how < 0.08:
        folder.symlink_to(folder.name)
    elif how < 0.12:
        folder.mkdir()
    else:
        shutil.copytree(sound, folder)
        _changed(draw, folder)


def _changed(draw: random.Random, folder: Path) -> None:
    file = folder / "record.json"
    content = json.loads(file.read_text(encoding="utf-8"))
    how = draw.random()
    if how < 0.6:
        for _ in range(draw.randrange(1, 4)):
            content = _edited(draw, content)
        if isinstance(content, dict) and draw.random() < 0.7:
            content["record_id"] = folder.name
        content = _sealed(content, folder) if draw.random() < 0.5 else content
        file.write_text(json.dumps(content), encoding="utf-8", errors="surrogatepass")
    elif how < 0.75:
        file.write_bytes(odd.mangled(draw, file.read_bytes()))
    elif how < 0.8:
        file.write_text("[" * 100_000 if draw.random() < 0.5 else "[]", encoding="utf-8")
    else:
        other = draw.choice(sorted(folder.iterdir()))
        other.write_bytes(odd.mangled(draw, other.read_bytes()) if draw.random() < 0.6 else b"")


def _exported(draw: random.Random, sound: Path, file: Path) -> None:
    """A record as its export has it, with another content, packed by who knows what: its hashes are right."""
    parts = {path.name: path.read_bytes() for path in sorted(sound.iterdir()) if path.is_file()}
    if draw.random() < 0.7:
        content = _edited(draw, json.loads(parts["record.json"]))
        parts["record.json"] = json.dumps(content).encode("utf-8", "surrogatepass")
    if draw.random() < 0.3:
        parts["samples.npz"] = odd.mangled(draw, parts["samples.npz"]) if draw.random() < 0.7 else b"\0" * 300_000_000
    claims = {name: {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)} for name, data in parts.items()}
    record_id = json.loads((sound / "record.json").read_bytes())["record_id"]
    manifest: Any = {"format": "edge-runner record", "schema": 1, "record_id": record_id, "files": claims}
    manifest = _edited(draw, manifest) if draw.random() < 0.3 else manifest
    parts = {"manifest.json": json.dumps(manifest).encode("utf-8", "surrogatepass"), **parts}
    with zipfile.ZipFile(
        file, "w", draw.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2))
    ) as packed:
        for name, data in parts.items():
            packed.writestr(draw.choice(NAMES) if draw.random() < 0.05 else name, data)
    if draw.random() < 0.2:
        file.write_bytes(odd.mangled(draw, file.read_bytes()))


def _sealed(content: Any, folder: Path) -> Any:
    """With the seal of what it says now, where there are seals: who edits a record can seal it again."""
    try:
        from runner.results import seal

        return seal.sealed(content, folder, [path.name for path in folder.iterdir() if path.name != "record.json"])
    except (ImportError, TypeError, ValueError):
        return content


def _edited(draw: random.Random, tree: Any) -> Any:
    """`tree` with one value, at any depth, changed, left out or put in."""
    tree = copy.copy(tree)
    places = list(tree) if isinstance(tree, dict) else list(range(len(tree))) if isinstance(tree, list) else []
    if not places or draw.random() < 0.1:
        return draw.choice(VALUES)
    at = draw.choice(places)
    if isinstance(tree[at], (dict, list)) and tree[at] and draw.random() < 0.7:
        tree[at] = _edited(draw, tree[at])
    elif draw.random() < 0.3:
        del tree[at]
    else:
        tree[at] = draw.choice(VALUES)
    return (
        tree
        if draw.random() < 0.9 or not isinstance(tree, dict)
        else tree | {draw.choice(odd.NAMES): draw.choice(VALUES)}
    )
