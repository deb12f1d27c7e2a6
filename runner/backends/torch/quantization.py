"""A network in int8, as torch's kernels for CPUs compute: by `torch.ao.quantization`.

Its makers have deprecated it for torchao's pt2e, which inductor has (`pt2e.py`) and TorchScript can't keep: it refuses
the signatures of its operators (torch 2.13, torchao 0.18). https://docs.pytorch.org/docs/stable/quantization.html
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import fx, nn
from torch.ao.nn.quantized import dynamic as quantized
from torch.ao.nn.quantized.modules.utils import WeightedQuantizedModule

from runner.backends.effective_precision import HEAVY
from runner.core.errors import StepFailed, Unsupported, nearest
from runner.core.foreign_text import brief
from runner.data import calibration_set

DEPRECATED = "torch.ao.quantization is deprecated by its makers: int8 may leave torch after 2.13"
OWN = "torch.ao.nn."  # where its modules that compute in int8 stand
WEIGHTED = (WeightedQuantizedModule, quantized.LSTM, quantized.GRU)
DYNAMIC = (nn.LSTM, nn.GRU, nn.Linear)
ELSE = "Use precision=int8_dynamic, or backend=onnxruntime"
ROWS = 32  # of a run that calibrates

Counts = dict[str, dict[str, int]]


def dynamic(network: nn.Module) -> nn.Module:
    """LSTM, GRU and Linear with int8 weights, activations quantised as they come."""
    with _quietly():
        quantize: Any = torch.ao.quantization.quantize_dynamic
        module: nn.Module = quantize(network, set(DYNAMIC), dtype=torch.qint8)
        return module


def static(network: nn.Module, data: Path, settings: Mapping[str, Any]) -> nn.Module:
    """The network with int8 for what this machine's engine has kernels for, with the ranges of the calibration split of
    `data`; LSTM and GRU stay in float. `settings`: those of precision=int8.

    Raises Unsupported for settings that torch hasn't, and with torch's words where it can't trace the network.
    """
    check(network, settings)
    given = list(feeds(data, settings, ROWS))
    expected = network(*given[0])
    with _quietly():
        from torch.ao.quantization import quantize_fx

        try:
            watched = quantize_fx.prepare_fx(network, _mapping(settings), given[0])
        except Exception as error:  # torch's own share no base class
            raise Unsupported(f"torch can't trace the network for int8: {brief(str(error))}", ELSE) from error
        _check_traced(watched(*given[0]), expected)
        for feed in given[1:]:
            watched(*feed)
        return quantize_fx.convert_fx(watched)


def _check_traced(found: torch.Tensor, expected: torch.Tensor) -> None:
    """Raises Unsupported where the traced network, which is float still, gives something else: where its own code asks
    what kind of value it has, the tracer's stand-ins go another way."""
    if found.shape != expected.shape or not torch.allclose(found, expected, 1e-3, 1e-4 * float(expected.abs().max())):
        raise Unsupported("torch's tracer for int8 goes another way through the network's code than a run.", ELSE)


def check(network: nn.Module, settings: Mapping[str, Any]) -> None:
    """Raises Unsupported for settings of precision=int8 that torch hasn't, and for a module that the network hasn't."""
    names = [name for name, _ in network.named_modules() if name]
    if settings["calibration"] != "minmax":
        reason = f"precision.calibration={settings['calibration']}: torch's quantiser knows ranges alone."
        raise Unsupported(reason, "Use precision.calibration=minmax")
    for name in settings["exclude"]:
        if name not in names:
            reason = f"precision.exclude: the network has no module {name}.{nearest(name, names)}"
            raise Unsupported(reason, f"Its modules: {', '.join(names[:8])}, …")


def _mapping(settings: Mapping[str, Any]) -> Any:
    """Which kinds of modules are quantised, and how: as torch says for this machine's engine, but for the ranges, which
    it would choose by histograms."""
    from torch.ao.quantization import get_default_qconfig_mapping

    found = get_default_qconfig_mapping(torch.backends.quantized.engine)
    found.set_global(_chosen(found.global_qconfig, settings["per_channel"]))
    for kind, one in found.object_type_qconfigs.items():
        found.object_type_qconfigs[kind] = _chosen(one, settings["per_channel"])
    for name in settings["exclude"]:
        found.set_module_name(name, None)
    return found


def _chosen(usual: Any, per_channel: bool) -> Any:
    """The same with ranges from smallest to largest, and one scale a weight where not one a channel is asked for."""
    from torch.ao.quantization import HistogramObserver, MinMaxObserver, default_weight_observer

    made = usual and usual.activation()
    if not isinstance(made, HistogramObserver):
        return usual
    ranges = MinMaxObserver.with_args(dtype=made.dtype, qscheme=made.qscheme, reduce_range=made.reduce_range)
    return usual._replace(activation=ranges, weight=usual.weight if per_channel else default_weight_observer)


def feeds(data: Path, settings: Mapping[str, Any], rows: int) -> Iterator[tuple[torch.Tensor, ...]]:
    """The inputs of the calibration split, `rows` at a time, and the rest. Raises StepFailed where one is not finite:
    its ranges would be none."""
    given = calibration_set.read(data, settings["calibration_samples"])
    samples = {name: np.asarray(array[:]) for name, array in given.items()}
    for name, array in samples.items():
        if not np.isfinite(array).all():
            raise StepFailed(f"The calibration values of {name} hold NaN or infinity.", "int8 needs finite ones.")
    for start in range(0, len(next(iter(samples.values()))), rows):
        yield tuple(torch.from_numpy(array[start : start + rows]) for array in samples.values())


def precisions(network: nn.Module) -> Counts:
    """`{module type: {precision: modules}}` of the modules that hold weights; of a traced network also of the heavy
    operators beside them."""
    counts: dict[str, Counter[str]] = {}
    found = [(type(module).__name__, _kind(module)) for module in network.modules()]
    for name, kind in (*found, *_operators(network)):
        if kind:
            counts.setdefault(name, Counter())[kind] += 1
    return {name: dict(count) for name, count in sorted(counts.items())}


def _kind(module: nn.Module) -> str:
    """What a module of weights computes in; "" of one without."""
    if isinstance(module, WEIGHTED):
        return "int8"
    if next(module.parameters(recurse=False), None) is None:
        return ""
    return "int8" if type(module).__module__.startswith(OWN) else "fp32"


def _operators(network: nn.Module) -> Iterator[tuple[str, str]]:
    """(Name, precision) of each heavy operator that a traced network calls itself."""
    nodes = network.graph.nodes if isinstance(network, fx.GraphModule) else ()
    for node in nodes:
        name = getattr(node.target, "__name__", str(node.target))
        if node.op in ("call_function", "call_method") and HEAVY.search(name):
            yield name, "int8" if str(node.target).startswith("quantized.") else "fp32"


@contextmanager
def _quietly() -> Iterator[None]:
    """Without its warnings that it is deprecated: the record says that, and what its observers say of ranges."""
    with warnings.catch_warnings():
        for category in (DeprecationWarning, FutureWarning, UserWarning):
            warnings.simplefilter("ignore", category)
        yield
