"""docs/best.md: its commands work."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from tests import documents, short_project, trained
from tests.conftest import Command


@pytest.mark.slow
def test_every_command_of_the_page_works(command: Command, tmp_path: Path, short_trained_once: Path) -> None:
    """In a project whose runs are short."""
    trained.place(short_trained_once, short_project.make(tmp_path))
    (lines,) = documents.blocks("docs/best.md", "tests/commands/test_best_page.py")
    for line in lines:
        ended = command(*shlex.split(line)[3:])
        assert ended.code == 0, ended.err
        assert "Nothing else is more than 2 % faster." in ended.out
        assert "python -m runner model=gru" in ended.out
