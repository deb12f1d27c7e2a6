"""Declarative experiment specs for edge AI: `import runner`, then `runner.run("model=gru", "backend=openvino")`."""

# Nothing is imported here: `python -m runner` gets here before the working folder is off the search path.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from runner.api import (
        BestResult,
        ComparisonResult,
        Plot,
        RecordDiffResult,
        ReproductionResult,
        RunnerError,
        RunResult,
        SpecError,
        SweepResult,
        best,
        compare,
        load_spec,
        load_sweep,
        reproduce,
        run,
        sweep,
    )

__all__ = [
    "BestResult",
    "ComparisonResult",
    "Plot",
    "RecordDiffResult",
    "ReproductionResult",
    "RunResult",
    "RunnerError",
    "SpecError",
    "SweepResult",
    "best",
    "compare",
    "load_spec",
    "load_sweep",
    "reproduce",
    "run",
    "sweep",
]
__version__ = "0.1.0"


def __getattr__(name: str) -> "Any":
    # Lazily, so that `python -m runner --help` and the workers import nothing they don't need.
    if name in __all__:
        from runner import api

        return getattr(api, name)
    raise AttributeError(f"module 'runner' has no attribute {name!r}")


def __dir__() -> "list[str]":  # in quotes: Python 3.8 reads this on devices
    return __all__
