from __future__ import annotations

from runner.measure.ignored_settings import not_taken


def test_a_number_that_the_runtime_changed_is_told() -> None:
    asked = {"threads": 64, "streams": None, "hint": "none"}
    found = {"threads": 2, "streams": 1, "hint": "LATENCY"}
    assert not_taken(asked, found) == ["backend.threads=64: the runtime takes 2"]


def test_what_the_runtime_took_or_does_not_tell_is_no_warning() -> None:
    assert not_taken({"threads": 2, "retries": 3}, {"threads": 2}) == []
