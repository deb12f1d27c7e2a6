import copy
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runner.core.errors import SpecError
from runner.report.views import record_diff_table
from runner.report.views.layout import plain
from runner.results import record_diff, records
from runner.results.records import Record
from tests.report import fixtures
from tests.report.fixtures import measured, not_measured, spec

MONDAY, TUESDAY = "20261121T090200-00000002", "20261122T090200-00000003"
INT8 = spec(precision="int8_dynamic")
IMPORTED: dict[str, Any] = {"origin": "imported", "imported": {"source": "x"}}


def on(machine: str, record_id: str, of: dict[str, Any], speedup: float, **changes: Any) -> dict[str, Any]:
    content = copy.deepcopy(measured(record_id, of, spec(), "onnxruntime fp32", speedup, **changes))
    content["environment"]["hardware"]["identity"] = machine
    return content


def write(root: Path, content: dict[str, Any], candidate_ms: float, baseline_ms: float) -> Record:
    """Eight processes a side, 0.1 % apart."""
    arrays = {
        f"{role}/{pair}": np.full(5, int(1e6 * typical * (1 + 0.001 * pair)), np.int64)
        for role, typical in (("candidate", candidate_ms), ("baseline", baseline_ms))
        for pair in range(8)
    }
    np.savez(root / "s.npz", **arrays)
    return records.write(root, content, {"samples.npz": root / "s.npz"})


def lines(found: record_diff.Beside) -> list[str]:
    shown = plain(record_diff_table.renderable(found), 150).splitlines()
    return [re.sub(r" {2,}", " | ", line.strip()) for line in shown if line.strip() and "──" not in line]


def test_one_machine_on_two_days_is_unpaired_and_the_shared_baseline_tells_of_the_machine(tmp_path: Path) -> None:
    # On Tuesday everything took 20 % longer; the candidate did not change.
    monday = write(tmp_path, on("aa", MONDAY, INT8, 2.0), 1.0, 2.0)
    tuesday = write(tmp_path, on("aa", TUESDAY, INT8, 2.0), 1.2, 2.4)
    found = record_diff.beside(tuesday, monday)
    shown = lines(found)
    assert shown[:6] == [
        f"candidate | bilstm int8_dynamic onnxruntime · {TUESDAY} · 2026-11-22 09:02 UTC · AMD EPYC 9B14",
        f"baseline | bilstm int8_dynamic onnxruntime · {MONDAY} · 2026-11-21 09:02 UTC · AMD EPYC 9B14",
        "0.833× [0.831, 0.836] as fast as the baseline (unpaired, 8 and 8 processes): ambiguous",
        "95.0 %, Hodges–Lehmann with the Mann–Whitney test, p = 0.00016; noise floor: 20 % (what the baseline of both "
        "changed by in between).",
        "By way of onnxruntime fp32, against which both were measured: 1.000× [1.000, 1.000], same.",
        "onnxruntime fp32 itself ran 0.833× [0.831, 0.836] as fast in the candidate's run: the machine changed, and "
        "the verdict allows for it.",
    ]
    assert shown[6].startswith("Unpaired: measured at different times")
    assert "load, 1 min | 0.420 (0.310 to 0.710) | 0.420 (0.310 to 0.710)" in shown
    assert shown[-1] == "The specs, versions and machines agree."


def test_as_fast_on_a_machine_that_became_slower_is_not_the_same(tmp_path: Path) -> None:
    monday = write(tmp_path, on("aa", MONDAY, INT8, 2.0), 1.0, 2.0)
    tuesday = write(tmp_path, on("aa", TUESDAY, INT8, 2.4), 1.0, 2.4)
    found = record_diff.beside(tuesday, monday)
    assert found.comparison.ratio == pytest.approx(1.0)
    assert found.comparison.verdict == "ambiguous"
    assert found.through is not None
    assert found.through.verdict == "faster"


