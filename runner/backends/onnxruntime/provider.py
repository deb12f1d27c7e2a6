"""Which of ONNX Runtime's execution providers there are here; known names are those of `get_all_providers`."""

from __future__ import annotations

from typing import Any

from runner.core.errors import SpecError, Unavailable, nearest

EVERYWHERE = "CPUExecutionProvider"  # in every build
DOCS = "https://onnxruntime.ai/docs/execution-providers/"
PACKAGES = {
    "CUDAExecutionProvider": "onnxruntime-gpu",
    "TensorrtExecutionProvider": "onnxruntime-gpu",
    "DmlExecutionProvider": "onnxruntime-directml",
    "OpenVINOExecutionProvider": "onnxruntime-openvino",
    "QNNExecutionProvider": "onnxruntime-qnn",
}


def check(wanted: str, found: dict[str, Any]) -> None:
    """`found` is the answer of `capabilities.providers`. Raises SpecError for a name that there is not, Unavailable
    where this build lacks the provider or can't start it."""
    if wanted not in found["known"]:
        raise SpecError(
            f"backend.provider={wanted}: ONNX Runtime knows no such provider.{nearest(wanted, found['known'])}",
            f"This build offers {', '.join(found['here'])}.",
        )
    if wanted not in found["here"]:
        raise absent(wanted, found["here"])
    if not found["starts"]:
        raise stopped(wanted)


def absent(wanted: str, offered: list[str]) -> Unavailable:
    """This build lacks the provider: what to install."""
    package = PACKAGES.get(wanted)
    advice = f"pip install {package} ({DOCS})" if package else f"Install the build that brings it: {DOCS}"
    return Unavailable(f"backend.provider={wanted}: this onnxruntime offers {', '.join(offered)}.", advice)


def stopped(wanted: str) -> Unavailable:
    """The build has it, but ONNX Runtime fell back to the CPU, which it does without an error."""
    return Unavailable(
        f"backend.provider={wanted}: onnxruntime has it, but it can't start here.",
        f"Check its device, driver and libraries: {DOCS}",
    )
