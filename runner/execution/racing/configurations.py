"""The configurations that race: backends × precisions × threads × what else each backend says is worth trying, as far
as words don't say otherwise."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.backends import loading
from runner.backends.contract import Backend
from runner.core import registry
from runner.core.errors import Impossible, SpecError
from runner.measure.settings import Settings
from runner.results.best_result import LeftOut
from runner.spec import baseline, options
from runner.spec.schedule import Schedule
from runner.spec.schema import Spec
from runner.spec.tracking import Settings as Tracking
from runner.spec.words import word
from runner.sweeps import request
from runner.transport import devices

if TYPE_CHECKING:
    from hydra.core.override_parser.types import Override

RACED = ("backend", "precision", "compression")  # axes whose words may have several values
APART = ("baseline",)  # what the winner alone is compared with
NONE = "baseline=none"
OFFLINE = "offline"  # the scenario in which inferences may overlap
LEAST = 8  # fresh pairs of winner and default


@dataclass(frozen=True)
class Configuration:
    """One of the race: its `name` there, the `words` of a run of it, and their spec without a baseline."""

    name: str
    words: tuple[str, ...]
    spec: Spec


@dataclass(frozen=True)
class Asked:
    """What the words of `best` ask for. `configurations` are distinct, the first of them is the default; `against` is
    its spec. `left_out` are backends and configurations that the words alone rule out."""

    configurations: tuple[Configuration, ...]
    against: Spec
    left_out: tuple[LeftOut, ...]
    schedule: Schedule
    tracking: Tracking

    def without_default(self) -> Asked:
        """What the words name alone: where nothing is measured there is nothing to beat."""
        return replace(self, configurations=self.configurations[1:])


def read(project: Path, words: Sequence[str], estimates: bool = False) -> Asked:
    """The configurations that `words` leave; with `estimates` those of backends whose figures are reckoned, without it
    all others. Raises SpecError for a wrong word, and where nothing is left."""
    from runner.spec import overrides

    given = overrides.parse(words)
    _check(given)
    backends = _backends(given, project)
    _check_settings(given, backends, project)
    single = [one for one in given if not one.is_sweep_override()]
    base = request.single(project, _fitting(single, backends[0] if len(backends) == 1 else "", project))
    found, left_out = [], []
    for name in backends:
        why = _other_kind(name, project, estimates)
        if why:
            left_out.append(LeftOut(name, "unsupported", why))
            continue
        own, impossible = _of_backend(name, given, base.spec, project)
        found += own
        left_out += impossible
    against = _default(base.spec, project)
    if not found:
        raise SpecError("best: no configuration is left.", _why_none(left_out))
    common = [one.input_line or "" for one in single if one.key_or_group.partition(".")[0] not in (*RACED, *APART)]
    words = (*common, *_changes(against, project))
    default = Configuration("", words, options.changed(against, {"baseline": "none"}, project))
    every = _distinct([default, *found])
    return Asked(tuple(every), against, tuple(left_out), base.schedule, base.tracking)


def _why_none(left_out: Sequence[LeftOut]) -> str:
    return "; ".join(dict.fromkeys(f"{one.name}: {one.reason}" for one in left_out))


def _check(given: Iterable[Override]) -> None:
    """Raises SpecError for a word of several values that isn't raced over."""
    for one in given:
        axis = one.key_or_group.partition(".")[0]
        if one.is_sweep_override() and axis not in RACED:
            raise SpecError(
                f"best {one.input_line}: a race is of the configurations of one {axis}.",
                f"Choose one; several values may have {', '.join(RACED)} and their settings.",
            )
        if axis == "experiment":
            raise SpecError(f"best {one.input_line}: best sweeps itself.", "Name the model: best model=gru")


def _backends(given: Iterable[Override], project: Path) -> list[str]:
    from runner.spec import overrides

    named = next((one for one in given if one.key_or_group == "backend"), None)
    return overrides.named(named, project) if named else options.names("backend", project)


def _check_settings(given: Iterable[Override], backends: Sequence[str], project: Path) -> None:
    """Raises SpecError for a setting that none of the backends has, as a run with the first one would."""
    for one in given:
        axis, _, setting = one.key_or_group.partition(".")
        if axis == "backend" and setting and not any(_has(name, setting, project) for name in backends):
            request.cells(project, [f"backend={backends[0]}", one.input_line or ""])


def _has(name: str, setting: str, project: Path) -> bool:
    known = {field.name for field in fields(_declared(name, project).settings)}
    return setting.partition(".")[0] in known


def _declared(name: str, project: Path) -> Backend:
    return loading.backend(str(options.values("backend", name, project)["name"]))


def _other_kind(name: str, project: Path, estimates: bool) -> str:
    if _declared(name, project).capabilities.estimate == estimates:
        return ""
    return (
        "it is measured; --by estimate compares estimates" if estimates else "its figures are estimates: --by estimate"
    )


