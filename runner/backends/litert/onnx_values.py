"""What ONNX's operators in PyTorch have in common: their inputs, and why one can't be said."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch

Attributes = Mapping[str, Any]
Operator = Callable[..., Any]


class NotMapped(Exception):
    """Why a node can't be said in PyTorch."""


def plain(function: Callable[..., Any]) -> Operator:
    """An operator without attributes."""
    return lambda given, *inputs: function(*map(tensor, inputs))


def tensor(value: Any) -> Any:
    """A constant as a tensor."""
    return torch.from_numpy(np.array(value)) if isinstance(value, (np.ndarray, np.generic)) else value


def numbers(value: Any) -> list[int]:
    """A constant's whole numbers. Raises NotMapped where they are only known in a run."""
    if isinstance(value, torch.Tensor):
        raise NotMapped("its sizes or axes are computed in a run")
    return [int(one) for one in np.asarray(value).reshape(-1)]


def of_many(function: Callable[[Any, Any], Any]) -> Operator:
    """An operator of any number of inputs."""

    def operator(given: Attributes, first: Any, *others: Any) -> Any:
        found = tensor(first)
        for one in others:
            found = function(found, tensor(one))
        return found

    return operator


def axes_of(given: Attributes, axes: Any) -> list[int] | None:
    """Axes as an attribute, or, of newer opsets, as an input."""
    found = given.get("axes") if axes is None else numbers(axes)
    return None if found is None else list(found)
