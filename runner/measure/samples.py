"""What a record's `samples.npz` holds: every latency, and when bursts were taken. The record may be somebody else's."""

from __future__ import annotations

import re
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from runner.core.errors import StepFailed
from runner.tensors import npz
from runner.tensors.npz import Header, Unreadable

FILE = "samples.npz"
LATENCIES = re.compile(r"[a-z_]+/[0-9]{1,6}")  # <role>/<pair>
BURSTS = re.compile(r"bursts/[a-z_]+/[0-9]{1,6}")  # bursts/<role>/<pair>
LONGEST_NS = 1e19

Samples = dict[int, npt.NDArray[np.float64]]


def read(file: Path, role: str) -> Samples:
    """`{pair: latencies in ms}` of one role (`candidate`, `baseline`) in a record's `samples.npz`, by pair.

    Raises StepFailed where the file can't be read, or holds what are no latencies.
    """
    try:
        found = _checked(file, role)
    except FileNotFoundError:
        raise StepFailed(f"{file} is missing.", "Measure again, or ask for the samples.") from None
    except (Unreadable, OSError) as error:
        raise StepFailed(f"{file}: {error}.", "Measure again, or ask for the samples.") from error
    return {int(name.partition("/")[2]): found[name].astype(np.float64) / 1e6 for name in sorted(found, key=_pair)}


def check(file: IO[bytes]) -> None:
    """Raises Unreadable for a file that no run wrote."""
    _checked(file, None)


def _checked(file: Path | IO[bytes], role: str | None) -> dict[str, npt.NDArray[Any]]:
    """The latencies of `role`, or with None every array, once they are times."""
    claimed = npz.headers(file)
    wanted = [name for name in claimed if role is None or name.startswith(f"{role}/")]
    for name in wanted:
        _check(name, claimed[name])
    found = npz.read(file, wanted)
    for name, values in found.items():
        if not ((values >= 1).all() and (values <= LONGEST_NS).all()):
            raise Unreadable(f"array {npz.shown(name)} holds no latencies: some are below 1 ns, or no number")
    return found


def _check(name: str, claimed: Header) -> None:
    """Latencies (iterations,), or when they were taken (bursts, 2)."""
    axes = 1 if LATENCIES.fullmatch(name) else 2 if BURSTS.fullmatch(name) else None
    if len(claimed.shape) != axes or not claimed.count or claimed.dtype.kind not in "iuf":
        raise Unreadable(f"array {npz.shown(name)} holds no latencies: {list(claimed.shape)} of {claimed.dtype}")


def _pair(name: str) -> int:
    return int(name.partition("/")[2])
