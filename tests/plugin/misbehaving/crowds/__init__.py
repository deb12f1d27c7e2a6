"""Fills the memory that a sweep may use."""

from misbehaving import DISTRIBUTIONS, INSTALL, INT8_DYNAMIC_OPS, READS, Settings, support, tuned_to

__all__ = ["DISTRIBUTIONS", "INSTALL", "INT8_DYNAMIC_OPS", "READS", "Settings", "support", "tuned_to"]
