"""`python -m runner inspect`: what was built for a record."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from runner.artifacts import store
from runner.commands import inspect
from runner.core.errors import SpecError, StepFailed, Unavailable, Unsupported
from tests.report import fixtures
from tests.report.fixtures import measured, spec

ORT, TVM = "20261121T090000-00000001", "20261121T090100-00000002"
COMPILED = {"session": "s", "size": {"file_bytes": 7, "gzip_bytes": 7}, "effective": {}, "fallback": {}}
ABOUT = {"created": "2026-11-21T09:00:00+00:00", "seconds": 1.5, "peak_rss_mb": 90.0, "inputs": {}, "name": "gru tvm"}


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two records; of the second what was compiled is there, with its source."""
    (tmp_path / "runner.toml").touch()
    monkeypatch.chdir(tmp_path)
    fixtures.write(tmp_path, measured(ORT, spec(), spec(), "self", 1.0))
    of = measured(TVM, spec(backend="tvm"), spec(), "onnxruntime fp32", 1.2)
    fixtures.write(tmp_path, {**of, "keys": {"export": "e" * 64, "compile": "c" * 64}})
    settings = {"backend": "tvm", "settings": {"target": "device", "tuning": {"trials": 16}}, "batch": 1}
    about = {"step": "compile", "key": "c" * 64, "settings": settings, "tools": {"apache-tvm": "0.27"}, **ABOUT}
    with store.draft(tmp_path, "compile", "c" * 64) as folder:
        (folder / "reports").mkdir()
        (folder / "reports/model.s").write_text("vfmadd231ps\n")
        store.finish(tmp_path, folder, {**about, "meta": COMPILED})


def test_each_step_says_what_it_was_made_of_and_where_it_lies(capsys: pytest.CaptureFixture[str]) -> None:
    assert inspect.main([TVM]) == 0
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines() if line]
    assert lines == [
        TVM,
        "export eeeeeeeeeeeeeeee",
        "not in the store the same spec makes it again",
        "compile cccccccccccccccc",
        "folder artifacts/compile/cccccccccccccccc",
        "made 2026-11-21T09:00:00+00:00 in 1.50 s",
        "with apache-tvm 0.27",
        "backend tvm",
        "settings.target device",
        "settings.tuning.trials 16",
        "batch 1",
        "reports/model.s 0.0120 kB",
    ]


def test_the_newest_record_is_the_default_and_json_has_it_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert inspect.main(["--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["record_id"] == TVM
    export, compiled = document["steps"]
    assert export == {"step": "export", "key": "e" * 64, "folder": None, "artifact": None}
    assert list(compiled["artifact"]["files"]) == ["reports/model.s"]


def test_the_source_alone_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert inspect.main(["--source", "bilstm fp32 tvm"]) == 0
    assert capsys.readouterr().out == "vfmadd231ps\n"


def test_a_backend_without_a_source_says_so() -> None:
    with pytest.raises(Unsupported) as error:
        inspect.main(["--source", ORT])
    assert error.value.reason == "backend=onnxruntime generates no source that it could show."
    assert error.value.next_step == f"What it built: python -m runner inspect {ORT}"


def test_what_is_damaged_is_not_shown(tmp_path: Path) -> None:
    (tmp_path / "artifacts/compile/cccccccccccccccc/reports/model.s").write_text("vfmadd231pd\n")
    with pytest.raises(StepFailed, match=r"reports/model.s was changed after it was written"):
        inspect.main(["--source", TVM])


def test_what_was_removed_is_made_again_by_its_spec(tmp_path: Path) -> None:
    (tmp_path / "artifacts").rename(tmp_path / "elsewhere")
    with pytest.raises(Unavailable, match=f"{TVM}: what was built for it was removed") as error:
        inspect.main(["--source", TVM])
    assert error.value.next_step == "Run its spec again."


def test_an_unknown_record_is_one_line() -> None:
    with pytest.raises(SpecError, match=f"Did you mean {TVM}"):
        inspect.main([TVM[:-1] + "3"])
