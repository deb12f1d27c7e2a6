"""The graph as it is, and beside it whether the device measured for anybody meanwhile."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path
from typing import Any

from runner.worker import device_lock


def compile(job: Any) -> dict[str, Any]:
    """`seen.json`: who has the device's lock, None where nobody has, and where its locks lie."""
    shutil.copy(job.inputs["model"] / "model.onnx", job.out)
    seen = {"holder": device_lock.acquire({}), "locks": str(device_lock.folder()), "pid": os.getpid()}
    (job.out / "seen.json").write_text(json.dumps(seen))
    if (job.inputs["model"] / "hangs").exists():
        Path((job.inputs["model"] / "hangs").read_text()).touch()
        time.sleep(600)
    if (job.inputs["model"] / "fails").exists():
        raise ValueError("no licence")
    return {"effective": {"Gemm": {"fp32": 1}}, "version": "1.0", "fallback": {}}
