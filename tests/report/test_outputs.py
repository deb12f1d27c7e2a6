"""Every output with names that others chose to do harm."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt
from rich.console import Console

from runner import __main__
from runner.charts import png, svg
from runner.commands import compare, report
from runner.commands import list as list_options
from runner.core.errors import SpecError
from runner.pictures import record_pictures
from runner.report import report_model
from runner.report.views import html, record_diff_table, run_summary, table, terminal
from runner.report.views.layout import plain
from runner.report.views.progress import OnConsole
from runner.results import comparison, picture_files, record_diff, records
from runner.results.picture_files import Picture
from runner.results.records import Record
from runner.tracking import mlflow_runs
from tests.report import pages
from tests.report.fixtures import not_measured, spec

NASTY = (
    "\x1b[2J\x1b]0;owned\x07", "\x9b31m", "a\u202efdp.exe", "two\nfaster: 9×", "\ttab", "\r=1", "=cmd|'/c calc'!A1",
    "+1", "-1", "@SUM(A1)", "<img src=http://evil.example/x onerror=alert(1)>", '"><script>alert(1)</script>',
    "[a](http://evil.example)", "![p](http://evil.example/p.png)", "`code`", "a|b", "[bold]x[/bold]", "$\\frac$", "$",
    "www.evil.example", "@team", "\ud800", "\x00", "y" * 5000,
)  # fmt: skip


ALONE = [*(name for name in NASTY if name[0] in "=+-@\t\r["), "".join(NASTY)]  # what matters by where it begins


@pytest.fixture(params=ALONE, ids=range(len(ALONE)))
def nasty(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def every(nasty: str, tmp_path: Path) -> list[Record]:
    """A measured record and one that failed, of whose texts all are nasty; on disk as an older version wrote them."""
    made = pages.content(warnings=[nasty], notes={"latency/p99_ms": nasty}, unavailable={nasty: nasty})
    made["spec"]["backend"]["hint"] = nasty
    for axis in ("model", "data", "backend"):
        made["spec"][axis]["name"] = nasty
        made["comparison"]["baseline"]["spec"][axis]["name"] = nasty
    made["comparison"]["baseline"]["label"] = nasty
    made["comparison"]["without_flagged"]["flagged"][0]["reasons"] = [nasty]
    made["metrics"][f"quality/{nasty}"] = 0.5
    made["environment"] = {"python": nasty, "packages": {nasty: nasty}, "hardware": {"cpu": nasty, "identity": "a1"}}
    made["checks"] = {"candidate": {nasty: {"status": "failed", "reason": nasty}}}
    made["effective"]["candidate"]["precision"] = {nasty: {nasty: 1}}
    other = not_measured("20261121T094700-0000000c", spec(model="gru"), "failed", nasty, nasty)
    found = [pages.write(tmp_path, made), records.write(tmp_path, other)]
    for record, content in zip(found, (made, other), strict=True):
        (record.folder / "record.json").write_text(json.dumps({**content, "schema": 1}), encoding="utf-8")
    return records.read_all(tmp_path)


def harmless(shown: str) -> None:
    """Nothing acts on a terminal, and all of it can be written."""
    shown.encode("utf-8")
    assert not [one for one in shown if not one.isprintable() and one != "\n"]


TERMINAL: dict[str, Callable[[list[Record]], Any]] = {
    "run": lambda every: run_summary.renderable(every[0].result),
    "failed run": lambda every: run_summary.renderable(every[1].result),
    "compare": lambda every: table.renderable(comparison.compare(every)),
    "compare a record": lambda every: table.renderable(
        comparison.compare(every, baseline=str(every[0].content["record_id"]))
    ),
    "report": lambda every: terminal.renderable(report_model.collect(every[0])),
    "two": lambda every: record_diff_table.renderable(record_diff.beside(every[0], every[0])),
}


@pytest.mark.parametrize("output", TERMINAL)
@pytest.mark.parametrize("width", [80, 200])
def test_a_terminal(every: list[Record], output: str, width: int) -> None:
    shown = plain(TERMINAL[output](every), width)
    harmless(shown)
    assert max(map(len, shown.splitlines())) <= width


def test_csv(every: list[Record]) -> None:
    for row in csv.reader(io.StringIO(table.as_csv(comparison.compare(every)))):
        harmless("".join(row))
        for cell in row:
            assert not re.match(r"\s*[=+@＝＋－＠-]", cell) or re.fullmatch(r"-?[\d.e+-]+", cell)


def test_markdown(every: list[Record]) -> None:
    shown = table.markdown(comparison.compare(every))
    harmless(shown)
    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(shown)
    inline = [child for token in tokens for child in token.children or ()]
    assert not {"html_block", "fence", "code_block", "heading_open"} & {token.type for token in tokens}
    assert {token.type for token in inline} <= {"text", "text_special", "entity", "softbreak", "hardbreak"}
    assert len({line.replace("\\|", "").count("|") for line in shown.splitlines() if line.startswith("|")}) <= 2


class Seen(HTMLParser):
    """Which elements and attributes a browser makes of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: dict[str, str | None] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(attrs)


