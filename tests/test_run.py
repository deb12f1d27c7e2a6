"""One run, from the command line to its record, on the real tools."""

from __future__ import annotations

import hashlib
import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from runner.core import hashing
from tests.conftest import QUICK, REPOSITORY, Ended

pytestmark = pytest.mark.slow

SMALL = ("model.hidden=4", *QUICK)
ONE_PAIR = ("measure.min_pairs=1", "measure.max_pairs=1")
MODEL = ("model=gru", "precision=fp32", *SMALL)
PLUGIN = Path(__file__).parent / "plugin"
FORM = {
    "schema", "record_id", "date", "status", "reason", "next_step", "sweep", "spec", "spec_key", "keys", "metrics",
    "unavailable", "effective", "comparison", "conditions", "warnings", "environment",
}  # fmt: skip
METRICS = {
    *(f"latency/{name}_ms" for name in ("p50", "p90", "p95", "p99", "mean", "std", "min", "max", "p50_low", "p50_high")
      if not name.startswith("p50_")),
    "latency/p50_ms_low", "latency/p50_ms_high", "throughput/per_s",
    "memory/peak_rss_mb", "memory/peak_pss_mb", "memory/device_mb", "energy/mj_per_inference", "power/mean_w",
    "size/file_mb", "size/gzip_mb", "size/nonzero_params", "compile/seconds", "compile/peak_rss_mb",
    "quality/mae_ppm", "quality/naive_mae_ppm", "fidelity/max_abs_error", "fidelity/sqnr_db",
    "vs_baseline/speedup", "vs_baseline/speedup_low", "vs_baseline/speedup_high", "vs_baseline/quality_delta",
    "vs_baseline/size_ratio", "vs_baseline/energy_ratio",
}  # fmt: skip


