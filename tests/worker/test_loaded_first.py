"""Files that the loader's variables name, told by what lies there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from runner.worker import loaded_first
from tests.conftest import REPOSITORY

ASK = "import json, os; from runner.worker import loaded_first; print(json.dumps(loaded_first.named(os.environ)))"


@pytest.fixture(autouse=True)
def no_list_of_the_machines_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loaded_first, "LISTED", tmp_path / "none")


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A real one, which a process may be given."""
    import _struct

    return Path(shutil.copy(_struct.__file__, tmp_path / "libfast.so"))


def test_where_nothing_is_named_there_is_nothing_to_tell(tmp_path: Path) -> None:
    assert loaded_first.named({}) == {}
    assert loaded_first.named({"LD_PRELOAD": " ", "LD_LIBRARY_PATH": f":{tmp_path}:{tmp_path}/none"}) == {}


@pytest.mark.parametrize("name", ["LD_PRELOAD", "LD_AUDIT"])
def test_a_library_that_is_loaded_first_counts_by_its_content(name: str, library: Path, tmp_path: Path) -> None:
    environment = {name: f"{tmp_path}/none.so:{library}"}
    before = loaded_first.named(environment)
    library.write_bytes(library.read_bytes() + b"\0")
    now = loaded_first.named(environment)
    assert before.keys() == now.keys() == {name}
    assert before != now


def test_what_is_no_library_changes_nothing(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.so")
    (tmp_path / "folder.so").mkdir()
    names = f"{tmp_path}/pipe.so {tmp_path}/folder.so relative.so /usr/$LIB/none.so"
    assert loaded_first.named({"LD_PRELOAD": names}) == {}


def test_a_bare_name_is_what_the_loader_found(library: Path) -> None:
    def told() -> dict[str, str]:
        env = {**os.environ, "PYTHONPATH": str(REPOSITORY), "LD_PRELOAD": library.name}
        env["LD_LIBRARY_PATH"] = str(library.parent)
        done = subprocess.run([sys.executable, "-c", ASK], env=env, capture_output=True, text=True, check=True)
        found: dict[str, str] = json.loads(done.stdout)
        return found

    before = told()
    library.write_bytes(library.read_bytes() + b"\0")
    now = told()
    assert before["LD_PRELOAD"] != now["LD_PRELOAD"]


def test_a_folder_of_libraries_counts_by_their_sizes_and_times(library: Path, tmp_path: Path) -> None:
    environment = {"LD_LIBRARY_PATH": str(tmp_path)}
    before = loaded_first.named(environment)
    (tmp_path / "notes.txt").write_text("no library")
    assert loaded_first.named(environment) == before
    shutil.copy(library, tmp_path / "libonnxruntime.so.1")
    assert loaded_first.named(environment) != before


def test_the_machines_own_list_counts_too(library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ld.so.preload").write_text(f"{library}\n")
    monkeypatch.setattr(loaded_first, "LISTED", tmp_path / "ld.so.preload")
    assert loaded_first.named({}).keys() == {f"{tmp_path}/ld.so.preload"}
