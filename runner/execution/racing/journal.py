"""A race on disk: its finished groups and confirmations, one JSON a line. A race that was killed goes on from them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from runner.core import durable_files, hashing
from runner.core.advice import shell
from runner.core.errors import StepFailed
from runner.racing import confirmation
from runner.racing.race import Race
from runner.results.best_result import Confirmed

DIGITS = 12
SLOWER = "slower"


@dataclass(frozen=True)
class Journal:
    """The race of configurations with these `keys` (of their measurements), in their order, drawn by `seed`, for the
    best by `what`."""

    home: Path
    keys: tuple[str, ...]
    seed: int
    what: str = "time"

    @property
    def folder(self) -> Path:
        """The same for the same configurations, whatever their order."""
        return self.home / "races" / hashing.digest([sorted(self.keys), self.seed, self.what])[:DIGITS]

    @property
    def file(self) -> Path:
        """One line for each group and confirmation."""
        return self.folder / "groups.jsonl"

    def add(self, line: Mapping[str, Any]) -> None:
        """Appends a line; the file has all of it or none."""
        durable_files.make_folder(self.folder)
        before = self.file.read_text(encoding="utf-8") if self.file.is_file() else ""
        durable_files.write_text(self.file, before + json.dumps(line, allow_nan=False) + "\n")

    def forget(self) -> None:
        """The race starts afresh."""
        self.file.unlink(missing_ok=True)

    def take_over(self, before: Journal) -> None:
        """Goes on from a race of more configurations, unless it has got as far itself."""
        own, found = self._lines(), [line for one in before._lines() if (line := self._without_others(one))]
        if len(found) > len(own):
            durable_files.make_folder(self.folder)
            durable_files.write_text(self.file, "".join(json.dumps(line, allow_nan=False) + "\n" for line in found))

    def _without_others(self, line: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """A line of a race of more configurations, as far as it is about these; a group of one says nothing."""
        if "confirmed" in line:
            return line if line["winner"] in self.keys else None
        values = {key: value for key, value in line["values"].items() if key in self.keys}
        return {**line, "values": values} if len(values) > 1 else None

    def _lines(self) -> list[Mapping[str, Any]]:
        text = self.file.read_text(encoding="utf-8") if self.file.is_file() else ""
        return [json.loads(line) for line in text.splitlines()]

    def group(self, block: int, values: Mapping[int, float]) -> None:
        """One finished group."""
        self.add({"block": block, "values": {self.keys[one]: value for one, value in values.items()}})

    def confirmed(self, winner: int, default: int, ratios: Sequence[float], found: Confirmed, reopens: bool) -> None:
        """A confirmation, and whether it reopened the race."""
        who = {"winner": self.keys[winner], "default": self.keys[default]}
        self.add({"confirmed": asdict(found), **who, "ratios": list(ratios), "reopens": reopens})

    def read(self) -> Told:
        """The race as far as it went. Raises StepFailed where the file can't be right."""
        told = Told(Race(len(self.keys), self.seed))
        lines = self.file.read_text(encoding="utf-8").splitlines() if self.file.is_file() else []
        try:
            for line in lines:
                told = self._after(told, json.loads(line))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise StepFailed(
                f"{self.file}: what it says of finished groups can't be right: {error}.",
                f"Remove it, and the race starts afresh: {shell('rm', str(self.file))}",
            ) from error
        return told

    def _after(self, told: Told, line: Mapping[str, Any]) -> Told:
        place = {key: number for number, key in enumerate(self.keys)}
        if "confirmed" not in line:
            values = {place[key]: float(value) for key, value in line["values"].items()}
            return Told(told.race.with_(int(line["block"]), values), told.reopened, slower=told.slower)
        winner, default = place[line["winner"]], place[line["default"]]
        found = Confirmed(**line["confirmed"])
        if line["reopens"]:
            race = confirmation.reopened(told.race, winner, default, line["ratios"])
            return Told(race, told.reopened + 1, slower=told.slower)
        return told.after(winner, found)


@dataclass(frozen=True)
class Told:
    """A `race` as far as it went, how often it was `reopened`, and what confirmed its `winner` in the end. `slower`:
    those that were to be confirmed, and that fresh pairs called slower than the default."""

    race: Race
    reopened: int = 0
    confirmed: Confirmed | None = None
    winner: int | None = None
    slower: Mapping[int, Confirmed] = field(default_factory=dict)

    def after(self, winner: int, found: Confirmed) -> Told:
        """After a confirmation that reopened nothing: nobody wins who is slower than the default."""
        if found.verdict == SLOWER:
            return replace(self, slower={**self.slower, winner: found})
        return replace(self, confirmed=found, winner=winner)
