"""A colleague's file measured again, by whole commands."""

import re
from pathlib import Path

import pytest

from tests.conftest import QUICK, REPOSITORY, Command
from tests.models import onnx_files

PAGE = (REPOSITORY / "docs" / "reports.md").read_text()
WORDS = ("model=onnx", "model.path=m.onnx", *QUICK[1:])


@pytest.mark.slow
def test_a_colleagues_file_is_measured_again_with_ones_own_copy_of_its_model(command: Command, tmp_path: Path) -> None:
    theirs, ours = tmp_path / "theirs", tmp_path / "ours"
    for folder in (theirs, ours):
        folder.mkdir()
        (folder / "runner.toml").touch()
    onnx_files.one_node(theirs / "m.onnx", "Relu", [1, 4], [1, 4])
    onnx_files.one_node(ours / "mine.onnx", "Relu", [1, 4], [1, 4])
    onnx_files.one_node(ours / "other.onnx", "Abs", [1, 4], [1, 4])
    assert command(*WORDS, "baseline=self", cwd=theirs).code == 0
    assert command("export", "-o", "../ours/for-anna.zip", cwd=theirs).code == 0

    asked = command("reproduce", "for-anna.zip", cwd=ours)
    assert (asked.code, asked.err.splitlines()[1]) == (2, "Add your own: model.path=YOURS")
    other = command("reproduce", "for-anna.zip", "model.path=other.onnx", "--json", cwd=ours)
    assert (other.code, other.json["status"]) == (3, "unavailable")
    assert "other.onnx has another content" in other.json["reason"]
    assert not (ours / "records").exists()

    typed = re.search(r"^python -m runner (reproduce .*?)  ", PAGE, re.MULTILINE)
    assert typed
    done = command(*typed[1].split(), "--json", cwd=ours)
    assert (done.code, done.json["answer"], done.json["reason"]) == (1, "can't be told", "2 and 2 pairs are too few")
    assert ["model.path", "mine.onnx", "m.onnx"] in done.json["differences"]
