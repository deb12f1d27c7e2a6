import json
import math
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from runner.artifacts import store
from runner.core.errors import Unavailable
from runner.pictures import record_pictures
from runner.results import picture_files, record_schema
from runner.spec import tracking
from runner.tracking import mlflow_runs, mlflow_store, worker
from tests.report import fixtures
from tests.report.fixtures import measured, not_measured, spec

INT8 = spec(precision="int8_dynamic")


def run_of(root: Path, run_id: str) -> Any:
    return mlflow_store.open_store(root).client.get_run(run_id)


def unsent(root: Path) -> list[str]:
    return [record.content["record_id"] for record in mlflow_runs.unsent(root, pytest.fail)]


def files_of(root: Path, run_id: str) -> list[str]:
    return sorted(file.path for file in mlflow_store.open_store(root).client.list_artifacts(run_id))


def test_a_record_becomes_a_flat_run_with_all_that_it_holds(root: Path) -> None:
    content = measured("20261121T090100-000000a1", INT8, spec(), "onnxruntime fp32", 1.43, sweep="aa11")
    record = fixtures.write(root, content)
    record_pictures.write(record_pictures.of_record(record), record.folder)
    assert content["record_id"] in unsent(root)
    answer = worker.publish(str(root), str(record.folder))
    assert content["record_id"] not in unsent(root)
    run = run_of(root, answer["run_id"])
    assert run.data.metrics == content["metrics"]
    assert {key: run.data.params[key] for key in ("backend", "backend.threads", "precision", "model.hidden")} == {
        "backend": "onnxruntime", "backend.threads": "1", "precision": "int8_dynamic", "model.hidden": "32",
    }  # fmt: skip
    ours = ("sweep", "record_id", "precision", "baseline", "status", "reason", "date", "mlflow.runName")
    assert {key: run.data.tags.get(key) for key in ours} == {
        "sweep": "aa11", "record_id": content["record_id"], "precision": "int8_dynamic",
        "baseline": "onnxruntime fp32", "status": "ok", "reason": "", "date": content["date"],
        "mlflow.runName": "bilstm int8_dynamic onnxruntime",
    }  # fmt: skip
    assert "mlflow.parentRunId" not in run.data.tags
    assert files_of(root, answer["run_id"]) == [
        "environment.json", "keys.json", "latency.svg", "record.json", "samples.npz",
    ]  # fmt: skip
    assert answer["experiment_id"] == run.info.experiment_id


def test_tags_of_the_users_own_stand_beside_ours(root: Path) -> None:
    asked = {"tags": {"project": "dozer", "status": "mine"}, "models": False}
    content = measured("20261121T090100-000000f1", INT8, spec(), "onnxruntime fp32", 1.43, tracking=asked)
    tags = run_of(root, mlflow_runs.log_record(fixtures.write(root, content).folder, root)).data.tags
    assert (tags["project"], tags["status"]) == ("dozer", "ok")


def test_every_tag_of_a_run_is_one_that_no_user_can_take(root: Path) -> None:
    content = measured("20261121T090100-000000f2", INT8, spec(), "onnxruntime fp32", 1.43)
    tags = run_of(root, mlflow_runs.log_record(fixtures.write(root, content).folder, root)).data.tags
    assert {name for name in tags if not name.startswith("mlflow.")} <= set(tracking.OURS)


def compiled(root: Path, key: str) -> Path:
    """An artifact in the store, as a compile leaves it; its folder."""
    with store.draft(root, "compile", key) as draft:
        (draft / "weights").mkdir()
        (draft / "model.onnx").write_bytes(b"graph")
        (draft / "weights" / "w.bin").write_bytes(b"12345")
        meta = {"session": {}, "size": {"file_bytes": 10, "gzip_bytes": 9}, "effective": {}, "fallback": {}}
        content = {"step": "compile", "key": key, "seconds": 1.0, "peak_rss_mb": 9.0, "meta": meta}
        return store.finish(root, draft, content).folder


def with_model(root: Path, record_id: str, key: str) -> Any:
    """The run of a record whose model is asked for."""
    asked = {"tags": {}, "models": True}
    content = measured(record_id, INT8, spec(), "onnxruntime fp32", 1.43, tracking=asked, keys={"compile": key})
    return run_of(root, mlflow_runs.log_record(fixtures.write(root, content).folder, root))


