"""Files that the dynamic loader (ld.so(8)) puts into every process, or looks for libraries in before all others.

The variables that name them are in the keys of measurements; here it is told what lies there, which may change under
the same name. Runs on devices, too: standard library, Python 3.8.
"""

from __future__ import annotations

import hashlib
import os
import re
from contextlib import suppress
from pathlib import Path
from typing import Dict, Iterator, List, Mapping  # noqa: UP035 - Python 3.8's names

from runner.worker import receiver

LISTED = Path("/etc/ld.so.preload")
MAPPED = Path("/proc/self/maps")
LIBRARY = re.compile(r"\.so\b")


def named(environment: Mapping[str, str]) -> Dict[str, str]:  # noqa: UP006
    """`{variable, or the loader's own list: hash of what it names}`; empty where none is set, as on most machines."""
    first = {name: environment.get(name, "") for name in ("LD_PRELOAD", "LD_AUDIT")}
    first[str(LISTED)] = _read(LISTED)
    found = {name: _contents(re.split(r"[\s:]+", text)) for name, text in first.items()}
    found["LD_LIBRARY_PATH"] = _listings(re.split("[:;]", environment.get("LD_LIBRARY_PATH", "")))
    return {name: _digest(lines) for name, lines in found.items() if lines}


def _contents(words: List[str]) -> List[str]:  # noqa: UP006
    """Of each library its path and hash; a bare name is what this process, too, was given by that name."""
    return [line for word in words if word for path in _places(word) for line in _content(path)]


def _content(path: Path) -> Iterator[str]:
    with suppress(OSError):  # what can't be read isn't loaded, either
        yield f"{path} {receiver.file_hash(path)}"


def _places(word: str) -> Iterator[Path]:
    path = Path(word)
    if path.is_absolute() and path.is_file():  # else the loader's own words in it ($LIB), or found along a path
        return iter((path,))
    mapped = {line.split(maxsplit=5)[-1] for line in _read(MAPPED).splitlines() if "/" in line}
    return map(Path, sorted(one for one in mapped if one.endswith(f"/{path.name}")))


def _read(file: Path) -> str:
    try:
        return os.fsdecode(file.read_bytes())
    except OSError:
        return ""


def _listings(folders: List[str]) -> List[str]:  # noqa: UP006
    """Of each library in a folder its name, size and time: a runtime takes its own from there."""
    return sorted(line for folder in folders if folder for line in _listing(folder))


def _listing(folder: str) -> Iterator[str]:
    try:
        with os.scandir(folder) as entries:
            for one in entries:
                if LIBRARY.search(one.name) and one.is_file():
                    about = one.stat()
                    yield f"{one.path} {about.st_size} {about.st_mtime_ns}"
    except OSError:  # none, or none of ours to read: the loader passes it over
        return


def _digest(lines: List[str]) -> str:  # noqa: UP006
    return hashlib.sha256("\n".join(lines).encode(errors="surrogateescape")).hexdigest()[:8]
