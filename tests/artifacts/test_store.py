"""The store: nothing half-written is found, the first writer wins, damage is seen."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from filelock import Timeout

from runner.artifacts import store
from runner.core import hashing
from runner.core.errors import StepFailed
from tests.conftest import REPOSITORY
from tests.execution.test_gc import on_another_disk

KEY = "ab" * 32


def sealed(root: Path, text: str = "weights") -> store.Artifact:
    content: dict[str, Any] = {"step": "train", "key": KEY, "meta": {"epochs": 3}}
    with store.draft(root, "train", KEY) as folder:
        (folder / "model.pt").write_text(text)
        return store.finish(root, folder, content)


def test_a_sealed_artifact_is_found_by_its_key(tmp_path: Path) -> None:
    made = sealed(tmp_path)
    found = store.find(tmp_path, "train", KEY)
    assert found == made
    assert made.folder == tmp_path / "artifacts" / "train" / KEY[:16]
    assert made.meta == {"epochs": 3}
    assert list(made.content["files"]) == ["model.pt"]


def test_a_draft_that_fails_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), store.draft(tmp_path, "train", KEY) as folder:
        (folder / "model.pt").write_text("half")
        raise RuntimeError
    assert store.find(tmp_path, "train", KEY) is None
    assert list((tmp_path / "artifacts" / "train").iterdir()) == []


def sealed_as(root: Path, step: str, change: Callable[[dict[str, Any]], object]) -> Path:
    """The description of an artifact of `step` that somebody changed and sealed again."""
    size = {"file_bytes": 1, "gzip_bytes": 1}
    meta = {"session": "runner.backends.onnxruntime.session", "size": size, "fallback": {}}
    meta["effective"] = {"MatMul": {"fp32": 1}}
    content: dict[str, Any] = {"step": step, "key": KEY, "seconds": 1.0, "peak_rss_mb": 1.0, "meta": meta}
    with store.draft(root, step, KEY) as folder:
        (folder / "file").write_text("x")
        made = store.finish(root, folder, content)
    content = json.loads((made.folder / store.NAME).read_text())
    change(content)
    content["seal"] = store._seal(content)
    (made.folder / store.NAME).write_text(json.dumps(content))
    return made.folder


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (lambda content: content.pop("meta"), "meta"),
        (lambda content: content.pop("key"), "key"),
        (lambda content: content.update(key="../../x"), "key"),
        (lambda content: content.update(key="z" * 64), "key"),
        (lambda content: content.update(seconds="1"), "seconds"),
        (lambda content: content.update(files=["file"]), "files"),
        (lambda content: content["files"].update(file=None), "files.file"),
        (lambda content: content["files"].update({"../x": content["files"]["file"]}), "files"),
        (lambda content: content["files"].update({"/x": content["files"]["file"]}), "files"),
        (lambda content: content["meta"].update(size="large"), "meta.size"),
        (lambda content: content["meta"].update(effective={"MatMul": 1}), "meta.effective.MatMul"),
        (lambda content: content["meta"].update(fallback={"MatMul": "some"}), "meta.fallback.MatMul"),
        (lambda content: content["meta"].update(warnings=5), "meta.warnings"),
    ],
)
def test_a_description_that_was_written_anew_is_checked(
    tmp_path: Path, change: Callable[[dict[str, Any]], object], place: str
) -> None:
    folder = sealed_as(tmp_path, "compile", change)
    with pytest.raises(StepFailed) as raised:
        store.read(folder)
    said = f"artifact.json is no artifact's description ({place} is missing, or can't be right)."
    assert raised.value.reason.endswith(said)
    assert store.find(tmp_path, "compile", KEY) is None


def test_a_description_that_nests_without_end_is_none(tmp_path: Path) -> None:
    folder = sealed(tmp_path).folder
    (folder / store.NAME).write_text("[" * 100_000)
    with pytest.raises(StepFailed, match="is no artifact's description"):
        store.read(folder)


def test_a_pipe_in_a_descriptions_place_is_waited_for_by_nobody(tmp_path: Path) -> None:
    folder = sealed(tmp_path).folder
    (folder / store.NAME).unlink()
    os.mkfifo(folder / store.NAME)
    with pytest.raises(StepFailed, match=f"{store.NAME} is missing"):
        store.read(folder)


def test_the_first_writer_wins(tmp_path: Path) -> None:
    first = sealed(tmp_path, "first")
    second = sealed(tmp_path, "second")
    assert second.folder == first.folder
    assert (second.folder / "model.pt").read_text() == "first"


def test_the_same_first_digits_are_not_the_same_key(tmp_path: Path) -> None:
    sealed(tmp_path)
    assert store.find(tmp_path, "train", KEY[:16] + "0" * 48) is None


def test_a_changed_file_is_damage(tmp_path: Path) -> None:
    made = sealed(tmp_path)
    (made.folder / "model.pt").write_text("weighTs")
    assert store.find(tmp_path, "train", KEY) == made  # a glance misses it
    assert store.damage(made) == f"{made.folder / 'model.pt'} was changed after it was written (its hash differs)"


def test_a_damaged_artifact_is_set_aside_and_said(tmp_path: Path) -> None:
    made = sealed(tmp_path)
    (made.folder / "model.pt").unlink()
    said: list[str] = []
    assert store.sound(tmp_path, "train", KEY, said.append) is None
    assert "model.pt is missing" in said[0]
    assert len(list((tmp_path / "artifacts" / ".damaged").iterdir())) == 1


def test_a_damaged_artifact_on_another_disk_is_set_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = sealed(tmp_path)
    (made.folder / "model.pt").unlink()
    monkeypatch.setattr(os, "rename", on_another_disk)
    assert store.sound(tmp_path, "train", KEY, lambda text: None) is None
    assert len(list((tmp_path / "artifacts" / ".damaged").iterdir())) == 1


def look(root: Path) -> tuple[store.Artifact | None, list[str]]:
    """What is there to be used, and what was said."""
    said: list[str] = []
    return store.sound(root, "train", KEY, said.append), said


def test_a_file_that_changed_and_kept_its_size_and_time_is_seen(tmp_path: Path) -> None:
    made = sealed(tmp_path)
    file = made.folder / "model.pt"
    assert look(tmp_path) == (made, [])
    before = file.stat()
    with file.open("r+") as opened:
        opened.write("W")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    found, said = look(tmp_path)
    assert found is None
    assert "its hash differs" in said[0]


def test_a_file_is_read_once_in_a_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = sealed(tmp_path)
    look(tmp_path)
    read: list[Path] = []
    monkeypatch.setattr(hashing, "file_hash", lambda path: read.append(path))
    assert look(tmp_path) == (made, [])
    assert read == []


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda text: text.replace('"epochs": 3', '"epochs": 4'), "its seal differs"),
        (lambda text: text[: len(text) // 2], "is no artifact's description"),
        (lambda text: "[]", "is no artifact's description"),
        (lambda text: "", "is no artifact's description"),
    ],
    ids=["another meta", "cut", "another type", "empty"],
)
def test_a_description_that_was_changed_is_damage(tmp_path: Path, spoil: Callable[[str], str], said: str) -> None:
    file = sealed(tmp_path).folder / store.NAME
    file.write_text(spoil(file.read_text()))
    assert store.find(tmp_path, "train", KEY) is None
    found, warned = look(tmp_path)
    assert found is None
    assert said in warned[0]
    assert sealed(tmp_path).meta == {"epochs": 3}


def test_a_folder_whose_description_was_removed_is_made_again(tmp_path: Path) -> None:
    made = sealed(tmp_path)
    (made.folder / store.NAME).unlink()
    assert store.find(tmp_path, "train", KEY) is None
    found, said = look(tmp_path)
    assert found is None
    assert said[0].startswith(f"{made.folder / store.NAME} is missing: set aside in ")


def test_a_removed_folder_is_made_again(tmp_path: Path) -> None:
    shutil.rmtree(sealed(tmp_path).folder)
    assert store.find(tmp_path, "train", KEY) is None
    assert look(tmp_path) == (None, [])
    assert (sealed(tmp_path).folder / "model.pt").read_text() == "weights"


def test_what_lies_broken_at_its_place_gives_way_to_what_is_whole(tmp_path: Path) -> None:
    made = sealed(tmp_path)
    (made.folder / "model.pt").write_text("half")
    assert (sealed(tmp_path).folder / "model.pt").read_text() == "weights"


def test_meta_with_numbers_as_names_keeps_its_seal(tmp_path: Path) -> None:
    with store.draft(tmp_path, "train", KEY) as folder:
        made = store.finish(tmp_path, folder, {"step": "train", "key": KEY, "meta": {2: "b", 10: "a"}})
    assert store.read(made.folder).meta == {"2": "b", "10": "a"}


def test_a_lock_is_held_again_inside_itself(tmp_path: Path) -> None:
    with store.lock(tmp_path, "train", KEY), store.lock(tmp_path, "train", KEY):
        held = store.lock_of(tmp_path, "train", KEY)
        assert held.is_locked
    assert not held.is_locked


def test_two_threads_exclude_each_other(tmp_path: Path) -> None:
    inside: list[int] = []

    def enter() -> None:
        with store.lock(tmp_path, "train", KEY):
            inside.append(1)

    with store.lock(tmp_path, "train", KEY):
        thread = threading.Thread(target=enter)
        thread.start()
        thread.join(0.3)
        assert inside == []
    thread.join(10)
    assert inside == [1]


def test_a_killed_holders_lock_is_free(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from runner.artifacts import store\n"
        f"with store.lock(Path({str(tmp_path)!r}), 'train', {KEY!r}): print('held', flush=True); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=REPOSITORY) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(Timeout):
            store.lock_of(tmp_path, "train", KEY).acquire(timeout=0)
        holder.kill()
    with store.lock(tmp_path, "train", KEY):
        pass


def test_what_dvc_pulled_is_found_too(tmp_path: Path) -> None:
    made = sealed(tmp_path)
    shutil.copytree(made.folder, tmp_path / "pipeline" / "train" / "gru")
    shutil.rmtree(tmp_path / "artifacts")
    found = store.find(tmp_path, "train", KEY)
    assert found is not None
    assert found.folder == tmp_path / "pipeline" / "train" / "gru"


def test_what_dvc_owns_is_never_set_aside(tmp_path: Path) -> None:
    made = sealed(tmp_path)
    shutil.copytree(made.folder, tmp_path / "pipeline" / "train" / "gru")
    shutil.rmtree(tmp_path / "artifacts")
    (tmp_path / "pipeline" / "train" / "gru" / "model.pt").write_text("other")
    with pytest.raises(StepFailed) as caught:
        store.sound(tmp_path, "train", KEY, print)
    assert caught.value.next_step == "Restore it: dvc checkout, or dvc pull."


def test_scratch_goes_when_the_artifact_is_there(tmp_path: Path) -> None:
    folder = store.scratch(tmp_path, "train", KEY)
    assert folder.is_dir()
    sealed(tmp_path)
    assert not folder.exists()


@pytest.mark.parametrize("name", ["weights.bin", "deeper/model.onnx", ".hidden"])
def test_a_file_put_into_an_artifacts_folder_later_is_damage(tmp_path: Path, name: str) -> None:
    file = sealed(tmp_path).folder / name
    file.parent.mkdir(exist_ok=True)
    file.write_text("other weights")
    found, said = look(tmp_path)
    assert found is None
    assert said[0].startswith(f"{file} was put there after it was written: set aside in ")


def test_a_link_put_into_an_artifacts_folder_later_is_damage(tmp_path: Path) -> None:
    made = sealed(tmp_path)
    (made.folder / "more").symlink_to(tmp_path)
    assert store.damage(made) == f"{made.folder / 'more'} was put there after it was written"
