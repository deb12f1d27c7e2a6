"""What lies in a distribution's place in the place of what was installed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from runner.worker import runtime_environment

FILES = {"runtime/core.so": b"\x7fELF one", "runtime/capi/run.py": b"x = 1\n", "runtime/a/b/c/deep.py": b"x = 1\n"}


def _noted(path: str, content: bytes) -> str:
    import base64
    import hashlib

    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
    return f"{path},sha256={digest},{len(content)}"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed distribution `runtime`."""
    for path, content in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    info = tmp_path / "runtime-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: runtime\nVersion: 1.2\n")
    lines = [*(_noted(path, content) for path, content in FILES.items()), "runtime-1.2.dist-info/RECORD,,"]
    (info / "RECORD").write_text("\n".join(lines) + "\n")
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def version() -> str:
    return runtime_environment.version("runtime") or ""


def later(file: Path, content: bytes) -> None:
    """Written after the installation."""
    file.write_bytes(content)
    time = file.stat().st_mtime_ns + 10**10
    os.utime(file, ns=(time, time))


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("runtime/core.so", b"\x7fELF two"),  # as long as before
        ("runtime/core.so", b"\x7fELF longer"),
        ("runtime/capi/run.py", b"x = 2\n"),
    ],
)
def test_a_file_that_was_changed_in_its_place_is_told(site: Path, path: str, content: bytes) -> None:
    before = version()
    assert before.startswith("1.2 (build ")
    assert "edited" not in before
    later(site / path, content)
    assert version().startswith(f"{before[:-1]}, edited ")
    later(site / path, FILES[path])  # put back: only its date is another
    assert version() == before


def test_a_library_that_is_gone_or_has_an_old_date_is_told(site: Path) -> None:
    before, library = version(), site / "runtime/core.so"
    library.write_bytes(b"\x7fELF longer")
    os.utime(library, ns=(0, 0))
    older = version()
    library.unlink()
    assert len({before, older, version()}) == 3


def test_modules_far_below_a_package_are_not_looked_at(site: Path) -> None:
    before = version()
    later(site / "runtime/a/b/c/deep.py", b"x = 2\n")
    assert version() == before


def test_what_runs_from_its_source_folder_is_told_by_the_times_of_its_files(site: Path, tmp_path: Path) -> None:
    source = tmp_path / "my source"
    source.mkdir()
    (source / "fast.py").write_text("x = 1\n")
    about = f'{{"url": "{source.as_uri()}", "dir_info": {{"editable": true}}}}'
    (site / "runtime-1.2.dist-info" / "direct_url.json").write_text(about)
    before = version()
    assert ", editable " in before
    (source / ".#fast.py").symlink_to("me@here.4711")  # an editor's
    assert version() == before
    later(source / "fast.py", b"x = 2\n")
    assert version() != before


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"url": "https://example.org/runtime.whl", "archive_info": {}}'])
def test_what_comes_from_elsewhere_has_no_source_folder(text: str, site: Path) -> None:
    before = version()
    (site / "runtime-1.2.dist-info" / "direct_url.json").write_text(text)
    assert version() == before
