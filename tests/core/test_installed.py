"""Versions of what is installed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.core import installed


@pytest.fixture
def info(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The description of an installed `runtime`."""
    found = tmp_path / "runtime-1.2.dist-info"
    found.mkdir()
    (found / "METADATA").write_text("Metadata-Version: 2.1\nName: runtime\nVersion: 1.2\n")
    (found / "RECORD").write_text("runtime/core.so,sha256=aaaa,10\n")
    monkeypatch.syspath_prepend(tmp_path)
    installed.version.cache_clear()
    yield found
    installed.version.cache_clear()


def version() -> str | None:
    installed.version.cache_clear()
    return installed.version("runtime")


def test_what_an_index_has_is_told_by_its_version(info: Path) -> None:
    assert version() == "1.2"
    assert installed.versions(["runtime", "runtime-that-nobody-has"]) == {
        "runtime": "1.2",
        "runtime-that-nobody-has": None,
    }


def test_an_own_build_of_the_same_version_is_another_tool(info: Path) -> None:
    (info / "direct_url.json").write_text('{"url": "file:///home/me/runtime-1.2.whl", "archive_info": {}}')
    before = version()
    assert before
    assert before.startswith("1.2 (own build ")
    elsewhere = "../../bin/run,sha256=cccc,7\nruntime/core.so,sha256=aaaa,10\nruntime/a.pyc,,\n"
    (info / "RECORD").write_text(elsewhere)
    assert version() == before
    (info / "RECORD").write_text("runtime/core.so,sha256=bbbb,10\n")
    assert version() != before
