"""Another interpreter of this machine: Python 3.8 or newer, with numpy, not the one that runs the tests."""

from __future__ import annotations

import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

HAS_NUMPY = "import sys, numpy; sys.exit(sys.version_info < (3, 8))"


@cache
def with_numpy() -> str | None:
    """The oldest one found on PATH or among pyenv's."""
    named = [found for minor in range(8, 15) if (found := shutil.which(f"python3.{minor}"))]
    kept = map(str, sorted((Path.home() / ".pyenv" / "versions").glob("3.*/bin/python3")))
    ours = (sys.executable, str(Path(sys.executable).resolve()))
    return next((one for one in [*named, *kept] if one not in ours and _works(one)), None)


def _works(python: str) -> bool:
    return subprocess.run([python, "-c", HAS_NUMPY], capture_output=True, check=False).returncode == 0


needed = pytest.mark.skipif(with_numpy() is None, reason="no other Python with numpy on this machine")
