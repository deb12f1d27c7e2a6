"""`python -m runner calibrate`, as a user types it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from runner.commands import calibrate
from runner.core.errors import SpecError
from tests.conftest import QUICK, Command

SPEC = ("model=gru", "model.hidden=4", "train=smoke", "precision=fp32")


def test_calibrating_leaves_a_floor_that_later_runs_use(
    tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "runner.toml").touch()
    monkeypatch.chdir(tmp_path)
    assert calibrate.main(["--show"]) == 0
    assert capsys.readouterr().out.startswith("not calibrated: this machine")

    made = command("calibrate", *SPEC, "--pairs", "10", "--json")
    assert (made.code, made.json["pairs"], made.json["age_days"]) == (0, 10, 0)
    (file,) = (tmp_path / "calibration").iterdir()
    assert json.loads(file.read_text())["calibrations"][0]["floor"] == made.json["floor"]
    assert (tmp_path / "records" / made.json["record_id"] / "samples.npz").is_file()

    # What was measured before doesn't stand in for it.
    again = command("calibrate", *SPEC, "--pairs", "10", "--json", "--quiet")
    assert all(line.startswith("warning: ") for line in again.err.splitlines()), again.err
    assert again.json["record_id"] != made.json["record_id"]
    made = again

    ended = command(*SPEC, "baseline=self", *QUICK)
    assert f"noise floor: {100 * made.json['floor']:.2g} % (calibrated {made.json['date'][:10]}" in ended.out
    assert calibrate.main(["--show", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["floor"] == made.json["floor"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--pairs", "4"], "--pairs 4: too few"),
        (["--pairs", "many"], "argument --pairs"),
        (["--quiet", "--verbose"], "--quiet and --verbose: one says less"),
        (["baseline=none"], "baseline=none: calibrate sets baseline itself"),
        (["measure.min_pairs=3"], "measure.min_pairs=3: calibrate sets measure itself"),
    ],
)
def test_wrong_arguments(arguments: list[str], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        calibrate.main(arguments)
