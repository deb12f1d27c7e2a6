"""Which of ONNX Runtime's execution providers there are; known names are those of `get_all_providers`."""

from __future__ import annotations

from typing import Any

from runner.core.errors import SpecError, Unavailable, Unsupported, nearest

EVERYWHERE = "CPUExecutionProvider"  # in every build
DOCS = "https://onnxruntime.ai/docs/execution-providers/"
PACKAGES = {
    "CUDAExecutionProvider": "onnxruntime-gpu",
    "TensorrtExecutionProvider": "onnxruntime-gpu",
    "DmlExecutionProvider": "onnxruntime-directml",
    "OpenVINOExecutionProvider": "onnxruntime-openvino",
    "QNNExecutionProvider": "onnxruntime-qnn",
}
# y = x as an ONNX file (IR 8, opset 17), for machines that have no `onnx`.
TINY = bytes.fromhex(
    "08083a3a0a100a017812017922084964656e74697479120474696e79"
    "5a0f0a0178120a0a08080112040a020801620f0a0179120a0a08080112040a02080142040a001011"
)


def found(wanted: str) -> dict[str, Any]:
    """`here`: the providers of this build; `known`: all names; `starts`: whether a session on `wanted` comes up."""
    import onnxruntime  # type: ignore[import-untyped,unused-ignore] # the runner's own process imports this module

    here = onnxruntime.get_available_providers()
    return {"here": here, "known": onnxruntime.get_all_providers(), "starts": wanted in here and _starts(wanted)}


def _starts(wanted: str) -> bool:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    return wanted in onnxruntime.InferenceSession(TINY, options, providers=chain(wanted)).get_providers()


def chain(wanted: str) -> list[str]:
    """The provider asked for, with the CPU's behind it."""
    return [wanted] if wanted == EVERYWHERE else [wanted, EVERYWHERE]


def check(wanted: str, answer: dict[str, Any]) -> None:
    """`answer` is that of `found`, where the model is to run. Raises SpecError for a name that there is not,
    Unavailable where this build lacks the provider or can't start it."""
    if wanted not in answer["known"]:
        raise SpecError(
            f"backend.provider={wanted}: ONNX Runtime knows no such provider.{nearest(wanted, answer['known'])}",
            f"This build offers {', '.join(answer['here'])}.",
        )
    if wanted not in answer["here"]:
        raise absent(wanted, answer["here"])
    if not answer["starts"]:
        raise stopped(wanted)


def absent(wanted: str, offered: list[str]) -> Unavailable:
    """This build lacks the provider: what to install."""
    package = PACKAGES.get(wanted)
    advice = f"pip install {package} ({DOCS})" if package else f"Install the build that brings it: {DOCS}"
    return Unavailable(f"backend.provider={wanted}: this onnxruntime offers {', '.join(offered)}.", advice)


def unused(wanted: str, operators: list[str]) -> Unsupported:
    """It started, but took no operator of the model: all ran on the CPU, which ONNX Runtime does without a word."""
    return Unsupported(
        f"backend.provider={wanted}: it runs none of the model's operators ({', '.join(operators)}); the CPU does.",
        f"Use backend.provider={EVERYWHERE}, or a model that it takes: {DOCS}",
    )


def stopped(wanted: str) -> Unavailable:
    """The build has it, but ONNX Runtime fell back to the CPU, which it does without an error."""
    return Unavailable(
        f"backend.provider={wanted}: onnxruntime has it, but it can't start here.",
        f"Check its device, driver and libraries: {DOCS}",
    )
