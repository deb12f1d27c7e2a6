"""The graph as it is."""

from misbehaving import compile_copy as compile

__all__ = ["compile"]
