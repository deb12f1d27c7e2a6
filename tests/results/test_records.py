"""Records: written once and whole, read in the order of their dates."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runner.core.errors import StepFailed
from runner.results import records

# What tables need of a record, and no more.
CONTENT: dict[str, Any] = {
    "date": "2026-01-02T03:04:05+00:00",
    "status": "failed",
    "spec": {axis: {"name": axis} for axis in ("model", "precision", "backend")},
    "spec_key": "k",
    "metrics": {"latency/p50_ms": 1.0},
}


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    samples = tmp_path / "draft.npz"
    samples.write_bytes(b"samples")
    made = records.write(tmp_path, {"record_id": "r1", "status": "ok"}, {"samples.npz": samples})
    assert records.read_all(tmp_path) == [made]
    assert (made.folder / "samples.npz").read_bytes() == b"samples"


def test_a_record_is_never_overwritten(tmp_path: Path) -> None:
    records.write(tmp_path, {"record_id": "r1", "status": "ok"})
    with pytest.raises(OSError):
        records.write(tmp_path, {"record_id": "r1", "status": "failed"})
    assert [record.content["status"] for record in records.read_all(tmp_path)] == ["ok"]


def test_a_record_that_can_not_be_written_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ValueError):
        records.write(tmp_path, {"record_id": "r1", "value": float("nan")})
    assert records.read_all(tmp_path) == []
    assert list((tmp_path / "records").iterdir()) == []


def test_a_content_without_a_name_gets_one(tmp_path: Path) -> None:
    made = records.write(tmp_path, {"schema": 1, "status": "ok"})
    assert re.fullmatch(r"\d{8}T\d{6}-[0-9a-f]{8}", made.content["record_id"])
    assert list(made.content) == ["schema", "record_id", "status", "seal"]
    assert records.read_all(tmp_path) == [made]


def test_a_name_tells_the_moment(tmp_path: Path) -> None:
    name = records.new_id(tmp_path, datetime(2026, 1, 2, 3, 4, 5, 255, tzinfo=timezone.utc))
    assert name.startswith("20260102T030405-000ff")


def test_names_sort_in_the_order_of_writing_within_a_second(tmp_path: Path) -> None:
    names = [records.write(tmp_path, {"status": str(number)}).folder.name for number in range(50)]
    assert names == sorted(names)
    assert [record.content["status"] for record in records.read_all(tmp_path)] == [str(number) for number in range(50)]


@pytest.mark.parametrize("last", ["20990101T000000-00000abc", "20990101T000000-ffffffff", "20990101T235959-f423fabc"])
def test_a_clock_that_was_set_back_does_not_disorder_names(tmp_path: Path, last: str) -> None:
    records.write(tmp_path, {"record_id": last})
    after = records.write(tmp_path, {}).folder.name
    again = records.write(tmp_path, {}).folder.name
    assert last < after < again
    assert after.startswith("2099010")


def test_a_name_of_another_form_does_not_matter(tmp_path: Path) -> None:
    records.write(tmp_path, {"record_id": "zzz"})
    assert records.new_id(tmp_path, datetime(2026, 1, 2, tzinfo=timezone.utc)).startswith("20260102T000000-00000")


def test_many_at_once_get_names_of_their_own(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: records.write(tmp_path, {}).folder.name, range(80)))
    assert len(set(made)) == len(records.read_all(tmp_path)) == 80


def test_what_can_be_read_is_given_without_the_damaged_of_which_is_told(tmp_path: Path) -> None:
    damaged, sound = (records.write(tmp_path, {**CONTENT, "record_id": name}) for name in ("r1", "r2"))
    (damaged.folder / "record.json").write_text("{")
    told: list[str] = []
    assert records.readable(tmp_path, told.append) == [sound]
    assert len(told) == 1
    assert told[0].startswith(f"left out: {damaged.folder / 'record.json'} is not JSON")
    assert told[0].endswith(f"Move {damaged.folder} out of {tmp_path / 'records'}.")


@pytest.mark.parametrize("text", ["", "{", "[]", "{}"])
def test_a_damaged_record_is_named_with_what_to_do(tmp_path: Path, text: str) -> None:
    made = records.write(tmp_path, {"record_id": "r1"})
    (made.folder / "record.json").write_text(text)
    with pytest.raises(StepFailed) as error:
        records.read_all(tmp_path)
    assert error.value.reason.startswith(str(made.folder / "record.json"))
    assert error.value.next_step == f"Move {made.folder} out of {tmp_path / 'records'}."


def samples(folder: Path, **arrays: Any) -> dict[str, Path]:
    file = folder / "made.npz"
    np.savez(file, **(arrays or {"candidate/0": np.array([1000, 1001])}))
    return {"samples.npz": file}


def measured(root: Path, **changes: Any) -> records.Record:
    """A record with samples and a telemetry profile."""
    (root / "profile.txt").write_text("profile\n")
    spec = {**CONTENT["spec"], "measure": {"confidence": 0.95}}
    files = {**samples(root), "system_profile.txt": root / "profile.txt"}
    return records.write(root, {**CONTENT, "status": "ok", "spec": spec, **changes}, files)


def again(record: records.Record) -> records.Record:
    return records.read(record.folder)


def test_a_record_is_sealed_and_pictures_are_outside_of_the_seal(tmp_path: Path) -> None:
    made = measured(tmp_path)
    assert made.seal == "sealed"
    for name in ("latency.svg", "latency.png"):  # PNG: of a former version
        (made.folder / name).write_bytes(b"picture")
    assert again(made).seal == "sealed"


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("record.json", b'"latency/p50_ms": 1.0', b'"latency/p50_ms": 0.5'),
        ("record.json", b'"files": {', b'"files": {"other.txt": "0",'),
        ("record.json", b'"status": "ok"', b'"status": "ok", "more": 1'),
        ("system_profile.txt", b"profile", b"Profile"),
        ("samples.npz", b"", b"PK"),
    ],
)
def test_an_edited_file_of_evidence_makes_the_record_edited(tmp_path: Path, file: str, old: bytes, new: bytes) -> None:
    made = measured(tmp_path)
    path = made.folder / file
    assert old in path.read_bytes()
    path.write_bytes(path.read_bytes().replace(old, new, 1))
    assert again(made).seal == "edited"


def test_evidence_that_was_removed_or_added_makes_the_record_edited(tmp_path: Path) -> None:
    lacking, added = measured(tmp_path), measured(tmp_path)
    (lacking.folder / "samples.npz").unlink()
    (added.folder / "profile_report.yaml").write_text("samples: 3\n")
    assert [again(one).seal for one in (lacking, added)] == ["edited", "edited"]


def test_a_record_from_before_seals_is_unsealed(tmp_path: Path) -> None:
    made = measured(tmp_path)
    content = {name: value for name, value in made.content.items() if name != "seal"}
    (made.folder / "record.json").write_text(json.dumps(content))
    assert again(made).seal == "unsealed"
    (made.folder / "record.json").write_text(json.dumps({**content, "measurement_key": "0"}))  # came after seals
    assert again(made).seal == "edited"


@pytest.mark.parametrize("seal", [None, 7, {}, {"files": 3, "sha256": ""}, {"files": {"../../passwd": ""}}])
def test_a_seal_of_another_form_is_an_edit(tmp_path: Path, seal: Any) -> None:
    made = measured(tmp_path)
    (made.folder / "record.json").write_text(json.dumps({**made.content, "seal": seal}))
    assert again(made).seal == "edited"


def test_a_folder_with_an_odd_name_is_named_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "records" / "a\nb\x1b[2J").mkdir(parents=True)
    warned: list[str] = []
    assert records.readable(tmp_path, warned.append) == []
    assert warned[0].isprintable()


ODD: dict[str, Any] = {
    "schema": 2,
    "status": "fine",
    "date": "yesterday",
    "spec": {"model": "gru"},
    "spec_key": None,
    "metrics": {"latency/p50_ms": "fast"},
    "comparison": {"ratio": 1.0},
    "environment": [],
    "record_id": "another",
}


@pytest.mark.parametrize("name", ODD)
def test_a_record_of_another_form_is_left_out_and_named(tmp_path: Path, name: str) -> None:
    odd, sound = measured(tmp_path), measured(tmp_path)
    (odd.folder / "record.json").write_text(json.dumps({**odd.content, name: ODD[name]}))
    told: list[str] = []
    assert records.readable(tmp_path, told.append) == [sound]
    assert len(told) == 1
    assert str(odd.folder) in told[0]


def test_a_record_of_a_newer_schema_is_named_as_such(tmp_path: Path) -> None:
    made = measured(tmp_path)
    (made.folder / "record.json").write_text(json.dumps({**made.content, "schema": 2}))
    with pytest.raises(StepFailed, match="is of schema 2; this version reads 1"):
        records.read(made.folder)


@pytest.mark.parametrize(("size", "said"), [(0, "is empty"), (records.LARGEST + 1, "is larger than 64 MB")])
def test_a_record_of_an_impossible_size_is_not_read(tmp_path: Path, size: int, said: str) -> None:
    made = measured(tmp_path)
    os.truncate(made.folder / "record.json", size)
    with pytest.raises(StepFailed, match=said):
        records.read(made.folder)


def test_evidence_that_leads_out_of_the_file_system_is_not_waited_for(tmp_path: Path) -> None:
    made = records.write(tmp_path, CONTENT, {"layers.json": given(tmp_path, b"{}")})
    (made.folder / "layers.json").unlink()
    (made.folder / "layers.json").symlink_to("/proc/self/status")  # as /proc/kmsg, which root would wait for
    assert records.read(made.folder).seal == "edited"


def given(folder: Path, content: bytes) -> Path:
    file = folder / "draft"
    file.write_bytes(content)
    return file


def empty(file: Path) -> None:
    file.write_bytes(b"")


def without_arrays(file: Path) -> None:
    np.savez(file)


def without_values(file: Path) -> None:
    np.savez(file, **{"candidate/0": np.array([], np.int64)})


def pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


@pytest.mark.parametrize("spoil", [empty, without_arrays, without_values, pipe])
def test_a_record_without_samples_to_read_is_left_out_and_named(tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    odd, sound = measured(tmp_path), measured(tmp_path)
    spoil(odd.folder / "samples.npz")
    told: list[str] = []
    assert records.readable(tmp_path, told.append) == [sound]
    assert f"{odd.folder} has a" in told[0] or f"{odd.folder} has an empty samples.npz" in told[0]


def folder(path: Path) -> None:
    path.mkdir()


def loop(path: Path) -> None:
    path.symlink_to(path)


def half(path: Path) -> None:
    path.mkdir()
    (path / "samples.npz").write_bytes(b"")


def deep(path: Path) -> None:
    path.mkdir()
    (path / "record.json").write_text("[" * 100_000)


def folder_for_a_file(path: Path) -> None:
    (path / "record.json").mkdir(parents=True)


def waiting(path: Path) -> None:
    path.mkdir()
    os.mkfifo(path / "record.json")


@pytest.mark.parametrize("name", ["99991231T235959-f423fabc", "20261399T000000-00000abc", "zzz", "a b ä"])
@pytest.mark.parametrize("make", [folder, loop, half, deep, folder_for_a_file, waiting])
def test_a_strange_folder_breaks_nothing(tmp_path: Path, name: str, make: Callable[[Path], None]) -> None:
    first = measured(tmp_path)
    make(tmp_path / "records" / name)
    second = measured(tmp_path)
    told: list[str] = []
    assert records.readable(tmp_path, told.append) == [first, second]
    assert len(told) == 1
    assert name in told[0]
    assert first.folder.name < second.folder.name < "9"


def test_a_plain_file_among_records_is_nobodys(tmp_path: Path) -> None:
    made = measured(tmp_path)
    (tmp_path / "records" / "README.md").write_text("ours")
    told: list[str] = []
    assert records.readable(tmp_path, told.append) == [made]
    assert told == []


def test_the_last_moment_that_there_is_has_none_after_it(tmp_path: Path) -> None:
    measured(tmp_path, record_id="99991231T235959-f423fabc")
    assert records.new_id(tmp_path, datetime(2026, 1, 2, tzinfo=timezone.utc)).startswith("20260102T000000-00000")
