"""A compiled model with bits that changed as a worn flash or a bad copy changes them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from runner.core.errors import RunnerError
from runner.testing import models, shared
from runner.testing.models import Compiled
from runner.testing.shared import Shared

HEAD = 512  # bytes at a file's begin, where its form is said


def flipped(made: Compiled, folder: Path, count: int) -> Iterator[Compiled]:
    """Copies of it below `folder` in which one bit is another, drawn by seed: by turns near the begin of a file and
    anywhere in it, file by file."""
    random = np.random.default_rng(0)
    files = [path.relative_to(made.out) for path in models.files(made)]
    for number in range(count):
        copy = shared.copied(made, folder / str(number))
        file = copy.out / files[number // 2 % len(files)]
        content = bytearray(file.read_bytes())
        place = random.integers(min(len(content), HEAD) if number % 2 else len(content))
        content[place] ^= 1 << int(random.integers(8))
        file.write_bytes(content)
        yield copy


def outcome(bench: Shared, made: Compiled) -> RunnerError | None:
    """What the runner's own process hears when it is opened and run; None where it answers."""
    try:
        shared.answered(bench, made, what="damaged")
    except RunnerError as error:
        return error
    return None
