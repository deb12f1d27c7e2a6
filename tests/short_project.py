"""A project whose own conf/ makes every run short: it is searched first, so that commands and code run as written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

REPOSITORY = Path(__file__).resolve().parents[1]
SHORT = {
    "train/default": {"epochs": "1"},
    "measure/standard": {"min_pairs": "1", "max_pairs": "1", "iterations": "20", "min_seconds": "0"},
}


def make(folder: Path, pairs: Mapping[str, str] = MappingProxyType({})) -> Path:
    """The folder, with the shipped options but less to train and to measure; `pairs` are other values of the measuring
    than one pair."""
    for name, short in SHORT.items():
        values = {**short, **(pairs if name.startswith("measure/") else {})}
        text = (REPOSITORY / "conf" / f"{name}.yaml").read_text()
        for key, value in values.items():
            text, count = re.subn(rf"^{key}: .*$", f"{key}: {value}", text, flags=re.MULTILINE)
            assert count == 1
        file = folder / "conf" / f"{name}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return folder
