import subprocess
from pathlib import Path
from typing import Any

import pytest

from runner.core.errors import SpecError
from runner.measure.metrics import MeasuredFigure
from runner.results import comparison, import_results, naming, records
from runner.results.import_results import Figure

HEAD = "model,precision,backend,hardware,date,latency/p50_ms,quality/accuracy"
CSV = f"""{HEAD}
bilstm,int8,hailo8l,raspberry-pi-5,2026-10-02,0.84,0.971
gru,fp32,tensorrt,jetson-orin,2026-10-03T10:00:00+02:00,0.31,
"""


def written(folder: Path, text: str, name: str = "results.csv") -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def test_a_row_becomes_a_record_whose_every_metric_says_imported(tmp_path: Path) -> None:
    file = written(tmp_path, CSV)
    first, second = import_results.read(file, source="vendor's zoo")
    content = import_results.content(first, file)
    assert content["origin"] == "imported"
    assert content["metrics"] == {"imported/latency/p50_ms": 0.84, "imported/quality/accuracy": 0.971}
    assert content["spec"] == {
        "model": {"name": "bilstm"}, "precision": {"name": "int8"}, "backend": {"name": "hailo8l"},
        "hardware": {"name": "raspberry-pi-5"},
    }  # fmt: skip
    assert content["date"] == "2026-10-02T00:00:00+00:00"
    assert {key: content["imported"][key] for key in ("source", "file", "row")} == {
        "source": "vendor's zoo", "file": "results.csv", "row": 1,
    }  # fmt: skip
    assert second.date == "2026-10-03T08:00:00+00:00"
    assert second.figures == (Figure("latency/p50_ms", 0.31),)


def test_a_row_with_no_more_than_it_needs_is_in_tables(tmp_path: Path) -> None:
    file = written(tmp_path, "model,backend,hardware,date,latency/p50_ms\ngru,tensorrt,orin,2026-10-02,0.84\n")
    (row,) = import_results.read(file, source="zoo")
    records.write(tmp_path, import_results.content(row, file))
    (shown,) = comparison.compare(records.readable(tmp_path, pytest.fail)).rows
    assert naming.names(shown.result)["precision"] == "unknown"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le"])
def test_a_spreadsheets_text_is_read(encoding: str, tmp_path: Path) -> None:
    file = tmp_path / "results.csv"
    ended = "".join(f"{line},,\n" for line in CSV.splitlines()) + ",,,\n"
    file.write_bytes(ended.encode(encoding))
    assert import_results.read(file, "zoo") == import_results.read(written(tmp_path, CSV, "plain.csv"), "zoo")


@pytest.mark.parametrize("text", [f"sep=,\n{CSV}", CSV.replace("\n", "\r"), CSV.replace("\n", "\r\n")])
def test_what_spreadsheets_put_around_rows_is_no_row(text: str, tmp_path: Path) -> None:
    file = tmp_path / "results.csv"
    file.write_bytes(text.encode())
    assert import_results.read(file, "zoo") == import_results.read(written(tmp_path, CSV, "plain.csv"), "zoo")


