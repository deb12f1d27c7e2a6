"""Leaves with exit code 0 in the middle of a run."""

from misbehaving import BACKEND

__all__ = ["BACKEND"]
