"""One word of a command line: Hydra's grammar with what we add to it, and words as they are pasted into a shell.

Beyond Hydra's grammar:

- `model.shapes.NAME=[1,8]`: NAME is an input's name as its file has it, whatever characters are in it;
- `model.shapes={"NAME": [1, 8]}`: a mapping may be JSON;
- `tracking.tags.NAME=VALUE`: NAME is any that a tag may have;
- `backend.KEY.NAME=VALUE`: an entry of a mapping of the backend's, such as a runtime's own option;
- `data.decimal=,` and `data.delimiter=;`: a sign alone needs no quotes;
- `baseline.overrides=[precision=fp32,model.shapes.x=[4,8]]`: words within a word need no quotes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import (
    ChoiceSweep,
    Override,
    OverrideType,
    Quote,
    QuotedString,
    Sweep,
    Transformer,
    ValueType,
)

from runner.core.advice import PLAIN, quoted, shape, shell
from runner.core.errors import SpecError
from runner.spec.schema import AXES
from runner.spec.yaml_files import CALLS, HYDRA

LENGTH = 100_000  # characters of a word
DEPTH = 50
SHAPES, TAGS = "model.shapes", "tracking.tags"
FILLED = re.compile(r"model\.shapes|tracking\.tags|backend\.[A-Za-z_]\w*")  # mappings whose keys are foreign names
WITHIN = "baseline.overrides"  # a list of words

SIGNS = (",", ";")  # that Hydra's grammar can't read alone

PREFIX = re.compile(r"[+~]*")
QUOTED = re.compile(r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*\"""")


@dataclass
class Entry(Override):
    """One entry of a mapping whose keys are foreign names: such a name is no path of keys."""

    name: str = ""

    def value(self) -> Any:
        """`{name: value}`, or a sweep over values."""
        found = super().value()
        return found if isinstance(found, Sweep) else {self.name: found}

    def get_key_element(self) -> str:
        """What tells it from other words."""
        return f"{self.key_or_group}.{self.name}"


def parse(word: str) -> Override:
    """A word as Hydra's override. Raises SpecError where it can't be read, or would set what is not the spec's."""
    _check_size(word)
    key, mark, value = word.partition("=")
    if not mark and not word.startswith("~"):
        raise SpecError(f"{_short(word)}: key=value expected.", "For instance: model=gru model.hidden=64")
    bare = PREFIX.sub("", key)
    filled = FILLED.match(bare)
    if filled and bare[filled.end() :].startswith(".") and not word.startswith("~"):
        found: Override = _entry(word, filled[0])
    elif bare == WITHIN and _lists(value):
        found = _list_of_words(word, _lists(value))
    elif value.startswith("{") and isinstance(_as_json(value), dict):
        found = replace(_read(f"{key}=null", word), _value=_as_json(value), input_line=word)
    elif value in SIGNS:
        found = _read(f'{key}="{value}"', word)
    else:
        found = _read(word, word)
    if FILLED.fullmatch(found.key_or_group) and found.type is OverrideType.CHANGE and isinstance(found._value, dict):
        found = replace(found, type=OverrideType.FORCE_ADD)  # its keys are new ones
    _refuse_code(found)
    return found


def _check_size(word: str) -> None:
    if len(word) > LENGTH:
        raise SpecError(f"{_short(word)}: longer than {LENGTH:,} characters.", "Put it into a file of experiments/.")
    depth = 0
    for bracket in re.findall(r"[\[({\])}]", QUOTED.sub("", word)):
        depth += 1 if bracket in "[({" else -1
        if depth > DEPTH:
            raise SpecError(f"{_short(word)}: nested deeper than {DEPTH}.", "Write it flatter.")


def _entry(word: str, filled: str) -> Entry:
    """`model.shapes.a=b:0=[1,8]` is the input `a=b:0`: what follows the last `=` is its value; of a tag, the first."""
    said = word.partition(f"{filled}.")[2]
    head, _, value = said.rpartition("=") if filled == SHAPES else said.partition("=")
    read = _read(f"{filled}={value}", word)
    return Entry(OverrideType.FORCE_ADD, filled, read.value_type, read._value, None, word, name=head.strip())


def _list_of_words(word: str, lists: Sequence[Sequence[str]]) -> Override:
    values = [[QuotedString(text, Quote.single) for text in words] for words in lists]
    read = _read(f"{word.partition('=')[0]}=null", word)
    if len(values) == 1:
        return replace(read, _value=values[0], input_line=word)
    sweep = ChoiceSweep(list=list(values), simple_form=True)
    return replace(read, _value=sweep, value_type=ValueType.SIMPLE_CHOICE_SWEEP, input_line=word)