def test_a_number_with_its_unit_says_what_to_leave_out(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        import_results.read(written(tmp_path, CSV.replace("0.84", "0.84 ms")), "zoo")
    assert caught.value.next_step.startswith("Write the number alone, without 'ms'. ")


def test_a_row_of_units_is_deleted_as_advised(tmp_path: Path) -> None:
    file = written(tmp_path, CSV.replace("bilstm", ",,,,,ms,\nbilstm", 1), "two words.csv")
    with pytest.raises(SpecError) as caught:
        import_results.read(file, "zoo")
    subprocess.run(caught.value.next_step.partition(": ")[2], shell=True, check=True)
    assert len(import_results.read(file, "zoo")) == 2


def test_text_of_windows_says_how_to_convert_it(tmp_path: Path) -> None:
    file = tmp_path / "results.csv"
    file.write_bytes(CSV.replace("bilstm", "größe").encode("windows-1252"))
    with pytest.raises(SpecError, match=r"results\.csv, line 2: not a text file in UTF-8 \(byte 0xf6\)") as caught:
        import_results.read(file, "zoo")
    assert caught.value.next_step.startswith("Save it as CSV in UTF-8; from Windows: iconv -f windows-1252")


def test_json_holds_the_same_rows(tmp_path: Path) -> None:
    text = """[{"model": "bilstm", "precision": "int8", "backend": "hailo8l", "hardware": "raspberry-pi-5",
      "date": "2026-10-02", "latency/p50_ms": 0.84, "quality/accuracy": 0.971, "source": null}]"""
    from_json = import_results.read(written(tmp_path, text, "results.json"), source="zoo")
    assert from_json == import_results.read(written(tmp_path, CSV), source="zoo")[:1]


def test_no_measurement_can_be_made_of_it() -> None:
    figure: Any = Figure("latency/p50_ms", 0.84)
    with pytest.raises(TypeError, match="only a benchmark makes a measurement"):
        MeasuredFigure(figure.name, figure.value, figure)


def test_the_same_point_from_the_same_source_has_the_same_key(tmp_path: Path) -> None:
    file = written(tmp_path, CSV)
    keys = [
        import_results.content(import_results.read(file, source)[0], file)["spec_key"] for source in ("a", "a", "b")
    ]
    assert keys[0] == keys[1] != keys[2]


ROW = "bilstm,int8,hailo8l,raspberry-pi-5,2026-10-02,0.84,0.971"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"{HEAD}\n{ROW}\n{ROW.replace('0.84', 'abc')}\n", r"line 3, column latency/p50_ms: 'abc' is not a number"),
        (f"{HEAD}\n{ROW.replace('0.84', 'nan')}\n", r"line 2, column latency/p50_ms: 'nan' is not a number"),
        (f"{HEAD}\n{ROW.replace('0.84', '1_0')}\n", r"line 2, column latency/p50_ms: '1_0' is not a number"),
        (f"{HEAD}\n{ROW.replace('0.84', '-1')}\n", r"line 2, column latency/p50_ms: -1 lies below 0"),
        (f"{HEAD}\n{ROW.replace('2026-10-02', 'May')}\n", r"line 2, column date: 'May' is no date"),
        (f"{HEAD}\n{ROW.replace('hailo8l', '')}\n", r"line 2: no backend"),
        (f"{HEAD}\n{ROW},1\n", r"line 2: 8 cells under 7 columns"),
        (
            f"{HEAD.replace('p50_ms', 'p50')}\n{ROW}\n",
            r"column latency/p50: no such column\. Did you mean latency/p50_ms\?",
        ),
        (f"{HEAD.replace('quality/accuracy', 'vs_baseline/speedup')}\n{ROW}\n", r"never compared with a baseline"),
        (f"{HEAD.replace('quality/accuracy', 'estimate/cycles')}\n{ROW}\n", r"an estimate is no measurement"),
        (f"{HEAD},date\n{ROW},2026-10-02\n", r"the column 'date' is there twice"),
        (f"{HEAD.replace(',', ';')}\n", r"separated by semicolons"),
        (f"{HEAD.replace(',', '|')}\n", r"separated by pipes"),
        (f"# ours\n\n{HEAD}\n{ROW}\n", r"the columns' names are in line 3"),
        (f"{HEAD}\n{HEAD}\n{ROW}\n", r"line 2: names or units instead of data: model, precision"),
        (f"{HEAD}\n,,,,,ms,%\n{ROW}\n", r"line 2: names or units instead of data: ms, %"),
        (f"{HEAD}\n,,,,,0.84,\n", r"line 2: no model"),
        (f"{HEAD}\n\n\n{ROW.replace('0.84', 'abc')}\n", r"line 4, column latency/p50_ms: 'abc' is not a number"),
        (f"{HEAD}\n{ROW}\n".replace(",", "\t"), r"separated by tabs"),
        (f"{HEAD}\n{ROW.replace('0.84', '0,84')}\n", r"line 2: 8 cells under 7 columns \(decimal comma\?\)"),
        (f"{HEAD}\n" + ROW.replace("0.84", '"0,84"') + "\n", r"line 2, column latency/p50_ms: '0,84' is not a number"),
        (
            f"{HEAD.replace('quality/accuracy', 'latency/p99_ms')}\n{ROW.replace('0.971', '0.8')}\n",
            r"line 2, column latency/p99_ms: 0\.8 lies below latency/p50_ms, which is 0\.84",
        ),
        (
            f"{HEAD.replace('quality/accuracy', 'latency/p50_ms_high')}\n{ROW.replace('0.971', '0.8')}\n",
            r"column latency/p50_ms_high: 0\.8 lies below latency/p50_ms",
        ),
        (f"{HEAD}\n", r"no rows"),
        (f'{HEAD}\n"bil\n', r"line 2: unexpected end of data"),
    ],
)
def test_errors_name_file_line_and_column(text: str, message: str, tmp_path: Path) -> None:
    file = written(tmp_path, text)
    with pytest.raises(SpecError, match=message) as caught:
        import_results.read(file, "zoo")
    assert str(file) in caught.value.reason
    assert caught.value.next_step


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is not JSON"),
        ('{"model": "gru"}', "a list of objects expected"),
        ("[1]", "row 1: an object expected"),
        ('[{"model": 3, "backend": "x", "hardware": "y", "date": "2026-10-02"}]', "column model: 3 is no name"),
        (
            '[{"model": "a", "backend": "x", "hardware": "y", "date": "2026-10-02", "latency/p50_ms": true}]',
            "True is not a number",
        ),
    ],
)
def test_errors_of_json(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=message):
        import_results.read(written(tmp_path, text, "results.json"), "zoo")


def test_where_the_numbers_are_from_must_be_said(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="line 2: no source"):
        import_results.read(written(tmp_path, CSV))


def test_other_kinds_of_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"neither \.csv nor \.json"):
        import_results.read(written(tmp_path, "", "results.xlsx"))
    with pytest.raises(SpecError, match="no such file"):
        import_results.read(tmp_path / "none.csv")
