"""A user's files as a step gets them: copies, which are what the step's key says.

Between planning and the step somebody may save the file again; its artifact would stand under the key of the old one
for good. So the file is copied, the copy is hashed, and the copy is used.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner.core import hashing
from runner.core.errors import RunnerError, StepFailed

FOLDER = "given"


@dataclass(frozen=True)
class Given:
    """A step's settings with the paths of copies, and what each copy is called by the user."""

    settings: Mapping[str, Any]
    names: Mapping[str, str]

    def named(self, value: Any) -> Any:
        """JSON content with the user's names in the place of the copies'."""
        if isinstance(value, Mapping):
            return {key: self.named(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.named(item) for item in value]
        if isinstance(value, str):
            for copy, name in self.names.items():
                value = value.replace(copy, name)
        return value


@contextmanager
def copied(settings: Mapping[str, Any], scratch: Path, title: str) -> Iterator[Given]:
    """`settings` with copies of the files that they name (`files`: `{path: SHA-256}`), which are gone at the end; what
    is raised inside names the user's files.

    Files that lie beside each other do so in the copy, as a model's weights must. Raises StepFailed where one is gone,
    or another than at planning.
    """
    wanted: Mapping[str, str] = settings.get("files", {})
    home = scratch / FOLDER
    # By the names of links, not what they point to: a model looks for its weights beside its name.
    places = {path: home / os.path.abspath(path).lstrip(os.sep) for path in wanted}  # noqa: PTH100
    try:
        for path, place in places.items():
            _copy(path, place, wanted[path], title)
        given = Given(_replaced(settings, {path: str(place) for path, place in places.items()}), _longest(places))
        yield given
    except RunnerError as error:
        names = _longest(places)
        error.reason, error.next_step = (Given({}, names).named(text) for text in (error.reason, error.next_step))
        raise
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _copy(path: str, place: Path, digest: str, title: str) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    try:
        shutil.copyfile(path, place)
    except FileNotFoundError as error:
        raise StepFailed(f"{title}: {path} has disappeared.", "Put it back.") from error
    if hashing.file_hash(place) != digest:
        raise StepFailed(f"{title}: {path} was changed since this command was planned.", "Run the same command again.")


def _replaced(value: Any, places: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        return {places.get(key, key): _replaced(item, places) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_replaced(item, places) for item in value]
    return places.get(value, value) if isinstance(value, str) else value


def _longest(places: Mapping[str, Path]) -> dict[str, str]:
    """`{copy: the user's name}`, the longest first: one may be the beginning of another."""
    return dict(sorted(((str(place), path) for path, place in places.items()), key=lambda pair: -len(pair[0])))
