"""Which versions of distributions are installed here."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import lru_cache

DIRECT = "direct_url.json"  # an installer writes it where no index was asked: a file, a folder, a repository (PEP 610)


@lru_cache(maxsize=None)  # noqa: UP033 - Python 3.8: it travels
def version(distribution: str) -> str | None:
    """The installed version of a distribution, or None. One that comes from no index may be anybody's build of it:
    `1.20.1 (own build 3f9c0a1b)`, by the hashes of its files as its installer noted them."""
    from importlib import metadata  # its import takes longer than all of ours here

    try:
        found = metadata.distribution(distribution)
    except metadata.PackageNotFoundError:
        return None
    if found.read_text(DIRECT) is None:
        return found.version
    noted = sorted(filter(_of_package, (found.read_text("RECORD") or "").splitlines()))
    return f"{found.version} (own build {hashlib.sha256(chr(10).join(noted).encode()).hexdigest()[:8]})"


def _of_package(line: str) -> bool:
    """Whether a line of RECORD (`PATH,HASH,SIZE`) notes a file that the build made: a program's first line names this
    interpreter, and bytecode has no hash."""
    return not line.startswith("..") and ".dist-info/" not in line and not line.endswith(",,")


def versions(distributions: Iterable[str]) -> dict[str, str | None]:
    """`{distribution: version or None}`."""
    return {name: version(name) for name in distributions}
