"""Never comes back from a run."""

from misbehaving import BACKEND

__all__ = ["BACKEND"]
