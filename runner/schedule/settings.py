"""Rules of `schedule`: how a command's steps are run. No part of a spec, nor of any key: the cells are the same."""

from __future__ import annotations

import re
from dataclasses import dataclass

from runner.errors import SpecError
from runner.settings import setting

ADDRESS = re.compile(r"(tcp|tls)://[^/\s]+:\d+")


@dataclass(frozen=True)
class Settings:
    """Of every schedule on Dask. Values are in `conf/schedule/local.yaml`."""

    address: str | None = setting("scheduler of a Dask cluster that is there, tcp://host:port; null: this machine")
    workers: int | None = setting("worker processes on this machine; null: one a core", low=1, high=1024)
    attempts: int = setting("how often a step is begun whose Dask worker dies", low=1, high=100)

    @property
    def name(self) -> str:
        """What reports call it."""
        return self.address or "local"


@dataclass(frozen=True)
class Inline:
    """One step after the other in this command's own workers: nothing to set."""

    name = "inline"  # what reports call it


Schedule = Settings | Inline
INLINE = Inline()


def settings_class(name: str) -> type:
    """The rules of option `name` of `schedule`."""
    return Inline if name == "inline" else Settings


def check(schedule: Schedule) -> None:
    """Raises SpecError for an address that can't be one, and for workers of this machine beside it."""
    if isinstance(schedule, Inline) or schedule.address is None:
        return
    if not ADDRESS.fullmatch(schedule.address):
        raise SpecError(
            f"schedule.address={schedule.address}: not the address of a Dask scheduler.",
            "`dask scheduler` prints its own: schedule.address=tcp://host:8786",
        )
    if schedule.workers is not None:
        raise SpecError(
            f"schedule.workers={schedule.workers}: the cluster at {schedule.address} has its own workers.",
            "Leave out one of the two.",
        )
