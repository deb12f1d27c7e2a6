"""Records as runs leave them, by hand: several models, sweeps, baselines and statuses."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np

from runner.results import records
from runner.results.records import Record

SPEC: dict[str, Any] = {
    "model": {"name": "bilstm", "layers": 1, "hidden": 32, "window": 52, "horizon": 12},
    "data": {"name": "co2", "train": 0.7, "val": 0.15, "calibration": 256},
    "train": {"name": "default", "epochs": 40, "batch_size": 64, "learning_rate": 0.005, "patience": 15},
    "compression": {"name": "none"},
    "precision": {"name": "fp32"},
    "backend": {"name": "onnxruntime", "threads": 1, "graph_optimization": "all", "execution": "sequential"},
    "hardware": {"name": "local"},
    "scenario": {"name": "single_stream"},
    "measure": {"name": "standard", "min_pairs": 8, "confidence": 0.95, "floor": 0.01, "equivalence": 0.03},
    "baseline": {"name": "auto", "overrides": []},
    "limits": {"step_s": 3600, "answer_s": 300},
    "telemetry": {"interval_ms": 100, "energy_s": 0.5},
    "seed": 0,
}
CONDITIONS = {
    "load_1m": {"min": 0.31, "median": 0.42, "max": 0.71},
    "cpu_mhz": {"min": 2599.9, "median": 2600.0, "max": 2600.1},
    "seconds": {"min": 0.51, "median": 0.52, "max": 0.6},
    "competing_cpus": {"min": 0.0, "median": 0.02, "max": 0.11},
    "absent": {"governor": "no cpufreq in /sys/devices/system/cpu (usual in a virtual machine)"},
}
HARDWARE = {"cpu": "AMD EPYC 9B14", "usable_cores": 2, "memory_mb": 15600.0, "governor": None}
PACKAGES = {"onnxruntime": "1.31.1", "openvino": "2026.4.1", "numpy": "2.4.6"}
ENVIRONMENT = {"python": "3.11.9", "packages": PACKAGES, "hardware": HARDWARE}


def spec(**choices: str) -> dict[str, Any]:
    """The usual spec with other options: `spec(model="gru", precision="int8_dynamic")`."""
    changed = copy.deepcopy(SPEC)
    for axis, name in choices.items():
        changed[axis]["name"] = name
    return changed


def key(of: dict[str, Any]) -> str:
    return "-".join(of[axis]["name"] for axis in ("model", "precision", "backend", "scenario", "baseline"))


def measured(
    record_id: str, of: dict[str, Any], against: dict[str, Any], label: str, speedup: float, **changes: Any
) -> dict[str, Any]:
    """The content of an `ok` record whose candidate takes 1 ms / speedup."""
    content = {
        "schema": 1,
        "record_id": record_id,
        "date": f"{record_id[:4]}-{record_id[4:6]}-{record_id[6:8]}T{record_id[9:11]}:{record_id[11:13]}:00+00:00",
        "status": "ok",
        "reason": "",
        "next_step": "",
        "sweep": "",
        "spec": of,
        "spec_key": key(of),
        "keys": {"data": "d" * 64, "train": "7" * 64, "export": "e" * 64, "compile": "c" * 64},
        "metrics": metrics(1.0 / speedup, speedup),
        "unavailable": {"energy/mj_per_inference": "no power sensor can be read on this machine"},
        "notes": {"latency/p99_ms": "few samples (200; p99 needs 662)"},
        "effective": {role: effective(one) for role, one in (("candidate", of), ("baseline", against))},
        "comparison": {
            "baseline": {"label": label, "spec": against, "key": key(against), "metrics": plain_metrics(1.0)},
            "ratio": speedup,
            "low": round(speedup * 0.98, 4),
            "high": round(speedup * 1.02, 4),
            "confidence": 0.951,
            "verdict": "faster" if speedup > 1.03 else "slower" if speedup < 0.97 else "same",
            "pairs": 10,
            "stopped_by": "target",
            "kind": "paired",
            "by_pair": [round(speedup * (1 + 0.01 * (pair % 3 - 1)), 4) for pair in range(10)],
        },
        "conditions": CONDITIONS,
        "warnings": [],
        "environment": ENVIRONMENT,
    }
    return {**content, **changes}


def effective(of: dict[str, Any]) -> dict[str, Any]:
    int8 = of["precision"]["name"].startswith("int8")
    precision = {"LSTM": {"int8" if int8 else "fp32": 1}, "Gemm": {"int8" if int8 else "fp32": 1}}
    quantized = {"LSTM": [1, 1], "Gemm": [1, 1]} if int8 else {}
    return {"settings": {"threads": 1, "version": "1.31.1"}, "precision": precision, "quantized": quantized}


def metrics(p50_ms: float, speedup: float) -> dict[str, float]:
    """The candidate's own and those against a baseline."""
    low, high = round(speedup * 0.98, 4), round(speedup * 1.02, 4)
    names = ("vs_baseline/speedup", "vs_baseline/speedup_low", "vs_baseline/speedup_high", "vs_baseline/quality_delta")
    return {**plain_metrics(p50_ms), **dict(zip(names, (speedup, low, high, 0.002), strict=True))}


