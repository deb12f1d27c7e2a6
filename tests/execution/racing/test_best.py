"""What `best` makes of a command's words before anything races."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from runner.execution.racing import best
from runner.execution.racing.command import Command, How


@pytest.mark.parametrize(
    ("by", "words", "scenario"),
    [
        ("throughput", ["model=gru"], ["scenario=offline"]),
        ("throughput", ["model=gru", "scenario=single_stream"], []),
        ("throughput", ["model=gru", "scenario.batch=8"], ["scenario=offline"]),
        ("latency", ["model=gru"], []),
    ],
)
def test_throughput_is_that_of_samples_which_are_all_there(by: str, words: list[str], scenario: list[str]) -> None:
    nobody: Any = None
    command = Command(words, How(by=by), Path(), cast(Any, nobody), cast(Any, nobody))
    assert best._words(command) == [*words, *scenario]
