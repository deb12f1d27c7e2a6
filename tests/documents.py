"""Pages as tests read them: the commands of blocks that are marked with a test's name, and the output that is shown."""

from __future__ import annotations

import re

from tests.conftest import REPOSITORY

WORDS = {  # what differs from run to run, besides numbers
    r"faster|slower|same|ambiguous|better|worse|not told apart|equal|can't be told": "VERDICT",
    r"target|budget(?!s| of)|max_pairs": "STOP",
    r"\b(?=[a-f]*\d)[0-9a-f]{8,}\b": "#",
    r"[+-]?\d(?:[\d.,]*\d)?(?:e[+-]?\d+)?": "#",
    r"[─═]+": "─",
}


def blocks(page: str, test: str, how: str = "run") -> list[list[str]]:
    """The commands of each block of `page` that is marked as run (or `how`) by `test`, both as paths in the
    repository."""
    text = (REPOSITORY / page).read_text(encoding="utf-8")
    found = re.findall(rf"<!-- {how} by {re.escape(test)} -->\n```sh\n(.*?)```", text, re.DOTALL)
    assert found, f"no block of {page} is marked as {how} by {test}"
    return [[line for line in block.splitlines() if line and not line.startswith("#")] for block in found]


def steps(page: str) -> list[tuple[str, str]]:
    """The fenced blocks of a page in their order: `("sh", commands)`, `("text", output)`, `("python", code)`."""
    text = (REPOSITORY / page).read_text(encoding="utf-8")
    return re.findall(r"^```(\w+)\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def unlike(shown: str, output: str) -> list[str]:
    """The lines of `shown` that `output` doesn't have, whatever the numbers, verdicts and breaks of lines; `…` stands
    for anything within a line."""
    whole = _form(output)
    return [line for line in shown.splitlines() if not _within(line, whole)]


def _within(line: str, whole: str) -> bool:
    parts = [re.escape(_form(part)) for part in line.split("…")]
    return re.search(".*?".join(parts), whole) is not None


def _form(text: str) -> str:
    text = " ".join(text.split())  # words of a verdict may stand on two lines
    for words, name in WORDS.items():
        text = re.sub(words, name, text)
    return text
