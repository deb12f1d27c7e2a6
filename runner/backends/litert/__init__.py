"""LiteRT, which was TensorFlow Lite: https://ai.google.dev/edge/litert."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, Optional, Union  # noqa: UP035 - Python 3.8: it travels

from runner.backends.contract import Backend, Capabilities, Release, Stage, Tool
from runner.core.errors import SpecError
from runner.core.setting_rules import setting

INTERPRETER, COMPILED_MODEL = APIS = ("interpreter", "compiled_model")
BENCHMARK_MODEL = "benchmark_model"
FIRST, LAST = "first", "last"
Flags = Dict[str, Union[bool, int, float, str]]  # noqa: UP006, UP007
SET_BY_US = {  # flags of benchmark_model, and our words for them
    "graph": "model.path",
    "num_threads": "backend.threads",
    "use_xnnpack": "backend.xnnpack",
    "external_delegate_path": "backend.delegate",
    "external_delegate_options": "backend.delegate_options",
}
SDK = "litert"  # the toolchain: the converter can't live beside the runner (runner/toolchains/litert.txt)
FILES = ("model.tflite",)
CONVERTER = ("litert-torch", "torch", "onnxruntime", "ai-edge-litert")


def activation_bits() -> Any:
    return setting("width of activations, with precision=int8", unit="bits", choices=(8, 16))


def file_ports() -> Any:
    return setting("inputs and outputs of the file, with precision=int8", choices=("float", "integer"))


def image_channels() -> Any:
    return setting("where channels stand in inputs and outputs of four axes, in the file", choices=(FIRST, LAST))


@dataclass(frozen=True)
class Settings:
    api: str = setting("the interface of the runtime, with which an application runs a model", choices=APIS)
    threads: int = setting("threads of one inference", low=1)
    xnnpack: bool = setting("whether XNNPACK's kernels run what they can, as by default in any application")
    delegate: Optional[str] = setting("a delegate's library, which takes what it can first; null: none")  # noqa: UP045
    delegate_options: Dict[str, str] = setting("what is handed to the delegate")  # noqa: UP006, RUF009
    channels: str = image_channels()
    activations: int = activation_bits()
    io: str = file_ports()
    tool: str = setting("what measures: we, or a program of the runtime's own", choices=("none", BENCHMARK_MODEL))
    binary: Optional[str] = setting("that program, on the device where it runs")  # noqa: UP045
    flags: Flags = setting("more flags of that program, by their names")  # noqa: RUF009

    def __post_init__(self) -> None:
        self._check_tool()
        if self.delegate is not None and self.api != INTERPRETER:
            reason = f"backend.api={self.api}: a delegate's library is loaded by the interpreter alone."
            raise SpecError(reason, "Use backend.api=interpreter or backend.delegate=null")

    def _check_tool(self) -> None:
        if self.tool != "none" and (self.binary is None or not self.binary.startswith("/")):
            reason = f"backend.tool={self.tool}: backend.binary is not the whole path of that program."
            raise SpecError(reason, "Say where it is on the device: backend.binary=/opt/tflite/benchmark_model")
        if self.tool == "none" and (self.binary is not None or self.flags):
            raise SpecError("backend.binary and backend.flags are of a tool.", f"Add backend.tool={BENCHMARK_MODEL}")
        if twice := next((name for name in self.flags if name in SET_BY_US), None):
            reason = f"backend.flags.{twice}: the runner sets that flag."
            raise SpecError(reason, f"Use {SET_BY_US[twice]} in its place.")


def measuring(settings: Settings) -> Optional[Tool]:  # noqa: UP045
    """The user's own binary, where one is asked for."""
    return None if settings.tool == "none" else Tool(settings.tool, str(settings.binary))


STAGES_OF_TOOLCHAIN = (
    Stage(
        "convert", reads=("channels",), asks=("batch",), rough_s=20.0, toolchain=SDK, tools=CONVERTER, provides=FILES
    ),
    Stage(
        "quantize_tflite",
        reads=("activations", "io", "channels"),
        asks=("precision", "precision_settings"),
        rough_s=10.0,
        toolchain=SDK,
        tools=("ai-edge-quantizer", "ai-edge-litert"),
        provides=FILES,
    ),
)

BACKEND = Backend(
    settings=Settings,
    accepts=("checkpoint", "onnx"),
    opens=(".tflite",),
    precisions=("fp32", "fp16", "int8", "int8_dynamic"),
    distributions=("ai-edge-litert",),
    install="pip install 'edge-runner[litert]'",
    # No times of operators: neither the interpreter nor `litert-benchmark` tells any.
    capabilities=Capabilities(quantizes=True),
    release=Release(beside=("onnx",)),
    session_settings={"threads": 1, "api": INTERPRETER, "tool": "none", "binary": None, "flags": {}},
    # XNNPACK takes little of a graph that is quantised dynamically: there the kernels that are built in may be faster.
    races={"api": APIS, "xnnpack": ("true", "false")},
    tool=measuring,
    stages=(
        *STAGES_OF_TOOLCHAIN,
        Stage("compile", reads=("xnnpack", "delegate", "delegate_options", "channels"), asks=("precision", "batch")),
    ),
)
