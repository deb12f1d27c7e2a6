"""What a message says to type works when it is pasted into a shell: the same complaint doesn't come again."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import numpy as np
import onnx
import pytest

from runner.__main__ import main
from runner.spec.schema import NAMES

WORD = re.compile(rf"[+~]*({'|'.join((*NAMES, 'experiment', 'schedule'))})(\.[^=]*)?=")
ODD = (
    "serving_default_x:0",
    "a(b)",
    "a,b",
    "käse",
    "a[0]",
    "a=b",
    "{a}",
    "a b",
    "it's",
    'say "x"',
    "model/x.y",
    "$HOME",
    "漢",
)


def linear(path: Path, name: str, sizes: tuple[object, ...]) -> None:
    """y = |x|, for an input of any name."""
    value = onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, sizes)
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Abs", [name], ["out"])],
        "odd",
        [value],
        [onnx.helper.make_tensor_value_info("out", onnx.TensorProto.FLOAT, sizes)],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, path)


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """Exit code, reason and next step of a plan."""
    code = main(["plan", *words])
    lines = [*capsys.readouterr().err.splitlines(), "", ""]
    assert "bug of the runner" not in lines[1]
    return code, lines[0], lines[1]


def advised(next_step: str) -> list[str]:
    """The words of a next step, as a shell would hand them over."""
    return [word.rstrip(".") for word in shlex.split(next_step) if WORD.match(word)]


def taken(words: list[str], advice: list[str]) -> list[str]:
    """The words of a command line with the advised ones in the place of those for the same key."""
    keys = {word.partition("=")[0] for word in advice}
    return [*(word for word in words if word.partition("=")[0] not in keys), *advice]


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "runner.toml").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("sizes", [("n", 8), ("n", "m")], ids=str)
def test_the_sizes_of_an_input_of_any_name(
    capsys: pytest.CaptureFixture[str], name: str, sizes: tuple[object, ...]
) -> None:
    linear(Path("m.onnx"), name, sizes)
    words = ["model=onnx", "model.path=m.onnx", "precision=fp32", "baseline=none"]
    code, reason, next_step = said(capsys, *words)
    assert (code, reason.startswith(f"error: model.path=m.onnx: input {name} has ")) == (2, True), reason
    assert advised(next_step), next_step
    assert said(capsys, *words, *advised(next_step))[0] == 0


WRONG: list[list[str]] = [
    ["data=csv", "data.path=Käse (1).csv"],
    ["data=csv", "data.path=a: {b}, [c].csv"],
    ["data=csv", "data.path=it's.csv"],
    ["backend.threads=4096"],
    ["scenario.batch=4"],
    ["baseline=spec"],
    ["baseline.overrides=[precision=fp32]"],
    ["model=null"],
    ["backend=[a,b]"],
    ["limits=3"],
    ["telemetry=no"],
    ["model.hidden=8,16"],
    ["model=gru,lstm", "data.path=x"],
    ["hardware=ssh"],
    ["hardware=ssh", "hardware.host=a b"],
    ["model.hiden=8"],
    ["model"],
]


@pytest.mark.parametrize("words", WRONG, ids=" ".join)
def test_what_is_advised_takes_the_complaint_away(capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    code, reason, next_step = said(capsys, *words)
    assert code in (2, 3), reason
    asked = re.search(r"python -m runner ((?:list|show) .+)", next_step)
    if asked:
        assert main(shlex.split(asked[1])) == 0
    elif advice := advised(next_step):
        several = ["-m"] if "-m" in shlex.split(next_step) else []
        again, other, _ = said(capsys, *several, *taken(words, advice))
        assert again != 2 or other != reason, f"{reason}\n{next_step}\n{other}"


def test_a_file_of_inputs_with_odd_names(capsys: pytest.CaptureFixture[str]) -> None:
    linear(Path("m.onnx"), "a:0 (b)", (1, 8))
    np.savez("in.npz", **{"a:0 (b)": np.zeros((3, 8), np.float32)})
    words = ["model=onnx", "model.path=m.onnx", "precision=fp32", "baseline=none", "model.inputs=in.npz"]
    assert said(capsys, *words)[0] == 0


@pytest.mark.parametrize(
    "override",
    [
        "model.shapes.x=[4,8]",
        "measure.pin=[0]",
        "model.path=m,2.onnx",
        "model.shapes={x: [4, 8]}",
        "seed=1,measure.pin=[0]",
    ],
)
def test_a_baseline_may_have_lists_mappings_and_commas(capsys: pytest.CaptureFixture[str], override: str) -> None:
    for name in ("m.onnx", "m,2.onnx"):
        linear(Path(name), "x", ("n", 8))
    words = ["model=onnx", "model.path=m.onnx", "model.shapes.x=[1,8]", "precision=fp32", "baseline=spec"]
    assert said(capsys, *words, f"baseline.overrides=[{override}]")[0] == 0


def test_an_experiments_cells_may_have_lists_and_mappings(capsys: pytest.CaptureFixture[str], project: Path) -> None:
    linear(Path("m.onnx"), "x:0", ("n", 8))
    (project / "experiments").mkdir()
    (project / "experiments" / "mine.yaml").write_text(
        "model: {path: m.onnx}\ndefaults: [{override /model: onnx}, {override /precision: fp32}]\n"
        "sweep:\n  axes: {model.shapes: [{'x:0': [1, 8]}, {'x:0': [2, 8]}], measure.pin: [[0], same]}\n"
        "  cells:\n    - {model.shapes: {'x:0': [3, 8]}, baseline: spec,\n"
        "       baseline.overrides: ['model.shapes.x:0=[4,8]']}\n"
        "    - {'model.shapes.x:0': [5, 8], measure.pin: [0]}\n"
        "  exclude:\n    - {model.shapes: {'x:0': [2, 8]}}\n"
    )
    assert main(["plan", "experiment=mine", "--json"]) == 0
    out = capsys.readouterr().out
    assert [f'"x:0\\": [{size}, 8]' in out for size in (1, 3)] == [True, True]


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("backend.name=loading", "backend=loading: runner.backends.loading is no backend: it has no BACKEND (/"),
        (
            "model.name=checkpoint",
            "model=checkpoint: runner.models.checkpoint is no model: "
            "it has no Settings, TASKS, PROVIDES, data_needs (/",
        ),
        ("data.name=scoring", "data=scoring: runner.data.scoring is no data: it has no Settings, TASK, make (/"),
        ("scenario.name=ofline", "scenario.name=ofline: no such one. Did you mean offline?"),
        ("baseline.name=/etc", "baseline.name=/etc: no such one."),
        ("hardware.name=zz", "hardware.name=zz: no such one."),
        ("precision.name=int9", "precision=int9: no such precision. Did you mean int8?"),
    ],
)
def test_a_name_that_is_none_is_named(capsys: pytest.CaptureFixture[str], word: str, reason: str) -> None:
    code, told, _ = said(capsys, word)
    assert (code, told.startswith(f"error: {reason}")) == (2, True), told
