"""One record as one file: a zip of what its folder holds and a manifest of hashes. No pickle.

`record.json` holds the spec, metrics, conditions and environment; `samples.npz` every raw sample; then telemetry, and
what a sweep's size made of the verdict. The same record always makes the same bytes. A file of others is read within
LIMITS and never unpacked by the names in it.
"""

from __future__ import annotations

import io
import json
import os
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from runner.core import given_files, hashing
from runner.core.errors import SpecError
from runner.core.foreign_text import tree, visible
from runner.measure import samples
from runner.results import archive_form, layers, multiple_comparisons, picture_files, records, seal
from runner.results.picture_files import Picture
from runner.results.record_schema import Correction
from runner.results.records import Record
from runner.results.untrusted_json import Untrusted, json_tree
from runner.telemetry.sampler import PROFILE
from runner.telemetry.summary import REPORT
from runner.tensors import npz
from runner.tensors.npz import Unreadable

FORMAT, SCHEMA = "edge-runner record", 1
UPDATE = "Update edge-runner on this side."
MANIFEST, RECORD, SAMPLES, LAYERS = "manifest.json", "record.json", "samples.npz", layers.FILE
SUFFIX = ".runner.zip"
MB = 10**6
# Bytes of each file that there can be, unpacked: what claims more is no record.
LIMITS = {
    MANIFEST: 1 * MB, RECORD: records.LARGEST, SAMPLES: 1000 * MB, multiple_comparisons.FILE: 1 * MB,
    PROFILE: 256 * MB, REPORT: 1 * MB, LAYERS: 8 * MB, **dict.fromkeys(picture_files.FILES, 32 * MB),
}  # fmt: skip
UNREADABLE = (
    OSError, zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, struct.error, NotImplementedError, RuntimeError,
    EOFError, ValueError, OverflowError, MemoryError,
)  # fmt: skip


def write(record: Record, file: Path, correction: Correction | None = None) -> None:
    """Write `record` into `file`, built beside its place and renamed; `correction` is what its sweep made of it.

    Raises SpecError where the folder is missing, or the record is none that `opened` would take; OSError where the
    file can't be written.
    """
    if not file.parent.is_dir() or file.is_dir():
        raise SpecError(f"-o {file}: no such folder, or a folder itself.", "Name a file in a folder that is there.")
    contents = _contents(record, correction)
    _check(contents, record.folder)
    manifest = {
        "format": FORMAT,
        "schema": SCHEMA,
        "record_id": record.content["record_id"],
        "files": {name: {"sha256": hashing.hash_of(data), "bytes": len(data)} for name, data in contents.items()},
    }
    contents = {MANIFEST: json.dumps(manifest, indent=1).encode() + b"\n", **contents}
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        _zip(contents, draft)
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)


def _contents(record: Record, correction: Correction | None) -> dict[str, bytes]:
    """The record's files by name, those that are there."""
    paths = [record.folder / name for name in (RECORD, SAMPLES, PROFILE, REPORT, LAYERS, *picture_files.FILES)]
    link = next((path for path in paths if path.is_symlink()), None)
    if link:
        raise SpecError(f"{link} is a link: what it points to may not be the record's.", "Put the file itself there.")
    found = {path.name: path.read_bytes() for path in paths if path.is_file()}
    return found | (
        {multiple_comparisons.FILE: multiple_comparisons.as_json(correction).encode()} if correction else {}
    )


def _zip(contents: Mapping[str, bytes], file: Path) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in contents.items():
            # A date of its own would make two exports of one record differ.
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)


@contextmanager
def opened(file: Path) -> Iterator[Record]:
    """The record in an exported `file`, in a folder that lasts as long as the context. Characters in it that would act
    on a terminal are escapes (`foreign.visible`), and what it advises to type is called its own.

    Raises SpecError for what is no such file, is of a newer schema, was changed after the export, or breaks LIMITS.
    """
    contents = _read_all(Path(given_files.existing(str(file))))
    texts = {name: tree(json.loads(contents[name])) for name in (RECORD, multiple_comparisons.FILE) if name in contents}
    if texts[RECORD].get("next_step"):  # what is typed is for the reader to judge
        texts[RECORD]["next_step"] = f"The file advises: {texts[RECORD]['next_step']}"
    with TemporaryDirectory(prefix="runner-") as folder:
        for name, data in contents.items():
            (Path(folder) / name).write_bytes(data)  # the names are those of LIMITS
        texts[RECORD] = _resealed(json.loads(contents[RECORD]), texts[RECORD], Path(folder))
        for name, text in texts.items():
            (Path(folder) / name).write_text(json.dumps(text), encoding="utf-8")
        yield Record(Path(folder), texts[RECORD])


