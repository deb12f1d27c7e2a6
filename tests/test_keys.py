"""A digest is of content alone."""

from __future__ import annotations

from runner import keys


def test_the_digest_ignores_the_order_of_keys() -> None:
    assert keys.digest({"a": 1, "b": [2]}) == keys.digest({"b": [2], "a": 1})
    assert keys.digest({"a": 1}) != keys.digest({"a": "1"})
