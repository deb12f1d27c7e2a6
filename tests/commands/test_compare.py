import json
from pathlib import Path

import pytest

from runner.commands import compare
from runner.errors import SpecError
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
    ],
)
def test_wrong_arguments_are_one_line(arguments: list[str], message: str) -> None:
    with pytest.raises(SpecError, match=message) as caught:
        compare.main(arguments)
    assert "\n" not in caught.value.reason
