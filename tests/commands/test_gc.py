"""`runner gc`: lists, removes only where told to, one JSON document."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from runner.commands import gc as command
from runner.results import records
from tests.execution.test_gc import EXPORT, OTHER, stored


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return stored(tmp_path)


def said(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def test_the_command_lists_and_removes_nothing_unless_told(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    records.write(project, {"record_id": "r1", "keys": {"export": EXPORT}})
    monkeypatch.chdir(project)
    assert command.main(["--json"]) == 0
    listed = said(capsys)
    path = f"artifacts/export/{OTHER[:16]}"
    assert [(one["path"], one["kind"], one["title"]) for one in listed["go"]] == [(path, "artifact", "my export")]
    assert listed["go"][0]["bytes"] > 1000
    assert len(listed["stay"]) == 3
    assert not listed["deleted"]
    assert command.main([]) == 0
    out = capsys.readouterr().out
    assert f"goes   artifact       0.00 MB  {path} my export  no record, DVC stage or running command needs it" in out
    assert out.endswith("Remove them: python -m runner gc --delete\n")
    assert (project / path).is_dir()

    assert command.main(["--delete", "--json"]) == 0
    assert said(capsys)["deleted"]
    assert not (project / path).exists()
    assert command.main(["--json"]) == 0
    assert said(capsys)["go"] == []


def test_a_folder_without_a_store_stays_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert command.main(["--delete"]) == 0
    assert capsys.readouterr().out.endswith("0 of 0.00 MB removed, 0 of 0.00 MB to stay.\n")
    assert list(tmp_path.iterdir()) == []
