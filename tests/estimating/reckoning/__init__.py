"""Somebody else's backend of a chip that nobody has: it compiles, and reckons how fast that would be."""

from __future__ import annotations

from dataclasses import dataclass

from runner.backends.contract import Backend, Capabilities
from runner.core.setting_rules import setting


@dataclass(frozen=True)
class Settings:
    mb_per_s: float = setting("what the chip reads of its memory", unit="MB/s", low=1)
    leaves_out: str = setting("what it doesn't reckon; empty: nothing")


BACKEND = Backend(
    settings=Settings,
    accepts=("onnx",),
    precisions=("fp32",),
    distributions=("reckoning",),
    install="pip install reckoning",
    capabilities=Capabilities(threads=False, host_proof=False, estimate=True),
    session_settings={"mb_per_s": 1.0, "leaves_out": ""},
)
