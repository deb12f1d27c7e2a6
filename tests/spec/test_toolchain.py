"""Words that name a toolchain."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.core.errors import SpecError
from runner.sweeps import request


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["toolchain.python=-c"], "toolchain.python=-c: no python's name."),
        (["toolchain.image=--privileged"], "toolchain.image=--privileged: no image's name."),
        (["toolchain.version=latest"], "toolchain.version=latest: no release's name."),
        (["toolchain.version=1.20"], "toolchain.version=1.2: a text or null expected."),  # zeros of a number are lost
        (["toolchain.python=/a", "toolchain.image=b"], "toolchain.python and toolchain.image are both set."),
    ],
)
def test_what_names_no_toolchain_is_refused(tmp_path: Path, words: list[str], reason: str) -> None:
    with pytest.raises(SpecError) as error:
        request.one(tmp_path, words)
    assert error.value.reason == reason


def test_without_a_word_none_is_named(tmp_path: Path) -> None:
    spec = request.one(tmp_path, ["toolchain.image=vendor/sdk:3.29"])
    assert (spec.toolchain.python, spec.toolchain.image) == (None, "vendor/sdk:3.29")
    usual = {"python": None, "image": None, "install": False, "version": None}
    assert request.one(tmp_path, []).plain()["toolchain"] == usual
