"""Rules of `tracking`: what a command's runs in MLflow bear beside their records. No part of a spec, nor of any key."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runner.core.errors import SpecError
from runner.core.setting_rules import build, setting, shown

# Every tag that a run has from us: a user's can't take its place. MLflow's own begin with `mlflow.`.
OURS = (
    *("record_id", "sweep", "sweep_page", "precision", "baseline", "status", "origin", "reason", "date"),
    "model_files",
)
NAME = re.compile(r"[\w\-. :/]{1,200}", re.ASCII)  # what MLflow and its databases take
MOST, LONGEST = 50, 5000


@dataclass(frozen=True)
class Settings:
    """Values are in `conf/config.yaml`."""

    tags: dict[str, Any] = setting(  # noqa: RUF009 - a field, as all others
        "tags of your own on every run in MLflow, NAME: VALUE; null: none of that name"
    )
    models: bool = setting("true: the compiled model's files go to MLflow, too")

    @property
    def texts(self) -> dict[str, str]:
        """The tags as MLflow keeps them, true and false as they are typed."""
        return {name: _text(value) for name, value in self.tags.items() if value is not None}


NOTHING = Settings({}, False)


def _text(value: str | bool | int | float) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def built(values: Mapping[str, Any]) -> Settings:
    """The checked settings of their plain values. Raises SpecError."""
    found = build(Settings, values, "tracking")
    check(found)
    return found


def check(settings: Settings) -> None:
    """Raises SpecError for a tag that MLflow wouldn't take, and for a name that is ours or MLflow's."""
    if len(settings.tags) > MOST:
        raise SpecError(f"tracking.tags: {len(settings.tags)} tags, more than {MOST}.", "Leave some out.")
    for name, value in settings.tags.items():
        _check_name(name)
        if value is not None and not isinstance(value, (str, bool, int, float)):
            raise SpecError(f"tracking.tags.{name}={shown(value)}: a text, a number, true or false expected.")
        if len(str(value)) > LONGEST:
            raise SpecError(f"tracking.tags.{name}={shown(value)}: too long.", f"At most {LONGEST:,} characters.")


def _check_name(name: str) -> None:
    if name in OURS or name.startswith("mlflow."):
        whose = "MLflow's own" if name.startswith("mlflow.") else "every run's own"
        raise SpecError(f"tracking.tags.{name}: this tag is {whose}.", f"Call yours otherwise: tracking.tags.my_{name}")
    if not NAME.fullmatch(name) or name != name.strip():
        raise SpecError(
            f"tracking.tags.{shown(name)}: no name of a tag.",
            "Letters, digits, blanks and _ - . : / are allowed, 200 at most: tracking.tags.project=NAME",
        )
