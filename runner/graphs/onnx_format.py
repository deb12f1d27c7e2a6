"""Whether the libraries installed here read a user's ONNX file: its IR version and its opset may be newer."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import onnx

from runner.core import hashing
from runner.core.errors import SpecError, Unsupported
from runner.graphs import onnx_file

if TYPE_CHECKING:
    from runner.backends.contract import Ask

INQUIRY = "runner.backends.onnxruntime.capabilities"
# What the oldest onnxruntime and onnx that we install with read: https://onnxruntime.ai/docs/reference/compatibility.html
SURE = {"ir": 10, "opset": 21}
CALLED = {"ir": "IR version", "opset": "opset"}


def unread(path: str | None, ask: Ask) -> Unsupported | None:
    """None, or what is too new for which library; ONNX Runtime is asked only about a file that it might not read.
    Raises SpecError for a file that neither reads."""
    found = _newer(path, ask)
    if found is None:
        check(str(path), ask)
    return found


def _newer(path: str | None, ask: Ask) -> Unsupported | None:
    has = versions(onnx_file.read(path))
    if all(has[kind] <= SURE[kind] for kind in has):
        return None
    newest = {"ir": int(onnx.IR_VERSION), "opset": onnx.defs.onnx_opset_version()}
    own = {kind: newest[kind] for kind in has if has[kind] > newest[kind]}
    if own:
        return _too_new(path, has, own, f"onnx {onnx.__version__}")
    found = ask(INQUIRY, "reads", **has)
    return _too_new(path, has, found["limits"], f"onnxruntime {found['version']}") if found["limits"] else None


def check(path: str, ask: Ask) -> None:
    """Raise SpecError where onnx's checker finds fault with a file and ONNX Runtime refuses it, too."""
    complaint = onnx_file.complaint(path)
    if complaint and ask(INQUIRY, "refuses", path=str(Path(path).resolve()), content=hashing.file_hash(Path(path))):
        raise SpecError(f"model.path={path}: not a valid ONNX model: {complaint}", "Export it again.")


def versions(model: onnx.ModelProto) -> dict[str, int]:
    """`ir` and `opset` (of ai.onnx) that the file says it has."""
    opsets = [item.version for item in model.opset_import if item.domain in ("", "ai.onnx")]
    return {"ir": model.ir_version, "opset": max(opsets, default=1)}


def _too_new(path: str | None, has: Mapping[str, int], limits: Mapping[str, Any], library: str) -> Unsupported:
    kind, newest = next(iter(limits.items()))
    convert = {
        "ir": f"or save it as an older one: m = onnx.load(…); m.ir_version = {newest}; onnx.save(m, …)",
        "opset": f"or convert it: onnx.version_converter.convert_version(onnx.load(…), {newest})",
    }
    name = library.split()[0]
    return Unsupported(
        f"model.path={path}: {CALLED[kind]} {has[kind]}, and {library}, which is installed here, reads up to {newest}.",
        f"Install a newer one (pip install -U {name}), {convert[kind]}.",
    )
