"""gc: what nothing needs goes, what a record, DVC or a running command needs stays."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from runner.artifacts import leases, store
from runner.core.errors import SpecError, StepFailed
from runner.execution import gc
from runner.results import records
from tests.artifacts.test_leases import holder
from tests.conftest import REPOSITORY

DATA, TRAIN, EXPORT, OTHER = (digit * 64 for digit in "abcd")


def artifact(root: Path, step: str, key: str, **inputs: str) -> Path:
    content = {"step": step, "key": key, "name": f"my {step}", "inputs": inputs, "meta": {}}
    with store.draft(root, step, key) as draft:
        (draft / "file").write_bytes(b"x" * 1000)
        return store.finish(root, draft, content).folder


def stored(root: Path) -> Path:
    """data → train → export, and an export of another key."""
    (root / "runner.toml").touch()
    artifact(root, "data", DATA)
    artifact(root, "train", TRAIN, data=DATA)
    artifact(root, "export", EXPORT, data=DATA, model=TRAIN)
    artifact(root, "export", OTHER)
    return root


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return stored(tmp_path)


def there(root: Path) -> list[Path]:
    return list(root.glob("artifacts/[!.]*/[!.]*"))


def whys(root: Path) -> dict[str, str]:
    with gc.survey(root) as items:
        return {str(item.path.relative_to(root / "artifacts")): item.why for item in items if item.needed}


def going(root: Path) -> dict[str, str]:
    with gc.survey(root) as items:
        return {str(item.path.relative_to(root)): item.kind for item in items if not item.needed}


def deleted(root: Path) -> None:
    with gc.survey(root) as items:
        gc.remove(root, items)


def test_without_records_nothing_is_needed(project: Path) -> None:
    assert set(going(project).values()) == {"artifact"}
    assert len(going(project)) == 4


def test_what_a_record_names_stays_with_all_that_it_was_made_from(project: Path) -> None:
    records.write(project, {"record_id": "r1", "keys": {"export": EXPORT}})
    assert whys(project) == {
        f"data/{DATA[:16]}": f"export {EXPORT[:16]} was made from it",
        f"export/{EXPORT[:16]}": "record r1",
        f"train/{TRAIN[:16]}": f"export {EXPORT[:16]} was made from it",
    }
    assert going(project) == {f"artifacts/export/{OTHER[:16]}": "artifact"}


def test_a_records_baseline_is_needed_too(project: Path) -> None:
    records.write(project, {"record_id": "r1", "keys": {}, "comparison": {"baseline": {"keys": {"export": OTHER}}}})
    assert whys(project) == {f"export/{OTHER[:16]}": "record r1"}


def test_what_dvc_names_stays(project: Path) -> None:
    (project / "keys.yaml").write_text(f"export:\n  gru: {EXPORT}\nbenchmark:\n  gru-fp32: {'9' * 63}f\n")
    exported = project / "pipeline" / "export" / "lstm"
    exported.mkdir(parents=True)
    (exported / "key").write_text(f"{OTHER}\n")
    assert whys(project)[f"export/{EXPORT[:16]}"] == "DVC: export gru"
    assert whys(project)[f"export/{OTHER[:16]}"] == "DVC: pipeline/export/lstm"
    assert going(project) == {}


@pytest.mark.parametrize("inside", [".", "sub/project"])  # of a Git repository
def test_what_an_experiment_that_dvc_runs_in_a_copy_names_stays(tmp_path: Path, inside: str) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / inside).mkdir(parents=True, exist_ok=True)
    project = stored(tmp_path / inside)
    copy = tmp_path / ".dvc" / "tmp" / "exps" / "temp1"
    (copy / ".git").mkdir(parents=True)
    (copy / inside).mkdir(parents=True, exist_ok=True)
    (copy / inside / "keys.yaml").write_text(f"export:\n  gru: {EXPORT}\n")
    assert set(going(project)) == {f"artifacts/export/{OTHER[:16]}"}
    shutil.rmtree(copy)
    assert len(going(project)) == 4


@pytest.mark.parametrize("text", ["export: [\n", "export: 3\n", "export: {gru: 5}\n", ""])
def test_a_keys_yaml_that_can_not_be_read_stops_it(project: Path, text: str) -> None:
    (project / "keys.yaml").write_text(text)
    with pytest.raises(SpecError, match=r"keys\.yaml"):
        deleted(project)
    assert len(there(project)) == 4


def test_a_damaged_record_stops_it(project: Path) -> None:
    made = records.write(project, {"record_id": "r1"})
    (made.folder / "record.json").write_text("{")
    with pytest.raises(StepFailed, match="not JSON"):
        deleted(project)
    assert len(there(project)) == 4


def test_what_a_running_command_uses_stays_until_it_ends(project: Path) -> None:
    with leases.lease(project, [EXPORT]):
        assert whys(project)[f"export/{EXPORT[:16]}"].startswith(f"pid {os.getpid()} uses it")
        deleted(project)
        assert store.find(project, "data", DATA)
        assert store.find(project, "export", OTHER) is None
    deleted(project)
    assert there(project) == []


def test_what_is_made_now_stays(project: Path) -> None:
    code = (
        f"import time; from pathlib import Path; from runner.artifacts import store; root = Path({str(project)!r})\n"
        f"with store.lock(root, 'compile', {OTHER!r}), store.draft(root, 'compile', {OTHER!r}) as out:\n"
        f"    (out / 'half').write_text('half'); store.scratch(root, 'compile', {OTHER!r})\n"
        "    print('there', flush=True); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=REPOSITORY) as maker:
        assert maker.stdout is not None
        assert maker.stdout.readline() == "there\n"
        deleted(project)
        assert len(list(project.glob("artifacts/compile/.*/half"))) == 1
        assert (project / "artifacts/.scratch" / f"compile-{OTHER[:16]}").is_dir()
        maker.kill()
    assert sorted(going(project).values()) == ["draft", "scratch"]
    deleted(project)
    assert going(project) == {}


def test_what_kills_left_goes(project: Path) -> None:
    records.write(project, {"record_id": "r1", "keys": {"export": EXPORT, "other": OTHER}})
    for name in (".damaged/train-1", ".removed/train-2", ".logs/measure-aa-xyz", ".scratch/train-bb"):
        (project / "artifacts" / name).mkdir(parents=True)
        (project / "artifacts" / name / "file").write_bytes(b"12345")
    (project / "records" / ".r2.77").mkdir()
    with holder(project) as killed:
        killed.kill()
    found = going(project)
    assert sorted(found.values()) == ["damaged", "draft", "lease", "lease", "log", "removed", "scratch"]
    deleted(project)
    assert going(project) == {}
    assert len(records.read_all(project)) == 1
    assert store.find(project, "export", EXPORT)


def test_a_log_that_a_record_names_stays(project: Path) -> None:
    logs = project / "artifacts" / ".logs"
    logs.mkdir()
    for name in ("train-1.log", "train-2.log"):
        (logs / name).write_text("words")
    records.write(project, {"record_id": "r1", "reason": "it died.", "next_step": f"Read {logs / 'train-1.log'}."})
    assert ".logs/train-1.log" in whys(project)
    assert "artifacts/.logs/train-2.log" in going(project)


def test_a_folder_on_another_disk_goes_too(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "rename", on_another_disk)
    deleted(project)
    assert there(project) == []


def on_another_disk(source: object, target: object) -> None:
    raise OSError(errno.EXDEV, os.strerror(errno.EXDEV), str(source))


def test_a_damaged_description_goes(project: Path) -> None:
    (project / "artifacts" / "export" / OTHER[:16] / store.NAME).write_text("{")
    with gc.survey(project) as items:
        found = {item.path.name: item.why for item in items}
    assert found[OTHER[:16]] == "its description is damaged"
