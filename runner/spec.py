"""The spec: one point of model × data × compression × precision × backend × hardware × scenario, with how it is
measured and against what. Frozen, validated, made from plain values once."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runner import keys, registry, scenario
from runner.errors import SpecError, nearest
from runner.settings import build, setting
from runner.telemetry.settings import Settings as Telemetry

AXES = (
    "model",
    "data",
    "train",
    "compression",
    "precision",
    "backend",
    "hardware",
    "scenario",
    "measure",
    "baseline",
)

# What a spec has beside axes and seed: settings without options to choose from, each with an example.
PARTS = {"limits": "limits.step_s=600", "telemetry": "telemetry.interval_ms=50"}


@dataclass(frozen=True)
class Limits:
    """How long one step and one answer of a worker may take, and how much memory a worker may hold."""

    step_s: float = setting("longest time of one step", unit="s", low=1)
    answer_s: float = setting("longest time of one load, warm-up, burst or prediction", unit="s", low=1)
    memory_mb: float | None = setting(
        "most memory of one worker and all that it starts (null: no limit)", unit="MB", low=100
    )


@dataclass(frozen=True)
class Choice:
    """One axis: the option's name and its checked settings (a `Settings` dataclass of that option)."""

    name: str
    settings: Any

    def plain(self) -> dict[str, Any]:
        """`{"name": …, key: value, …}` in JSON types."""
        return {"name": self.name, **_json(dataclasses.asdict(self.settings))}


@dataclass(frozen=True)
class Spec:
    model: Choice
    data: Choice
    train: Choice
    compression: Choice
    precision: Choice
    backend: Choice
    hardware: Choice
    scenario: Choice
    measure: Choice
    baseline: Choice
    limits: Limits
    telemetry: Telemetry
    seed: int

    def plain(self) -> dict[str, Any]:
        """The resolved spec as JSON."""
        axes = {axis: getattr(self, axis).plain() for axis in AXES}
        parts = {"limits": dataclasses.asdict(self.limits), "telemetry": dataclasses.asdict(self.telemetry)}
        return {**axes, **parts, "seed": self.seed}

    def choices(self) -> dict[str, Any]:
        """What is measured, without how and against what."""
        how = ("measure", "baseline", *PARTS)
        return {name: value for name, value in self.plain().items() if name not in how}

    @property
    def key(self) -> str:
        """Names this spec in records; the steps' keys say what it was made from."""
        return keys.digest(self.plain())

    @property
    def title(self) -> str:
        """A short name for people: model, compression, precision, backend, scenario where not the default."""
        parts = [self.model.name, self.precision.name, self.backend.name]
        if self.compression.name != "none":
            parts.insert(1, self.compression.name)
        if self.scenario.name != "single_stream":
            parts.append(self.scenario.name)
        return " ".join(parts)


def from_plain(values: Mapping[str, Any]) -> Spec:
    """A checked spec from plain values (Hydra's composed config, or a record's `spec`).

    Raises SpecError for an unknown key, a wrong type, a value out of range and an impossible combination of axes.
    """
    known = [*AXES, *PARTS, "seed"]
    for key in values:
        if key not in known:
            raise SpecError(f"{key}: no such key.{nearest(str(key), known)}", f"Known: {', '.join(known)}.")
    for key in known:
        if values.get(key) is None:
            raise SpecError(f"{key} is not set.", f"Choose one: python -m runner list {key}")
    for part, example in PARTS.items():
        if not isinstance(values[part], Mapping):
            raise SpecError(f"{part}={_short(values[part])}: a mapping expected.", f"For instance: {example}")
    spec = Spec(
        **{axis: choice(axis, values[axis]) for axis in AXES},
        limits=build(Limits, values["limits"], "limits"),
        telemetry=build(Telemetry, values["telemetry"], "telemetry"),
        seed=_seed(values["seed"]),
    )
    scenario.check(spec.scenario.name, spec.scenario.settings)
    _check_together(spec)
    return spec


def choice(axis: str, values: Any) -> Choice:
    """One axis of a spec from its plain values (`name` and its settings)."""
    if not isinstance(values, Mapping) or not isinstance(values.get("name"), str):
        raise SpecError(f"{axis} needs one option, not {_short(values)}.", f"Choose one: python -m runner list {axis}")
    rest = {key: value for key, value in values.items() if key != "name"}
    return Choice(values["name"], build(settings_class(axis, values["name"]), rest, axis))


def settings_class(axis: str, name: str) -> type:
    """The `Settings` dataclass that rules over option `name` of `axis`."""
    cls: type
    if axis in registry.PACKAGES:
        cls = registry.load(axis, name).Settings
    elif axis == "precision":
        from runner import precision

        cls = precision.settings_class(name)
    elif axis == "limits":
        cls = Limits
    elif axis == "telemetry":
        cls = Telemetry
    else:
        cls = _own(axis)
    return cls


def _own(axis: str) -> type:
    import importlib

    homes = {"measure": "runner.measure.settings", "train": "runner.training"}
    cls: type = importlib.import_module(homes.get(axis, f"runner.{axis}")).Settings
    return cls


def _seed(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**32:
        raise SpecError(f"seed={value}: a whole number from 0 to 4294967295 expected.")
    return value


def _check_together(spec: Spec) -> None:
    """Combinations across axes that make no sense, whatever the backend."""
    tasks = registry.load("model", spec.model.name).TASKS
    task = registry.load("data", spec.data.name).TASK
    if task not in tasks:
        raise SpecError(
            f"model={spec.model.name} can't use data={spec.data.name}: "
            f"it does {' or '.join(tasks)}, the data are for {task}.",
            f"Leave data= out, and model={spec.model.name} takes its own.",
        )
    if spec.compression.name != "none" and "tensors" in tasks:
        raise SpecError(
            f"compression={spec.compression.name} needs a model that can be trained; "
            f"model={spec.model.name} is a finished file.",
            "Use compression=none.",
        )


def _json(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_json(item) for item in value]
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) < 60 else text[:57] + "…"
