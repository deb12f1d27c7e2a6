"""The rules of precisions' settings; the work is in `runner/steps/quantize.py`."""

from __future__ import annotations

from dataclasses import dataclass

from runner.backends.contract import AS_BUILT, PRECISIONS
from runner.core.errors import SpecError, nearest
from runner.core.setting_rules import setting

Names = tuple[str, ...]


@dataclass(frozen=True)
class Fp32:
    """As trained: 32-bit floats."""


@dataclass(frozen=True)
class Fp16:
    """Weights and operators in 16-bit floats; inputs and outputs stay float32."""


@dataclass(frozen=True)
class Int8:
    """Static: Q/DQ in the graph, scales from calibration data."""

    per_channel: bool = setting("One scale for each output channel of a weight instead of one for all")
    calibration: str = setting("How ranges are chosen from calibration", choices=("minmax", "entropy", "percentile"))
    calibration_samples: int = setting("Samples of the calibration split to use, at most", unit="samples", low=1)
    percentile: float = setting(
        "Share of values inside the range, with calibration=percentile", unit="%", low=50, high=100
    )
    exclude: Names = setting("Nodes that stay in float, by their names in the graph")  # noqa: RUF009 - a field, as all


@dataclass(frozen=True)
class Int8Dynamic:
    """Weights in int8 ahead of time, activations at run time; which operators is up to the backend's kernels."""


@dataclass(frozen=True)
class AsBuilt:
    """Whatever the file's own toolchain built it in."""


OWN = (Fp32, Fp16, Int8, Int8Dynamic, AsBuilt)
CLASSES: dict[str, type] = dict(zip((*PRECISIONS, AS_BUILT), OWN, strict=True))


def settings_class(name: str) -> type:
    """The `Settings` dataclass of a precision. Raises SpecError for an unknown one."""
    if name not in CLASSES:
        raise SpecError(
            f"precision={name}: no such precision.{nearest(name, CLASSES)}", f"There are: {', '.join(CLASSES)}."
        )
    return CLASSES[name]
