"""Records: written once and whole, read in the order of their dates."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import pytest

from runner import records


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


def test_names_sort_by_date() -> None:
    early = records.new_id(datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc))
    late = records.new_id(datetime(2026, 11, 2, 3, 4, 5, tzinfo=timezone.utc))
    assert early.startswith("20260102T030405-")
    assert early < late
