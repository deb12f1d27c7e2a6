"""A record's seal: the hashes of all that is evidence in it, kept in its `record.json`.

Evidence is `record.json` itself, the samples and the telemetry; pictures are drawn from them, and stay outside. The
hash has no key: it shows that a record was edited, by accident or by hand. It doesn't show forgery: who edits a record
can seal it again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from runner.core import hashing

State = Literal["sealed", "edited", "unsealed"]

RECORD = "record.json"
EVIDENCE = ("samples.npz", "system_profile.txt", "profile_report.yaml", "layers.json")


def sealed(content: Mapping[str, Any], folder: Path, names: Iterable[str]) -> dict[str, Any]:
    """The content with its seal over itself and over the files with these names in `folder`."""
    files = {name: hashing.file_hash(folder / name) for name in sorted(names) if evidence(name)}
    return {**content, "seal": {"files": files, "sha256": _digest(content, files)}}


def evidence(name: str) -> bool:
    """Whether a file beside `record.json` is evidence: all but pictures."""
    return not name.endswith((".svg", ".png"))


def _digest(content: Mapping[str, Any], files: Any) -> str:
    return hashing.digest({**{name: value for name, value in content.items() if name != "seal"}, "seal": files})


def state(content: Mapping[str, Any], folder: Path) -> State:
    """Whether the record in `folder` with this content is as it was sealed; `unsealed`: from before seals, which are
    older than measurements' keys."""
    if "seal" not in content:
        return "edited" if "measurement_key" in content else "unsealed"
    seal = content["seal"]
    files = seal.get("files") if isinstance(seal, dict) else None
    if not isinstance(files, dict) or seal.get("sha256") != _digest(content, files):
        return "edited"
    whole = all(Path(name).name == name and _hash(folder / name) == known for name, known in files.items())
    added = any((folder / name).exists() for name in EVIDENCE if name not in files)
    return "sealed" if whole and not added else "edited"


def _hash(path: Path) -> str:
    """Empty where there is no such file. One of /proc says that it is empty, and may be waited for without end."""
    if not path.is_file():
        return ""
    return hashing.file_hash(path) if path.stat().st_size else hashing.hash_of(b"")
