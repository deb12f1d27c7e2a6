import base64
import json
import os
import zipfile
from pathlib import Path

import pytest

from runner.commands import compare, export, report
from runner.core.errors import SpecError
from runner.results import archive
from tests.report import fixtures, test_holm
from tests.report.fixtures import measured, spec
from tests.report.test_telemetry import REPORT

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


def test_a_file_s_name_acts_on_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert export.main(["-o", "a\x1b[31m.zip"]) == 0
    assert capsys.readouterr().out.startswith("a\\x1b[31m.zip  0.0")


def test_an_unknown_record_is_one_line() -> None:
    with pytest.raises(SpecError, match=f"Did you mean {ID}"):
        export.main([ID[:-1] + "2"])


PIXEL = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==")


def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A colleague's machine: a project without our records."""
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "runner.toml").touch()
    monkeypatch.chdir(tmp_path / "theirs")


def test_a_colleagues_report_shows_the_telemetry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    beside = {
        "profile_report.yaml": REPORT.encode(), "system_profile.txt": b"t_ns cpu_percent\n1 2.0\n",
        "system_profile_graph.png": PIXEL, "latency.png": PIXEL,
    }  # fmt: skip
    for name, data in beside.items():
        (tmp_path / "records" / ID / name).write_bytes(data)
    export.main(["-o", "a.zip"])
    with zipfile.ZipFile("a.zip") as file:
        assert {name: file.read(name) for name in file.namelist() if name in beside} == beside
    elsewhere(tmp_path, monkeypatch)
    capsys.readouterr()
    assert report.main(["../a.zip"]) == 0
    assert "58.3 (47.4 to 100)" in capsys.readouterr().out
    assert report.main(["../a.zip", "--html", "page.html"]) == 0
    assert Path("page.html").read_text(encoding="utf-8").count("data:image/png;base64,") == 2


def test_the_verdict_in_its_sweep_travels_with_a_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    record_id = str(test_holm.sweep(tmp_path)[1].content["record_id"])
    export.main([record_id, "-o", "a.zip"])
    capsys.readouterr()
    compare.main(["--sweep", "aa11", "--json"])
    rows = {row["record_id"]: row["comparison"] for row in json.loads(capsys.readouterr().out)["rows"]}
    report.main([record_id, "--json"])
    here = json.loads(capsys.readouterr().out)["comparison"]
    elsewhere(tmp_path, monkeypatch)
    report.main(["../a.zip", "--json"])
    there = json.loads(capsys.readouterr().out)["comparison"]
    assert [one["verdict"] for one in (rows[record_id], here, there)] == ["ambiguous"] * 3
    assert rows[record_id]["correction"] == here["correction"] == there["correction"]
    assert here["correction"]["alone"] == "faster"


@pytest.mark.parametrize("command", [["-o"], ["--html"]])
@pytest.mark.parametrize(
    "where", ["records/{id}/record.json", "records/x", "artifacts/train/x", "calibration/x", "mlruns/x", "mlflow.db"]
)
def test_nothing_that_the_project_keeps_is_overwritten(command: list[str], where: str, tmp_path: Path) -> None:
    file = tmp_path / where.format(id=ID)
    file.parent.mkdir(parents=True, exist_ok=True)
    before = file.read_bytes() if file.is_file() else b""
    run = export.main if command == ["-o"] else report.main
    with pytest.raises(SpecError, match="where nothing is overwritten"):
        run([ID, *command, str(file)])
    assert (file.read_bytes() if file.is_file() else b"") == before


def test_nor_by_a_link_nor_in_another_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "records" / ID)
    with pytest.raises(SpecError, match="where nothing is overwritten"):
        export.main([ID, "-o", "link/record.json"])
    with pytest.raises(SpecError, match="where nothing is overwritten"):
        report.main([ID, "--html", "link/../x.html"])
    there = tmp_path / "records" / ID / "record.json"
    export.main([ID, "-o", "mine.zip"])
    elsewhere(tmp_path, monkeypatch)
    with pytest.raises(SpecError, match="where nothing is overwritten"):
        report.main([str(tmp_path / "mine.zip"), "--html", str(there)])


@pytest.mark.parametrize("command", [["-o"], ["--html"]])
def test_what_is_no_plain_file_is_not_replaced_by_one(command: list[str], tmp_path: Path) -> None:
    """Whoever is root would replace /dev/full, and a link to it would be gone."""
    (tmp_path / "full").symlink_to("/dev/full")
    os.mkfifo(tmp_path / "pipe")
    run = export.main if command == ["-o"] else report.main
    for name in ("full", "pipe"):
        with pytest.raises(SpecError, match=f"{name}: there is a link, a pipe or a device of that name"):
            run([ID, *command, name])
    assert (tmp_path / "full").is_char_device()
    assert (tmp_path / "pipe").is_fifo()


def test_an_export_carries_the_seal(tmp_path: Path) -> None:
    export.main([ID, "-o", "mine.zip"])
    with archive.opened(Path("mine.zip")) as record:
        assert record.seal == "sealed"
    file = tmp_path / "records" / ID / "record.json"
    file.write_text(file.read_text().replace('"status": "ok"', '"status": "ok", "more": 1'))
    export.main([ID, "-o", "mine.zip"])
    with archive.opened(Path("mine.zip")) as record:
        assert record.seal == "edited"


def test_characters_made_visible_are_no_edit(tmp_path: Path) -> None:
    fixtures.write(tmp_path, {**measured(ID[:-1] + "2", spec(), spec(), "self", 1.0), "title": "a\x1b[31m"})
    export.main([ID[:-1] + "2", "-o", "mine.zip"])
    with archive.opened(Path("mine.zip")) as record:
        assert (record.content["title"], record.seal) == ("a\\x1b[31m", "sealed")