def plain_metrics(p50_ms: float) -> dict[str, float]:
    return {
        "latency/p50_ms": p50_ms,
        "latency/p50_ms_low": p50_ms * 0.99,
        "latency/p50_ms_high": p50_ms * 1.01,
        "latency/p90_ms": p50_ms * 1.2,
        "latency/p99_ms": p50_ms * 2,
        "latency/mean_ms": p50_ms * 1.05,
        "throughput/per_s": 1000 / p50_ms,
        "memory/peak_rss_mb": 88.5,
        "size/file_mb": 0.031,
        "size/gzip_mb": 0.024,
        "size/nonzero_params": 10264,
        "compile/seconds": 0.21,
        "compile/peak_rss_mb": 140.0,
        "quality/mae_ppm": 0.312,
        "quality/rmse_ppm": 0.401,
        "quality/naive_mae_ppm": 1.52,
        "fidelity/max_abs_error": 0.0125,
        "fidelity/sqnr_db": 41.2,
    }


def not_measured(record_id: str, of: dict[str, Any], status: str, reason: str, next_step: str) -> dict[str, Any]:
    """The content of a record that ended without a measurement."""
    content = measured(record_id, of, spec(), "onnxruntime fp32", 1.0, status=status, reason=reason)
    empty = {"metrics": {}, "unavailable": {}, "effective": {}, "comparison": None, "next_step": next_step}
    return {**content, **empty}


def samples(candidate_ms: float, baseline_ms: float | None, pairs: int = 10, seed: int = 0) -> dict[str, Any]:
    """`{candidate/<pair>, baseline/<pair>}` in ns: 200 iterations a process, 1 % between processes, a long tail."""
    random = np.random.default_rng(seed)
    roles = {"candidate": candidate_ms, "baseline": baseline_ms}
    arrays = {}
    for role, typical in roles.items():
        for pair in range(pairs if typical is not None else 0):
            process = typical * 1e6 * random.normal(1, 0.01)
            arrays[f"{role}/{pair}"] = (process * (1 + random.gamma(0.6, 0.05, 200))).astype(np.int64)
    return arrays


def write(root: Path, content: dict[str, Any]) -> Record:
    """The record on disk, with samples that fit its metrics where it was measured."""
    if content["status"] != "ok":
        return records.write(root, content)
    comparison = content["comparison"]
    p50 = content["metrics"]["latency/p50_ms"]
    file = root / f"{content['record_id']}.npz"
    root.mkdir(parents=True, exist_ok=True)
    seed = int(content["record_id"][-8:], 16)
    np.savez(file, **samples(p50, p50 * comparison["ratio"] if comparison else None, seed=seed))
    return records.write(root, content, {"samples.npz": file})