def _lists(value: str) -> list[list[str]]:
    """The words of each list in `[a=b,c=[1,2]],[d=e]`; empty where it is none."""
    texts = [text.strip() for text in _split(value)]
    if not all(text.startswith("[") and text.endswith("]") for text in texts):
        return []
    return [list(_words(text[1:-1])) for text in texts]


def _words(inside: str) -> Iterator[str]:
    """The words of one list; a comma that no key follows belongs to the value before it (`data.path=a,b.csv`)."""
    joined: list[str] = []
    for text in filter(None, (part.strip() for part in _split(inside))):
        if joined and text[0] not in "'\"" and "=" not in QUOTED.sub("", text):
            joined[-1] += f",{text}"
        else:
            joined.append(text)
    for text in joined:
        yield _unquoted(text) if QUOTED.fullmatch(text) else text


def _split(text: str) -> list[str]:
    """At commas outside brackets and quotes."""
    parts, depth = [""], 0
    for piece in re.findall(rf"{QUOTED.pattern}|\\.|.", text, re.DOTALL):
        depth += (piece in "[({") - (piece in "])}")
        if piece == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += piece
    return parts


def _unquoted(text: str) -> str:
    value = _read(f"x={text}", text).value()
    return str(value)


def _as_json(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return None


@cache
def _parser() -> OverridesParser:
    return OverridesParser.create()


def _read(text: str, word: str) -> Override:
    """By Hydra's parser, in which a foreign text can raise nearly anything: all of it means that it can't be read."""
    try:
        found: Override = _parser().parse_override(text)
    except Exception as error:
        detail = " ".join(str(error).partition("\n")[0].split(" See https://")[0].split())
        raise SpecError(f"{_short(word)}: can't be read: {_short(detail).rstrip('.')}.", _remedy(word)) from error
    return found


def _remedy(word: str) -> str:
    """The word with its value in quotes, where that helps."""
    key, _, value = word.partition("=")
    if PREFIX.sub("", key) == SHAPES:
        return f"Give each input a word of its own: {shape('NAME', [1, 8])}"
    if PREFIX.sub("", key) == TAGS:
        return f"Give each tag a word of its own: {TAGS}.NAME=VALUE"
    named = key.startswith(f"{TAGS}.") or re.fullmatch(r"[+~]*[A-Za-z_][\w.]*", key, re.ASCII)
    if value and named and len(word) < 200:
        return f"Quote what has special characters: {shell(f'{key}={text_of(value)}')}"
    return "For instance: model=gru model.hidden=64 'data.path=\"a b.csv\"'"


def _refuse_code(override: Override) -> None:
    """Nothing of Hydra's own is set, and nothing names code: a spec is data."""
    line, key = _short(override.input_line or ""), override.key_or_group
    if HYDRA.match(key) or HYDRA.match(override.package or ""):
        raise SpecError(f"{line}: nothing of Hydra's own can be set: a spec is data.", "Leave it out.")
    value = override.value() if not isinstance(override._value, Sweep) else getattr(override._value, "list", None)
    named = next((name for name in (*re.split(r"[./@]", key), *_keys(value)) if name in CALLS), None)
    if named:
        raise SpecError(f"{line}: {named}: a spec is data and names no code.", "Leave it out.")


def _keys(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield str(getattr(key, "text", key))
            yield from _keys(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _keys(item)


def _short(text: str) -> str:
    return text if len(text) <= 200 else f"{text[:160]}… ({len(text):,} characters)"


# --- words from values ---


def word(key: str, value: Any) -> str:
    """A value as a word: an axis's option as it is, anything else with its type."""
    if key in (*AXES, "experiment") and isinstance(value, str) and PLAIN.fullmatch(value):
        return f"{key}={value}"
    return f"{key}={text_of(value)}"


def text_of(value: Any) -> str:
    """A value as the text that is read back as the same value."""
    if isinstance(value, Mapping):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(text_of(item) for item in value)}]"
    if isinstance(value, str):
        return quoted(value)
    return repr(value) if isinstance(value, float) else json.dumps(value)


def element(value: Any) -> str:
    """One value of Hydra's parser (quotes kept) as text."""
    return json.dumps(Override._convert_value(value), ensure_ascii=False) if _has_mapping(value) else _str(value)


def _has_mapping(value: Any) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and any(map(_has_mapping, value)))


def _str(value: Any) -> str:
    return Transformer.str(value)
