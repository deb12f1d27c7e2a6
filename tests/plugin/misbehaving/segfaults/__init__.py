"""Dies of SIGSEGV in the middle of a run."""

from misbehaving import BACKEND

__all__ = ["BACKEND"]
