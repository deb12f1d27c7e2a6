"""Rules of settings: what is accepted, and what a user reads where it isn't."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from runner.core.errors import SpecError
from runner.core.setting_rules import build, rules, setting


@dataclass(frozen=True)
class Example:
    hidden: int = setting("width of the hidden state", unit="units", low=1, high=4096)
    rate: float = setting("learning rate", low=0)
    mode: str = setting("how", choices=("fast", "slow"))
    limit: float | None = setting("longest time", unit="s", low=1)
    sizes: tuple[int, ...] = setting("several whole numbers")


GOOD: dict[str, Any] = {"hidden": 32, "rate": 1, "mode": "fast", "limit": None, "sizes": [1, 2]}


def test_good_values_become_a_checked_dataclass() -> None:
    assert build(Example, GOOD, "model") == Example(32, 1.0, "fast", None, (1, 2))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"hiden": 3}, "model.hiden: no such key. Did you mean hidden?"),
        ({"hidden": "wide"}, "model.hidden=wide: a whole number expected."),
        ({"hidden": True}, "model.hidden=True: a whole number expected."),
        ({"hidden": 1.5}, "model.hidden=1.5: a whole number expected."),
        ({"hidden": 0}, "model.hidden=0: out of range."),
        ({"hidden": None}, "model.hidden=null: a whole number expected."),
        ({"rate": "x"}, "model.rate=x: a number expected."),
        ({"mode": "fats"}, "model.mode=fats: not one of fast, slow. Did you mean fast?"),
        ({"limit": 0.5}, "model.limit=0.5: out of range."),
        ({"sizes": "12"}, 'model.sizes="12": a list expected.'),
        ({"sizes": [1, "b"]}, "model.sizes=[1, 'b']: a list expected."),
    ],
)
def test_a_wrong_value_is_named_with_its_key(change: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError) as caught:
        build(Example, {**GOOD, **change}, "model")
    assert caught.value.reason == message


def test_the_next_step_states_help_range_and_unit() -> None:
    with pytest.raises(SpecError) as caught:
        build(Example, {**GOOD, "hidden": 0}, "model")
    assert caught.value.next_step == "width of the hidden state (1 to 4096 units)"


def test_a_missing_key_is_named() -> None:
    with pytest.raises(SpecError) as caught:
        build(Example, {key: value for key, value in GOOD.items() if key != "rate"}, "model")
    assert caught.value.reason == "model.rate has no value."


def test_rules_list_type_and_rule_of_every_key() -> None:
    found = rules(Example)
    assert list(found) == ["hidden", "rate", "mode", "limit", "sizes"]
    assert found["hidden"][0] is int
    assert found["hidden"][1].unit == "units"


@dataclass(frozen=True)
class Within:
    part: Example = setting("settings of its own")  # noqa: RUF009


def test_settings_within_settings_are_checked_and_named_by_the_whole_key() -> None:
    assert build(Within, {"part": GOOD}, "model") == Within(Example(32, 1.0, "fast", None, (1, 2)))
    for wrong, said in (({**GOOD, "hidden": 0}, "model.part.hidden=0: out of range."), (3, "model.part=3: a mapping")):
        with pytest.raises(SpecError, match=said.replace(".", r"\.")):
            build(Within, {"part": wrong}, "model")
