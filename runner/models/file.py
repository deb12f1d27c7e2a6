"""A file that another toolchain built: it runs as it is, on a backend whose session opens files of its kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner.core import given_files
from runner.core.errors import SpecError
from runner.core.setting_rules import setting
from runner.data import own_metric
from runner.models import _finished
from runner.models.onnx import Dims

TASKS = ("tensors",)
PROVIDES = ("file",)
NAME = "model"  # what every built file is called in an artifact, its suffix after it
batches = _finished.batches


@dataclass(frozen=True)
class Settings:
    """The file, the sizes that it leaves open, and what its outputs are compared with.

    A size is a whole number, or `batch` for the first axis of every input, which then stays free. Without `inputs`,
    data are random by seed and nothing is scored.
    """

    path: str | None = setting("The built file; relative to the working folder")
    shapes: dict[str, Dims] = setting(  # noqa: RUF009 - a field, as all others
        "Sizes of inputs that the file leaves open: model.shapes.x=[1,3,224,224]"
    )
    inputs: str | None = _finished.inputs()
    metric: str = _finished.metric()
    output: str | None = _finished.output()
    nonfinite: str = _finished.nonfinite()


def data_needs(settings: Settings) -> dict[str, Any]:
    """What the data step reads instead of drawing random inputs; there is no float model to compare with."""
    own = {name: getattr(settings, name) for name in ("inputs", "metric", "output", "nonfinite")}
    return {**own, "calibration": None, "reference": False}


def files(settings: Settings) -> tuple[str, ...]:
    """The file of inputs, and that of a metric of the user's. Raises SpecError where one isn't there."""
    inputs = (given_files.existing(settings.inputs, "model.inputs"),) if settings.inputs else ()
    return (*inputs, *own_metric.files(settings.metric))


def suffix(settings: Settings) -> str:
    """What kind of file it is: `.xml`. Raises SpecError where its name doesn't say."""
    if settings.path is None:
        raise SpecError("model=file needs a file.", "Name it: model.path=my.onnx")
    found = Path(settings.path).suffix.lower()
    if not found:
        raise SpecError(
            f"model.path={settings.path}: without a suffix nobody knows what opens it.", "Call it my.onnx, my.xml, …"
        )
    return found


def places(settings: Settings, companions: Sequence[str]) -> dict[str, str]:
    """`{path: its name in an artifact}`: the file is `model.xml` there; files beside it with the same name and one of
    the suffixes `companions` follow it, an ONNX file's external weights keep their names.

    Raises SpecError where the file is missing or no file, or its weights are.
    """
    kind = suffix(settings)
    path = given_files.existing(str(settings.path), "model.path")
    beside = {one: Path(path).with_suffix(one) for one in companions}
    found = {str(file): NAME + one for one, file in beside.items() if file.is_file()}
    found |= _weights(path) if kind == ".onnx" else {}
    if NAME + kind in found.values():
        raise SpecError(f"model.path={path}: its weights' file is called {NAME}{kind}.", "Save it as one file.")
    return {path: NAME + kind, **found}


def _weights(path: str) -> dict[str, str]:
    from runner.graphs import onnx_file

    home = Path(path).parent
    return {file: str(Path(file).relative_to(home)) for file in onnx_file.external_files(path, onnx_file.read(path))}


def problems(settings: Settings) -> None:
    """Raise SpecError for what is wrong with the settings before the file is opened."""
    from runner.graphs import user_tensors

    user_tensors.check_metric(data_needs(settings))
