"""Settings that a runtime did not take as they were given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def ignored_settings(asked: Mapping[str, Any], effective: Mapping[str, Any]) -> list[str]:
    """One line for each of a backend's numbers (threads, streams, …) that its session reads back as another."""
    numbers = {key: value for key, value in asked.items() if isinstance(value, int) and key in effective}
    return [
        f"backend.{key}={value}: the runtime takes {effective[key]}"
        for key, value in numbers.items()
        if value != effective[key]
    ]
