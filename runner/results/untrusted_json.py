"""What others wrote, read with limits: sizes, depths, numbers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NoReturn

from runner.core.foreign_text import visible

DEEPEST = 20  # levels of one JSON or YAML text
LARGEST = 1e19  # of a number: 64 bits and a little
EVENTS = 100_000  # parts of a YAML text


class Untrusted(Exception):
    """Why a text of others is not taken; for a reader that knows the file's name."""


def json_tree(data: bytes) -> dict[str, Any]:
    """The JSON object in `data`, with finite numbers only. Raises Untrusted."""
    try:
        found = json.loads(data, parse_constant=_no_number, parse_float=_float, parse_int=_int)
    except RecursionError:
        raise Untrusted(f"more than {DEEPEST} levels deep") from None
    except ValueError as error:
        raise Untrusted(f"not JSON ({error})") from None
    if not isinstance(found, dict):
        raise Untrusted("holds no object")
    check_depth(found)
    return found


def yaml_tree(data: bytes) -> dict[str, Any]:
    """The YAML mapping in `data`: no tags of Python's, no aliases (which may unfold to any size). Raises Untrusted."""
    import yaml

    try:
        for count, event in enumerate(yaml.parse(data, Loader=yaml.SafeLoader)):
            if isinstance(event, yaml.AliasEvent) or count > EVENTS:
                raise Untrusted("has aliases, or too many parts")
        found = yaml.safe_load(data)
    except RecursionError:
        raise Untrusted(f"more than {DEEPEST} levels deep") from None
    except (yaml.YAMLError, ValueError) as error:
        raise Untrusted(f"not YAML ({' '.join(visible(str(error)).split())[:200]})") from None
    if not isinstance(found, dict):
        raise Untrusted("holds no mapping")
    check_depth(found)
    return found


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")


def _float(text: str) -> float:
    value = float(text)
    if abs(value) > LARGEST:  # what is too large for a float is infinite, and caught here too
        raise ValueError(f"{text[:40]} is beyond {LARGEST:g}")
    return value


def _int(text: str) -> int:
    if len(text) > 20:
        raise ValueError(f"{text[:20]}… is beyond {LARGEST:g}")
    return int(text)


def check_depth(tree: Any) -> None:
    """Raises Untrusted where `tree` has more than DEEPEST levels."""
    level = [tree]
    for _ in range(DEEPEST):
        level = [inner for one in level for inner in _inside(one)]
        if not level:
            return
    raise Untrusted(f"more than {DEEPEST} levels deep")


def _inside(node: Any) -> list[Any]:
    found = node.values() if isinstance(node, Mapping) else node if isinstance(node, list) else ()
    return [one for one in found if isinstance(one, (Mapping, list))]
