"""Which of OpenVINO's devices there are: CPU, GPU, GPU.1, NPU, and those made of others, AUTO and HETERO:GPU,CPU."""

from __future__ import annotations

import re
from typing import Any

from runner.core.errors import SpecError, Unavailable, nearest

EVERYWHERE = "CPU"
COMPOSED = ("AUTO", "HETERO", "MULTI", "BATCH")
KINDS = ("CPU", "GPU", "NPU", *COMPOSED)
NAME = re.compile(r"(CPU|GPU|NPU|AUTO|HETERO|MULTI|BATCH)(\.\d+)?(:.+)?")
DOCS = "https://docs.openvino.ai/2026/get-started/install-openvino/configurations.html"


def check_name(wanted: str) -> None:
    """Raises SpecError for what is no device's name."""
    first = wanted.partition(":")[0]
    if not NAME.fullmatch(wanted):
        raise SpecError(
            f"backend.device={wanted}: OpenVINO has no such device.{nearest(first, KINDS)}",
            "Use CPU, GPU, GPU.1, NPU, AUTO, AUTO:GPU,CPU or HETERO:GPU,CPU.",
        )


def parts(wanted: str) -> list[str]:
    """The plain devices that a name is made of: `GPU` and `CPU` of `HETERO:GPU,CPU`, none of `AUTO`."""
    kind, _, own = wanted.partition(":")
    if kind not in COMPOSED:
        return [wanted]
    return [re.sub(r"\(.*\)", "", one).strip() for one in own.split(",") if one and not one.startswith("-")]


def found(wanted: str) -> dict[str, Any]:
    """`here`: the devices of this machine; `missing`: those of `wanted` that are not there, with OpenVINO's words."""
    import openvino  # type: ignore[import-untyped,unused-ignore] # the runner's own process imports this module

    core = openvino.Core()
    here = list(core.available_devices)
    absent = [one for one in parts(wanted) if not any(own == one or own.startswith(f"{one}.") for own in here)]
    return {"here": here, "missing": {one: _said(core, one) for one in absent}}


def _said(core: Any, name: str) -> str:
    try:
        core.get_property(name, "FULL_DEVICE_NAME")
    except Exception as error:  # RuntimeError, and others that its plug-ins raise
        return [line.strip() for line in str(error).splitlines() if line.strip()][-1][:300]
    return "OpenVINO doesn't list it"


def check(wanted: str, answer: dict[str, Any]) -> None:
    """`answer` is that of `found`, where the model is to run. Raises Unavailable where a device is missing there."""
    for name, said in answer["missing"].items():
        raise Unavailable(
            f"backend.device={wanted}: OpenVINO finds no {name} there, only {', '.join(answer['here'])}: {said}",
            f"Use backend.device=CPU, or install its driver: {DOCS}",
        )
