from __future__ import annotations

from runner.measure.ignored_settings import ignored_settings


def test_a_number_that_the_runtime_changed_is_told() -> None:
    asked = {"threads": 64, "streams": None, "hint": "none"}
    found = {"threads": 2, "streams": 1, "hint": "LATENCY"}
    assert ignored_settings(asked, found) == ["backend.threads=64: the runtime takes 2"]


def test_what_the_runtime_took_or_does_not_tell_is_no_warning() -> None:
    assert ignored_settings({"threads": 2, "retries": 3}, {"threads": 2}) == []
