"""A library that is installed here, as if it were not."""

from __future__ import annotations

import pytest

from runner.core import installed


def hide(monkeypatch: pytest.MonkeyPatch, *distributions: str) -> None:
    """Plans, commands and `doctor` of this process find none of them."""
    real = installed.version
    monkeypatch.setattr(installed, "version", lambda name: None if name in distributions else real(name))