def test_a_model_that_is_asked_for_is_sent_with_its_size(root: Path) -> None:
    compiled(root, "a" * 64)
    run = with_model(root, "20261121T090100-000000f3", "a" * 64)
    client = mlflow_store.open_store(root).client
    found = [file.path for file in client.list_artifacts(run.info.run_id, "model")]
    assert found == ["model/model.onnx", "model/weights"]
    assert [file.path for file in client.list_artifacts(run.info.run_id, "model/weights")] == ["model/weights/w.bin"]
    assert run.data.tags["model_files"] == "2 files, 0.000 MB"


def test_a_model_that_was_changed_or_removed_is_not_sent_and_the_run_says_so(root: Path) -> None:
    folder = compiled(root, "b" * 64)
    (folder / "model.onnx").write_bytes(b"GRAPH")
    run = with_model(root, "20261121T090100-000000f4", "b" * 64)
    assert "was changed after it was written" in run.data.tags["model_files"]
    gone = with_model(root, "20261121T090100-000000f5", "c" * 64)
    assert gone.data.tags["model_files"].endswith("is not there any more")
    for one in (run, gone):
        assert mlflow_store.open_store(root).client.list_artifacts(one.info.run_id, "model") == []


def test_the_run_carries_the_records_own_date(root: Path) -> None:
    record = fixtures.write(root, measured("20261121T090100-000000a2", INT8, spec(), "onnxruntime fp32", 1.43))
    run_id = mlflow_runs.log_record(record.folder, root)
    assert run_of(root, run_id).info.start_time == 1795251660000  # 2026-11-21 09:01:00 UTC
    history = mlflow_store.open_store(root).client.get_metric_history(run_id, "latency/p50_ms")
    assert [(metric.timestamp, metric.step) for metric in history] == [(1795251660000, 0)]


def test_sending_a_record_again_finds_its_run_and_changes_nothing(root: Path) -> None:
    record = fixtures.write(root, measured("20261121T090100-000000a3", INT8, spec(), "onnxruntime fp32", 1.43))
    first = mlflow_runs.log_record(record.folder, root)
    assert mlflow_runs.log_record(record.folder, root) == first
    assert len(mlflow_store.open_store(root).client.get_metric_history(first, "latency/p50_ms")) == 1


def test_what_was_not_measured_is_a_failed_run_with_its_reason(root: Path) -> None:
    content = not_measured("20261121T090100-000000a4", INT8, "unsupported", "no int8 kernel for LSTM.", "Use int8.")
    run = run_of(root, mlflow_runs.log_record(fixtures.write(root, content).folder, root))
    assert (run.info.status, run.data.tags["status"], run.data.tags["reason"]) == (
        "FAILED", "unsupported", "no int8 kernel for LSTM.",
    )  # fmt: skip
    assert run.data.metrics == {}


def test_long_parameters_are_cut_with_a_mark_and_many_are_sent(root: Path) -> None:
    content = measured("20261121T090100-000000a5", spec(), INT8, "onnxruntime fp32", 1.0)
    content["spec"]["data"]["features"] = ["x" * 10_000]
    content["spec"]["model"] |= {f"layer_{number}": number for number in range(150)}
    params = run_of(root, mlflow_runs.log_record(fixtures.write(root, content).folder, root)).data.params
    assert (len(params["data.features"]), params["data.features"][-8:]) == (6000, " … (cut)")
    assert params["model.layer_149"] == "149"


def test_a_parameter_whose_name_mlflow_refuses_is_sent_all_the_same(root: Path) -> None:
    content = measured("20261121T090100-000000a6", spec(), INT8, "onnxruntime fp32", 1.0)
    content["spec"]["model"]["shapes"] = {"input[0]": [1, 3]}
    params = run_of(root, mlflow_runs.log_record(fixtures.write(root, content).folder, root)).data.params
    assert params["model.shapes.input_0_"] == "[1, 3]"


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_what_is_no_number_is_not_sent(value: float) -> None:
    figures = {"fidelity/sqnr_db": value, "latency/p50_ms": 1.0}
    result = record_schema.read(measured("20261121T090100-00000001", spec(), spec(), "self", 1.0, metrics=figures))
    assert [(metric.key, metric.value) for metric in mlflow_runs._metrics(result)] == [("latency/p50_ms", 1.0)]


