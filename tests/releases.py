"""Releases of runtimes, each in an environment of its own: made once, and kept in pytest's cache."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.core.errors import Unavailable
from runner.transport import toolchains

# The metadata of the first don't say that it needs numpy below 2; it reads no opset above 21.
UNREACHED = "no index of packages can be reached"
OLD, NEW = "1.18.0", "1.22.0"
BOTH = (f"onnxruntime=={OLD}", f"onnxruntime=={NEW}")


def lend(project: Path, config: pytest.Config, *releases: str) -> None:
    """`project` has these releases. Skips the test where no index of packages can be reached."""
    assert config.cache is not None
    folder = project / toolchains.FOLDER
    folder.symlink_to(config.cache.mkdir("toolchains"))
    for name in releases:
        try:
            toolchains.install(project, name, print)
        except Unavailable as error:
            if UNREACHED not in error.reason:
                raise
            pytest.skip(error.reason)
