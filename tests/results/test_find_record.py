from pathlib import Path

import pytest

from runner.core.errors import SpecError
from runner.results import archive, find_record, records
from tests.report import fixtures
from tests.report.fixtures import measured, spec

OLD, NEW = "20261120T090100-00000001", "20261121T090200-00000002"


@pytest.fixture(autouse=True)
def _records(tmp_path: Path) -> None:
    for record_id in (NEW, OLD):
        fixtures.write(tmp_path, measured(record_id, spec(), spec(), "self", 1.0))


def test_by_its_id_or_the_file_it_was_exported_into(tmp_path: Path) -> None:
    file = tmp_path / "a.zip"
    archive.write(find_record.by_id(OLD, tmp_path), file)
    for name in (OLD, str(file)):
        with find_record.opened(name, tmp_path) as record:
            assert record.content["record_id"] == OLD


def test_the_newest(tmp_path: Path) -> None:
    assert find_record.latest(records.read_all(tmp_path)).content["record_id"] == NEW
    with pytest.raises(SpecError, match="Nothing has been measured here"):
        find_record.latest([])


@pytest.mark.parametrize("name", ["20261121T090200-00000003", "../records", "no.zip"])
def test_what_is_neither_is_said_with_the_nearest(name: str, tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"neither a record in .* nor an exported file") as caught:
        find_record.by_id(name, tmp_path)
    if name.startswith("2026"):
        assert caught.value.reason.endswith(f"Did you mean {NEW}?")
