"""Declarative experiment specs for edge AI: `from runner import load_spec, run`."""

# Nothing is imported here: `python -m runner` gets here before the working folder is off the search path.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from runner.api import load_spec, load_sweep, run, run_sweep

__all__ = ["load_spec", "load_sweep", "run", "run_sweep"]
__version__ = "0.1.0"


def __getattr__(name: str) -> "Any":
    # Lazily, so that `python -m runner --help` and the workers import nothing they don't need.
    if name in __all__:
        from runner import api

        return getattr(api, name)
    raise AttributeError(f"module 'runner' has no attribute {name!r}")
