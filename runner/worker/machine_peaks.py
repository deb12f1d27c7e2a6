"""How fast this machine computes and moves bytes at its best: a product of matrices, and a STREAM-like triad.

Runs on devices, too: standard library, numpy, and ONNX Runtime where it is there; Python 3.8. STREAM:
https://www.cs.virginia.edu/stream/.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Dict, List, Tuple  # noqa: UP035 - Python 3.8's names

SIDE = 512  # of the matrices: they fit a level-2 cache, and are large enough that nothing else counts
SECONDS = 0.15  # for each figure
ROUND_SECONDS = 0.004  # of passes over arrays, so that starting threads doesn't count
ARRAYS = 3  # of a triad
MOVED = 5  # arrays' worth of bytes that numpy's two passes of a triad read and write
COPIED = 2  # of a copy


def measured(threads: int, products: Dict[str, str], sets: List[int]) -> Dict[str, Any]:  # noqa: UP006
    """`flops_per_s`: `{precision: multiplications and additions a second}`; `by`: `{precision: what reached that}`;
    `bytes_per_s`: `[[size, bytes a second]]`, of arrays that take as many bytes together as each of `sets`.

    `threads` compute at a time: BLAS is told so by the worker's environment. `products`: `{precision: an ONNX graph
    that multiplies x [SIDE, SIDE] by constants, base64}`, for ONNX Runtime where it is there. The best of all rounds
    counts: what else the machine does only slows.
    """
    found = {"fp32": [(_numpy_flops(), "numpy")]}
    for precision, graph in products.items():
        found.setdefault(precision, []).extend(_onnxruntime_flops(base64.b64decode(graph), precision, threads))
    best = {precision: max(seen) for precision, seen in found.items() if seen}
    return {
        "flops_per_s": {precision: value for precision, (value, _) in best.items()},
        "by": {precision: name for precision, (_, name) in best.items()},
        "bytes_per_s": [[size, _bytes_per_s(size, threads)] for size in sets],
    }


def _numpy_flops() -> float:
    import numpy as np

    left, right, out = (np.ones((SIDE, SIDE), np.float32) for _ in range(3))
    return 2 * SIDE**3 / _quickest(lambda: np.matmul(left, right, out=out))


def _onnxruntime_flops(graph: bytes, precision: str, threads: int) -> List[Tuple[float, str]]:  # noqa: UP006
    """With its name; nothing where it isn't there."""
    try:
        import onnxruntime  # type: ignore[import-untyped,unused-ignore]
    except ImportError:
        return []
    import numpy as np

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = threads, 3
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    x = np.ones((SIDE, SIDE), np.uint8 if precision == "int8" else np.float32)
    return [(2 * SIDE**3 / _quickest(lambda: session.run(None, {"x": x})), f"onnxruntime {onnxruntime.__version__}")]


def _quickest(work: Callable[[], Any]) -> float:
    """Seconds of the quickest of all runs in SECONDS."""
    best, end = float("inf"), time.perf_counter() + SECONDS
    while time.perf_counter() < end:
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best


def _bytes_per_s(size: int, threads: int) -> float:
    """Of a triad or a copy, whichever is quicker, on arrays of `size` bytes together, a part of each to a thread."""
    import numpy as np

    length = max(1, size // (4 * ARRAYS * threads))
    parts = [tuple(np.ones(length, np.float32) for _ in range(ARRAYS)) for _ in range(threads)]
    each = 4.0 * length * threads
    with ThreadPoolExecutor(threads) as pool:
        return max(MOVED * each / _pass(_triad, parts, pool), COPIED * each / _pass(_copy, parts, pool))


def _triad(a: Any, b: Any, c: Any, passes: int) -> None:
    """`a = b + 3·c`."""
    import numpy as np

    for _ in range(passes):
        np.multiply(c, np.float32(3), out=a)
        np.add(a, b, out=a)


def _copy(a: Any, b: Any, c: Any, passes: int) -> None:
    import numpy as np

    for _ in range(passes):
        np.copyto(a, b)


def _pass(work: Callable[..., None], parts: List[Any], pool: ThreadPoolExecutor) -> float:  # noqa: UP006
    """Seconds of the quickest pass of all threads together."""

    def seconds(passes: int) -> float:
        start = time.perf_counter()
        for one in [pool.submit(work, *part, passes) for part in parts]:
            one.result()
        return (time.perf_counter() - start) / passes

    passes = max(1, round(ROUND_SECONDS / min(seconds(1), seconds(1))))
    end, best = time.perf_counter() + SECONDS, float("inf")
    while time.perf_counter() < end:
        best = min(best, seconds(passes))
    return best
