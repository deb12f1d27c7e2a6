"""Never comes back from a run."""

from misbehaving import DISTRIBUTIONS, INSTALL, INT8_DYNAMIC_OPS, READS, Settings, support, tuned_to

__all__ = ["DISTRIBUTIONS", "INSTALL", "INT8_DYNAMIC_OPS", "READS", "Settings", "support", "tuned_to"]
