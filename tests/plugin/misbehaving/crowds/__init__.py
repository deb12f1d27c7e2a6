"""Fills the memory that a sweep may use."""

from misbehaving import BACKEND

__all__ = ["BACKEND"]
