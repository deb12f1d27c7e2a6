"""A digest is of content alone."""

from __future__ import annotations

from runner.core import hashing


def test_the_digest_ignores_the_order_of_keys() -> None:
    assert hashing.digest({"a": 1, "b": [2]}) == hashing.digest({"b": [2], "a": 1})
    assert hashing.digest({"a": 1}) != hashing.digest({"a": "1"})
