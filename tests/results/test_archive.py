import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runner.core.errors import SpecError
from runner.results import archive
from runner.results.records import Record
from tests.report import fixtures
from tests.report.fixtures import measured, spec

ID, OTHER = "20261121T090200-00000002", "20261121T090200-00000003"


@pytest.fixture
def record(tmp_path: Path) -> Record:
    return fixtures.write(tmp_path, measured(ID, spec(precision="int8_dynamic"), spec(), "onnxruntime fp32", 1.43))


@pytest.fixture
def exported(record: Record, tmp_path: Path) -> Path:
    archive.write(record, tmp_path / "a.zip")
    return tmp_path / "a.zip"


Contents = dict[str, bytes]


def changed(file: Path, change: Callable[[Contents], None], seal: bool = True) -> Path:
    """The export with other files inside; `seal` makes its hashes fit again."""
    with zipfile.ZipFile(file) as before:
        contents = {name: before.read(name) for name in before.namelist()}
    change(contents)
    manifest = json.loads(contents["manifest.json"])
    for name in manifest["files"] if seal else ():
        manifest["files"][name] = {"sha256": hashlib.sha256(contents[name]).hexdigest(), "bytes": len(contents[name])}
    contents["manifest.json"] = json.dumps(manifest).encode()
    with zipfile.ZipFile(file, "w") as after:
        for name, data in contents.items():
            after.writestr(name, data)
    return file


def edited(name: str, **values: Any) -> Callable[[Contents], None]:
    def change(contents: Contents) -> None:
        contents[name] = json.dumps(json.loads(contents[name]) | values).encode()

    return change


def test_a_record_comes_back_as_it_was_with_its_samples(record: Record, exported: Path) -> None:
    with archive.opened(exported) as found:
        assert found.content == record.content
        with np.load(found.folder / "samples.npz") as there, np.load(record.folder / "samples.npz") as here:
            assert there.files == here.files
            assert all((there[name] == here[name]).all() for name in here.files)
    assert not found.folder.exists()


def test_what_is_inside_and_that_the_same_record_makes_the_same_file(record: Record, exported: Path) -> None:
    with zipfile.ZipFile(exported) as file:
        assert file.namelist() == ["manifest.json", "record.json", "samples.npz"]
        manifest = json.loads(file.read("manifest.json"))
    assert {key: manifest[key] for key in ("format", "schema", "record_id")} == {
        "format": "edge-runner record", "schema": 1, "record_id": ID,
    }  # fmt: skip
    sealed = hashlib.sha256((record.folder / "samples.npz").read_bytes()).hexdigest()
    assert manifest["files"]["samples.npz"]["sha256"] == sealed
    again = exported.with_name("b.zip")
    archive.write(record, again)
    assert again.read_bytes() == exported.read_bytes()


def test_a_changed_number_is_found_by_its_hash(exported: Path) -> None:
    changed(exported, edited("record.json", date="2020-01-01"), seal=False)
    with pytest.raises(SpecError, match=r"record\.json was changed after the export"), archive.opened(exported):
        pass


def _pickled(contents: Contents) -> None:
    out = io.BytesIO()
    np.savez(out, **{"candidate/0": np.array([print], dtype=object)})
    contents["samples.npz"] = out.getvalue()


def _texts(contents: Contents) -> None:
    out = io.BytesIO()
    np.savez(out, **{"candidate/0": np.array(["fast"])})
    contents["samples.npz"] = out.getvalue()


def _escaping(contents: Contents) -> None:
    contents["../up.json"] = b"{}"
    edited("manifest.json", files={"../up.json": {}})(contents)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (edited("manifest.json", schema=2), "schema 2, this version reads 1"),
        (edited("record.json", schema=2), "its record is of schema 2, this version reads 1"),
        (edited("manifest.json", format="other"), "manifest.json is not that of an exported record"),
        (edited("record.json", spec="bilstm"), "record.json has no usable 'spec'"),
        (edited("record.json", spec={"model": "bilstm"}), "record.json has no usable 'spec.model'"),
        (edited("record.json", metrics={"latency/p50_ms": "1"}), "no usable 'metrics.latency/p50_ms'"),
        (edited("record.json", comparison={"ratio": 1.0}), "no usable 'comparison.baseline'"),
        (edited("record.json", record_id=OTHER), f"record.json is of {OTHER}, manifest.json of {ID}"),
        (_pickled, "samples.npz can't be read"),
        (_texts, "samples.npz can't be read: array candidate/0 holds no latencies"),
        (_escaping, "'../up.json' inside is odd"),
    ],
)
def test_what_is_no_sound_export_is_refused(change: Callable[[Contents], None], message: str, exported: Path) -> None:
    with pytest.raises(SpecError, match=message) as caught, archive.opened(changed(exported, change)):
        pass
    assert str(exported) in caught.value.reason
    assert caught.value.next_step


def test_other_files_are_refused(tmp_path: Path) -> None:
    text = tmp_path / "x.zip"
    text.write_text("hello")
    with pytest.raises(SpecError, match=r"it can't be read as a zip"), archive.opened(text):
        pass
    with zipfile.ZipFile(text, "w") as file:
        file.writestr("notes.txt", "hello")
    with pytest.raises(SpecError, match="not an exported record"), archive.opened(text):
        pass


def test_a_missing_folder_is_said(record: Record, tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="no such folder"):
        archive.write(record, tmp_path / "none" / "a.zip")
