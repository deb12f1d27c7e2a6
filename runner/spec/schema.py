"""The spec: one point of model × data × compression × precision × backend × hardware × scenario, with how it is
measured and against what. Frozen, validated, made from plain values once."""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from runner.backends.contract import AS_BUILT, PRECISIONS
from runner.core import advice, hashing, registry
from runner.core.errors import Impossible, SpecError, nearest
from runner.core.setting_rules import build, setting, shown
from runner.spec import hardware
from runner.spec.preprocess import NONE
from runner.spec.telemetry import Settings as Telemetry
from runner.spec.toolchain import Settings as Toolchain
from runner.spec.tracking import Settings as Tracking

OWN_NAME = "option"  # of an option: its file's name, where that is not its implementation's (`name`)

AXES = (
    "model",
    "data",
    "preprocess",
    "train",
    "compression",
    "precision",
    "backend",
    "hardware",
    "scenario",
    "measure",
    "baseline",
    "profile",
)

# What a spec has beside axes and seed: settings without options to choose from, each with an example.
PARTS = {
    "limits": "limits.step_s=600",
    "telemetry": "telemetry.interval_ms=50",
    "toolchain": "toolchain.python=/opt/sdk/bin/python",
}
NAMES = (*AXES, *PARTS, "seed")

# What a command's words say beside its specs: how steps are run, and what runs in MLflow bear.
BESIDE = ("schedule", "tracking")

# Everything that has options in `conf/`: the axes, and how a command's steps are run, which is no part of a spec.
GROUPS = (*AXES, "schedule")
HOW = ("measure", "baseline", "profile", *PARTS)  # how is measured and against what, not what


@dataclass(frozen=True)
class Limits:
    """How long one step and one answer of a worker may take, and how much memory a worker may hold."""

    step_s: float = setting("longest time of one step", unit="s", low=1)
    answer_s: float = setting("longest time of one load, warm-up, burst or prediction", unit="s", low=1)
    memory_mb: float | None = setting(
        "most memory of one worker and all that it starts (null: no limit)", unit="MB", low=100
    )


PART_CLASSES = {"limits": Limits, "telemetry": Telemetry, "toolchain": Toolchain, "tracking": Tracking}

# The rules of the axes whose options no package provides: modules with `settings_class(name)`.
HOMES = {
    "preprocess": "runner.spec.preprocess",
    "train": "runner.spec.training",
    "precision": "runner.spec.precision",
    "hardware": "runner.spec.hardware",
    "measure": "runner.measure.settings",
    "baseline": "runner.spec.baseline",
    "profile": "runner.spec.profile",
    "schedule": "runner.spec.schedule",
}


@dataclass(frozen=True)
class Choice:
    """One axis: the option's name and its checked settings (a `Settings` dataclass of that option)."""

    name: str
    settings: Any
    option: str = ""  # its file's name, where that is another: `conf/model/tiny.yaml` with `name: gru`

    @property
    def title(self) -> str:
        """What people call it."""
        return self.option or self.name

    def plain(self) -> dict[str, Any]:
        """What it is, whatever it is called: `{"name": …, key: value, …}` in JSON types."""
        return {"name": self.name, **_json(dataclasses.asdict(self.settings))}

    @cached_property
    def text(self) -> str:
        """`plain` as canonical JSON. Many cells share a choice: it is written once."""
        return hashing.canonical(self.plain())

    def __hash__(self) -> int:  # settings may hold mappings, which have no hash
        return hash(self.text)


