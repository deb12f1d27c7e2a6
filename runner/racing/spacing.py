"""When blocks are kept apart: threads put a process into one of two moods, in streaks of a minute, and a race within
one streak finds the fastest of that streak."""

from __future__ import annotations

import math
from collections.abc import Sequence

from runner.racing.standing import Standing

APART_S = 60.0
WILD = 3.0  # times the pooled spread


def apart_s(standing: Standing | None, threads: Sequence[int | None]) -> float:
    """Seconds between the starts of two blocks: APART_S while leader or runner-up has several threads (None: it can't
    be told how many) or scatters far more than the others. `threads` by configuration."""
    if standing is None:
        return 0.0
    first = standing.order[:2]
    own = standing.fit.variances
    wild = any(math.sqrt(own[one]) > WILD * standing.fit.spread for one in first)
    return APART_S if wild or any(threads[one] != 1 for one in first) else 0.0
