"""Dies of SIGSEGV in the middle of a run."""

from misbehaving import DISTRIBUTIONS, INSTALL, INT8_DYNAMIC_OPS, READS, Settings, support, tuned_to

__all__ = ["DISTRIBUTIONS", "INSTALL", "INT8_DYNAMIC_OPS", "READS", "Settings", "support", "tuned_to"]
