import json
import subprocess
import sys
from pathlib import Path

import pytest

from runner.commands import doctor
from runner.core.errors import SpecError
from runner.execution.doctor import Check

ROOT = Path(__file__).parents[2]
GOOD, BAD = Check("backend a", "pass", "1.0"), Check("backend b", "fail", "broken", "Reinstall it")


def answering(monkeypatch: pytest.MonkeyPatch, *checks: Check) -> None:
    monkeypatch.setattr("runner.execution.doctor.examine", lambda: list(checks))


def test_one_working_backend_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, GOOD, BAD)
    assert doctor.main([]) == 0


def test_no_working_backend_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, BAD, Check("tool git", "pass", "2"))
    assert doctor.main([]) == 3


def test_what_is_wrong_is_shown_with_its_next_step(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answering(monkeypatch, GOOD, BAD)
    doctor.main([])
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines == [["pass", "backend", "a", "1.0"], ["fail", "backend", "b", "broken"], ["→", "Reinstall", "it"]]


def test_json_is_one_document_and_nothing_else(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "runner", "doctor", "--json"]
    env = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=env, check=True)
    document = json.loads(done.stdout)
    assert set(document) == {"schema", "checks", "hardware"}
    assert document["schema"] == 1
    assert document["hardware"]["usable_cores"] >= 1
    names = [check["name"] for check in document["checks"]]
    assert len(names) == len(set(names))
    assert {"machine", "backend onnxruntime", "sensor RAPL", "tool git"} <= set(names)


def test_an_unknown_argument_is_a_bad_spec() -> None:
    with pytest.raises(SpecError):
        doctor.main(["--jsno"])
