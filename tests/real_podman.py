"""The real podman, where it starts containers on this machine, and an image of Python with numpy made of its files."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from tests import other_python

IMAGE = "edge-runner-test"
LEFT_OUT = shutil.ignore_patterns(
    "test", "__pycache__", "idlelib", "tkinter", "ensurepip", "lib2to3", "*.a", "config-*"
)
WHERE = "import sys, numpy, pathlib; print(sys.base_prefix, pathlib.Path(numpy.__file__).parents[1], sep='\\n')"


@cache
def image() -> str | None:
    """The name of the image; None where there is no podman, or it starts none here."""
    python = other_python.with_numpy()
    if shutil.which("podman") is None or python is None:
        return None
    if _run("podman", "image", "exists", IMAGE) is None and not _built(python):
        return None
    return (
        IMAGE if _run("podman", "run", "--rm", "--network=none", IMAGE, "python3", "-c", "import numpy") == "" else None
    )


def _built(python: str) -> bool:
    prefix, packages = (Path(line) for line in subprocess.check_output([python, "-c", WHERE], text=True).split())
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "root")
        library = next((prefix / "lib").glob("python3.*"))
        shutil.copytree(library, root / library.relative_to("/"), ignore=LEFT_OUT)
        site = root / library.relative_to("/") / "site-packages"
        for name in ("numpy", "numpy.libs", *(path.name for path in packages.glob("numpy-*"))):
            if (packages / name).is_dir():
                shutil.copytree(packages / name, site / name)
        program = prefix / "bin" / library.name
        _copied(program, root)
        for binary in [program, *library.rglob("*.so"), *packages.glob("numpy*/**/*.so*")]:
            for needed in _needed(binary):
                _copied(needed, root)
        (root / "usr/bin").mkdir(parents=True, exist_ok=True)
        (root / "usr/bin/python3").symlink_to(program)
        Path(folder, "Dockerfile").write_text("FROM scratch\nADD root /\nENV PATH=/usr/bin\n")
        return _run("podman", "build", "--quiet", "--tag", IMAGE, folder) is not None


def _needed(binary: Path) -> list[Path]:
    said = _run("ldd", str(binary)) or ""
    words = (word for line in said.splitlines() for word in line.split())
    return [Path(word) for word in words if word.startswith("/") and Path(word).is_file()]


def _copied(path: Path, root: Path) -> None:
    place = root / path.relative_to("/")
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, place)


def _run(*command: str) -> str | None:
    """What it prints; None where it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else None
