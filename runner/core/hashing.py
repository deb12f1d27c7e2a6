"""SHA-256 of content and files: a step's key is that of everything that its output depends on (docs/keys.md)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def digest(content: Any) -> str:
    """SHA-256 (hex) of JSON content, the same for the same content whatever the order of its keys."""
    return digest_of(canonical(content))


def canonical(content: Any) -> str:
    """JSON content as one text, the same for the same content whatever the order of its keys."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), default=_plain)


def joined(texts: Mapping[str, str]) -> str:
    """`canonical` of a mapping, from the canonical text of each of its values."""
    return "{" + ",".join(f"{json.dumps(name)}:{texts[name]}" for name in sorted(texts)) + "}"


def digest_of(text: str) -> str:
    """SHA-256 (hex) of a text; of content's canonical text that is its `digest`."""
    return hash_of(text.encode())


def hash_of(data: bytes) -> str:
    """SHA-256 (hex) of bytes."""
    return hashlib.sha256(data).hexdigest()


def file_hash(path: Path) -> str:
    """SHA-256 (hex) of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() if hasattr(hashlib, "file_digest") else _hash(file)


def _hash(file: Any) -> str:
    total = hashlib.sha256()
    while chunk := file.read(1 << 20):
        total.update(chunk)
    return total.hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} in a key")
