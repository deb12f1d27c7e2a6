"""Dask kept quiet: its log off the terminal, where the display says what a user needs."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

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
