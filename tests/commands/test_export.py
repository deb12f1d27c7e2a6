import json
from pathlib import Path

import pytest

from runner.commands import export
from runner.errors import SpecError
from runner.portable import archive
from tests.report import fixtures
from tests.report.fixtures import measured, spec

ID = "20261121T090100-00000001"


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "runner.toml").touch()
    monkeypatch.chdir(tmp_path)
    fixtures.write(tmp_path, measured(ID, spec(), spec(), "self", 1.0))


def test_the_file_is_named_after_the_record(capsys: pytest.CaptureFixture[str]) -> None:
    assert export.main([ID]) == 0
    file = Path(f"{ID}.runner.zip")
    assert capsys.readouterr().out.splitlines()[0].startswith(f"{file}  0.0")
    with archive.opened(file) as record:
        assert record.content["record_id"] == ID


def test_or_as_asked_and_the_newest_record_is_the_default(capsys: pytest.CaptureFixture[str]) -> None:
    assert export.main(["-o", "mine.zip", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document == {"schema": 1, "record_id": ID, "file": "mine.zip", "bytes": Path("mine.zip").stat().st_size}


def test_an_unknown_record_is_one_line() -> None:
    with pytest.raises(SpecError, match=f"Did you mean {ID}"):
        export.main([ID[:-1] + "2"])
