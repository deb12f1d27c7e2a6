"""Tables are whole at any width, and no number is cut."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from runner.report import report_model
from runner.report.views import run_summary, table, terminal
from runner.report.views.layout import Grid, fitted, plain, text, wrapped
from runner.results import comparison, records
from tests.report import fixtures, pages
from tests.report.fixtures import measured, spec

ROWS = (("1", "bilstm int8_dynamic", "1.43× [1.40, 1.46]"), ("2", "gru", "0.856× [0.851, 0.863]"))
GRID = Grid(("#", "model", "speed-up"), ROWS, right=("#",))


def test_a_command_to_type_is_the_one_that_was_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["/home/me/bin/edge-runner", "report"])
    assert text("Calibrate it: python -m runner calibrate").plain == "Calibrate it: edge-runner calibrate"
    assert "edge-runner sync" in plain(Grid(["next"], [["python -m runner sync"]]))


def test_where_there_is_room_every_cell_is_one_line() -> None:
    assert plain(GRID, 60).splitlines() == [
        "",
        " #   model                 speed-up",
        " ───────────────────────────────────────────────",
        " 1   bilstm int8_dynamic   1.43× [1.40, 1.46]",
        " 2   gru                   0.856× [0.851, 0.863]",
        "",
    ]


def test_a_narrow_table_wraps_between_words_and_keeps_an_interval_together() -> None:
    lines = [line.split("  ")[-1].strip() for line in plain(GRID, 40).splitlines()]
    assert [line for line in lines if "[" in line] == ["[1.40, 1.46]", "[0.851, 0.863]"]


def test_a_narrower_one_becomes_lines() -> None:
    assert plain(GRID, 24).splitlines() == [
        "", "#: 1", "model: bilstm", "int8_dynamic", "speed-up: 1.43×", "[1.40, 1.46]",
        "", "#: 2 · model: gru", "speed-up: 0.856×", "[0.851, 0.863]", "",
    ]  # fmt: skip


def test_its_lines_hold_as_many_cells_as_have_room() -> None:
    grid = Grid(("", "candidate", "ms", "calls"), (("/encoder/attention/" + "x" * 20, "GRU fp32", "0.0300", "1"),))
    assert plain(grid, 41).splitlines() == [
        "",
        "/encoder/attention/" + "x" * 20,
        "candidate: GRU fp32 · ms: 0.0300",
        "calls: 1",
        "",
    ]


def test_columns_share_what_is_left() -> None:
    long = "word " * 20
    assert fitted([["a", "b"], [long], [long]], 60) == [1, 25, 26]
    assert fitted([["a" * 30], ["b" * 30]], 50) is None


def test_a_path_may_be_folded_a_number_never() -> None:
    assert wrapped("0.312 ppm; seasonal naive 1.52 ppm", 14) == "0.312 ppm;\nseasonal naive\n1.52 ppm"
    assert fitted([["/" + "x" * 200]], 60) == [58]


def numbers(text: str) -> set[str]:
    return set(re.findall(r"(?<![\d.])\d+\.\d+(?![\d.])", text))


@pytest.mark.parametrize("width", [80, 200])
def test_runs_pages_and_comparisons_keep_every_number(tmp_path: Path, width: int) -> None:
    record = pages.write(tmp_path, pages.content())
    for number in range(3):
        of = spec(precision="int8_dynamic", backend="openvino")
        of["backend"]["threads"] = number + 1
        made = measured(f"20261121T09000{number}-0000000{number}", of, spec(), "", 1.43)
        fixtures.write(tmp_path, made | {"spec_key": str(number)})
    for shown in (
        run_summary.renderable(record.result),
        terminal.renderable(report_model.collect(record)),
        table.renderable(comparison.compare(records.read_all(tmp_path))),
    ):
        text = plain(shown, width)
        assert max(map(len, text.splitlines())) <= width
        assert numbers(text) == numbers(plain(shown, 100_000))
