"""The commands of the pages on ONNX Runtime, OpenVINO and PyTorch, as they are typed there."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from runner.__main__ import main
from tests import documents
from tests.conftest import QUICK, Command

PAGES = ("onnxruntime", "openvino", "torch")
TINY = ("model.hidden=8", "model.window=8")


def lines(name: str, how: str) -> list[str]:
    """The commands of a page that are run, or planned."""
    found = documents.blocks(f"docs/backends/{name}.md", "tests/backends/test_pages.py", how)
    return [line for block in found for line in block]


@pytest.mark.parametrize("name", PAGES)
def test_what_a_page_runs_ends_well(name: str, command: Command, tmp_path: Path) -> None:
    for line in lines(name, "run"):
        ended = command(*shlex.split(line)[3:], *QUICK, *TINY, "baseline=none")
        assert ended.code == 0, f"{line}\n{ended.err}"
    kept = [json.loads(path.read_text()) for path in (tmp_path / "records").glob("*/record.json")]
    assert {record["status"] for record in kept} == {"ok"}


@pytest.mark.parametrize("name", PAGES)
def test_what_a_page_plans_can_be_done(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for line in lines(name, "planned"):
        assert main(["plan", *shlex.split(line)[3:]]) == 0, line
