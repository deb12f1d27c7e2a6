"""What was said to be kept survives a power cut at any point, and nothing is ever half there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runner.artifacts import store
from runner.results import records
from tests import power_cut
from tests.power_cut import Disk

KEY = "ab" * 32
RECORD = """
import sys
from pathlib import Path
from runner.results import records
root = Path(sys.argv[1])
for name in ("r1", "r2"):
    for file in ("samples.npz", "system_profile.txt"):
        (root / file).write_bytes(b"evidence" * 200)
    files = {file: root / file for file in ("samples.npz", "system_profile.txt")}
    records.write(root, {"record_id": name, "status": "ok"}, files)
    sys.stdout.write("kept " + name)
    sys.stdout.flush()
"""
ARTIFACT = f"""
import sys
from pathlib import Path
from runner.artifacts import store
root = Path(sys.argv[1])
with store.draft(root, "train", "{KEY}") as draft:
    (draft / "deep").mkdir()
    (draft / "model.pt").write_bytes(b"weights" * 200)
    (draft / "deep" / "more.bin").write_bytes(b"more" * 200)
    store.finish(root, draft, {{"step": "train", "key": "{KEY}", "meta": {{}}}})
sys.stdout.write("kept {KEY}")
sys.stdout.flush()
"""
TEXT = """
import sys
from pathlib import Path
from runner.core import durable_files as durable
for text in ("old", "new"):
    durable.write_text(Path(sys.argv[1]) / "calibration.json", text)
    sys.stdout.write("kept " + text)
    sys.stdout.flush()
"""

Kept = Callable[[Path], set[str]]  # what is there below a folder; fails for what is half there


def whole_records(root: Path) -> set[str]:
    for folder in (root / "records").glob("[!.]*"):
        assert records.read(folder).seal == "sealed"
    return set(records.names(root))


def whole_artifacts(root: Path) -> set[str]:
    found = {store.read(folder).key: store.read(folder) for folder in (root / "artifacts" / "train").glob("[!.]*")}
    assert [store.damage(artifact) for artifact in found.values()] == [""] * len(found)
    return set(found)


def whole_text(root: Path) -> set[str]:
    file = root / "calibration.json"
    text = file.read_text() if file.exists() else ""
    assert text in ("", "old", "new")
    return {"": set(), "old": {"old"}, "new": {"old", "new"}}[text]


def cuts(program: str, home: Path, folder: Path) -> Iterator[tuple[set[str], Path]]:
    """What was said to be kept before each cut, and a folder as the cut may leave it; each pair once."""
    disk, told, seen = Disk(home), set[str](), set[object]()
    for line in power_cut.log_of(program, home, folder / "log"):
        disk.call(line)
        told |= {power_cut.said(line).removeprefix("kept ")} - {""}
        for state in disk.after_cut():
            key = (frozenset(told), frozenset(state.items()))
            if key not in seen:
                seen.add(key)
                yield set(told), power_cut.written(state, folder / f"cut-{len(seen)}")
    assert disk.now() == {
        str(path.relative_to(home)): None if path.is_dir() else path.read_bytes() for path in home.rglob("*")
    }  # the replay is what really happened


@pytest.mark.parametrize(
    ("program", "whole", "last"),
    [(RECORD, whole_records, {"r1", "r2"}), (ARTIFACT, whole_artifacts, {KEY}), (TEXT, whole_text, {"old", "new"})],
    ids=["records", "artifacts", "a file"],
)
def test_after_a_cut_at_any_point_there_is_old_or_new_and_what_was_said_to_be_kept(
    program: str, whole: Kept, last: set[str], tmp_path: Path
) -> None:
    home = tmp_path / "project"
    home.mkdir()
    told: set[str] = set()
    count = 0
    for told, left in cuts(program, home, tmp_path):
        assert told <= whole(left)
        count += 1
    assert told == last
    assert count > 5


def test_without_syncs_the_replay_finds_what_is_half_there(tmp_path: Path) -> None:
    """The test can fail: the same writes, none of them synced."""
    home = tmp_path / "project"
    home.mkdir()
    unsynced = f"import os\nos.fsync = lambda descriptor: None\n{RECORD}"
    with pytest.raises((AssertionError, records.StepFailed)):
        for told, left in cuts(unsynced, home, tmp_path):
            assert told <= whole_records(left)
