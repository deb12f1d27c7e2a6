"""The commands of the page on the shell; completion's are typed into real shells by `test_completion.py`."""

from __future__ import annotations

import sys

import pytest

from runner import __main__
from runner.commands import COMMANDS
from tests import documents

(LINES,) = documents.blocks("docs/shell.md", "tests/commands/test_shell_page.py")


@pytest.mark.parametrize("line", LINES)
def test_a_command_of_the_page_works(
    line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", line.split())
    assert __main__.main() == 0
    said = capsys.readouterr()
    assert said.out and not said.err


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "help"])
@pytest.mark.parametrize("words", ["{} -h", "{} --help", "help {}"])
def test_every_command_has_a_page_of_its_own(name: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert __main__.main(words.format(name).split()) == 0
    assert capsys.readouterr().out.startswith(f"usage: python -m runner {name} ")
