"""Files of an installed distribution that aren't what its installer noted: its version doesn't tell of them.

Runs on devices, too: standard library, Python 3.8.
"""

from __future__ import annotations

import base64
import json
import os
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import Iterator, List  # noqa: UP035 - Python 3.8's names
from urllib.parse import unquote, urlparse

from runner.worker import receiver

LIBRARIES = (".so", ".dylib", ".dll", ".pyd")
DEPTH = 2  # folders in which a package's modules are looked at, its own among them: torch has 2,400 of them in all
GONE = "gone"  # or not for us to read

Lines = List[str]  # noqa: UP006


def changed(distribution: metadata.Distribution, record: Lines, libraries: Lines) -> Lines:
    """`PATH,HASH` of each library or module whose content isn't that of its line in RECORD (`PATH,sha256=HASH,SIZE`).

    Those are read whose size is another, or that were written after RECORD itself, which an installer does last: a
    file of the same size that was given an old date isn't noticed.
    """
    folder = str(distribution.locate_file(""))
    last = _written(folder, record)
    looked_at = [line for line in (*libraries, *_modules(record)) if _may_be_another(folder, line, last)]
    now = {line: _hash(Path(folder, line.partition(",")[0])) for line in looked_at}
    return sorted(f"{line.partition(',')[0]},{found}" for line, found in now.items() if f",{found}," not in line)


def of_sources(distribution: metadata.Distribution) -> Lines:
    """`PATH,SIZE,TIME` of each library and module of a distribution that runs from its source folder (`pip install
    --editable`): no installer noted them."""
    try:
        about = json.loads(distribution.read_text("direct_url.json") or "{}")
        folder = urlparse(about["url"]).path if about["dir_info"]["editable"] else ""
    except (ValueError, KeyError, TypeError):  # as of nearly all: not from a folder
        return []
    return sorted(_sources(unquote(folder))) if folder else []


def _modules(record: Lines) -> Lines:
    return [line for line in record if ".py," in line and line.count("/", 0, line.index(".py,")) <= DEPTH]


def _written(folder: str, record: Lines) -> int:
    """When RECORD was, in ns; 0 where that can't be told, so that all is read."""
    own = next((line.partition(",")[0] for line in record if ".dist-info/RECORD," in line), None)
    try:
        return 0 if own is None else _status(folder, own).st_mtime_ns
    except OSError:
        return 0


def _may_be_another(folder: str, line: str, last: int) -> bool:
    path, _, about = line.partition(",")
    try:
        found = _status(folder, path)
    except OSError:
        return True
    return found.st_mtime_ns > last or not about.endswith(f",{found.st_size}")


def _sources(folder: str) -> Iterator[str]:
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name[0] not in "._"]
        for name in names:
            with suppress(OSError):  # an editor's link to nowhere
                if name.endswith((".py", *LIBRARIES)):
                    found = _status(place, name)
                    yield f"{place}/{name},{found.st_size},{found.st_mtime_ns}"


def _status(folder: str, path: str) -> os.stat_result:
    return os.stat(f"{folder}/{path}")  # noqa: PTH116 - of a thousand files


def _hash(file: Path) -> str:
    """As RECORD writes it."""
    try:
        digest = bytes.fromhex(receiver.file_hash(file))
    except OSError:
        return GONE
    return f"sha256={base64.urlsafe_b64encode(digest).decode().rstrip('=')}"