def _resealed(content: dict[str, Any], legible: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The legible content of a record, sealed where the one that came was: what we write into it is no edit."""
    if legible == content or seal.state(content, folder) != "sealed":
        return legible
    return seal.sealed(legible, folder, content["seal"]["files"])


def _read_all(file: Path) -> dict[str, bytes]:
    """The files of an export, by name, once all of them are what the manifest says."""
    try:
        with zipfile.ZipFile(file) as archive:
            _check_members(archive, file)
            manifest = _manifest(archive, file)
            contents = {name: _member(archive, name, facts, file) for name, facts in manifest["files"].items()}
    except UNREADABLE as error:
        raise _broken(file, f"it can't be read as a zip ({error})") from error
    record_id = _check(contents, file)
    if record_id != manifest.get("record_id"):
        raise _broken(file, f"{RECORD} is of {record_id}, {MANIFEST} of {str(manifest.get('record_id'))[:100]}")
    return contents


def _check_members(archive: zipfile.ZipFile, file: Path) -> None:
    """Nothing is unpacked before this: names are known ones, once each, of a size within LIMITS."""
    names = archive.namelist()
    if MANIFEST not in names:
        raise SpecError(
            f"{file}: no {MANIFEST} inside: not an exported record.", "Export one: python -m runner export RECORD"
        )
    for member in archive.infolist():
        name = member.filename
        if name not in LIMITS or names.count(name) > 1:
            raise _broken(file, f"{name[:100]!r} inside is " + ("odd" if name not in LIMITS else "there twice"))
        if member.file_size > LIMITS[name]:
            raise _broken(file, f"{name} claims more than {LIMITS[name] // MB} MB")
        if member.compress_type not in npz.METHODS:
            raise _broken(file, f"{name} is packed by another method than deflate")
    largest = max(archive.infolist(), key=lambda member: member.file_size)
    try:
        npz.check_room(sum(member.file_size for member in archive.infolist()), file.stat().st_size, largest.filename)
    except Unreadable as error:
        raise _broken(file, str(error)) from error


def _manifest(archive: zipfile.ZipFile, file: Path) -> dict[str, Any]:
    manifest = _tree(archive.read(MANIFEST), MANIFEST, file)
    if manifest.get("format") != FORMAT or not isinstance(manifest.get("files"), dict):
        raise _broken(file, f"{MANIFEST} is not that of an exported record")
    if manifest.get("schema") != SCHEMA:
        raise SpecError(f"{file}: {_newer(manifest.get('schema'), SCHEMA)}", UPDATE)
    if set(manifest["files"]) != set(archive.namelist()) - {MANIFEST}:
        raise _broken(file, f"{MANIFEST} names other files than are inside")
    return manifest


def _member(archive: zipfile.ZipFile, name: str, facts: Any, file: Path) -> bytes:
    data = archive.read(name)  # as many bytes as it claims, at most
    if not isinstance(facts, dict) or hashing.hash_of(data) != facts.get("sha256"):
        raise SpecError(
            f"{file}: {name} was changed after the export (its hash differs).", "Ask for a fresh export of the record."
        )
    return data


def _check(contents: Mapping[str, bytes], file: Path) -> str:
    """The record's id, once every file is what it should be."""
    if RECORD not in contents:
        raise _broken(file, f"{RECORD} is missing")
    content = _tree(contents[RECORD], RECORD, file)
    checks = {
        RECORD: archive_form.check_record,
        multiple_comparisons.FILE: archive_form.check_correction,
        LAYERS: layers.check,
    }
    try:
        for name in filter(contents.__contains__, checks):
            checks[name](_tree(contents[name], name, file))
    except Untrusted as error:
        raise _broken(file, f"{name} {error}") from error
    if content["schema"] > records.SCHEMA:
        raise SpecError(f"{file}: its record is of {_newer(content['schema'], records.SCHEMA)}", UPDATE)
    _check_telemetry(contents, file)
    if SAMPLES in contents:
        _check_samples(contents[SAMPLES], file)
    return str(content["record_id"])


def _newer(schema: object, reads: int) -> str:
    return f"schema {schema}, this version reads {reads}."


def _check_telemetry(contents: Mapping[str, bytes], file: Path) -> None:
    if REPORT in contents:
        try:
            archive_form.profile(contents[REPORT])
        except Untrusted as error:
            raise _broken(file, f"{REPORT} {error}") from error
    for name in filter(contents.__contains__, picture_files.FILES):
        if fault := picture_files.fault(Picture(picture_files.MEDIA[Path(name).suffix], contents[name])):
            raise _broken(file, f"{name} {fault}")


def _tree(data: bytes, name: str, file: Path) -> dict[str, Any]:
    try:
        return json_tree(data)
    except Untrusted as error:
        raise _broken(file, f"{name} {error}") from error


def _check_samples(data: bytes, file: Path) -> None:
    try:
        samples.check(io.BytesIO(data))
    except Unreadable as error:
        raise _broken(file, f"{SAMPLES} can't be read: {error}") from error


def _broken(file: Path, what: str) -> SpecError:
    return SpecError(f"{file}: {visible(what)}.", "Expected is a file that `python -m runner export RECORD` wrote.")