@dataclass(frozen=True)
class Spec:
    model: Choice
    data: Choice
    preprocess: Choice
    train: Choice
    compression: Choice
    precision: Choice
    backend: Choice
    hardware: Choice
    scenario: Choice
    measure: Choice
    baseline: Choice
    profile: Choice
    limits: Limits
    telemetry: Telemetry
    toolchain: Toolchain
    seed: int

    def plain(self) -> dict[str, Any]:
        """The resolved spec as JSON."""
        return {name: plain_part(getattr(self, name)) for name in NAMES}

    def choices(self) -> dict[str, Any]:
        """What is measured, without how and against what."""
        return {**{name: value for name, value in self.plain().items() if name not in HOW}, **self.released}

    def measures_the_same(self, other: Spec) -> bool:
        """Whether both have the same `choices`."""
        same = all(getattr(self, name) == getattr(other, name) for name in NAMES if name not in HOW)
        return same and self.toolchain.version == other.toolchain.version

    @property
    def released(self) -> dict[str, Any]:
        """The release of its backend's runtime, `{"toolchain": {"version": …}}`; nothing of the one installed here."""
        return {} if self.toolchain.version is None else {"toolchain": {"version": self.toolchain.version}}

    @cached_property
    def key(self) -> str:
        """Names this spec in records; the steps' keys say what it was made from."""
        return hashing.digest_of(hashing.joined({name: _text(getattr(self, name)) for name in NAMES}))

    @property
    def built(self) -> bool:
        """Whether its model is a file that another toolchain built, which runs as it is."""
        return "file" in registry.load("model", self.model.name).PROVIDES

    @property
    def title(self) -> str:
        """A short name for people: model, compression, precision, backend; scenario, preprocessing and device if not
        the default."""
        runtime = " ".join(filter(None, (self.backend.title, self.toolchain.version)))
        parts = [self.model.title, self.precision.name, runtime]
        if self.compression.name != "none":
            parts.insert(1, self.compression.title)
        if self.scenario.name != "single_stream":
            parts.append(self.scenario.title)
        if self.preprocess.name != NONE:
            parts.append(self.preprocess.title)
        return " ".join([*parts, *self.elsewhere])

    @property
    def elsewhere(self) -> tuple[str, ...]:
        """Where it is measured, if not on this machine: `on ssh:pi`."""
        name = hardware.name_of(self.hardware.settings)
        return () if name == hardware.LOCAL else (f"on {name}",)


@dataclass(frozen=True)
class ImpossibleCell:
    """A cell of a sweep whose words make no sense together: the words that tell it from the others, and why."""

    words: str
    error: Impossible


@dataclass(frozen=True)
class Sweep:
    """Many specs to be one plan: each with the words that tell its cell from the others, and what was left out."""

    cells: Sequence[tuple[str, Spec]]
    impossible: Sequence[ImpossibleCell]
    excluded: int = 0
    repeated: int = 0


def from_plain(values: Mapping[str, Any]) -> Spec:
    """A checked spec from plain values, as composed from words and the project's files; never a record's.

    Raises SpecError for an unknown key, a wrong type and a value out of range, Impossible for axes that make no sense
    together.
    """
    check_names(values)
    return together({name: part(name, values[name]) for name in NAMES})


def check_names(values: Mapping[str, Any]) -> None:
    """Raises SpecError where a part of a spec is missing, or is none of a spec."""
    for key in values:
        if key not in NAMES:
            raise SpecError(f"{key}: no such key.{nearest(str(key), NAMES)}", f"Known: {', '.join(NAMES)}.")
    for key in NAMES:
        if values.get(key) is None:
            raise SpecError(f"{key} is not set.", _example(key))


def _example(name: str) -> str:
    return f"Choose one: python -m runner list {name}" if name in AXES else f"For instance: {PARTS.get(name, 'seed=0')}"


def plain_part(value: Any) -> Any:
    """One part of a spec in JSON types."""
    if isinstance(value, Choice):
        return {**value.plain(), **({OWN_NAME: value.option} if value.option else {})}
    return dataclasses.asdict(value) if dataclasses.is_dataclass(value) and not isinstance(value, type) else value


@lru_cache(maxsize=4096)
def _text(value: Any) -> str:
    return value.text if isinstance(value, Choice) else hashing.canonical(plain_part(value))


def part(name: str, values: Any) -> Any:
    """One part of a spec, checked by itself: an axis's Choice, Limits, Telemetry or the seed. Raises SpecError."""
    if name == "seed":
        return _seed(values)
    if name in AXES:
        return choice(name, values)
    if not isinstance(values, Mapping):
        raise SpecError(f"{name}={_short(values)}: a mapping expected.", f"For instance: {PARTS[name]}")
    return build(settings_class(name, ""), values, name)


def together(parts: Mapping[str, Any]) -> Spec:
    """The spec of checked parts. Raises Impossible where they make no sense together."""
    spec = Spec(**parts)
    registry.load("scenario", spec.scenario.name).check(spec.scenario.settings)
    _check_together(spec)
    return _placed(spec)


