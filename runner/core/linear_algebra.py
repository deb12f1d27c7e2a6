"""numpy's linear algebra in the runner's own process, which needs next to none."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

VARIABLE = "OPENBLAS_NUM_THREADS"


@contextmanager
def one_thread() -> Iterator[None]:
    """Where numpy is imported inside, its OpenBLAS starts no threads, which takes as long as all the rest of it.

    The C library's environment alone says so: workers are given that of `os.environ`, and are measured as ever. What
    the user says of it stands.
    """
    if VARIABLE in os.environ or "numpy" in sys.modules:
        yield
        return
    os.putenv(VARIABLE, "1")
    try:
        yield
    finally:
        os.unsetenv(VARIABLE)
