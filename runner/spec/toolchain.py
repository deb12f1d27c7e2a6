"""Rules of `toolchain`: where the stages that need a vendor's SDK run, if not in the one installed here, and which
release of the backend's runtime is used."""

from __future__ import annotations

import re
from dataclasses import dataclass

from runner.core.errors import SpecError
from runner.core.setting_rules import setting

RELEASE = re.compile(r"\d+(\.\d+)*((a|b|rc|\.?post|\.?dev)\d+)*(\+[a-z0-9]+([-_.][a-z0-9]+)*)?")


@dataclass(frozen=True)
class Settings:
    """Values are in `conf/config.yaml`. Raises SpecError for what is no interpreter, image or release, or for the first
    two at once."""

    python: str | None = setting("another interpreter, which has the SDK and numpy; null: the one installed here")
    image: str | None = setting("a container's image with the SDK, and python3 with numpy; null: none")
    install: bool = setting("whether one that isn't installed here is, before the first step that needs it")
    version: str | None = setting(
        "the release of the backend's runtime, in an environment of its own, with all its parts: 1.20.0, as 1.20 is a "
        "number; null: the one installed here"
    )

    def __post_init__(self) -> None:
        for key, example in (("python", "/opt/sdk/bin/python"), ("image", "vendor/sdk:3.29")):
            value = getattr(self, key)
            if value is not None and (not value.strip() or value.startswith("-")):  # a dash would be an option
                raise SpecError(f"toolchain.{key}={value}: no {key}'s name.", f"For instance toolchain.{key}={example}")
        if self.version is not None and not RELEASE.fullmatch(self.version):
            raise SpecError(
                f"toolchain.version={self.version}: no release's name.", "For instance toolchain.version=1.20.0"
            )
        if self.python is not None and self.image is not None:
            raise SpecError("toolchain.python and toolchain.image are both set.", "Leave one of them out.")
