"""A user's own vela.ini: the systems and memory modes that it names."""

from __future__ import annotations

import configparser
from pathlib import Path
from typing import Any

from runner.core import given_files
from runner.core.errors import SpecError, nearest

# By setting, what stands before a name in a section's title: `[Memory_Mode.Shared_Sram]`.
SECTIONS = {"system_config": "System_Config.", "memory_mode": "Memory_Mode."}


def files(settings: Any) -> tuple[str, ...]:
    """That file, where the settings name one. Raises SpecError where it can't be read, or lacks what they name."""
    if settings.config is None:
        return ()
    path = given_files.existing(settings.config, "backend.config")
    sections = _sections(path)
    for key, prefix in SECTIONS.items():
        known = [one[len(prefix) :] for one in sections if one.startswith(prefix)]
        _check(key, getattr(settings, key), known, path)
    return (path,)


def _sections(path: str) -> list[str]:
    parser = configparser.ConfigParser()  # as Vela reads it
    try:
        parser.read_string(Path(path).read_text(encoding="utf-8"))
    except (configparser.Error, UnicodeDecodeError) as error:
        said = " ".join(str(error).split())
        reason = f"backend.config={path}: Vela can't read it: {said[:200]}"
        raise SpecError(reason, "Write it as Vela's own vela.ini is: sections of key=value lines.") from error
    return parser.sections()


def _check(key: str, name: str, known: list[str], path: str) -> None:
    if name in known:
        return
    there = ", ".join(known) or "none"
    reason = f"backend.{key}={name}: {path} has no section [{SECTIONS[key]}{name}].{nearest(name, known)}"
    raise SpecError(reason, f"It has: {there}. Name one, or add that section.")
