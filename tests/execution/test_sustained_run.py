"""scenario=sustained by whole commands: the words of docs/sustained.md, for seconds instead of minutes."""

from __future__ import annotations

import shlex
from pathlib import Path

from runner.results import records
from tests import documents
from tests.conftest import Command
from tests.models import onnx_files

SHORT = ("scenario.duration_s=1", "data.samples=4", "measure=quick", "measure.min_pairs=1", "measure.max_pairs=1")


def test_the_words_of_the_page_leave_a_course_and_its_picture(command: Command, tmp_path: Path) -> None:
    onnx_files.one_node(tmp_path / "my.onnx", "Softmax", [1, 4096], [1, 4096])
    (lines,) = documents.blocks("docs/sustained.md", "tests/execution/test_sustained_run.py")
    for line in lines:
        ended = command(*shlex.split(line)[3:], *SHORT)
        assert ended.code == 0, ended.err
        assert "sustained: p50 " in ended.out
    alone, beside = records.read_all(tmp_path)
    assert ([*alone.result.sustained], [*beside.result.sustained]) == (["candidate"], ["candidate", "baseline"])
    for record in (alone, beside):
        for course in record.result.sustained.values():
            # A window in which a busy machine ran nothing is left out.
            assert 45 <= len(course.t_s) == len(course.p50_ms) <= 60
            assert course.t_s[-1] > 0.9  # each works for the second that was asked for
        assert (record.folder / "sustained.svg").is_file()
        assert record.seal == "sealed"
