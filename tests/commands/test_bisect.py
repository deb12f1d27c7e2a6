"""What `bisect` says of its words, before anything runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.commands import bisect
from runner.core.errors import SpecError
from runner.results.bisection import Found


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ([], "bisect: --from and --to, or --versions: one of both."),
        (["--from", "1.18"], "bisect: --from and --to belong together."),
        (["--from", "1.18", "--to", "1.31", "--versions", "1.18.0,1.22.0"], "bisect: --from and --to, or --versions"),
        (["--versions", "1.18.0"], "--versions 1.18.0: two different releases at the least."),
        (["--versions", "1.18.0,latest"], "onnxruntime==latest: latest is no version."),
        (["baseline=none", "--versions", "1.18.0,1.22.0"], "baseline=none: bisect sets baseline itself."),
        (["toolchain.version=1", "--versions", "1.18.0,1.22.0"], "toolchain.version=1: bisect sets toolchain.version"),
    ],
)
def test_words_that_cant_be_searched_by(
    words: list[str], reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SpecError) as error:
        bisect.main(["model=gru", *words])
    assert error.value.reason.startswith(reason)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (Found("slower", "0.80×", "1.1", "1.2"), "slower since onnxruntime 1.2 (1.1 is good): 0.80×"),
        (Found("wrong", "x", "1.1", "1.3", ("1.2",)), "wrong since one of onnxruntime 1.2, 1.3 (1.1 is good): x"),
        (Found("none", "the same"), "nothing happened: the same"),
        (Found("undecided", "too wide"), "can't be told: too wide"),
    ],
)
def test_the_answer_is_one_line(found: Found, said: str) -> None:
    assert bisect._answer(found, "onnxruntime") == said
