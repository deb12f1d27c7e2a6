"""The plan: shared steps once, keys that forget nothing, and what can't run here."""

from __future__ import annotations

import shutil
from pathlib import Path

import onnx
import pytest

from runner.artifacts import store
from runner.backends.onnxruntime import capabilities
from runner.core import installed
from runner.core.errors import SpecError
from runner.planning import graph, plan
from runner.sweeps import request
from tests.models import onnx_files
from tests.without import hide


def planned(tmp_path: Path, *words: str, multirun: bool = False) -> graph.Plan:
    if multirun:
        return plan.of_sweep(request.cells(tmp_path, words), tmp_path)
    return plan.make([request.one(tmp_path, words)], tmp_path)


def steps(made: graph.Plan) -> list[str]:
    return [node.step for node in made.nodes.values()]


def chain(made: graph.Plan) -> list[str]:
    return list(made.cells[0].candidate.keys)


def test_a_chain_has_the_steps_that_the_spec_needs(tmp_path: Path) -> None:
    assert chain(planned(tmp_path)) == ["data", "train", "export", "quantize", "compile", "verify"]
    assert chain(planned(tmp_path, "precision=fp32")) == ["data", "train", "export", "compile", "verify"]
    assert chain(planned(tmp_path, "compression=magnitude")) == [
        "data", "train", "compress", "export", "quantize", "compile", "verify",
    ]  # fmt: skip


def test_a_file_that_onnxruntime_alone_can_not_read_stops_what_reads_it_with_that(tmp_path: Path) -> None:
    """OpenVINO may read an ONNX file that is newer than ONNX Runtime; nothing but ONNX Runtime quantizes it."""
    model = onnx.load(onnx_files.one_node(tmp_path / "my.onnx", "Relu", [1, 4], [1, 4]))
    model.ir_version = capabilities.reads(99, 17)["limits"]["ir"] + 1
    onnx.save(model, tmp_path / "my.onnx")
    words = (f"model.path={tmp_path / 'my.onnx'}", "backend=onnxruntime,openvino", "precision=fp32,int8")
    made = planned(tmp_path, "model=onnx", *words, "baseline=none", multirun=True)
    blocked = {node.title for node in made.nodes.values() if node.blocked}
    assert sorted(blocked) == ["onnx int8", "onnx onnxruntime fp32", "onnx onnxruntime int8"]
    free = [cell for cell in made.cells if graph.blocked(cell, made) is None]
    assert [(cell.candidate.spec.backend.name, cell.candidate.spec.precision.name) for cell in free] == [
        ("openvino", "fp32")
    ]


def test_a_sweep_shares_its_steps(tmp_path: Path) -> None:
    made = planned(tmp_path, "model=gru", "backend=onnxruntime,openvino", "precision=fp32,int8", multirun=True)
    assert sorted(steps(made)) == ["compile"] * 4 + ["data", "export", "quantize", "train"] + ["verify"] * 4
    assert len(made.cells) == 4


def test_steps_come_after_their_inputs(tmp_path: Path) -> None:
    seen: set[str] = set()
    for key, node in planned(tmp_path, "model=gru,lstm", multirun=True).nodes.items():
        assert set(node.inputs.values()) <= seen
        seen.add(key)


@pytest.mark.parametrize(
    ("change", "changed"),
    [
        ("seed=1", ["data", "train", "export", "quantize", "compile", "verify"]),
        ("train.epochs=3", ["train", "export", "quantize", "compile", "verify"]),
        ("precision=fp16", ["quantize", "compile", "verify"]),
        ("backend.graph_optimization=basic", ["compile", "verify"]),
        ("backend.threads=2", ["verify"]),
        ("measure=quick", []),
        ("baseline=none", []),
    ],
)
def test_a_change_changes_the_keys_of_its_step_and_of_what_follows(
    tmp_path: Path, change: str, changed: list[str]
) -> None:
    before = planned(tmp_path).cells[0].candidate.keys
    after = planned(tmp_path, change).cells[0].candidate.keys
    assert [step for step in before if before[step] != after[step]] == changed