def test_sync_sends_what_is_missing_and_only_that(root: Path) -> None:
    mlflow_runs.sync(root, pytest.fail)
    written = [
        fixtures.write(root, measured(f"20261121T0902{n:02d}-000000b{n}", INT8, spec(), "onnxruntime fp32", 1.2))
        for n in (1, 2)
    ]
    mlflow_runs.log_record(written[0].folder, root)
    assert mlflow_runs.sync(root, pytest.fail) == [written[1].content["record_id"]]
    assert mlflow_runs.sync(root, pytest.fail) == []


def test_a_run_that_was_killed_halfway_is_completed_by_sync(root: Path) -> None:
    record = fixtures.write(root, measured("20261121T090300-000000c1", INT8, spec(), "onnxruntime fp32", 1.2))
    target = mlflow_store.open_store(root)
    half = target.client.create_run(target.experiment_id, tags={"record_id": record.content["record_id"]})
    assert record.content["record_id"] in mlflow_runs.sync(root, pytest.fail)
    assert run_of(root, half.info.run_id).info.status == "FINISHED"
    assert run_of(root, half.info.run_id).data.metrics == record.content["metrics"]


def test_processes_that_send_one_record_at_the_same_time_make_one_run(root: Path) -> None:
    record = fixtures.write(root, measured("20261121T090400-000000d1", INT8, spec(), "onnxruntime fp32", 1.2))
    code = "import sys; from pathlib import Path; from runner.tracking import mlflow_runs as log; "
    code += "print(log.log_record(Path(sys.argv[1]), Path(sys.argv[2])))"
    command = [sys.executable, "-c", code, str(record.folder), str(root)]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(2)]
    assert len({process.communicate(timeout=120)[0] for process in processes}) == 1
    assert [process.returncode for process in processes] == [0, 0]


def test_a_server_that_cannot_be_reached_leaves_the_record_and_sync_sends_it_later(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = fixtures.write(root, measured("20261121T090500-000000e1", INT8, spec(), "onnxruntime fp32", 1.2))
    kept = (record.folder / "record.json").read_bytes()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    start = time.monotonic()
    with pytest.raises(Unavailable, match="can't be reached"):
        worker.publish(str(root), str(record.folder))
    assert time.monotonic() - start < 30  # mlflow's own defaults retry for minutes
    assert (record.folder / "record.json").read_bytes() == kept
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    assert record.content["record_id"] in mlflow_runs.sync(root, pytest.fail)


def test_the_pictures_of_an_older_record_are_sent_too(root: Path) -> None:
    record = fixtures.write(root, measured("20261121T090600-000000f9", INT8, spec(), "onnxruntime fp32", 1.2))
    (record.folder / "latency.png").write_bytes(picture_files.PNG)
    assert "latency.png" in files_of(root, mlflow_runs.log_record(record.folder, root))


def test_the_runners_own_process_imports_neither_mlflow_nor_matplotlib() -> None:
    code = (
        "import sys, runner.tracking.client; print([m for m in ('mlflow', 'matplotlib', 'torch') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout == b"[]\n"


def test_the_records_files_reach_the_store_unchanged(root: Path, tmp_path: Path) -> None:
    record = fixtures.write(root, measured("20261121T090600-000000f1", INT8, spec(), "onnxruntime fp32", 1.2))
    run_id = mlflow_runs.log_record(record.folder, root)
    client = mlflow_store.open_store(root).client
    fetched = Path(client.download_artifacts(run_id, "samples.npz", str(tmp_path)))
    assert fetched.read_bytes() == (record.folder / "samples.npz").read_bytes()
    keys = json.loads(Path(client.download_artifacts(run_id, "keys.json", str(tmp_path))).read_text())
    assert keys == record.content["keys"]


def test_an_edited_record_is_not_sent(root: Path) -> None:
    made = fixtures.write(root, measured("20261121T090100-000000af", INT8, spec(), "onnxruntime fp32", 1.43))
    file = made.folder / "record.json"
    file.write_text(file.read_text(encoding="utf-8").replace('"low": 1.4014', '"low": 1.4114'), encoding="utf-8")
    told: list[str] = []
    missing = [record.folder.name for record in mlflow_runs.unsent(root, told.append)]
    shutil.rmtree(made.folder)  # other tests send all that the project has
    assert made.folder.name not in missing
    assert f"left out: {made.folder} was edited after it was written (its seal differs)." in told
