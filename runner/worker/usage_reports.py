"""Libraries that tell their makers who uses them: all of it off, in every process of ours, here and on devices.

Standard library, Python 3.8. It comes before the first import of a runtime: ONNX Runtime opens its database then.
"""

from __future__ import annotations

import os
import sys
from typing import Any, Dict  # noqa: UP035 - Python 3.8's names

# Each library's own switch, and the value that it takes for `off`.
SWITCHES = {
    "DO_NOT_TRACK": "true",  # https://consoledonottrack.com; MLflow reads no other word than true
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "ORT_DISABLE_TELEMETRY": "1",  # ONNX Runtime's events, and the database in HOME where they wait
}
# OpenVINO's report has no switch: where its module can't be imported, OpenVINO takes an empty one of its own.
MODULES = ("openvino_telemetry",)


def off() -> None:
    """For this process and all that it starts. What was set to something else is set: there is no way to turn it on."""
    os.environ.update(SWITCHES)
    modules: Dict[str, Any] = sys.modules  # noqa: UP006
    for name in MODULES:
        modules[name] = None  # an import of it is then an ImportError
