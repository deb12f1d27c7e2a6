"""`python -m runner.schedule.dask_worker FOLDER`: one Dask worker of this machine, for one command.

Its scheduler's address is the first line of its standard input. It dies with the command and leaves Ctrl-C to it.
"""

from __future__ import annotations

import asyncio
import os
import sys

from runner.schedule.silence import CALM
from runner.worker import process


def main(folder: str) -> None:
    process.die_with_parent()
    process.ignore_interrupts()
    import distributed  # noqa: F401 - takes as long as the command needs until there is a scheduler

    address = sys.stdin.readline().strip()
    if address:  # else the command has ended before
        asyncio.run(_serve(address, folder))
    os._exit(0)


async def _serve(address: str, folder: str) -> None:
    import dask
    from distributed import Worker

    # Memory is limited where it is used: in the steps' own processes.
    with dask.config.set(CALM):
        async with Worker(address, nthreads=1, memory_limit=0, local_directory=folder, death_timeout="60s") as worker:
            await worker.finished()


if __name__ == "__main__":
    main(*sys.argv[1:])
