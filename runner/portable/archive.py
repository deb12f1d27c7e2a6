"""One record as one file: a zip with `record.json`, `samples.npz` and a manifest of their hashes. No pickle.

`record.json` holds the spec, metrics, conditions and environment; `samples.npz` every raw sample. The same record
always makes the same bytes.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from runner.errors import SpecError
from runner.records import Record
from runner.report.naming import AXES, IMPORTED

FORMAT, SCHEMA = "edge-runner record", 1
MANIFEST, RECORD, SAMPLES = "manifest.json", "record.json", "samples.npz"
SUFFIX = ".runner.zip"
LARGEST = 1 << 30  # bytes of one file inside: what claims more is no record
ARRAY = re.compile(r"[a-z_]+/\d+")  # <role>/<pair>
# What every reader of a record relies on, and its JSON type.
CONTENT: dict[str, type] = {
    "schema": int, "record_id": str, "date": str, "status": str, "spec": dict, "spec_key": str, "metrics": dict,
    "conditions": dict, "environment": dict,
}  # fmt: skip


def write(record: Record, file: Path) -> None:
    """Write `record` into `file`, built beside its place and renamed.

    Raises SpecError where the folder is missing, OSError where it can't be written.
    """
    if not file.parent.is_dir():
        raise SpecError(f"-o {file}: no such folder: {file.parent}.", "Make it first, or name another file.")
    parts = {name: record.folder / name for name in (RECORD, SAMPLES)}
    contents = {name: path.read_bytes() for name, path in parts.items() if path.is_file()}
    manifest = {
        "format": FORMAT,
        "schema": SCHEMA,
        "record_id": record.content["record_id"],
        "files": {
            name: {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)} for name, data in contents.items()
        },
    }
    contents = {MANIFEST: json.dumps(manifest, indent=1).encode() + b"\n", **contents}
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        _zip(contents, draft)
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)


def _zip(contents: Mapping[str, bytes], file: Path) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in contents.items():
            # A date of its own would make two exports of one record differ.
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)


@contextmanager
def opened(file: Path) -> Iterator[Record]:
    """The record in an exported `file`, in a folder that lasts as long as the context.

    Raises SpecError for what is no such file, is of a newer schema, or was changed after the export.
    """
    contents = _checked(file)
    with TemporaryDirectory(prefix="runner-") as folder:
        for name, data in contents.items():
            (Path(folder) / name).write_bytes(data)
        yield Record(Path(folder), json.loads(contents[RECORD]))


def _checked(file: Path) -> dict[str, bytes]:
    """The files of an export, by name, once all of them are what the manifest says."""
    try:
        with zipfile.ZipFile(file) as archive:
            manifest = _manifest(archive, file)
            contents = {name: _member(archive, name, facts, file) for name, facts in manifest["files"].items()}
    except (OSError, zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise _broken(file, f"it can't be read as a zip ({error})") from error
    if RECORD not in contents:
        raise _broken(file, f"{RECORD} is missing")
    _check_content(contents[RECORD], str(manifest.get("record_id")), file)
    if SAMPLES in contents:
        _check_samples(contents[SAMPLES], file)
    return contents


def _manifest(archive: zipfile.ZipFile, file: Path) -> dict[str, Any]:
    if MANIFEST not in archive.namelist():
        raise SpecError(
            f"{file}: no {MANIFEST} inside: not an exported record.", "Export one: python -m runner export RECORD"
        )
    manifest = _json(_read(archive, MANIFEST, file), MANIFEST, file)
    if manifest.get("format") != FORMAT or not isinstance(manifest.get("files"), dict):
        raise _broken(file, f"{MANIFEST} is not that of an exported record")
    if manifest.get("schema") != SCHEMA:
        raise SpecError(
            f"{file}: schema {manifest.get('schema')}, this version reads {SCHEMA}.", "Update edge-runner on this side."
        )
    return manifest


def _member(archive: zipfile.ZipFile, name: str, facts: Any, file: Path) -> bytes:
    if name not in (RECORD, SAMPLES) or name not in archive.namelist():
        raise _broken(
            file, f"{MANIFEST} names {name!r}, which is " + ("missing" if name in (RECORD, SAMPLES) else "odd")
        )
    data = _read(archive, name, file)
    if not isinstance(facts, dict) or hashlib.sha256(data).hexdigest() != facts.get("sha256"):
        raise SpecError(
            f"{file}: {name} was changed after the export (its hash differs).", "Ask for a fresh export of the record."
        )
    return data


def _read(archive: zipfile.ZipFile, name: str, file: Path) -> bytes:
    if archive.getinfo(name).file_size > LARGEST:
        raise _broken(file, f"{name} claims more than {LARGEST >> 30} GiB")
    return archive.read(name)


def _json(data: bytes, name: str, file: Path) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except ValueError as error:
        raise _broken(file, f"{name} is not JSON ({error})") from error
    if not isinstance(found, dict):
        raise _broken(file, f"{name} holds no object")
    return found


def _check_content(data: bytes, record_id: str, file: Path) -> None:
    content = _json(data, RECORD, file)
    for key, kind in CONTENT.items():
        if not isinstance(content.get(key), kind):
            raise _broken(file, f"{RECORD} has no usable {key!r}")
    odd = [axis for axis in AXES if axis in content["spec"] and not _named(content["spec"][axis])]
    odd += [name for name, value in content["metrics"].items() if not isinstance(value, (int, float))]
    odd += [] if _usable(content) else ["comparison"]
    if odd:
        raise _broken(file, f"{RECORD} has no usable {odd[0]!r}")
    if content["record_id"] != record_id:
        raise _broken(file, f"{RECORD} is of {content['record_id']}, {MANIFEST} of {record_id}")


def _usable(content: dict[str, Any]) -> bool:
    """Whether the comparison, if there is one, holds what every reader of one relies on."""
    found = content.get("comparison")
    if found is None:
        return content["status"] != "ok" or content.get("origin") == IMPORTED or "measure" in content["spec"]
    kinds: dict[str, Any] = {"ratio": (int, float), "verdict": str, "pairs": int, "kind": str, "baseline": dict}
    if not isinstance(found, dict) or not all(isinstance(found.get(key), kind) for key, kind in kinds.items()):
        return False
    baseline = found["baseline"]
    sound = isinstance(baseline.get("label"), str) and isinstance(baseline.get("spec"), dict)
    return sound and found["ratio"] > 0 and isinstance(content["spec"].get("measure"), dict)


def _named(option: Any) -> bool:
    return isinstance(option, dict) and isinstance(option.get("name"), str)


def _check_samples(data: bytes, file: Path) -> None:
    """Plain integer or float arrays by role and pair: numpy refuses pickled ones."""
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            odd = [name for name in arrays.files if not ARRAY.fullmatch(name) or not _latencies(arrays[name])]
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise _broken(file, f"{SAMPLES} can't be read ({error})") from error
    if odd:
        raise _broken(file, f"{SAMPLES} holds {odd[0]!r}, which are no latencies")


def _latencies(values: Any) -> bool:
    return bool(values.ndim == 1 and values.size and values.dtype.kind in "iuf" and (values > 0).all())


def _broken(file: Path, what: str) -> SpecError:
    return SpecError(f"{file}: {what}.", "Expected is a file that `python -m runner export RECORD` wrote.")