def runner(cwd: Path, *words: str, env: dict[str, str] | None = None) -> Ended:
    path = os.pathsep.join(filter(None, [(env or {}).get("PYTHONPATH"), str(REPOSITORY)]))
    full = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true", **(env or {}), "PYTHONPATH": path}
    done = subprocess.run(
        [sys.executable, "-m", "runner", *words], cwd=cwd, env=full, capture_output=True, text=True, timeout=200
    )
    return Ended(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One project for all: its steps are made once, as a user's are."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def first(home: Path) -> Ended:
    """A GRU in int8_dynamic on ONNX Runtime against ONNX Runtime in fp32."""
    done = runner(home, "model=gru", "precision=int8_dynamic", *SMALL, "--json")
    assert done.code == 0, done.err
    return done


def samples(home: Path, record: dict[str, Any]) -> dict[str, Any]:
    """Latencies by process."""
    with np.load(home / "records" / record["record_id"] / "samples.npz", allow_pickle=False) as file:
        return {name: file[name] for name in file.files if not name.startswith("bursts/")}


def test_standard_output_is_one_document_of_the_records_form(first: Ended, home: Path) -> None:
    record = first.json
    assert set(record) >= FORM
    assert (record["schema"], record["status"], record["reason"], record["sweep"]) == (1, "ok", "", "")
    assert set(record["keys"]) == {"data", "train", "export", "quantize", "compile", "verify"}
    assert all(len(key) == 64 for key in record["keys"].values())
    assert record["spec"]["model"] == {"name": "gru", "layers": 1, "hidden": 4, "window": 52, "horizon": 12}
    assert {axis: record["spec"][axis]["name"] for axis in ("backend", "precision", "data", "hardware")} == {
        "backend": "onnxruntime",
        "precision": "int8_dynamic",
        "data": "co2",
        "hardware": "local",
    }
    assert record == json.loads((home / "records" / record["record_id"] / "record.json").read_text())


def test_the_project_and_its_steps_are_told_on_standard_error(first: Ended, home: Path) -> None:
    lines = first.err.splitlines()
    assert lines[0] == f"project {home.resolve()}"
    assert any(line.startswith("train gru: done (") for line in lines)
    assert any(line.startswith("measure gru int8_dynamic onnxruntime: done (") for line in lines)


def test_every_metric_is_a_number_or_has_a_reason(first: Ended) -> None:
    metrics, missing = first.json["metrics"], first.json["unavailable"]
    assert METRICS - {*metrics, *missing} == set()
    assert set(metrics) & set(missing) == set()
    assert all(reason for reason in missing.values())
    assert all(math.isfinite(value) for value in metrics.values())
    positive = [name for name in metrics if not name.startswith(("vs_baseline/quality_delta", "fidelity/"))]
    assert [name for name in positive if metrics[name] <= 0] == []


def test_the_comparison_is_with_the_baseline_measured_in_turns(first: Ended) -> None:
    found = first.json["comparison"]
    assert found["baseline"]["label"] == "onnxruntime fp32"
    assert found["baseline"]["spec"]["precision"]["name"] == "fp32"
    assert (found["kind"], found["pairs"], found["stopped_by"]) == ("paired", 2, "max_pairs")
    assert found["ratio"] == pytest.approx(first.json["metrics"]["vs_baseline/speedup"])


def test_every_sample_is_kept(first: Ended, home: Path) -> None:
    kept = samples(home, first.json)
    assert set(kept) == {"candidate/0", "candidate/1", "baseline/0", "baseline/1"}
    pooled = np.concatenate([kept["candidate/0"], kept["candidate/1"]]) / 1e6
    assert first.json["metrics"]["latency/max_ms"] == pooled.max()
    assert first.json["metrics"]["latency/mean_ms"] == pytest.approx(pooled.mean())


def test_both_pictures_lie_beside_the_record_and_in_mlflow(first: Ended, home: Path) -> None:
    for name in ("latency.svg", "system_profile_graph.svg"):
        drawn = (home / "records" / first.json["record_id"] / name).read_bytes()
        assert [file.read_bytes() for file in (home / "mlruns" / "artifacts").rglob(name)].count(drawn) == 1


def test_an_operator_without_an_int8_kernel_is_counted_and_warned_of(first: Ended) -> None:
    effective = first.json["effective"]["candidate"]
    assert effective["quantized"] == {"GRU": [0, 1], "Gemm": [1, 1]}
    assert effective["precision"]["GRU"] == {"fp32": 1}
    assert any("0 of 1 GRU quantised" in warning for warning in first.json["warnings"])


def test_a_second_run_makes_nothing_again_and_measures_afresh(first: Ended, home: Path) -> None:
    done = runner(home, "model=gru", "precision=int8_dynamic", *SMALL)
    assert done.code == 0
    steps = [line for line in done.err.splitlines() if not line.startswith(("project", "measure", "warning"))]
    assert len(steps) >= 4
    assert all(line.endswith(": already there") for line in steps)
    kept = sorted((home / "records").iterdir())
    assert len(kept) == 2
    assert kept[0].name == first.json["record_id"]


def test_without_json_it_ends_with_what_to_type_next(first: Ended, home: Path) -> None:
    done = runner(home, *MODEL, *ONE_PAIR)
    assert "latency p50, ms" in done.out
    assert "seasonal naive" in done.out
    kept, log, repeat, compare, opened = done.out.splitlines()[-5:]
    assert Path(kept.removeprefix("kept     ")).parent == home / "records"
    logged = Path(log.removeprefix("log      ")).read_text().splitlines()
    assert "python -m runner " + " ".join((*MODEL, *ONE_PAIR)) in logged[0]
    assert [text for text in logged if "measure" in text and ": done (" in text]
    assert repeat == "repeat   python -m runner " + " ".join((*MODEL, *ONE_PAIR))
    assert (compare, opened) == ("compare  python -m runner compare", "open     python -m runner ui")


def test_other_threads_are_another_session_of_the_same_compile(first: Ended, home: Path) -> None:
    one, two = (
        runner(home, *MODEL, *ONE_PAIR, "baseline=none", f"backend.threads={threads}", "--json").json
        for threads in (1, 2)
    )
    assert [step for step, key in one["keys"].items() if two["keys"][step] != key] == ["verify"]
    assert [record["effective"]["candidate"]["settings"]["threads"] for record in (one, two)] == [1, 2]


def test_an_unsupported_run_says_why_and_leaves_a_record(first: Ended, home: Path) -> None:
    done = runner(home, "backend=torch", "model=gru", "precision=fp16", *SMALL, "--json")
    assert done.code == 4
    assert (done.json["status"], done.json["metrics"], done.json["comparison"]) == ("unsupported", {}, None)
    assert set(done.json) >= FORM
    assert "precision=fp16" in done.json["reason"]
    assert done.json["next_step"]
    assert (home / "records" / done.json["record_id"] / "record.json").is_file()


def test_a_missing_baseline_is_unavailable_never_another_in_its_place(home: Path) -> None:
    done = runner(home, *MODEL, "baseline=tensorrt", "--json")
    assert (done.code, done.json["status"], done.json["metrics"]) == (3, "unavailable", {})
    assert "TensorRT" in done.json["reason"]


def test_a_crash_of_the_vendors_library_is_a_failed_run(tmp_path: Path) -> None:
    folder = tmp_path / "conf" / "backend"
    folder.mkdir(parents=True)
    brings = "defaults:\n  - /hardware@_global_.hardware: local\n  - /precision@_global_.precision: fp32\n  - _self_\n"
    (folder / "segfaults.yaml").write_text(f"{brings}name: segfaults\n")
    done = runner(tmp_path, "backend=segfaults", *MODEL, "baseline=none", "--json", env={"PYTHONPATH": str(PLUGIN)})
    assert (done.code, done.json["status"]) == (5, "failed")
    assert "SIGSEGV" in done.json["reason"]
    assert done.json["next_step"].startswith("Read ")
    assert Path(done.json["next_step"].removeprefix("Read ").rstrip(".")).is_file()
    assert "Traceback" not in done.err


def test_no_baseline_is_no_comparison(first: Ended, home: Path) -> None:
    record = runner(home, *MODEL, *ONE_PAIR, "baseline=none", "--json").json
    assert record["comparison"] is None
    assert record["unavailable"]["vs_baseline/speedup"] == "nothing to compare with: measured without a baseline"
    assert set(samples(home, record)) == {"candidate/0"}


def test_self_is_measured_really(first: Ended, home: Path) -> None:
    record = runner(home, *MODEL, *ONE_PAIR, "baseline=self", "--json").json
    assert record["comparison"]["baseline"]["label"] == "self"
    kept = samples(home, record)
    assert not np.array_equal(kept["candidate/0"], kept["baseline/0"])


def test_any_other_spec_is_a_baseline(first: Ended, home: Path) -> None:
    words = ("baseline=spec", "baseline.overrides=[backend=torch]")
    record = runner(home, *MODEL, *ONE_PAIR, *words, "--json").json
    assert record["comparison"]["baseline"]["label"] == "torch fp32"
    assert set(record["comparison"]["baseline"]["keys"]) >= {"data", "train", "compile"}


def test_classic_is_twenty_warm_ups_and_a_hundred_iterations_a_process(first: Ended, home: Path) -> None:
    words = [word for word in MODEL if not word.startswith("measure")]
    record = runner(
        home, *words, "measure=classic", "measure.min_pairs=2", "measure.max_pairs=2", "baseline=self", "--json"
    ).json
    assert record["spec"]["measure"]["warmup"] == 20
    assert [len(ns) for ns in samples(home, record).values()] == [100] * 4


def test_offline_runs_batches(first: Ended, home: Path) -> None:
    record = runner(home, *MODEL, *ONE_PAIR, "scenario=offline", "scenario.batch=8", "baseline=self", "--json").json
    metrics = record["metrics"]
    assert metrics["throughput/per_s"] == pytest.approx(8 * 1000 / metrics["latency/mean_ms"])
    assert record["comparison"]["baseline"]["spec"]["scenario"]["batch"] == 8


def test_fp16_is_in_effect(first: Ended, home: Path) -> None:
    words = [word for word in MODEL if not word.startswith("precision")]
    record = runner(home, *words, *ONE_PAIR, "precision=fp16", "--json").json
    kinds = {kind for ops in record["effective"]["candidate"]["precision"].values() for kind in ops}
    assert "fp16" in kinds or any("fp16" in warning for warning in record["warnings"])
    assert record["metrics"]["fidelity/max_abs_error"] > 0


def test_static_int8_leaves_a_gru_in_float_and_says_so(first: Ended, home: Path) -> None:
    words = [word for word in MODEL if not word.startswith("precision")]
    record = runner(home, *words, *ONE_PAIR, "precision=int8", "--json").json
    assert record["effective"]["candidate"]["quantized"]["GRU"] == [0, 1]
    assert any("0 of 1 GRU" in warning for warning in record["warnings"])


def test_pruning_leaves_fewer_parameters(first: Ended, home: Path) -> None:
    words = ("compression=magnitude", "compression.sparsity=0.75", "compression.epochs=1")
    record = runner(home, *MODEL, *ONE_PAIR, *words, "--json").json
    assert "compress" in record["keys"]
    assert record["metrics"]["size/nonzero_params"] < 0.5 * first.json["metrics"]["size/nonzero_params"]
    assert record["comparison"]["baseline"]["spec"]["compression"]["name"] == "none"


def test_an_image_classifier_on_real_digits(home: Path) -> None:
    words = ("model=mobilenet_v1", "model.width=0.25", "model.input_size=32", "train.epochs=1", "precision=fp32")
    record = runner(home, *words, *QUICK, *ONE_PAIR, "--json").json
    assert (record["status"], record["spec"]["data"]["name"]) == ("ok", "digits")
    assert 0 < record["metrics"]["quality/accuracy"] <= 1


def test_a_csv_file_of_the_users(home: Path) -> None:
    hours = np.arange(600)
    load = 10 + np.sin(hours / 24 * 2 * np.pi) + np.random.default_rng(0).normal(0, 0.1, 600)
    times = np.datetime64("2024-01-01") + hours.astype("timedelta64[h]")
    rows = [f"{time},{value:.4f}" for time, value in zip(times, load, strict=True)]
    (home / "load.csv").write_text("\n".join(["when,load", *rows]) + "\n")
    words = ("data=csv", "data.path=load.csv", "data.time=when", "data.target=load", "data.unit=MW", "data.season=24")
    record = runner(home, *MODEL, *ONE_PAIR, *words, "--json").json
    assert record["status"] == "ok", record["reason"]
    assert {"quality/mae_MW", "quality/naive_mae_MW"} <= set(record["metrics"])


def test_an_onnx_file_of_the_users_with_labels(home: Path) -> None:
    weights = np.eye(3, dtype=np.float32)
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("MatMul", ["x", "w"], ["y"])],
        "mine",
        [onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, ["n", 3])],
        [onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, ["n", 3])],
        [onnx.numpy_helper.from_array(weights, "w")],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, home / "mine.onnx")
    np.savez(home / "mine.npz", x=np.eye(3, dtype=np.float32).repeat(4, 0), labels=[0] * 6 + [1] * 2 + [2] * 4)
    words = ("model=onnx", "model.path=mine.onnx", "model.shapes.x=[1,3]", "precision=fp32")
    scored = ("model.inputs=mine.npz", "model.metric=accuracy")
    record = runner(home, *words, *scored, *QUICK, *ONE_PAIR, "--json").json
    assert record["status"] == "ok", record["reason"]
    assert "train" not in record["keys"]
    assert record["metrics"]["quality/accuracy"] == pytest.approx(10 / 12)


