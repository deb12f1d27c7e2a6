"""`python -m runner explain`, as a user types it, on real profiles."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from runner.commands import explain
from runner.core.errors import SpecError
from tests import documents
from tests.conftest import QUICK, Command, Ended


def typed(command: Command, line: str, *more: str) -> Ended:
    return command(*shlex.split(line, comments=True)[3:], *more)


@pytest.mark.usefixtures("already_trained")
def test_the_page_answers_why_int8_is_no_faster_here(tmp_path: Path, command: Command) -> None:
    (tmp_path / "runner.toml").touch()
    (lines,) = documents.blocks("docs/explain.md", "tests/commands/test_explain.py")
    gru, of_gru, mobilenet, of_mobilenet, both = lines
    assert typed(command, gru, "model.hidden=4", *QUICK).code == 0
    told = typed(command, of_gru, "--json").json
    left = [one["layers"] for one in told["reasons"] if one["kind"] == "float fallback"]
    assert left == ([["/recurrent/GRU"]] if told["slower"] == "candidate" else [])  # else it is a note
    assert {"recurrent", "quantising and casts", "in no layer"} <= {group["name"] for group in told["groups"]}
    assert told["missing"] == []
    assert "of the candidate's 2 layers that do the work 1 runs in fp32" in " ".join(typed(command, of_gru).out.split())

    assert typed(command, mobilenet, *QUICK).code == 0
    assert typed(command, of_mobilenet).code == 0
    page = (tmp_path / "why.html").read_text(encoding="utf-8")
    assert "<h2>Where the time is" in page
    assert "convolution" in page

    beside = typed(command, both).json
    assert beside["comparison"]["kind"] == "unpaired"
    assert {one["what"]: one["baseline"] for one in beside["differences"]}["model"] == "mobilenet_v1"


def test_without_records_it_says_what_to_measure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "runner.toml").touch()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SpecError, match="gru int8 onnxruntime: no record") as refused:
        explain.main(["gru int8 onnxruntime"])
    assert "Measure something: python -m runner model=gru" in refused.value.next_step
