import json
from pathlib import Path

import pytest

from runner.commands import compare, import_
from runner.core.errors import SpecError
from runner.results import records
from runner.tracking import mlflow_runs, mlflow_store
from tests.conftest import Command
from tests.report import fixtures
from tests.report.fixtures import measured, spec

ROWS = """model,precision,backend,hardware,date,source,latency/p50_ms,quality/mae_ppm
bilstm,int8,hailo8l,raspberry-pi-5,2026-10-02,vendor's zoo,0.5,0.3
bilstm,fp16,tensorrt,jetson-orin,2026-10-03,vendor's zoo,0.2,
"""


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "runner.toml").touch()
    (tmp_path / "results.csv").write_text(ROWS, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


def test_one_record_a_row(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert import_.main(["results.csv", "--json"]) == 0
    kept = json.loads(capsys.readouterr().out)["imported"]
    assert sorted(kept) == [record.content["record_id"] for record in records.read_all(tmp_path)]
    assert {record.content["origin"] for record in records.read_all(tmp_path)} == {"imported"}


def test_a_wrong_row_keeps_none(tmp_path: Path) -> None:
    Path("results.csv").write_text(ROWS.replace("0.2", "fast"), encoding="utf-8")
    with pytest.raises(SpecError, match=r"results\.csv, line 3, column latency/p50_ms: 'fast' is not a number"):
        import_.main(["results.csv"])
    assert records.read_all(tmp_path) == []


def test_in_the_table_each_number_carries_its_mark_and_no_speedup(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fixtures.write(tmp_path, measured("20261121T090200-00000002", spec(), spec(), "onnxruntime fp32", 1.0))
    import_.main(["results.csv"])
    capsys.readouterr()
    compare.main(["--json"])
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert [(row.get("origin"), row["comparison"] and row["comparison"]["kind"]) for row in rows] == [
        (None, "paired"), ("imported", None), ("imported", None),
    ]  # fmt: skip
    assert [name for row in rows[1:] for name in row["metrics"] if not name.startswith("imported/")] == []
    compare.main(["--md"])
    lines = [line for line in capsys.readouterr().out.splitlines() if "imported" in line]
    assert "| – | imported | 0.500 (imported) | – | – | mae 0.300 ppm (imported) |" in lines[0] + lines[1]
    assert lines[-1].startswith("2 imported: measured elsewhere, not by this tool; never compared, never a baseline.")


def test_sorted_by_a_latency_a_faster_imported_one_does_not_win(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fixtures.write(tmp_path, measured("20261121T090200-00000002", spec(), spec(), "onnxruntime fp32", 1.0))
    import_.main(["results.csv"])
    capsys.readouterr()
    compare.main(["--json", "--sort", "latency/p50_ms"])
    assert json.loads(capsys.readouterr().out)["rows"][0]["record_id"] == "20261121T090200-00000002"


def test_never_a_baseline(tmp_path: Path) -> None:
    import_.main(["results.csv"])
    record_id = str(records.read_all(tmp_path)[0].content["record_id"])
    with pytest.raises(SpecError, match="imported numbers are no baseline"):
        compare.main(["--baseline", record_id])
    with pytest.raises(SpecError, match="holds imported numbers"):
        compare.main([record_id, record_id])


def test_a_table_of_imported_numbers_alone(capsys: pytest.CaptureFixture[str]) -> None:
    import_.main(["results.csv"])
    assert compare.main([]) == 0
    assert "no baseline" in capsys.readouterr().out


def test_mlflow_is_told_where_numbers_are_from(tmp_path: Path) -> None:
    import_.main(["results.csv"])
    measured_here = measured("20261121T090200-00000002", spec(), spec(), "self", 1.0)
    fixtures.write(tmp_path, measured_here)
    mlflow_runs.sync(tmp_path, pytest.fail)
    client = mlflow_store.open_store(tmp_path).client
    runs = [client.get_run(run) for run in mlflow_runs.runs_by_record(mlflow_store.open_store(tmp_path)).values()]
    assert sorted(run.data.tags["origin"] for run in runs) == ["imported", "imported", "measured"]
    foreign = [run.data.metrics for run in runs if run.data.tags["origin"] == "imported"]
    assert {name for metrics in foreign for name in metrics} == {"imported/latency/p50_ms", "imported/quality/mae_ppm"}


def test_from_the_command_line(command: Command) -> None:
    done = command("import", "results.csv")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("2 imported into ")
    failed = command("import", "none.csv", "--json")
    assert (failed.code, failed.json["exit_code"]) == (2, 2)