def compiled(home: Path, record: dict[str, Any]) -> Path:
    return home / "artifacts" / "compile" / record["keys"]["compile"][:16]


def corrupt(file: Path) -> None:
    """Another value for one weight of the compiled network."""
    model = onnx.load(file)
    weight = next(w for w in model.graph.initializer if w.data_type == onnx.TensorProto.FLOAT and len(w.dims) > 1)
    values = onnx.numpy_helper.to_array(weight).copy()
    values.flat[0] += 100
    weight.CopyFrom(onnx.numpy_helper.from_array(values, weight.name))
    onnx.save(model, file)


@pytest.fixture
def broken(first: Ended, home: Path) -> dict[str, Any]:
    """A run in fp32, and then its compiled file with one weight changed."""
    before = runner(home, *MODEL, *ONE_PAIR, "baseline=none", "--json").json
    corrupt(compiled(home, before) / "model.onnx")
    return dict(before)


def test_a_damaged_artifact_is_set_aside_and_made_again(broken: dict[str, Any], home: Path) -> None:
    done = runner(home, *MODEL, *ONE_PAIR, "baseline=none", "--json")
    assert "was changed after it was written" in done.err
    assert "compile gru onnxruntime fp32: done" in done.err
    assert done.json["metrics"]["quality/mae_ppm"] == broken["metrics"]["quality/mae_ppm"]
    assert list((home / "artifacts" / ".damaged").iterdir())


def test_quality_is_that_of_the_compiled_file(broken: dict[str, Any], home: Path) -> None:
    folder = compiled(home, broken)
    content = json.loads((folder / "artifact.json").read_text())
    file = folder / "model.onnx"
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    content["files"]["model.onnx"] = {"sha256": digest, "bytes": file.stat().st_size}
    del content["seal"]
    (folder / "artifact.json").write_text(json.dumps({**content, "seal": hashing.digest(content)}))
    after = runner(home, *MODEL, *ONE_PAIR, "baseline=none", "--json").json
    assert after["status"] == "ok", after["reason"]
    assert after["metrics"]["quality/mae_ppm"] > 1.1 * broken["metrics"]["quality/mae_ppm"]
    assert after["metrics"]["fidelity/max_abs_error"] > 100 * broken["metrics"]["fidelity/max_abs_error"]
