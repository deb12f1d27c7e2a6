"""The commands of a page that a test runs: the blocks that are marked with its name."""

from __future__ import annotations

import re

from tests.conftest import REPOSITORY


def blocks(page: str, test: str) -> list[list[str]]:
    """The commands of each block of `page` that is marked as run by `test`, both as paths in the repository."""
    text = (REPOSITORY / page).read_text(encoding="utf-8")
    found = re.findall(rf"<!-- run by {re.escape(test)} -->\n```sh\n(.*?)```", text, re.DOTALL)
    assert found, f"no block of {page} is marked as run by {test}"
    return [[line for line in block.splitlines() if line and not line.startswith("#")] for block in found]
