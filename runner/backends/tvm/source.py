"""The code that TVM generated of a model, as text: what its kernels run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from runner.backends.tvm import SOURCE, gpu


def write(built: Any, folder: Path) -> None:
    """The kernels' assembler, and what is CUDA, of what `tvm.compile` made, as a file below `folder`."""
    (folder / SOURCE).parent.mkdir()
    parts = [part for part in built.mod.imports if part.kind == "llvm"]
    texts = [part.inspect_source("asm") for part in parts]
    texts += [part.inspect_source("cuda") for host in parts for part in host.imports if part.kind == gpu.CUDA]
    (folder / SOURCE).write_text("\n".join(texts), encoding="utf-8")