def test_html(every: list[Record]) -> None:
    for record in every:
        markup = html.render(report_model.collect(record))
        harmless(markup)
        seen = Seen()
        seen.feed(markup)
        assert not {"script", "img", "a", "link", "iframe", "object"} & seen.tags
        assert not [name for name in seen.attributes if name.startswith("on") or name in ("src", "href")]
        assert "<title>" in markup and "default-src 'none'" in markup


def test_mlflow(every: list[Record]) -> None:
    for record in every:
        result = record.result
        tags = {tag.key: tag.value for tag in mlflow_runs._tags(result)}
        texts = [
            *tags.values(),
            *(part for param in mlflow_runs._params(result.spec) for part in (param.key, param.value)),
        ]
        for text in [*texts, *(metric.key for metric in mlflow_runs._metrics(result))]:
            harmless(text)
        note = MarkdownIt("commonmark", {"html": True}).enable("table").parse(tags["mlflow.note.content"])
        inline = [child for token in note for child in token.children or ()]
        assert {token.type for token in note} <= {"paragraph_open", "inline", "paragraph_close"}
        assert {token.type for token in inline} <= {"text", "text_special", "entity"}


def test_json(every: list[Record], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runner.toml").touch()
    for command, words in ((compare, ["--json"]), (report, [str(every[0].content["record_id"]), "--json"])):
        assert command.main(words) == 0
        shown = capsys.readouterr().out
        harmless(shown)
        json.loads(shown)


def test_a_record_is_written_without_characters_that_act(nasty: str, tmp_path: Path) -> None:
    made = not_measured("20261121T094700-0000000c", spec(), "failed", nasty, nasty) | {"warnings": [nasty]}
    kept = records.write(tmp_path, made)
    text = (kept.folder / "record.json").read_text(encoding="utf-8")
    for one in (json.loads(text), kept.content):
        assert all(char.isprintable() or char in "\n\t" for char in one["reason"] + one["warnings"][0])


def test_the_live_display(nasty: str) -> None:
    for forced in (False, True):
        out = io.StringIO()
        console = Console(file=out, force_terminal=forced, width=100, color_system=None, legacy_windows=False)
        with OnConsole(console).display([("a", nasty)]) as display:
            display.begin("a")
            display.update("a", 1, 2, nasty)
            display.warn(nasty)
            display.end("a", "failed", 1.0, nasty)
        shown = re.sub(r"\x1b\[(\?25[lh]|\d*[AGKJ]|1A|2K)", "", out.getvalue()).replace("\r", "")
        harmless(shown)


def test_an_error(nasty: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def fail(argv: list[str]) -> int:
        raise SpecError(f"model {nasty}", nasty)

    monkeypatch.setattr(__main__, "_dispatch", fail)
    assert __main__.main([]) == 2
    shown = capsys.readouterr().err.replace("\t", "")
    assert not [one for one in shown if not one.isprintable() and one != "\n"]


def test_a_picture(every: list[Record]) -> None:
    drawn = svg.document(record_pictures.of_record(every[0])["latency"])
    harmless(drawn.decode())
    assert picture_files.fault(Picture("image/svg+xml", drawn)) == ""


@pytest.mark.slow
def test_a_picture_as_png(every: list[Record]) -> None:
    assert png.document(record_pictures.of_record(every[0])["latency"]).startswith(picture_files.PNG)


@pytest.mark.parametrize("name", ["\x1b[31mred", "a\u202eb", "\x9b2J"])
def test_options_that_files_of_a_project_name(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "conf" / "measure"
    folder.mkdir(parents=True)
    (tmp_path / "runner.toml").touch()
    (folder / f"{name}.yaml").write_text(f"# what {name} is\nname: x\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert list_options.main(["measure"]) == 0
    harmless(capsys.readouterr().out)
