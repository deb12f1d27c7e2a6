"""How untuned kernels are laid out: as TVM lowers them (`default`), or by one rule for all (`generic`).

TVM's own default makes plain loops, which run on one thread and hardly use vectors. The rule: what is computed value by
value goes into what reads it; outer loops are shared out over threads, sums stand inside, and the innermost loop is one
over the output's last axis, in vectors.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import tvm
from tvm import relax, s_tir
from tvm.relax.backend.cpu_generic import pipeline
from tvm.s_tir import dlight

from runner.backends.tvm import precisions
from runner.graphs import onnx_graph

GPU = "dlight"  # TVM's own rules for GPUs, which its pipeline for them applies: backend.schedule is for CPUs
LANES = (16, 8, 4)  # of a vector, the most first
WIDEST = 128  # an axis that no vector divides is one as a whole, up to this length
SMALL = 1 << 15  # steps of a kernel that aren't worth waking threads up for
FIRST_ALONE = {"relax.nn.conv2d_transpose"}  # operators that TVM lowers with their channels first alone
CHANNELS_LAST = {"relax.nn.conv2d": ["NHWC", "HWIO"]}


def prepared(module: Any, schedule: str) -> tuple[Any, list[str]]:
    """A Relax module as its kernels are made of it, and what is to be said of that: with `generic` convolutions run
    over channels that lie last, where vectors reach them."""
    passes = [relax.transform.DecomposeOpsForInference(), relax.transform.CanonicalizeBindings()]
    plain = tvm.transform.Sequential(passes)(module)
    operators = {call.op.name for call in precisions.calls(plain)}
    if schedule != "generic" or CHANNELS_LAST.keys().isdisjoint(operators):
        return plain, []
    if first := sorted(FIRST_ALONE & operators):
        return plain, [f"channels stay first, where vectors don't reach them: TVM has no {first[0]} with them last"]
    try:
        return relax.transform.ConvertLayout(CHANNELS_LAST)(plain), []
    except Exception as error:  # TVM's pass knows not every operator; its errors share no base class
        return plain, [f"channels stay first, where vectors don't reach them: {onnx_graph.first_line(error)}"]


def legal_passes(target: Any) -> list[Any]:
    """The passes from operators to kernels, as they are tuned and scheduled."""
    return [*pipeline.library_dispatch_passes(target), *pipeline.legalize_passes(target)]


def pipeline_of(target: Any, schedule: str, database: str = "") -> Any:
    """The passes from a `prepared` module to one that is built for `target`; kernels that the tuned `database` (a
    folder) knows are laid out as it says."""
    if schedule == GPU:
        return relax.get_default_pipeline(target)

    @tvm.transform.module_pass(opt_level=0)  # type: ignore[untyped-decorator,unused-ignore]
    def lowered(module: Any, _: Any) -> Any:
        with target:
            passes = [
                *legal_passes(target),
                *([relax.transform.MetaScheduleApplyDatabase(database)] if database else []),
                *([dlight.ApplyDefaultSchedule(Generic())] if schedule == "generic" else []),
                *pipeline.dataflow_lower_passes(target),
                *pipeline.finalize_passes(target),
            ]
            return tvm.transform.Sequential(passes)(module)

    return lowered


class Generic(dlight.ScheduleRule):  # type: ignore[misc,unused-ignore]
    """The rule `generic`, as TVM's pass applies it to each kernel."""

    def apply(self, func: Any, target: Any, _: bool) -> Any:
        """The kernel scheduled; None, which leaves it as it is, where its loops are of no kind that is known."""
        schedule = s_tir.Schedule(func)
        blocks = dlight.normalize_prim_func(schedule)
        if blocks is None or any(set(block.dom_kind()) - {"S", "R"} for block in blocks):
            return None
        for block in _inlined(schedule, blocks):
            _lay_out(schedule, block)
        return schedule


def _inlined(schedule: Any, blocks: Sequence[Any]) -> list[Any]:
    """The blocks that are left once those computed value by value have gone into what reads them.

    Not the other way round, into what they read: of a sum TVM then loses the start (0.27).
    """
    kept = []
    for block in blocks:
        try:
            schedule.compute_inline(block.block_rv)
        except s_tir.ScheduleError:  # a sum, or an output
            kept.append(block)
    return kept


def _lay_out(schedule: Any, block: Any) -> None:
    """One block: outer loops shared out, sums inside, the last axis in vectors."""
    kinds, loops = block.dom_kind(), schedule.get_loops(block.block_rv)
    sizes = [_size(schedule.get(loop).extent) for loop in loops]
    if len(kinds) != len(loops) or not loops:
        return
    own = [loop for loop, kind in zip(loops, kinds, strict=True) if kind == "S"]
    sums = [loop for loop, kind in zip(loops, kinds, strict=True) if kind == "R"]
    if not own:
        return
    outer, inner = _divided(schedule, own)
    schedule.reorder(*outer, *sums, *inner)
    if outer and 0 < math.prod(size or SMALL for size in sizes) >= SMALL:
        schedule.parallel(schedule.fuse(*outer))
    for loop in inner:
        schedule.vectorize(loop)
    if sums:
        schedule.decompose_reduction(block.block_rv, sums[0])


def _divided(schedule: Any, own: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    """(Outer loops, the one that becomes a vector, none where no number of lanes divides it)."""
    *outer, last = own
    size = _size(schedule.get(last).extent)
    lanes = next((one for one in LANES if size and size % one == 0), size if size <= WIDEST else 0)
    if not lanes:
        return [*own], []
    rest, vector = schedule.split(last, factors=[None, lanes])
    return [*outer, rest], [vector]


def _size(extent: Any) -> int:
    """A loop's length, 0 where it isn't known."""
    return int(extent) if isinstance(extent, tvm.tirx.IntImm) else 0