def test_a_difference_beyond_what_the_machine_changed_by_is_one(tmp_path: Path) -> None:
    monday = write(tmp_path, on("aa", MONDAY, INT8, 2.0), 3.0, 2.0)
    found = record_diff.beside(write(tmp_path, on("aa", TUESDAY, INT8, 2.4), 1.0, 2.4), monday)
    assert found.comparison.verdict == "faster"
    assert found.comparison.floor.source == "what the baseline of both changed by in between"


def test_two_machines_are_across_devices_with_what_differs(tmp_path: Path) -> None:
    mine = write(tmp_path, on("aa", MONDAY, INT8, 1.0), 1.0, 1.0)
    other = on("bb", TUESDAY, spec(), 1.0)
    other["environment"]["hardware"]["cpu"] = "Cortex-A76"
    other["environment"]["packages"]["onnxruntime"] = "1.20.0"
    found = record_diff.beside(mine, write(tmp_path, other, 3.0, 3.0))
    assert found.comparison.kind == "across devices"
    assert found.comparison.verdict == "faster"
    assert (found.through, found.drift) == (None, None)
    assert found.notes == (
        "Across devices: each side ran on its own machine, at its own time. The interval is a two-sample one: it holds "
        "how much each machine's processes scattered, and knows nothing of other days.",
    )
    assert found.differences == (
        ("precision", "int8_dynamic", "fp32"),
        ("version of onnxruntime", "1.31.1", "1.20.0"),
        ("machine: CPU", "AMD EPYC 9B14", "Cortex-A76"),
        ("machine: identity", "aa", "bb"),
    )


def test_artifacts_that_other_code_made_are_a_difference(tmp_path: Path) -> None:
    mine = write(tmp_path, on("aa", MONDAY, INT8, 1.0), 1.0, 1.0)
    other = on("aa", TUESDAY, INT8, 1.0)
    other["keys"]["compile"] = "f" * 64
    found = record_diff.beside(mine, write(tmp_path, other, 1.0, 1.0))
    assert found.differences == (("key of compile", "c" * 16, "f" * 16),)


def test_a_record_that_does_not_name_its_hardware_is_said(tmp_path: Path) -> None:
    pair = [fixtures.write(tmp_path, measured(name, INT8, spec(), "self", 1.0)) for name in (MONDAY, TUESDAY)]
    assert "it may be another machine" in record_diff.beside(*pair).notes[-1]


def test_json_holds_the_speedup_over_the_other_record_and_none_over_its_own_baseline(tmp_path: Path) -> None:
    mine = write(tmp_path, on("aa", MONDAY, INT8, 2.0), 1.0, 2.0)
    document = record_diff_table.as_json(
        record_diff.beside(mine, write(tmp_path, on("aa", TUESDAY, spec(), 1.0), 3.0, 2.0))
    )
    metrics = document["candidate"]["metrics"]
    assert metrics["vs_baseline/speedup"] == pytest.approx(3.0)
    assert "vs_baseline/quality_delta" not in metrics
    assert document["comparison"]["kind"] == "unpaired"
    assert document["differences"] == [{"what": "precision", "candidate": "int8_dynamic", "baseline": "fp32"}]


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (not_measured(TUESDAY, INT8, "timeout", "too slow.", ""), "is timeout: it holds no measurement"),
        (
            measured(TUESDAY, INT8, spec(), "self", 1.0, origin="imported", imported={"source": "x"}),
            "holds imported numbers",
        ),
        (measured(TUESDAY, spec(scenario="offline"), spec(), "self", 1.0), "in another scenario"),
    ],
)
def test_what_cannot_be_compared_is_refused(other: dict[str, Any], message: str, tmp_path: Path) -> None:
    mine = fixtures.write(tmp_path, measured(MONDAY, INT8, spec(), "self", 1.0))
    with pytest.raises(SpecError, match=message):
        record_diff.beside(mine, fixtures.write(tmp_path, other))


def test_missing_samples_are_said(tmp_path: Path) -> None:
    pair = [fixtures.write(tmp_path, measured(name, INT8, spec(), "self", 1.0)) for name in (MONDAY, TUESDAY)]
    (pair[1].folder / "samples.npz").unlink()
    with pytest.raises(SpecError, match=r"samples\.npz is missing"):
        record_diff.beside(*pair)