def test_another_version_of_a_tool_changes_the_compiles_that_it_makes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("model=gru", "precision=fp32", "backend=openvino", "baseline=onnxruntime")
    before = planned(tmp_path, *words).cells[0]
    real = installed.version
    monkeypatch.setattr(installed, "version", lambda name: "9999.1" if name == "openvino" else real(name))
    after = planned(tmp_path, *words).cells[0]
    assert before.baseline is not None
    assert after.baseline is not None
    assert before.baseline.keys == after.baseline.keys
    changed = [step for step, key in before.candidate.keys.items() if after.candidate.keys[step] != key]
    assert changed == ["compile", "verify"]


def test_a_users_file_counts_by_its_content_not_its_place(tmp_path: Path) -> None:
    csv = tmp_path / "a.csv"
    rows = "\n".join(f"2020-01-01T{n // 60:02}:{n % 60:02},{n % 7}" for n in range(1000))
    csv.write_text(f"t,v\n{rows}\n")
    elsewhere = Path(shutil.copy(csv, tmp_path / "b.csv"))
    words = ("model=gru", "model.window=8", "model.horizon=1", "data=csv", "data.time=t", "data.target=v")
    words = (*words, "data.season=7")
    first, second = (planned(tmp_path, *words, f"data.path={path}") for path in (csv, elsewhere))
    assert first.cells[0].candidate.keys == second.cells[0].candidate.keys
    csv.write_text(csv.read_text().replace("06:59,6", "06:59,5"))
    third = planned(tmp_path, *words, f"data.path={csv}")
    assert third.cells[0].candidate.keys["data"] != first.cells[0].candidate.keys["data"]


def test_a_library_that_is_missing_blocks_its_cells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hide(monkeypatch, "openvino")
    made = planned(tmp_path, "backend=openvino,onnxruntime", "precision=fp32", multirun=True)
    errors = [graph.blocked(cell, made) for cell in made.cells]
    assert [error.status if error else None for error in errors] == ["unavailable", None]
    assert errors[0] is not None
    assert errors[0].reason == "backend=openvino: openvino is not installed here."
    assert "pip install" in errors[0].next_step


def test_sessions_of_all_kinds_share_one_compile(tmp_path: Path) -> None:
    made = planned(tmp_path, "backend.threads=1,2", "backend.execution_mode=sequential,parallel", multirun=True)
    assert len({cell.candidate.keys["compile"] for cell in made.cells}) == 1
    assert len({cell.candidate.spec.key for cell in made.cells}) == 4


def test_a_provider_that_is_missing_blocks_its_cells(tmp_path: Path) -> None:
    words = ("backend.provider=CPUExecutionProvider,CUDAExecutionProvider", "baseline=none")
    made = planned(tmp_path, *words, multirun=True)
    errors = [graph.blocked(cell, made) for cell in made.cells]
    assert [error.status if error else None for error in errors] == [None, "unavailable"]


def test_more_threads_than_cores_are_refused_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        planned(tmp_path, "backend.threads=9999")
    assert caught.value.reason.startswith("backend.threads=9999: this machine has ")


def test_states_say_what_is_there(tmp_path: Path) -> None:
    made = planned(tmp_path, "precision=fp32")
    data = next(node for node in made.nodes.values() if node.step == "data")
    with store.draft(tmp_path, "data", data.key) as folder:
        store.finish(tmp_path, folder, {"step": "data", "key": data.key, "meta": {}})
    states = {one["step"]: one["state"] for one in graph.states(made, tmp_path)}
    assert states == {"data": "there", "train": "to do", "export": "to do", "compile": "to do", "verify": "to do"}


def test_a_bad_file_blocks_its_own_cell_of_a_sweep(tmp_path: Path) -> None:
    for name, value in (("good", "1.5"), ("bad", "1e300")):
        rows = "\n".join(f"{n},{value if n == 70 else n}" for n in range(80))
        (tmp_path / f"{name}.csv").write_text(f"time,value\n{rows}\n")
    words = ("model=gru", "model.window=4", "model.horizon=2", "data=csv", "baseline=none")
    paths = [f"{tmp_path}/{name}.csv" for name in ("good", "bad")]
    made = planned(tmp_path, *words, f"data.path={','.join(paths)}", multirun=True)
    good, bad = (graph.blocked(cell, made) for cell in made.cells)
    assert good is None
    assert (bad.status, bad.reason) == ("failed", f"{paths[1]}, line 72: value is 1e300, too large to compute with.")  # type: ignore[union-attr]
    with pytest.raises(SpecError, match="too large to compute with"):
        planned(tmp_path, *words, f"data.path={paths[1]}", "seed=1,2", multirun=True)