def _fitting(given: Iterable[Override], name: str, project: Path) -> list[str]:
    """The words that a run with this backend takes; "": with the usual one."""
    kept = []
    for one in given:
        axis, _, setting = one.key_or_group.lstrip("+~").partition(".")
        if axis == "backend" and not (setting and name and _has(name, setting, project)):
            continue
        kept.append(one.input_line or "")
    return [*kept, *([f"backend={name}"] if name else [])]


def _of_backend(
    name: str, given: Sequence[Override], base: Spec, project: Path
) -> tuple[list[Configuration], list[LeftOut]]:
    """A backend's configurations, and those that make no sense. Raises SpecError for a word that no backend takes."""
    apart = [one for one in given if one.key_or_group.partition(".")[0] not in APART]
    said = _fitting(apart, name, project)
    keys = {one.key_or_group for one in given}
    axes = [f"{key}={values}" for key, values in _axes(_declared(name, project), base) if key not in keys]
    try:
        sweep = request.cells(project, [*said, *axes, NONE])
    except Impossible as error:
        return [], [LeftOut(name, "impossible", error.reason, error.next_step)]
    own = [one.input_line or "" for one in apart if not one.is_sweep_override()]
    common = [word for word in said if word in own or word == f"backend={name}"]
    found = [Configuration(_name(spec, words), (*common, *words), spec) for words, spec in _words(sweep.cells)]
    return found, [
        LeftOut(f"{name} {one.words}".strip(), "impossible", one.error.reason, one.error.next_step)
        for one in sweep.impossible
    ]


def _axes(declared: Backend, base: Spec) -> Iterator[tuple[str, str]]:
    """What is tried of a backend, where words don't say it: `(key, values)`."""
    if "file" not in registry.load("model", base.model.name).PROVIDES:
        yield "precision", ",".join(declared.precisions)
    if declared.capabilities.threads:
        cpus = devices.device_of(base.hardware.settings).cpus() or ()
        yield "backend.threads", f"1,{len(cpus)}" if len(cpus) > 1 else "1"
    offline = declared.races_offline if base.scenario.name == OFFLINE else {}
    for key, values in {**declared.races, **offline}.items():
        yield f"backend.{key}", ",".join(values)


def _words(cells: Iterable[tuple[str, Spec]]) -> Iterator[tuple[list[str], Spec]]:
    """The words that tell each cell from the others, apart."""
    for told, spec in cells:
        yield re.split(r" (?=[+~]*\w[\w.]*=)", told) if told else [], spec


def _name(spec: Spec, words: Iterable[str]) -> str:
    """`openvino int8`, with the settings that tell it from the others: `openvino int8 threads=2`."""
    parts = [spec.backend.title, spec.precision.title]
    if spec.compression.name != "none":
        parts.insert(1, spec.compression.title)
    settings = [word for word in words if "." in word.partition("=")[0]]
    return " ".join([*parts, *(word.removeprefix("backend.") for word in settings)])


def _default(base: Spec, project: Path) -> Spec:
    """What the winner is to beat: the baseline of what runs where nothing is chosen, or that itself."""
    found = baseline.resolve(base, project, options.names("backend", project))
    return found or base


def _distinct(found: Iterable[Configuration]) -> list[Configuration]:
    """Each once, the first one first: it takes the name of another that says the same."""
    every: dict[str, Configuration] = {}
    for one in found:
        key = one.spec.key
        known = every.get(key)
        every[key] = one if known is None or not known.name else known
    return [replace(one, name=one.name or one.spec.title, words=one.words) for one in every.values()]


def confirming(winner: Configuration, against: Spec, typed: Sequence[str], project: Path, apart_s: float) -> list[str]:
    """The words of an ordinary run of the winner against the default, of at least LEAST pairs, whose halves are
    `apart_s` apart."""
    apart = [word for word in typed if word.partition("=")[0].partition(".")[0] in APART]
    spec = request.single(project, [*winner.words, *apart]).spec
    usual = baseline.resolve(spec, project, options.names("backend", project))
    much = list(_much(spec.measure.settings, apart_s))
    if usual is not None and usual.measures_the_same(against):
        return [*winner.words, *apart, *much]
    changes = ",".join(_changes(against, project))
    return [*winner.words, "baseline=spec", f"baseline.overrides=[{changes}]", *much]


def _much(settings: Settings, apart_s: float) -> Iterator[str]:
    if settings.min_pairs < LEAST:
        yield f"measure.min_pairs={LEAST}"
    if settings.max_pairs < LEAST:
        yield f"measure.max_pairs={LEAST}"
    if apart_s > settings.apart_s:
        yield f"measure.apart_s={apart_s:g}"


def _changes(against: Spec, project: Path) -> Iterator[str]:
    """The words that make the default of any other configuration."""
    for axis in RACED:
        chosen = getattr(against, axis)
        yield f"{axis}={chosen.title}"
        usual: Mapping[str, Any] = options.values(axis, chosen.title, project)
        for key, value in chosen.plain().items():
            if key != "name" and usual.get(key) != value:
                yield word(f"{axis}.{key}", value)
