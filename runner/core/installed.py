"""Which versions of distributions are installed here."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache


@lru_cache(maxsize=None)  # noqa: UP033 - Python 3.8: it travels
def version(distribution: str) -> str | None:
    """The installed version of a distribution, or None."""
    from importlib import metadata  # its import takes longer than all of ours here

    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def versions(distributions: Iterable[str]) -> dict[str, str | None]:
    """`{distribution: version or None}`."""
    return {name: version(name) for name in distributions}
