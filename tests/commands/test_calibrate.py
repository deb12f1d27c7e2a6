"""`python -m runner calibrate`, as a user types it."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from runner.commands import calibrate
from runner.core.errors import SpecError
from tests import documents
from tests.conftest import QUICK, Command

SPEC = ("model=gru", "model.hidden=4", "train=smoke", "precision=fp32")


@pytest.mark.usefixtures("already_trained")
def test_calibrating_leaves_a_floor_that_later_runs_use(
    tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "runner.toml").touch()
    monkeypatch.chdir(tmp_path)
    assert calibrate.main(["--show"]) == 0
    unknown = capsys.readouterr().out.splitlines()
    assert unknown[0].startswith("not calibrated: this machine")
    assert unknown[1] == "no peaks of this machine: python -m runner calibrate --peaks"

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
    shown = json.loads(capsys.readouterr().out)
    assert (shown["floor"], shown["peaks"]) == (made.json["floor"], made.json["peaks"])


@pytest.mark.usefixtures("already_trained")
def test_the_page_on_the_roofline_says_how_near_the_machines_limit_a_record_is(
    tmp_path: Path, command: Command
) -> None:
    (tmp_path / "runner.toml").touch()
    (lines,) = documents.blocks("docs/roofline.md", "tests/commands/test_calibrate.py")
    peaks, run, report = (shlex.split(line, comments=True)[3:] for line in lines)
    made = command(*peaks, "--json")
    assert (made.code, made.json["floor"], made.json["peaks"][0]["threads"]) == (0, None, 1)
    assert not (tmp_path / "records").exists()

    ended = command(*run, "model.hidden=4", *QUICK, "--json").json
    sides = {"candidate": ended["metrics"], "baseline": ended["comparison"]["baseline"]["metrics"]}
    for role, metrics in sides.items():
        found = ended["roofline"][role]
        assert found["bound_ms"] == max(found["compute_ms"], found["memory_ms"])
        assert metrics["efficiency/roofline"] == pytest.approx(found["bound_ms"] / metrics["latency/p50_ms"])
    assert ended["notes"]["efficiency/roofline"].startswith("reckoned: ")

    page = command(*report).out
    assert "reckoned: the least time" in page
    assert "share of the roofline" in page


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
