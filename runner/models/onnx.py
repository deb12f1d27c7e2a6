"""Any finished ONNX file of the user's: nothing is trained, and its inputs are described by the file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from runner.core import given_files
from runner.core.errors import Unsupported
from runner.core.setting_rules import setting
from runner.data import own_metric
from runner.models import _finished

if TYPE_CHECKING:
    from runner.backends.contract import Ask

TASKS = ("tensors",)
PROVIDES = ("onnx",)
Dims = tuple[int | str, ...]
batches = _finished.batches


@dataclass(frozen=True)
class Settings:
    """The file, the sizes of its dynamic dimensions, and what its outputs are compared with.

    A size is a whole number, or `batch` for the first axis of every input, which then stays free. Without
    `inputs`, data are random by seed and nothing is scored.
    """

    path: str | None = setting("The ONNX file; relative to the working folder")
    shapes: dict[str, Dims] = setting(  # noqa: RUF009 - a field, as all others
        "Sizes of inputs with dynamic dimensions (else those of model.inputs): model.shapes.x=[1,3,224,224]"
    )
    inputs: str | None = _finished.inputs()
    metric: str = _finished.metric()
    output: str | None = _finished.output()
    calibration: str | None = setting(
        "An .npz file with arrays named as the inputs, for int8; without it a part of model.inputs that isn't measured"
    )
    nonfinite: str = _finished.nonfinite()


def data_needs(settings: Settings) -> dict[str, Any]:
    """What the data step reads instead of drawing random inputs; the file itself is what others are compared with."""
    own = {name: getattr(settings, name) for name in ("inputs", "metric", "output", "calibration", "nonfinite")}
    return {**own, "reference": True}


def files(settings: Settings) -> tuple[str, ...]:
    """All files that are read, external weights too. Raises SpecError where one is missing or no ONNX file."""
    from runner.graphs import onnx_file

    model = onnx_file.read(settings.path)
    external = onnx_file.external_files(str(settings.path), model)
    arrays = {"model.inputs": settings.inputs, "model.calibration": settings.calibration}
    inputs = [given_files.existing(path, key) for key, path in arrays.items() if path]
    return (str(settings.path), *external, *inputs, *own_metric.files(settings.metric))


def unread(settings: Settings, ask: Ask) -> Unsupported | None:
    """Why ONNX Runtime, which quantizes, can't read the file: its format is newer; other runtimes may. Raises
    SpecError: no ONNX file."""
    from runner.graphs import onnx_format

    return onnx_format.unread(settings.path, ask)


def problems(settings: Settings) -> None:
    """Raise SpecError for everything that is wrong with the files and `model.shapes`, before any work."""
    from runner.graphs import archive_shapes, onnx_file, user_tensors

    model = onnx_file.valid(settings.path)
    fixed = onnx_file.shaped(model, archive_shapes.added(model, settings.shapes, settings.inputs), str(settings.path))
    user_tensors.check_output([value.name for value in fixed.graph.output], settings.output)
    user_tensors.check(fixed, data_needs(settings))
