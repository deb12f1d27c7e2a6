"""Readers are asked no more often than they are cheap."""

from __future__ import annotations

import time
from collections.abc import Mapping

from runner.hardware.sensor_reader import Paced, Reader


def test_a_reader_that_takes_long_is_asked_seldom():
    def slow() -> Mapping[str, float]:
        end = time.thread_time_ns() + 2_000_000
        while time.thread_time_ns() < end:
            pass
        return {"a_w": 1.0}

    paced = Paced(Reader("slow", ("a_w",), slow))
    assert paced.read(0) == {"a_w": 1.0}
    assert paced.read(190_000_000) == {}  # 2 ms are 1 % of 200 ms
    assert paced.due_ns >= 200_000_000
    assert paced.read(paced.due_ns) == {"a_w": 1.0}


def test_a_reading_that_fails_is_counted_with_its_reason():
    def broken() -> Mapping[str, float]:
        raise OSError("device lost")

    paced = Paced(Reader("broken", ("a_w",), broken))
    assert paced.read(0) == {}
    assert (paced.failures, paced.failure) == (1, "OSError: device lost")
