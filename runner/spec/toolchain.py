"""Rules of `toolchain`: where the stages that need a vendor's SDK run, if not in the one installed here."""

from __future__ import annotations

from dataclasses import dataclass

from runner.core.errors import SpecError
from runner.core.setting_rules import setting


@dataclass(frozen=True)
class Settings:
    """Values are in `conf/config.yaml`. Raises SpecError for what is no interpreter or image, or both at once."""

    python: str | None = setting("another interpreter, which has the SDK and numpy; null: the one installed here")
    image: str | None = setting("a container's image with the SDK, and python3 with numpy; null: none")
    install: bool = setting("whether one that isn't installed here is, before the first step that needs it")

    def __post_init__(self) -> None:
        for key, example in (("python", "/opt/sdk/bin/python"), ("image", "vendor/sdk:3.29")):
            value = getattr(self, key)
            if value is not None and (not value.strip() or value.startswith("-")):  # a dash would be an option
                raise SpecError(f"toolchain.{key}={value}: no {key}'s name.", f"For instance toolchain.{key}={example}")
        if self.python is not None and self.image is not None:
            raise SpecError("toolchain.python and toolchain.image are both set.", "Leave one of them out.")
