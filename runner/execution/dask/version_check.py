"""Which runner this is: a step that another one made would not be what its key says."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner import __version__
from runner.core import hashing, installed
from runner.core.errors import Unavailable
from runner.planning.graph import Node
from runner.worker import variables

if TYPE_CHECKING:
    from distributed import Client


@cache
def here() -> str:
    """`runner 0.1.0 (source 3f9c0a1b22de), Python 3.11`: agrees where the code does."""
    package = Path(__file__).parents[2]
    source = hashing.digest({str(path.relative_to(package)): hashing.file_hash(path) for path in package.rglob("*.py")})
    major, minor = sys.version_info[:2]
    return f"runner {__version__} (source {source[:12]}), Python {major}.{minor}"


def check(client: Client, address: str) -> None:
    """Raises Unavailable where a worker of the cluster runs another runner than this command, or none."""
    for worker, theirs in client.run(_question()).items():
        if theirs != here():
            raise different(f"{address}: the worker {worker}", theirs, here())


def different(who: str, theirs: str | None, ours: str) -> Unavailable:
    """What is said of a worker whose runner is not the command's."""
    what = f"has {theirs}" if theirs else "has no runner"
    return Unavailable(f"{who} {what}; the command is {ours}.", "Install the same runner on both ends.")


def check_tools(node: Node) -> None:
    """Raises Unavailable where this process has other versions of a step's libraries, or other variables that change
    numbers, than its key was made with."""
    own = variables.of_numbers(os.environ)
    differing = sorted(name for name in {*own, *node.variables} if own.get(name) != node.variables.get(name))
    if differing:
        raise Unavailable(
            f"{node.step} {node.title}: {', '.join(differing)} of this worker's environment is not the command's.",
            "Start the workers of the cluster with the same values.",
        )
    ours: Mapping[str, Any] = installed.versions(node.tools)
    for name, version in node.tools.items():
        if ours[name] != version:
            raise Unavailable(
                f"{node.step} {node.title}: its key asks for {name} {version}; this worker has {ours[name] or 'none'}.",
                f"Install {name} {version} on the workers of the cluster.",
            )


def _question() -> Callable[[], str | None]:
    def answer() -> str | None:  # not at top level: it travels by value, and reaches workers that have no runner
        try:
            from runner.execution.dask import version_check
        except ImportError:
            return None
        return version_check.here()

    return answer
