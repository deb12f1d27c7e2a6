"""docs/tutorial.md from its first line to its last: each command as it is typed, each output in its form."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests import documents, short_project
from tests.commands import test_ui
from tests.conftest import REPOSITORY

PAGE = "docs/tutorial.md"
PAIRS = {"min_pairs": "7", "max_pairs": "7"}  # the fewest of which an interval is finite
ENV = {**os.environ, "PYTHONPATH": str(REPOSITORY), "MLFLOW_DISABLE_TELEMETRY": "true"}


@dataclass
class Reader:
    """Somebody who types what the page says: the folder that they are in, what they saw last, and the sweep's name."""

    folder: Path
    seen: str = ""
    sweep: str = ""
    amiss: list[str] = field(default_factory=list)

    def type(self, line: str) -> None:
        words = shlex.split(line, comments=True)
        if words[0] == "cd":
            self.folder = self.folder / words[1]
            short_project.make(self.folder, PAIRS)
        elif words[3:4] == ["ui"]:
            self.open()
        else:
            self.run(re.sub(r"^python ", f"{shlex.quote(sys.executable)} ", line.replace("SWEEP", self.sweep)))

    def run(self, line: str) -> None:
        done = subprocess.run(line, shell=True, cwd=self.folder, env=ENV, capture_output=True, text=True, timeout=280)
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
        self.seen += done.stdout + done.stderr
        named = re.search(r"compare --sweep (\w+)", done.stdout)
        self.sweep = named[1] if named else self.sweep

    def open(self) -> None:
        with test_ui.served(self.folder) as (_, address):
            self.seen += address

    def look(self, shown: str) -> None:
        self.amiss += documents.unlike(shown, self.seen)
        self.seen = ""


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_tutorial_is_true_from_its_first_line_to_its_last(tmp_path: Path) -> None:
    reader = Reader(tmp_path)
    for kind, block in documents.steps(PAGE):
        if kind == "sh":
            for line in filter(None, block.splitlines()):
                reader.type(line)
        elif kind == "python":
            (reader.folder / "make.py").write_text(block)
        else:
            reader.look(block)
    assert reader.amiss == []
    assert (reader.folder / "sweep.html").stat().st_size > 10_000
