"""TVM's session: a library of compiled kernels, run by the Relax virtual machine of TVM's runtime."""

from __future__ import annotations

import base64
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

# The runtime without the compiler, and without torch, which TVM's own binding imports where it is there: it opens in a
# tenth of the time, in a fifth of the memory.
if "tvm" not in sys.modules:
    os.environ.setdefault("TVM_USE_RUNTIME_LIB", "1")
HIDDEN = "torch" not in sys.modules
if HIDDEN:
    sys.modules["torch"] = None  # type: ignore[assignment]
import tvm  # noqa: E402

if HIDDEN:
    del sys.modules["torch"]
from tvm.runtime.vm import VirtualMachine  # noqa: E402

from runner.backends.contract import HOST  # noqa: E402
from runner.backends.tvm import LIBRARY, elf, gpu, profiler  # noqa: E402
from runner.core.errors import Unsupported  # noqa: E402
from runner.core.foreign_text import brief  # noqa: E402
from runner.worker import receiver  # noqa: E402

SIGNATURE = "signature.json"
NO_PROFILE = "Leave it out: profile=none"
KERNEL = ".kernel-"  # start of a file's name


def open_session(folder: str, options: dict[str, Any]) -> Session:
    """The library in `folder`; `options` are the backend's settings (threads)."""
    return Session(Path(folder), options["threads"])


def open_profiled(folder: str, options: dict[str, Any]) -> Session:
    """As `open_session`: the virtual machine is watched when it is asked to."""
    return open_session(folder, options)


class Session:
    """A loaded library, with a virtual machine of its own: one can't be used by two threads."""

    def __init__(self, folder: Path, threads: int) -> None:
        elf.check(folder / LIBRARY)
        os.environ["TVM_NUM_THREADS"] = str(threads)  # read when the first kernel wakes threads up
        known = _known(folder / SIGNATURE)
        self._gpu = gpu.device() if known.get("built", {}).get("gpu") else None
        loaded = tvm.runtime.load_module(str(folder / LIBRARY))
        self._machine = VirtualMachine(loaded, tvm.cpu() if self._gpu is None else self._gpu)
        self._main = self._machine["main"]
        self.version = tvm.__version__
        self.clock = HOST
        self.memory = HOST if self._gpu is None else str(self._gpu.device_name)
        known = known or _described(self._machine)
        self.inputs, self.outputs = known["inputs"], known["outputs"]
        self.effective = {"threads": tvm.runtime.num_threads(), **known["built"]}

    def bind(self, arrays: dict[str, Any]) -> list[Any]:
        """The arrays as tensors of the runtime's, in the library's order, in this machine's memory."""
        return [tvm.runtime.tensor(arrays[spec["name"]]) for spec in self.inputs]

    def run(self, bound: list[Any]) -> list[Any]:
        """The outputs. On a GPU each run copies its inputs there and its outputs back, for which it waits. Raises
        Unsupported where the library is built for other sizes or types."""
        try:
            found = self._main(*(bound if self._gpu is None else [one.copyto(self._gpu) for one in bound]))
        except (RuntimeError, ValueError) as error:
            raise _unfit(error) from error
        return [one.numpy() for one in (found if isinstance(found, Sequence) else (found,))]

    def profile(self, bound: list[Any], iterations: int) -> dict[str, Any]:
        """As `contract.ProfiledSession`: kernels by the names that TVM gives them, which say what was fused."""
        if self._gpu is not None:
            raise Unsupported("tvm can't time the kernels of a GPU: calls return before they have run.", NO_PROFILE)
        for _ in range(max(1, iterations // 10)):
            self.run(bound)
        watch, times = profiler.Watch(), []
        self._machine.set_instrument(watch)
        for _ in range(iterations):
            watch.begin_run()
            start = time.perf_counter_ns()
            self.run(bound)
            times.append(time.perf_counter_ns() - start)
        self._machine.set_instrument(None)
        return {
            "layers": watch.layers(),
            "statistic": "median",
            "run_ns": float(median(times)),
            "resolution_ns": 1000.0,
        }

    def close(self) -> None:
        del self._main, self._machine


def _known(signature: Path) -> dict[str, Any]:
    """What was written of the library when it was built; empty of one that another program built."""
    return dict(json.loads(signature.read_text(encoding="utf-8"))) if signature.is_file() else {}


def _described(machine: Any) -> dict[str, Any]:
    """What a library says of itself: its inputs' names. Their sizes it checks in a run; types are taken for float32."""
    arity = machine.module["get_function_arity"]("main")
    names = [machine.module["get_function_param_name"]("main", place) for place in range(arity)]
    inputs = [{"name": str(name), "shape": None, "dtype": "float32"} for name in names]
    return {"inputs": inputs, "outputs": [{"name": "y", "shape": None, "dtype": "float32"}], "built": {}}


def _unfit(error: BaseException) -> Unsupported:
    said = brief(str(error))
    return Unsupported(f"tvm can't run the library with these inputs: {said}", "Give the sizes and types of its build.")


def ready() -> str:
    """The runtime's version, once it is loaded. What a kernel left that ended a worker while it was loaded is removed:
    nothing else times kernels meanwhile."""
    for left in receiver.home().glob(f"{KERNEL}*"):
        left.unlink()
    return str(tvm.__version__)


def kernel_seconds(library: str, name: str, arguments: Sequence[Any], threads: int) -> list[float]:
    """Seconds of a run of one kernel, with drawn arguments: `[(element type, sizes)]`; its outputs among them.
    `library` is its file, in base64: it comes with the question, wherever it was built.

    Raises as `elf.check`, and what the runtime does.
    """
    os.environ["TVM_NUM_THREADS"] = str(threads)
    kernel = _kernel(base64.b64decode(library))
    draw = np.random.default_rng(0)
    given = [tvm.runtime.tensor(draw.standard_normal(sizes).astype(dtype)) for dtype, sizes in arguments]
    timer = kernel.time_evaluator(name, tvm.cpu(), number=3, repeat=3, min_repeat_ms=20)
    return [float(one) for one in timer(*given).results]


def _kernel(content: bytes) -> Any:
    """A library loaded of a file that is there no longer than that takes: in our own folder, from which code may run
    where it may not from that for other temporary files."""
    with tempfile.NamedTemporaryFile(dir=str(receiver.home()), prefix=KERNEL, suffix=".so") as file:
        file.write(content)
        file.flush()
        elf.check(Path(file.name))
        return tvm.runtime.load_module(file.name)