def _placed(spec: Spec) -> Spec:
    """An estimate is made on this machine, whichever device is named: that one is asked for nothing."""
    from runner.backends import loading

    if spec.hardware.name == hardware.LOCAL or not loading.backend(spec.backend.name).capabilities.estimate:
        return spec
    return dataclasses.replace(spec, hardware=Choice(hardware.LOCAL, hardware.Local()))


def choice(axis: str, values: Any) -> Choice:
    """One axis of a spec from its plain values (`name` and its settings)."""
    if not isinstance(values, Mapping) or not isinstance(values.get("name"), str):
        raise SpecError(f"{axis} needs one option, not {_short(values)}.", f"Choose one: python -m runner list {axis}")
    rest = {key: value for key, value in values.items() if key not in ("name", OWN_NAME)}
    return Choice(values["name"], build(settings_class(axis, values["name"]), rest, axis), _own_name(axis, values))


def _own_name(axis: str, values: Mapping[str, Any]) -> str:
    own = values.get(OWN_NAME, "")
    if not isinstance(own, str):
        raise SpecError(f"{axis}.{OWN_NAME}={_short(own)}: a name expected.", "Leave it out.")
    return own


def settings_class(axis: str, name: str) -> type:
    """The `Settings` dataclass that rules over option `name` of `axis`, or over a part. Raises SpecError for an unknown
    option."""
    cls: type
    if axis in PART_CLASSES:
        cls = PART_CLASSES[axis]
    elif axis == "backend":
        from runner.backends import loading

        cls = loading.backend(name).settings
    elif axis in registry.PACKAGES:
        cls = registry.load(axis, name).Settings
    else:
        cls = importlib.import_module(HOMES[axis]).settings_class(name)
    return cls


def _seed(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**32:
        raise SpecError(f"seed={shown(value)}: a whole number from 0 to 4294967295 expected.")
    return value


def _check_together(spec: Spec) -> None:
    """Combinations across axes that make no sense, whatever the backend, and a device without an address."""
    hardware.name_of(spec.hardware.settings)
    model = registry.load("model", spec.model.name)
    tasks = model.TASKS
    task = registry.load("data", spec.data.name).TASK
    if task not in tasks:
        raise Impossible(
            f"model={spec.model.name} can't use data={spec.data.name}: "
            f"it does {' or '.join(tasks)}, the data are for {task}.",
            "Leave data= out, and the model takes its own.",
        )
    _check_preprocess(spec)
    if spec.built != (spec.precision.name == AS_BUILT):
        raise _wrong_precision(spec)
    if spec.toolchain.version is not None:
        _check_release(spec)
    if spec.compression.name != "none" and "checkpoint" not in model.PROVIDES:
        raise Impossible(
            f"compression={spec.compression.name} needs a model that can be trained; "
            f"model={spec.model.name} is a finished file.",
            "Use compression=none.",
        )


def _check_preprocess(spec: Spec) -> None:
    """Raw samples are those of a data set that says what it does to them."""
    if spec.preprocess.name != NONE and not hasattr(registry.load("data", spec.data.name), "RAW_INPUTS"):
        data = advice.setting("data", spec.data.name)
        reason = f"preprocess={spec.preprocess.name}: {data} has no raw samples, only inputs that are ready."
        raise Impossible(reason, "Use preprocess=none.")


def _check_release(spec: Spec) -> None:
    """Environments are made on this machine, of what runs on it."""
    from runner.backends import loading

    word = f"toolchain.version={spec.toolchain.version}"
    if hardware.name_of(spec.hardware.settings) != hardware.LOCAL:
        raise Impossible(
            f"{word} with hardware={spec.hardware.name}: releases are installed on this machine alone.",
            "Install that release there, and name its interpreter: hardware.python=PATH",
        )
    if not loading.backend(spec.backend.name).opens_here():
        raise Impossible(f"{word}: nothing of backend={spec.backend.name} runs here.", "Leave toolchain.version out.")


def _wrong_precision(spec: Spec) -> Impossible:
    """A built file has the precision that it has, and nothing else has that."""
    precision, model = (advice.setting(axis, getattr(spec, axis).name) for axis in ("precision", "model"))
    words = f"{precision} with {model}"
    if spec.built:
        return Impossible(f"{words}: the file is built already.", f"Use precision={AS_BUILT}.")
    return Impossible(f"{words}, which is built here.", f"Choose another: {', '.join(PRECISIONS)}.")


def _json(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_json(item) for item in value]
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) < 60 else text[:57] + "…"
