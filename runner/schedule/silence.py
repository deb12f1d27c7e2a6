"""Dask kept quiet: its log off the terminal, where the display says what a user needs, and its checks of itself rare.

Steps need every core. By default Dask looks at its event loop 50 times and at its process twice a second, which takes
2 % of a CPU in every process; nobody reads it here.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

CALM = {
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.tick.limit": "1 minute",
    "distributed.admin.system-monitor.interval": "10s",
    "distributed.worker.profile.enabled": False,
}
TALKERS = ("asyncio", "distributed", "tornado")


@contextmanager
def silenced() -> Iterator[None]:
    """Dask, and what it stands on, log nothing in this process meanwhile."""
    names = [name for name in logging.root.manager.loggerDict if name.split(".")[0] in TALKERS]
    loggers = [logging.getLogger(name) for name in (*TALKERS, *names)]
    before = [one.disabled for one in loggers]
    for one in loggers:
        one.disabled = True
    try:
        yield
    finally:
        for one, disabled in zip(loggers, before, strict=True):
            one.disabled = disabled
