"""Text files of others as lines of cells: which encoding, which delimiter. Standard library only."""

from __future__ import annotations

import codecs
import csv
import io
import re
import shlex
from collections.abc import Sequence
from pathlib import Path

from runner.core.errors import BadFile, SpecError

DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|", "space": " "}
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip


def cut(text: str, longest: int = 80) -> str:
    """A cell, or a line of them, as a message names it: of a damaged file, or one that was read with another
    delimiter, one may be as long as a page."""
    return text if len(text) <= longest else f"{text[:longest]}…"


def decoded(content: bytes, file: str) -> str:
    """UTF-8, or UTF-16 and UTF-32 where the file bears their mark (Excel's "Unicode text"), or plainly is UTF-16.

    Raises SpecError that names the first line which is neither.
    """
    encoding = next((name for mark, name in MARKS if content.startswith(mark)), _unmarked(content))
    try:
        text = content.decode(encoding)
        # Two bytes of anything may look like UTF-16's mark.
        if encoding.startswith(("utf-16", "utf-32")) and not re.search(r"[\r\n]", text):
            raise BadFile(f"{file}: not a text file in UTF-8.", "Save it as CSV in UTF-8.")
        return text
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise BadFile(
            f"{file}, line {line}: not a text file in UTF-8 (byte 0x{content[error.start]:02x}).",
            f"Save it as CSV in UTF-8; from Windows: iconv -f windows-1252 -t utf-8 {shlex.quote(file)} > utf8.csv",
        ) from error


def _unmarked(content: bytes) -> str:
    """In UTF-16 every second byte of Western text is 0; no text in UTF-8 holds a 0."""
    if content[1:2] == b"\0" and content[:1] != b"\0":
        return "utf-16-le"
    return "utf-16-be" if content[:1] == b"\0" and content[1:2] not in (b"", b"\0") else "utf-8"


def delimiter(word: str) -> str:
    """The character that `data.delimiter` names. Raises SpecError."""
    name = {v: k for k, v in DELIMITERS.items()}.get(word, word.strip("\"'"))
    found = DELIMITERS.get(name, "\t" if name in ("\\t", "t\\") else name)
    if len(found) != 1 or found in '"\r\n\0':
        raise SpecError(
            f"data.delimiter={word!r}: one character expected.",
            f"Type data.delimiter=tab, or another of {', '.join(DELIMITERS)}.",
        )
    return found


def cells(text: str, delimiter: str, file: str) -> list[list[str]]:
    """Lines of cells. Raises SpecError."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        lines = list(reader)
    except csv.Error as error:
        raise BadFile(
            f"{file}, line {reader.line_num}: not CSV: {error}.", "Mend that line, or save the file as CSV in UTF-8."
        ) from error
    return lines


def read(path: str, delimiter: str) -> list[list[str]]:
    """The lines of a file. Raises SpecError: in another encoding, not CSV; OSError where it can't be read."""
    return cells(decoded(Path(path).read_bytes(), path), delimiter, path)


def other_delimiter(line: Sequence[str], wanted: Sequence[str]) -> str:
    """The name of the delimiter that would split `line`, read with another, into cells with all of `wanted`; or ""."""
    whole = ",".join(line)
    for name, character in DELIMITERS.items():
        if set(wanted) <= {cell.strip().strip('"') for cell in whole.split(character)}:
            return name
    return ""
