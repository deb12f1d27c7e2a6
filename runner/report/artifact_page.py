"""What was built for a record, as a page: a section a step, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from runner.artifacts.store import Artifact
from runner.core.setting_rules import shown
from runner.report.report_model import Section
from runner.results.built_artifacts import Built
from runner.results.condition_labels import NOTHING
from runner.results.formatting import number


def sections(built: Sequence[Built]) -> Iterator[Section]:
    """Of each step: where it lies, when and with what it was made, its settings, its files and their sizes."""
    for one in built:
        title = f"{one.step} {one.key[:16]}"
        if one.artifact is None:
            yield Section(title, ("", ""), (("not in the store", "the same spec makes it again"),))
        else:
            yield Section(title, ("", ""), (*_about(one.artifact), *_files(one.artifact.content)))


def _about(artifact: Artifact) -> Iterator[tuple[str, str]]:
    content = artifact.content
    yield "folder", "/".join(artifact.folder.parts[-3:])  # in the project
    yield "made", f"{content['created']} in {number(content['seconds'])} s"
    tools = [f"{name} {version}" for name, version in content["tools"].items() if version]
    yield "with", ", ".join(tools) or NOTHING
    yield from _flat(content["settings"])


def _flat(settings: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    """Each setting on a line of its own: `settings.tuning.trials`."""
    for name, value in settings.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", shown(value)


def _files(content: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, facts in content["files"].items():
        yield name, f"{number(facts['bytes'] / 1000)} kB"


def as_json(record_id: str, built: Sequence[Built]) -> dict[str, Any]:
    """One document: each step with its folder and what its `artifact.json` says, null where it was removed."""
    steps = [
        {
            "step": one.step,
            "key": one.key,
            "folder": None if one.artifact is None else str(one.artifact.folder),
            "artifact": None if one.artifact is None else dict(one.artifact.content),
        }
        for one in built
    ]
    return {"schema": 1, "record_id": record_id, "steps": steps}
