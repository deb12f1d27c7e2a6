"""Records: written once and whole, read in the order of their dates."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from pathlib import Path

import pytest

from runner import records
from runner.errors import StepFailed


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
    assert list(made.content) == ["schema", "record_id", "status"]
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
    damaged, sound = (records.write(tmp_path, {"record_id": name}) for name in ("r1", "r2"))
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
