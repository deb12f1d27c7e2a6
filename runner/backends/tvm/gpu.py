"""The NVIDIA GPU of this machine, as TVM's runtime reaches it. Written from TVM's documentation: nobody has run it yet
where there is one."""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import Any

import tvm

from runner.core.errors import Unavailable

CUDA = "cuda"  # TVM's name of the kind of target, and of the kind of device


def absent() -> str:
    """Why none can be used; "" where one can."""
    runtime = Path(tvm.__file__).parent / "lib" / "libtvm_runtime_cuda.so"
    if not runtime.is_file():
        return "this build of TVM has no CUDA"
    try:
        ctypes.CDLL(str(runtime))  # the runtime alone loads none of its parts by itself
    except OSError as error:
        return f"no NVIDIA GPU is at hand: TVM's CUDA runtime does not load: {error}"
    return "" if tvm.cuda(0).exist else "no NVIDIA GPU is at hand"


def device() -> Any:
    """The first one. Raises Unavailable where none can be used."""
    why = absent()
    if why:
        raise Unavailable(f"tvm: the library is built for a GPU: {why}.", "Build for the CPU: backend.target=device")
    return tvm.cuda(0)


def architecture() -> str:
    """Of the first one, as TVM's targets say it: `sm_89`."""
    return "sm_" + str(tvm.cuda(0).compute_version).replace(".", "")
