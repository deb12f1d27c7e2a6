"""How a run ends: its exit code."""

from __future__ import annotations

import pytest

from runner.commands import run
from runner.commands.run import exit_code, sweep_code
from runner.core.errors import SpecError


@pytest.mark.parametrize(
    ("status", "code"), [("ok", 0), ("unavailable", 3), ("unsupported", 4), ("failed", 5), ("timeout", 5)]
)
def test_a_runs_exit_code_is_that_of_its_status(status: str, code: int) -> None:
    assert exit_code(status) == code


@pytest.mark.parametrize(
    ("statuses", "code", "strict"),
    [
        (["ok", "ok"], 0, 0),
        (["ok", "unavailable"], 0, 3),
        (["unavailable", "unsupported"], 0, 4),
        (["ok", "unsupported", "failed"], 5, 5),
        (["timeout", "ok"], 5, 5),
    ],
)
def test_a_sweep_fails_only_where_a_cell_failed_unless_strict(statuses: list[str], code: int, strict: int) -> None:
    assert sweep_code(statuses, strict=False) == code
    assert sweep_code(statuses, strict=True) == strict


def test_quiet_and_verbose_exclude_each_other() -> None:
    with pytest.raises(SpecError, match="one says less, the other more"):
        run.main(["model=gru", "--quiet", "--verbose"])
