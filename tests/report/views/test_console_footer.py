"""The last lines of a run: what to type next."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from runner.report.views import console_footer


@pytest.mark.parametrize(
    ("typed", "program"),
    [("/home/me/.venv/bin/edge-runner", "edge-runner"), ("/src/runner/__main__.py", "python -m runner")],
)
def test_the_next_commands_begin_as_this_one_was_typed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], typed: str, program: str
) -> None:
    monkeypatch.setattr(sys, "argv", [typed])
    console_footer._print_next(Path("records"), Path("a.log"), ["-m", "model=gru,lstm"], " --sweep a")
    assert capsys.readouterr().out.splitlines()[3:] == [
        f"repeat   {program} -m model=gru,lstm",
        f"compare  {program} compare --sweep a",
        f"open     {program} ui",
    ]
