"""A network in int8 for inductor, by torchao's pt2e: its graph with Q and DQ, of which inductor makes int8 kernels
where it has some. https://docs.pytorch.org/ao/stable/pt2e_quantization/pt2e_quant_x86_inductor.html"""

from __future__ import annotations

import platform
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from runner.backends.effective_precision import HEAVY
from runner.backends.torch.quantization import Counts, check, feeds
from runner.core.errors import Unsupported
from runner.core.job import Job

# A call of a kernel of oneDNN's in the C++ that inductor writes, by the operator whose work it does.
KINDS = ("conv", "linear")
INT8_CALL = re.compile(r"\baoti_torch_cpu__q(conv|linear)_pointwise\w*\(")
X86 = ("x86_64", "AMD64")
VNNI = re.compile("avx512_vnni|avx_vnni")


def quantised(network: nn.Module, inputs: Mapping[str, torch.Tensor], job: Job) -> Any:
    """The network's graph with Q and DQ, for the sizes of `inputs`: with ranges of the calibration split (int8), or
    with such as come (int8_dynamic). What it has no int8 for stays in float.

    Raises Unsupported for settings that torchao hasn't, and for a machine that isn't its quantiser's.
    """
    if platform.machine() not in X86:
        reason = f"torchao's quantiser for inductor is for x86-64, and this is {platform.machine()}."
        raise Unsupported(reason, "Use backend.compiler=script.")
    from torchao.quantization.pt2e import quantize_pt2e

    feed = tuple(inputs.values())
    watched = quantize_pt2e.prepare_pt2e(torch.export.export(network, feed).module(), _quantizer(network, job))
    # The ranges of weights are seen in a run, too.
    for given in _calibration(job, len(feed[0])) if job.settings["precision"] == "int8" else (feed,):
        watched(*given)
    return torch.export.export(quantize_pt2e.convert_pt2e(watched), feed).module()


def _calibration(job: Job, rows: int) -> Iterator[tuple[torch.Tensor, ...]]:
    """The calibration split in batches as the graph takes them; the last is filled up with its own rows, which moves no
    range."""
    for given in feeds(job.inputs["data"], job.settings["precision_settings"], rows):
        yield tuple(torch.from_numpy(np.resize(one.numpy(), (rows, *one.shape[1:]))) for one in given)


def _quantizer(network: nn.Module, job: Job) -> Any:
    from torchao.quantization.pt2e.quantizer import x86_inductor_quantizer as x86

    settings, dynamic = job.settings["precision_settings"], job.settings["precision"] == "int8_dynamic"
    made = x86.X86InductorQuantizer()
    # Without VNNI products of 8 bits are added up in 16, where they overflow.
    narrow = not any(map(VNNI.fullmatch, job.settings["tuned_to"]["isa"] or ()))
    config = x86.get_default_x86_inductor_quantization_config(is_dynamic=dynamic, reduce_range=narrow)
    if dynamic:
        return made.set_global(config)
    check(network, settings)
    if not settings["per_channel"]:
        reason = "precision.per_channel=false: inductor has int8 kernels for one scale a channel alone."
        raise Unsupported(reason, "Use precision.per_channel=true, or backend.compiler=script")
    made.set_global(_by_ranges(config))
    for name in settings["exclude"]:
        made.set_module_name_qconfig(name, None)
    return made


def _by_ranges(config: Any) -> Any:
    """The same with ranges from smallest to largest, which it would choose by histograms."""
    from torchao.quantization.pt2e.observer import MinMaxObserver

    observed = replace(config.input_activation, observer_or_fake_quant_ctr=MinMaxObserver.with_args(eps=2**-12))
    return replace(config, input_activation=observed, output_activation=observed)


def precisions(network: nn.Module, inputs: Mapping[str, torch.Tensor], source: Path) -> Counts:
    """`{operator: {precision: how many}}` of the network's heavy operators. In int8 are as many as the C++ in the
    folder `source` calls kernels for: inductor computes the others in float, whether Q and DQ stand beside them or not.
    """
    program = torch.export.export(network, tuple(inputs.values()))
    every = Counter(filter(None, map(_heavy, program.graph.nodes)))
    text = "".join(path.read_text(encoding="utf-8") for path in source.glob("*.wrapper.cpp"))
    called = Counter(INT8_CALL.findall(text))
    return {name: _split(total, min(total, called[name])) for name, total in sorted(every.items())}


def _heavy(node: torch.fx.Node) -> str:
    """What a heavy operator is called, `conv` in all its dimensions; "" of any other node."""
    name = node.target.overloadpacket.__name__ if isinstance(node.target, torch._ops.OpOverload) else ""
    return next((kind for kind in KINDS if kind in name), name if HEAVY.search(name) else "")


def _split(total: int, narrow: int) -> dict[str, int]:
    return {kind: count for kind, count in (("int8", narrow), ("fp32", total - narrow)) if count}
