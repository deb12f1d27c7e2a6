"""What slows a processor down, as the kernel and a board's firmware tell it."""

from __future__ import annotations

from pathlib import Path

from runner.hardware.sensor_reader import Reader
from runner.hardware.sensors import throttling


def write(root: Path, path: str, text: str) -> None:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def test_counters_levels_and_the_firmwares_word_are_read(tmp_path: Path) -> None:
    for cpu, count in enumerate((3, 4)):
        write(tmp_path, f"sys/devices/system/cpu/cpu{cpu}/thermal_throttle/core_throttle_count", f"{count}\n")
    for number, (kind, level) in enumerate((("thermal-cpufreq-0", 2), ("pwm-fan", 4), ("Processor", 1))):
        write(tmp_path, f"sys/class/thermal/cooling_device{number}/type", f"{kind}\n")
        write(tmp_path, f"sys/class/thermal/cooling_device{number}/cur_state", f"{level}\n")
    write(tmp_path, throttling.FIRMWARE, "50005\n")
    found = throttling.probe(tmp_path)
    assert isinstance(found, Reader)
    assert found.read() == {"core_throttle_count": 7, "cooling_level": 2, "firmware_throttled": 5}


def test_where_nothing_tells_it_is_said(tmp_path: Path) -> None:
    assert str(throttling.probe(tmp_path)).startswith("no thermal_throttle counters, no processor's cooling device")


def test_reasons_are_what_happened_meanwhile() -> None:
    assert list(throttling.reasons({"core_throttle_count": (7, 7), "cooling_level": (0, 0)})) == []
    assert list(throttling.reasons({"firmware_throttled": (0, 5)})) == [
        "the firmware reported under-voltage, throttling"
    ]
