"""Which of a Jetson's supply rails add up to what the module takes (Jetson Linux Developer Guide, power monitors)."""

from __future__ import annotations

from collections.abc import Sequence

from runner.hardware.sensor_reader import Meter

INPUTS = ("VDD_IN", "POM_5V_IN")  # the module's input, which holds all others: Orin NX and Nano, Xavier NX, Nano
INSIDE = ("VDDQ_VDD2_1V8AO",)  # fed from VIN_SYS_5V0: counted there


def signal(rail: str) -> str:
    """`VDD_IN_w`."""
    return f"{rail}_w"


def meter(rails: Sequence[str], source: str) -> Meter | None:
    """The input rail where there is one, else every rail that is not fed from another; None without rails."""
    inputs = [rail for rail in rails if rail in INPUTS]
    added = inputs[:1] or [rail for rail in rails if rail not in INSIDE]
    if not added:
        return None
    return Meter(tuple(map(signal, added)), f"{source} {' + '.join(added)}", whole=True)
