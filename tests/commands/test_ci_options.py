"""What a build asks of a command: conditions, JUnit's XML, the summary of a job."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from runner.__main__ import main
from tests.conftest import QUICK, Command
from tests.report import fixtures

SLOW = "speedup_high<0.97"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    of = fixtures.spec(backend="openvino")
    fixtures.write(
        tmp_path, fixtures.measured("20261101T100000-00000aaa", of, fixtures.spec(), "onnxruntime fp32", 0.5)
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_build_gets_xml_and_a_summary_and_exit_code_1(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    summary = project / "summary.md"
    summary.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    assert main(["compare", "--fail-if", SLOW, "--junit", "speed.xml", "--github-summary"]) == 1
    suite = ElementTree.parse(project / "speed.xml").getroot()[0]
    assert (suite.get("tests"), suite.get("failures")) == ("1", "1")
    text = summary.read_text(encoding="utf-8")
    assert text.startswith("before\n")
    assert "| openvino |" in text
    assert "- failed: speedup" in text


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--junit", "speed.xml"], "--junit without --fail-if: nothing is checked."),
        (["--github-summary"], "--github-summary: GITHUB_STEP_SUMMARY is not set."),
        (["--fail-if", SLOW, "--junit", "records/a.xml"], "--junit records/a.xml: lies in records"),
        (["--fail-if", "fast"], "--fail-if 'fast': not a condition."),
    ],
)
@pytest.mark.parametrize("command", [["compare"], ["model=gru"]])
def test_a_slip_is_told_before_any_work(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
    command: list[str], words: list[str], told: str,
) -> None:  # fmt: skip
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    assert main([*command, *words]) == 2
    assert told in capsys.readouterr().err
    assert not (project / "artifacts").exists()


@pytest.mark.slow
@pytest.mark.usefixtures("already_trained")
def test_a_run_is_checked_at_its_end(command: Command, tmp_path: Path) -> None:
    words = ("model=gru", "model.hidden=4", "precision=fp32", "baseline=none", *QUICK)
    slow = command(*words, "--fail-if", "latency/p50_ms>0", "--junit", "speed.xml")
    assert slow.code == 1, slow.err
    assert "failed: latency/p50_ms>0 · " in slow.out
    assert b"<failure" in (tmp_path / "speed.xml").read_bytes()
    fine = command(*words, "--fail-if", "latency/p50_ms>1e9", "--json")
    assert (fine.code, fine.json["failed"], fine.json["checks"][0]["state"]) == (0, False, "passed")


@pytest.mark.slow
@pytest.mark.usefixtures("already_trained")
def test_a_sweep_is_checked_row_by_row_at_its_end(command: Command, tmp_path: Path) -> None:
    words = ("-m", "model=gru", "model.hidden=4", "precision=fp32,int8_dynamic", "baseline=none", *QUICK)
    slow = command(*words, "--fail-if", "latency/p50_ms>0", "--junit", "speed.xml")
    assert slow.code == 1, slow.err
    failed = [line for line in slow.out.splitlines() if line.startswith("failed: latency/p50_ms>0 · ")]
    assert len(failed) == 2
    assert (tmp_path / "speed.xml").read_text(encoding="utf-8").count("<failure") == 2
    fine = command(*words, "--fail-if", "latency/p50_ms>1e9", "--json")  # the same sweep: nothing is measured again
    assert (fine.code, fine.json["failed"]) == (0, False)
    assert [check["state"] for check in fine.json["checks"]] == ["passed"] * 2


def test_what_cant_run_keeps_its_own_exit_code(command: Command) -> None:
    ended = command("model=gru", "backend=torch", "precision=fp16", "--fail-if", "latency/p50_ms>1")
    assert ended.code == 4
    assert "failed: latency/p50_ms>1 · no row could be checked" in ended.out
