"""`tracking`: tags of the user's own, and whether models are sent; no part of a spec, nor of any key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runner.core.errors import SpecError
from runner.spec.tracking import OURS
from runner.sweeps import request


def tags(project: Path, *words: str) -> dict[str, str]:
    return request.read(project, ["model=gru", *words]).tracking.texts


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("tracking.tags.project=dozer", {"project": "dozer"}),
        ("tracking.tags.ticket=17", {"ticket": "17"}),
        ("tracking.tags.nightly=true", {"nightly": "true"}),
        ("tracking.tags.team name=edge", {"team name": "edge"}),
        ('tracking.tags.note="a=b, c"', {"note": "a=b, c"}),
        ("tracking.tags={a: 1, b: x}", {"a": "1", "b": "x"}),
        ("tracking.tags.none=null", {}),
    ],
)
def test_a_tag_is_a_text_under_any_name(tmp_path: Path, word: str, expected: dict[str, str]) -> None:
    assert tags(tmp_path, word) == expected


def test_tags_add_up_and_a_word_wins_over_the_projects_file(tmp_path: Path) -> None:
    experiment = tmp_path / "experiments" / "night.yaml"
    experiment.parent.mkdir()
    experiment.write_text("# @package _global_\ntracking: {tags: {project: dozer, shift: night}}\n")
    assert tags(tmp_path, "experiment=night", "tracking.tags.shift=day", "tracking.tags.who=anna") == {
        "project": "dozer", "shift": "day", "who": "anna",
    }  # fmt: skip


def test_they_are_no_part_of_a_spec(tmp_path: Path) -> None:
    bare = request.one(tmp_path, ["model=gru"])
    tagged = request.one(tmp_path, ["model=gru", "tracking.tags.project=dozer", "tracking.models=true"])
    assert tagged.key == bare.key
    assert "tracking" not in tagged.plain()


def test_a_sweep_has_them_once(tmp_path: Path) -> None:
    words = ["model=gru,lstm", "tracking.tags.project=dozer", "tracking.models=true"]
    asked = request.read(tmp_path, words, multirun=True)
    assert len(asked.sweep.cells) == 2
    assert (asked.tracking.texts, asked.tracking.models) == ({"project": "dozer"}, True)


@pytest.mark.parametrize("name", [*OURS, "mlflow.user", "mlflow.runName"])
def test_a_tag_of_ours_or_of_mlflows_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(SpecError, match="this tag is"):
        tags(tmp_path, f"tracking.tags.{name}=x")


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("tracking.tags.a*b=x", "no name of a tag"),
        (f"tracking.tags.{'n' * 201}=x", "no name of a tag"),
        ("tracking.tags.a=[1,2]", "a text, a number, true or false expected"),
        (f"tracking.tags.a={'x' * 5001}", "too long"),
        ("tracking.tags=3", "a mapping expected"),
        ("tracking=3", "a mapping expected"),
        ("tracking.models=yes", "true or false expected"),
        ("tracking.tag.a=x", "Did you mean tags"),
    ],
)
def test_what_mlflow_would_not_take_is_a_bad_spec(tmp_path: Path, word: str, reason: str) -> None:
    with pytest.raises(SpecError, match=reason):
        tags(tmp_path, word)


def test_one_value_serves_every_cell_and_the_advice_can_be_typed(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="every cell's run gets the same") as told:
        request.read(tmp_path, ["model=gru", "tracking.tags.note=a,b"], multirun=True)
    assert told.value.next_step.endswith("""'tracking.tags.note="a,b"'""")
    assert tags(tmp_path, 'tracking.tags.note="a,b"') == {"note": "a,b"}


def test_a_projects_config_of_before_has_what_is_shipped(tmp_path: Path) -> None:
    from tests.conftest import REPOSITORY

    text = (REPOSITORY / "conf" / "config.yaml").read_text()
    start = text.index("tracking:")
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "config.yaml").write_text(text[:start] + text[text.index("toolchain:") :])
    found: Any = request.read(tmp_path, ["model=gru"]).tracking
    assert (found.texts, found.models) == ({}, False)
    assert tags(tmp_path, "tracking.tags.project=dozer") == {"project": "dozer"}
