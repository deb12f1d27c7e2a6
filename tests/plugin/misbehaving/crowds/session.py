"""Fills the memory that a sweep may use."""

from misbehaving import Session


def fault():
    """Fills the memory that a sweep may use."""
    raise MemoryError("no more memory")


def open_session(folder, options):
    return Session(folder, options, fault)
