"""A slip is answered in one or two lines with exit code 2, before any work; a hostile file likewise."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest

from tests.conftest import REPOSITORY, Command, Ended

ONNX = ("model=onnx", "precision=fp32")
CSV = ("data=csv", "model=gru")
PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 24, 1, 2  # prctl(2), capabilities(7)


def nothing_was_done(project: Path) -> bool:
    return not any((project / name).exists() for name in ("artifacts", "records", "mlruns", "outputs", "multirun"))


def assert_answered(done: Ended, project: Path, *said: str) -> None:
    lines = done.err.splitlines()
    assert done.code == 2, done.err
    assert lines[0].startswith("error: ")
    assert 1 <= len(lines) <= 2, done.err
    for part in said:
        assert part in done.err
    assert "Traceback" not in done.err
    assert done.out == ""
    assert nothing_was_done(project)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--frsh"], "--frsh: no such flag."),
        (["--config-name=nope"], "--config-name: every spec starts from conf/config.yaml, and there is no other."),
        (["--config-dir", "/tmp"], "--config-dir: every spec starts from conf/config.yaml"),
        (["--", "model=gru"], "overrides need nothing before them.\nType: python -m runner model=gru"),
        (["--cfg"], "--cfg/-c: expected one argument."),
        (["pln"], "pln: no such command. Did you mean plan?"),
        (["run", "model=gru"], "run: no such command.\nTo run a spec, leave it out: python -m runner model=gru"),
        (["model", "gru"], "model: no such command.\nWrite it with =: python -m runner model=gru"),
        (["model", "=", "gru", "seed=1"], "Write it with =: python -m runner model=gru seed=1"),
        (["--model", "gru"], "--model: no such flag.\nAn axis is set with = alone: model=OPTION"),
        (["my.onnx", "seed=1"], "A model of your own: python -m runner model=onnx model.path=my.onnx seed=1"),
        (["model=built/my.xml"], "A model of your own: python -m runner model=file model.path=built/my.xml"),
        (["version"], "version: no such command.\nType: python -m runner --version"),
        (["-V"], "-V: no such flag.\nType: python -m runner --version"),
        (["show", "gru"], "gru: axis=option expected.\nType: python -m runner show model=gru"),
        (["model=gru", "-q", "-v"], "--quiet and --verbose: one says less, the other more."),
        (["plan", "--jsn"], "unrecognized arguments: --jsn."),
        (["compare", "--sort"], "argument --sort: expected one argument."),
        (["list", "backnd"], "backnd: no such axis. Did you mean backend?"),
        (["show", "backend=openvno"], "backend=openvno: no such backend. Did you mean openvino?"),
        (["show", "backend"], "backend: axis=option expected.\nIts options: python -m runner list backend"),
        (["modl=gru"], "modl=gru: no such key. Did you mean model?"),
        (["model=grru"], "model=grru: no such model. Did you mean gru?"),
        (["model=../model/gru"], "model=../model/gru: no such model."),
        (["experiment=typo"], "experiment=typo: no such experiment."),
        (["backend=[a,b]"], "backend=[a,b]: one option of backend expected."),
        (["model.hidden=["], "model.hidden=[: can't be read"),
        (["model.hidden=8,16"], "several values make a sweep."),
        (["-m", "model=gru,grru"], "model=grru: no such model."),
        (["-m", "model.hidden=glob(*)"], "glob() finds options of an axis, not values."),
        (["-m", "model.hidden=8,0"], "model.hidden=0: out of range."),
        (
            ["precision.percentile=99"],
            "precision.percentile: precision=int8_dynamic has no such key, precision=int8 has.\n"
            "Choose precision=int8, or leave precision.percentile out.",
        ),
        (
            ["-m", "model=file,bilstm", "model.path=my.onnx"],
            "model.path: model=bilstm has no such key, model=file and onnx have.\n"
            "Choose model=file, or leave model.path out. "
            "Cells of different settings: sweep.cells of an experiment (docs/sweeps.md).",
        ),
        (["model.hiden=8"], "model.hiden: model has no such key. Did you mean hidden?"),
        (["model.hidden=wide"], "model.hidden=wide: a whole number expected."),
        (["model.hidden=${nope}"], "model.hidden=${nope}: can't be resolved: Interpolation key 'nope' not found."),
        (["model.hidden=???"], "model.hidden has no value.\nSet it: model.hidden=…"),
        (["model.hidden='7'"], 'model.hidden="7": a whole number expected.'),
        (["seed='7'"], 'seed="7": a whole number from 0 to 4294967295 expected.'),
        (["telemetry.intervall=5"], "no such key. Did you mean interval_ms?\nIts keys: interval_ms, energy_s."),
        (["limits.step=5"], "limits has no such key. Did you mean step_s?\nIts keys: step_s, answer_s, memory_mb."),
        (["seed.x=5"], "seed.x: seed has no such key.\nIt is one value: seed=0"),
        (["limits=fast"], "limits=fast: a mapping expected."),
        (["+model._target_=os.system"], "_target_: a spec is data and names no code."),
        (["hydra.run.dir=x"], "hydra.run.dir=x: nothing of Hydra's own can be set: a spec is data."),
        (["-m", "model=gru,lstm", "hydra/launcher=basic"], "hydra/launcher=basic: nothing of Hydra's own can be set"),
        (["--info", "model=gru"], "--info: no such flag."),
        (["-m", "seed=range(400000000)"], "400,000,000 cells, more than the 100,000 that one sweep may have."),
        (["data.train=0.9", "data.val=0.2"], "leave no rows of data=co2 for testing."),
        (["model=mobilenet_v1", "data=co2"], "model=mobilenet_v1 can't use data=co2"),
        (["baseline=spec"], "baseline=spec without baseline.overrides."),
        (["measure.min_pairs=9", "measure.max_pairs=8"], "measure.max_pairs=8 is below measure.min_pairs=9."),
        (["scenario.batch=4"], "single_stream runs one sample at a time."),
        (["model=onnx"], "model=onnx needs a file."),
        ([*ONNX, "model.path=nope.onnx"], "model.path=nope.onnx: no such file."),
        ([*CSV], "data=csv needs a file."),
        ([*CSV, "data.path=nope.csv"], "data.path=nope.csv: no such file."),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_slip_costs_two_lines(typed: Command, tmp_path: Path, words: list[str], said: str) -> None:
    assert_answered(typed(*words), tmp_path, said)


def linear(path: Path, external: bool = False) -> None:
    """y = x w, with a dynamic batch."""
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("MatMul", ["x", "w"], ["y"])],
        "linear",
        [onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, ["n", 64])],
        [onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, ["n", 64])],
        [onnx.numpy_helper.from_array(np.ones((64, 64), np.float32), "w")],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, path, save_as_external_data=external, location="weights.bin")


def test_an_onnx_file_that_ends_too_early(typed: Command, tmp_path: Path) -> None:
    linear(tmp_path / "m.onnx")
    content = (tmp_path / "m.onnx").read_bytes()
    (tmp_path / "m.onnx").write_bytes(content[: len(content) // 2])
    done = typed(*ONNX, "model.path=m.onnx")
    assert_answered(done, tmp_path, "model.path=m.onnx: an ONNX file that ends too early or is damaged")


def test_a_file_that_is_no_onnx(typed: Command, tmp_path: Path) -> None:
    (tmp_path / "m.onnx").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
    assert_answered(typed(*ONNX, "model.path=m.onnx"), tmp_path, "model.path=m.onnx: not an ONNX file.")


def test_external_weights_that_are_missing(typed: Command, tmp_path: Path) -> None:
    linear(tmp_path / "m.onnx", external=True)
    (tmp_path / "weights.bin").unlink()
    said = ("its weights are in weights.bin, which is not beside it.", "Put weights.bin into the folder")
    assert_answered(typed(*ONNX, "model.path=m.onnx"), tmp_path, *said)


def test_dynamic_dimensions_say_what_to_type(typed: Command, tmp_path: Path) -> None:
    linear(tmp_path / "m.onnx")
    said = ("input x has dynamic dimensions: [n,64].", "model.shapes.x=[1,64]")
    assert_answered(typed(*ONNX, "model.path=m.onnx"), tmp_path, *said)


ROWS = "".join(f"2024-01-{day:02d},{day}\n" for day in range(1, 29))


@pytest.mark.parametrize(
    ("content", "words", "said"),
    [
        ("time,valu\n" + ROWS, [], "m.csv has no such column. Did you mean valu?"),
        ("time,value\n2024-01-01,1\n2024-01-02,two\n", [], "m.csv, line 3: value is 'two', which is no number."),
        ("time,value\n" + ROWS, [], "m.csv: too few rows"),
        ("time,value\nyesterday,1\n", [], "m.csv, line 2: time is 'yesterday', which is no time."),
        ("time,value\n2024-01-02,1\n2024-01-01,2\n", [], "m.csv, line 3: its time comes before the row above it."),
        ("", [], "m.csv: the file is empty."),
        ("time,value\n" + ROWS, ["data.features=[valeu]"], "data.features=valeu: m.csv has no such column. Did you"),
    ],
    ids=["column", "text", "few", "time", "order", "empty", "feature"],
)
def test_a_faulty_csv_is_named_with_its_line(
    typed: Command, tmp_path: Path, content: str, words: list[str], said: str
) -> None:
    (tmp_path / "m.csv").write_text(content)
    assert_answered(typed(*CSV, "data.path=m.csv", *words), tmp_path, said)


def test_a_csv_that_is_no_text(typed: Command, tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_bytes(b"\xff\xfe\x00\x80")
    assert_answered(typed(*CSV, "data.path=m.csv"), tmp_path, "m.csv: not a text file in UTF-8.")


@pytest.mark.parametrize("where", ["conf/model/mine.yaml", "experiments/mine.yaml"])
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"name: mine\nhidden: [1, 2\nlayers: 1\n", ", line 3, column 7: not valid YAML:"),
        (b"- a\n- b\n", ": not a list of keys with values."),
        (b"name: \xff\n", ": not plain text in UTF-8."),
        (b"x: !!python/object/apply:os.system [touch pwned]\n", ", line 1, column 4: not valid YAML:"),
    ],
    ids=["syntax", "list", "binary", "code"],
)
def test_a_faulty_yaml_is_named_with_its_line(
    typed: Command, tmp_path: Path, where: str, content: bytes, said: str
) -> None:
    file = tmp_path / where
    file.parent.mkdir(parents=True)
    file.write_bytes(content)
    axis = {"conf": "model", "experiments": "experiment"}[where.split("/")[0]]
    assert_answered(typed(f"{axis}=mine"), tmp_path, f"{file}{said}")
    assert not (tmp_path / "pwned").exists()


@pytest.mark.parametrize("where", ["conf/model/mine.yaml", "experiments/mine.yaml", "conf/config.yaml"])
def test_a_key_that_stands_twice_is_named_with_its_line(typed: Command, tmp_path: Path, where: str) -> None:
    file = tmp_path / where
    file.parent.mkdir(parents=True)
    file.write_text("name: mine\nhidden: 4\nhidden: 5\n")
    word = {"model": "model=mine", "experiments": "experiment=mine", "conf": "model=gru"}[file.parent.name]
    assert_answered(typed(word), tmp_path, f"{file}, line 3, column 1: not valid YAML: found duplicate key hidden.")


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("override /model: grru", "mine.yaml: model=grru: no such model. Did you mean gru?\nThere are: bilstm, file,"),
        ("override /modl: gru", "mine.yaml: defaults: modl: no such axis. Did you mean model?\nAxes: model, data,"),
        ("/modl: gru", "mine.yaml: defaults: modl: no such axis. Did you mean model?"),
    ],
)
def test_a_study_that_names_what_is_not_there(typed: Command, tmp_path: Path, entry: str, said: str) -> None:
    (tmp_path / "experiments").mkdir()
    (tmp_path / "experiments" / "mine.yaml").write_text(f"defaults:\n  - {entry}\n")
    assert_answered(typed("experiment=mine"), tmp_path, said)


def test_an_option_that_brings_what_is_not_there(typed: Command, tmp_path: Path) -> None:
    (tmp_path / "conf" / "model").mkdir(parents=True)
    (tmp_path / "conf" / "model" / "mine.yaml").write_text("defaults:\n  - /data@_global_.data: co\nname: mine\n")
    said = "conf/model/mine.yaml: data=co: no such data. Did you mean co2?\nThere are: co2, csv,"
    assert_answered(typed("model=mine"), tmp_path, said)


def test_a_broken_study_stops_only_the_command_that_asks_for_it(command: Command, tmp_path: Path) -> None:
    (tmp_path / "experiments").mkdir()
    (tmp_path / "experiments" / "mine.yaml").write_bytes(b"\xff: [")
    assert command("plan", "model=gru").code == 0
    assert command("list").code == 0


def test_an_option_without_a_name_is_told_to_say_it(typed: Command, tmp_path: Path) -> None:
    (tmp_path / "conf" / "train").mkdir(parents=True)
    file = tmp_path / "conf" / "train" / "mine.yaml"
    file.write_text("epochs: 3\n")
    assert_answered(typed("train=mine"), tmp_path, f"{file}: it doesn't say its name.", "Begin it with: name: mine")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["model=grru"], "model=grru: no such model. Did you mean gru?"),
        (["-m", "model=gru,grru"], "model=grru: no such model. Did you mean gru?"),
        (["plan", "modl=gru"], "modl=gru: no such key. Did you mean model?"),
        (["show", "backend=openvno"], "backend=openvno: no such backend. Did you mean openvino?"),
        (["compare"], "Nothing has been measured here: records/ is empty."),
        (["model=onnx"], "model=onnx needs a file."),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_with_json_the_answer_is_one_document(command: Command, tmp_path: Path, words: list[str], said: str) -> None:
    done = command(*words, "--json")
    assert done.code == 2
    assert (done.json["schema"], done.json["status"], done.json["exit_code"]) == (1, "bad spec", 2)
    assert done.json["reason"] == said
    assert done.json["next_step"]
    assert len(done.err.splitlines()) <= 2
    assert nothing_was_done(tmp_path)


def test_a_traceback_is_shown_to_who_asks(command: Command) -> None:
    assert "Traceback (most recent call last)" in command("model=grru", env={"RUNNER_DEBUG": "1"}).err


def bound_by_permissions() -> None:
    """Root may read everything: let go of that, so that permissions count as they do for a user (capabilities(7))."""
    if os.geteuid() == 0:
        for capability in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
            if ctypes.CDLL(None, use_errno=True).prctl(PR_CAPBSET_DROP, capability, 0, 0, 0):
                raise OSError(ctypes.get_errno(), "prctl")


@pytest.mark.parametrize("name", ["conf", "conf/train", "m.csv"])
def test_what_may_not_be_read_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "conf" / "train").mkdir(parents=True)
    (tmp_path / "m.csv").write_text("time,value\n" + ROWS)
    (tmp_path / name).chmod(0)
    words = [sys.executable, "-m", "runner", "plan", "train=default", *CSV, "data.path=m.csv"]
    env = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(
        words, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60, preexec_fn=bound_by_permissions
    )
    (tmp_path / name).chmod(0o755)
    assert done.returncode == 5, done.stderr
    assert f"{tmp_path / name}" in done.stderr.replace("error: m.csv", f"error: {tmp_path / 'm.csv'}")
    assert "no permission" in done.stderr
    assert len(done.stderr.splitlines()) == 2


def test_a_working_folder_whose_name_is_no_text_is_told(tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path) + b"/\xff\xfe"
    os.mkdir(folder)  # noqa: PTH102 - bytes
    words = [sys.executable, "-m", "runner", "plan", "model=gru"]
    env = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(words, cwd=folder, env=env, capture_output=True, text=True)
    assert done.returncode == 2
    assert "the folder's name is no UTF-8." in done.stderr
    assert len(done.stderr.splitlines()) == 2
