from pathlib import Path

import numpy as np
import pytest

from runner.core import project_paths
from runner.core.errors import StepFailed
from runner.spec import options
from runner.transport.local import Worker

SESSION = "runner.backends.onnxruntime.session"
OPTIONS = options.values("backend", "onnxruntime", project_paths.root())


def load(worker: Worker, folder: Path, batch: int = 3) -> dict[str, object]:
    answer: dict[str, object] = worker.ask(
        "load",
        timeout=60,
        session=SESSION,
        folder=folder,
        options=OPTIONS,
        inputs=folder / "rows.npz",
        batch=batch,
        samples=4,
        seed=0,
    )
    return answer


def test_call_answers_what_the_function_returns(worker: Worker) -> None:
    assert worker.ask("call", timeout=30, module="odd_code", function="numbers", arguments={"count": 3}) == [0, 1, 2]


def test_step_writes_its_artifact_and_answers_meta_seconds_and_memory(worker: Worker, tmp_path: Path) -> None:
    for name in ("data", "out", "scratch"):
        (tmp_path / name).mkdir()
    (tmp_path / "data/file").write_text("content")
    seen: list[tuple[int, int, str]] = []
    answer = worker.ask(
        "step",
        timeout=30,
        on_progress=lambda done, total, note: seen.append((done, total, note)),
        module="odd_code",
        settings={"asked": [1, None, "ü"]},
        inputs={"data": tmp_path / "data"},
        out=tmp_path / "out",
        scratch=tmp_path / "scratch",
    )
    assert answer["meta"] == {"asked": [1, None, "ü"]}
    assert answer["seconds"] > 0
    assert answer["peak_rss_mb"] > 1
    assert (tmp_path / "out/file").read_text() == "content"
    # 2,000 reports: few arrive, the last one always.
    assert len(seen) < 200
    assert seen[-1] == (2000, 2000, "counting")


def test_load_answers_what_the_session_is(worker: Worker, doubled: Path) -> None:
    answer = load(worker, doubled)
    assert answer["inputs"] == [{"name": "x", "shape": [3, 4], "dtype": "float32"}]
    assert answer["outputs"] == [{"name": "y", "shape": [3, 4], "dtype": "float32"}]
    assert answer["effective"]["threads"] == 1  # type: ignore[index]
    assert answer["import_seconds"] > 0 < answer["load_seconds"]  # type: ignore[operator]


def test_burst_answers_one_time_for_each_iteration(worker: Worker, doubled: Path) -> None:
    load(worker, doubled)
    answer = worker.ask("burst", timeout=30, iterations=11)
    assert len(answer["ns"]) == 11
    assert answer["outputs_finite"] is True


def test_burst_says_that_outputs_are_not_finite(worker: Worker, doubled: Path) -> None:
    np.savez(doubled / "rows.npz", **{"in/x": np.full((7, 4), np.nan, np.float32)})
    load(worker, doubled)
    assert worker.ask("burst", timeout=30, iterations=3)["outputs_finite"] is False


def test_bursts_start_on_one_time_base(worker: Worker, doubled: Path) -> None:
    load(worker, doubled)
    first, second = (worker.ask("burst", timeout=30, iterations=5) for _ in range(2))
    assert second["start_ns"] >= first["start_ns"] + sum(first["ns"])


def test_a_second_load_takes_the_place_of_the_first(worker: Worker, doubled: Path) -> None:
    load(worker, doubled)
    np.savez(doubled / "rows.npz", **{"in/x": np.full((3, 4), 5, np.float32)})
    load(worker, doubled)
    assert worker.ask("predict", timeout=30, inputs=doubled / "rows.npz", out=doubled / "out.npz") == {"samples": 3}


def test_a_load_that_failed_is_in_no_later_ones_way(worker: Worker, doubled: Path) -> None:
    load(worker, doubled)
    sound = (doubled / "model.onnx").read_bytes()
    (doubled / "model.onnx").write_bytes(sound[:20])
    for _ in range(2):
        with pytest.raises(StepFailed, match="onnxruntime can't load"):
            load(worker, doubled)
    (doubled / "model.onnx").write_bytes(sound)
    load(worker, doubled)
    assert worker.ask("burst", timeout=30, iterations=1)["outputs_finite"]


def test_warmup_does_what_is_asked(worker: Worker, doubled: Path) -> None:
    load(worker, doubled)
    assert worker.ask("warmup", timeout=30, iterations=9, seconds=0.0)["iterations"] == 9


def test_predict_answers_for_every_sample_in_order(worker: Worker, doubled: Path) -> None:
    load(worker, doubled)
    answer = worker.ask("predict", timeout=30, inputs=doubled / "rows.npz", out=doubled / "out.npz")
    assert answer == {"samples": 7}
    with np.load(doubled / "out.npz") as file:
        np.testing.assert_array_equal(file["out/y"], 2 * np.arange(28, dtype=np.float32).reshape(7, 4))


def test_a_burst_before_load_is_an_error(worker: Worker) -> None:
    with pytest.raises(StepFailed, match="no session is loaded"):
        worker.ask("burst", timeout=30, iterations=1)


def test_an_unknown_request_is_an_error(worker: Worker) -> None:
    with pytest.raises(StepFailed, match="no_such_request"):
        worker.ask("no_such_request", timeout=30)
