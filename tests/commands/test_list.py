"""`list`: every axis with every option and its one line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from runner.commands import list as command
from runner.core.errors import SpecError
from runner.spec.schema import GROUPS


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_one_axis(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["scenario"]) == 0
    axis, offline, single, sustained = capsys.readouterr().out.splitlines()
    assert axis == "scenario"
    assert offline.startswith("  offline         All samples are there at once")
    assert single.startswith("  single_stream   One sample at a time")
    assert sustained.startswith("  sustained       ")


def test_all_axes_as_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == 1
    assert list(document["axes"]) == [*GROUPS, "experiment"]
    assert {"gru", "lstm", "bilstm", "mobilenet_v1", "onnx"} <= set(document["axes"]["model"])
    assert all(line for options in document["axes"].values() for line in options.values())


def test_options_of_the_project_are_listed_too(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = project / "conf" / "train"
    folder.mkdir(parents=True)
    (folder / "long.yaml").write_text("# 500 epochs.\nname: long\n")
    command.main(["train"])
    assert "  long            500 epochs." in capsys.readouterr().out.splitlines()


def test_a_file_that_cant_be_read_is_listed_as_such(tmp_path: Path) -> None:
    (tmp_path / "odd.yaml").symlink_to("/proc/self/mem")
    assert command.first_comment(tmp_path / "odd.yaml") == "(can't be read: Input/output error)"


def test_of_a_large_file_the_beginning_is_read(tmp_path: Path) -> None:
    with (tmp_path / "large.yaml").open("wb") as file:
        file.write(b"# Large\n")
        file.truncate(10**12)
    assert command.first_comment(tmp_path / "large.yaml") == "Large"


def test_the_matrix_is_of_the_backends(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["backend", "--matrix", "--json"]) == 0
    matrix = json.loads(capsys.readouterr().out)["matrix"]
    assert matrix["onnxruntime"]["int8"] == {"offline": "", "single_stream": "", "sustained": ""}
    assert matrix["torch"]["fp16"]["offline"].startswith("precision=fp16: torch's float16 kernels")
    with pytest.raises(SpecError, match="--matrix is of the backends"):
        command.main(["model", "--matrix"])
