import json
from pathlib import Path

import pytest

from runner.commands import compare
from runner.core.errors import SpecError
from runner.results import archive, find_record
from tests.report import fixtures
from tests.report.fixtures import measured, spec


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "runner.toml").touch()
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    int8 = spec(precision="int8_dynamic")
    fixtures.write(tmp_path, measured("20261121T090100-00000001", spec(), spec(), "self", 1.0, sweep="aa11"))
    fixtures.write(tmp_path, measured("20261121T090200-00000002", int8, spec(), "onnxruntime fp32", 1.43))


def test_text_is_the_default(capsys: pytest.CaptureFixture[str]) -> None:
    assert compare.main([]) == 0
    out = capsys.readouterr().out
    assert out.index("1.43× [1.40, 1.46]") < out.index("1.00× [0.98, 1.02]")


def test_json_is_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    assert compare.main(["--json", "--sweep", "aa11"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [row["record_id"] for row in document["rows"]] == ["20261121T090100-00000001"]


def test_a_choice_stands_in_every_form(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    same = {"difference": 0.0, "low": -0.001, "high": 0.001, "verdict": "not told apart", "method": "m"}
    quality = {"metric": "mae_ppm", "samples": 200, "vs_float": same}
    int8 = spec(precision="int8_dynamic")
    content = measured("20261121T090300-00000003", int8, spec(), "onnxruntime fp32", 1.43, quality=quality)
    fixtures.write(tmp_path, content)
    told = "Recommended: bilstm int8_dynamic onnxruntime: 0.699 ms a sample"
    for form in ([], ["--md"]):
        assert compare.main(["--max-loss", "1%", *form]) == 0
        shown = capsys.readouterr().out
        assert told in shown and "recommended, Pareto" in shown and " choice " in shown
    compare.main(["--max-loss", "1%", "--by", "size", "--json"])
    choice = json.loads(capsys.readouterr().out)["choice"]
    assert (choice["by"], choice["budget"]) == ("size", {"amount": 0.01, "relative": True})
    assert [pick["recommended"] for pick in choice["picks"]] == [content["record_id"]]
    assert choice["left_out"] == {"20261121T090100-00000001": "its quality beside the float model's isn't known"}
    compare.main(["--max-loss", "1%", "--csv"])
    assert '"recommended, Pareto"' in capsys.readouterr().out


def test_csv_and_markdown(capsys: pytest.CaptureFixture[str]) -> None:
    compare.main(["--csv"])
    assert capsys.readouterr().out.startswith("record_id,date,sweep,status,model,")
    compare.main(["--md"])
    assert "| # | precision |" not in (out := capsys.readouterr().out)
    assert "| # | model | precision | backend |" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--sort", "latency"], "--sort latency: no row has that metric"),
        (["--sweep", "none"], "--sweep none: no such sweep"),
        (["--baseline", "tensorrt"], "--baseline tensorrt: neither a record nor a baseline's label"),
        (["--json", "--csv"], "not allowed with argument"),
        (["--jsn"], "unrecognized arguments: --jsn"),
        (["--max-loss", "little"], "--max-loss 'little': not a budget"),
        (["--max-loss", "1%", "--by", "speed"], "--by=speed: no such one"),
        (["--by", "size"], "--by size without --max-loss"),
    ],
)
def test_wrong_arguments_are_one_line(arguments: list[str], message: str) -> None:
    with pytest.raises(SpecError, match=message) as caught:
        compare.main(arguments)
    assert "\n" not in caught.value.reason


BOTH = ("20261121T090200-00000002", "20261121T090100-00000001")


def test_two_records_side_by_side(capsys: pytest.CaptureFixture[str]) -> None:
    assert compare.main([*BOTH]) == 0
    out = capsys.readouterr().out
    assert out.startswith(
        "candidate  bilstm int8_dynamic onnxruntime · 20261121T090200-00000002 · 2026-11-21 09:02 UTC · AMD EPYC"
    )
    assert " as fast as the baseline (unpaired, 10 and 10 processes): faster\n" in out


def test_a_colleagues_file_is_read_as_a_record_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with find_record.opened(BOTH[1], tmp_path) as record:
        archive.write(record, Path("theirs.zip"))
    compare.main([*BOTH, "--json"])
    by_id = capsys.readouterr().out
    compare.main([BOTH[0], "theirs.zip", "--json"])
    assert capsys.readouterr().out == by_id
    assert json.loads(by_id)["comparison"]["kind"] == "unpaired"


def test_fail_if_that_holds_is_exit_code_1_and_names_the_row(capsys: pytest.CaptureFixture[str]) -> None:
    assert compare.main(["--fail-if", "speedup_low<1.2", "--fail-if", "p50_ms>100"]) == 1
    assert capsys.readouterr().out.splitlines()[-4:] == [
        f"passed: speedup_low<1.2 · bilstm int8_dynamic onnxruntime · {BOTH[0]} · vs_baseline/speedup_low is 1.4014",
        f"passed: p50_ms>100 · bilstm int8_dynamic onnxruntime · {BOTH[0]} · latency/p50_ms is 0.699301",
        f"passed: p50_ms>100 · bilstm fp32 onnxruntime · {BOTH[1]} · latency/p50_ms is 1",
        f"failed: speedup_low<1.2 · bilstm fp32 onnxruntime · {BOTH[1]} · vs_baseline/speedup_low is 0.98",
    ]
    assert compare.main(["--fail-if", "speedup_low<0.5"]) == 0


def test_fail_if_keeps_standard_output_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    assert compare.main([*BOTH, "--json", "--fail-if", "speedup<2"]) == 1
    shown = capsys.readouterr()
    document = json.loads(shown.out)
    assert document["failed"] is True
    assert [one["state"] for one in document["checks"]] == ["failed"]
    assert shown.err.startswith("failed: speedup<2 · bilstm int8_dynamic onnxruntime · ")
    assert compare.main(["--csv", "--fail-if", "speedup_low<1.2"]) == 1
    assert "failed:" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([BOTH[0]], "two records expected"),
        ([*BOTH, "--sweep", "aa11"], "--sweep belongs to the table"),
        ([*BOTH, "--csv"], "--csv belongs to the table"),
        ([*BOTH, "--max-loss", "1%"], "--max-loss belongs to the table"),
        ([BOTH[0], "none.zip"], "neither a record in"),
        (["--fail-if", "speedup"], "not a condition"),
        (["--fail-if", "speed<1"], "no row has that metric"),
    ],
)
def test_wrong_pairs_and_conditions_are_one_line(arguments: list[str], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        compare.main(arguments)
