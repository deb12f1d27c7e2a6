"""`show`: an option's settings with default, unit and range, one line each."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from runner.commands import show
from runner.core.errors import SpecError


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_model_with_what_it_brings(capsys: pytest.CaptureFixture[str]) -> None:
    assert show.main(["model=gru"]) == 0
    head, brings, *lines = capsys.readouterr().out.splitlines()
    assert head == "model=gru  GRU forecaster (Cho et al. 2014): cheaper than an LSTM, one gate fewer."
    assert brings == "  brings data=co2"
    assert [line.split("=")[0].strip() for line in lines] == [
        "model.layers",
        "model.hidden",
        "model.window",
        "model.horizon",
    ]
    assert lines[1].startswith("  model.hidden=32 ")
    assert lines[1].endswith("(whole number, 1 to 4096)")


def test_several_options_in_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    assert show.main(["backend=openvino", "precision=fp32", "--json"]) == 0
    openvino, fp32 = json.loads(capsys.readouterr().out)["options"]
    assert openvino["brings"] == {"hardware": "local", "precision": "fp32"}
    hint = next(one for one in openvino["settings"] if one["key"] == "backend.hint")
    assert (hint["default"], hint["choices"]) == ("none", ["none", "latency", "throughput"])
    assert fp32["settings"] == []


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("backend", "backend: axis=option expected."),
        ("backnd=openvino", "backnd=openvino: axis=option expected. Did you mean backend?"),
        ("backend=openvno", "backend=openvno: no such backend. Did you mean openvino?"),
        ("backend=../backend/openvino", "backend=../backend/openvino: no such backend. Did you mean openvino?"),
    ],
)
def test_what_is_no_option(word: str, reason: str) -> None:
    with pytest.raises(SpecError) as caught:
        show.main([word])
    assert caught.value.reason == reason
