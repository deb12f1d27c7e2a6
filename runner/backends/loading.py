"""A backend by its name, verified: what is wrong with a declaration is said with its file and attribute."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import cache
from importlib import util
from pathlib import Path
from types import ModuleType
from typing import Any

from runner.backends.contract import (
    ABOUT,
    COMPILE,
    DEVICE,
    INPUTS,
    PLACES,
    PRECISIONS,
    REPRESENTATIONS,
    Backend,
    Capabilities,
    Reference,
    Release,
    Stage,
    Tool,
)
from runner.core import registry
from runner.core.errors import RunnerError, SpecError, Unavailable

# What no stage can be called.
TAKEN = ("data", "train", "compress", "export", "quantize", "take", "verify", "session", "given")
ANSWERS: Mapping[str, tuple[type, ...]] = {
    "baseline_overrides": (Mapping,),
    "tool": (Tool, type(None)),
    "tuned_to": (Mapping, type(None)),
    "files": (tuple,),
}
EXPECTED = {"baseline_overrides": "a mapping", "tool": "a Tool", "tuned_to": "a mapping", "files": "a tuple"}
GUIDE = "What a backend declares: docs/adding-a-backend.md."


def backend(name: str) -> Backend:
    """The declaration of backend `name`. Raises SpecError naming the file and the attribute that is wrong."""
    module = registry.load("backend", name)
    found: Backend = module.BACKEND
    wrong = _wrong(module, id(found))
    if wrong:
        raise SpecError(f"backend={name}: {wrong}.", GUIDE)
    return found


def names() -> list[str]:
    """The backends in this tree, and those of installed packages."""
    ours = (path.parent.name for path in Path(__file__).parent.glob("*/session.py"))
    return sorted({*ours, *registry.entry_points(registry.PACKAGES["backend"])})


@cache
def _wrong(module: ModuleType, declared: int) -> str | None:
    """The first thing that is wrong with the module's declaration, whose id is `declared`: each cell of a sweep asks
    eleven times."""
    return next(problems(module.BACKEND, Path(str(module.__file__))), None)


def optional_module(name: str, file: str) -> tuple[str, ...]:
    """The module `file` in the folder of backend `name`, where there is one."""
    found = f"{registry.module('backend', name)}.{file}"
    return (found,) if util.find_spec(found) else ()


def ask(name: str, question: str, *about: Any) -> Any:
    """What the declaration's function `question` says, such as `tuned_to`.

    Raises Unavailable where it breaks or gives something else, naming its file: it may be anybody's code.
    """
    function = getattr(backend(name), question)
    file = function.__code__.co_filename if hasattr(function, "__code__") else function
    try:
        found = function(*about)
    except RunnerError:
        raise
    except Exception as error:
        said = f"{type(error).__name__}: {error}"
        raise Unavailable(f"backend={name}: {file}: {question} breaks: {said}", "Mend it.") from error
    if not isinstance(found, ANSWERS.get(question, (object,))):
        raise Unavailable(
            f"backend={name}: {file}: {question} gives {_shown(found)}: {EXPECTED[question]} expected", "Mend it."
        )
    return found


def problems(found: Any, file: Path) -> Iterator[str]:
    """What is wrong with a declaration in `file`, one line each."""
    if not isinstance(found, Backend):
        yield f"{file}: BACKEND is {_shown(found)}: a runner.backends.contract.Backend expected"
        return
    for attribute, (right, expected) in CHECKS.items():
        value = getattr(found, attribute)
        if not right(value):
            yield f"{file}: BACKEND.{attribute} is {_shown(value)}: {expected} expected"
            return
    yield from _together(found, file)
    stages = [(f"{stage.name}.py", f"{stage.name}(job)") for stage in found.stages if not stage.whose]
    stages += [(f"{one.name}.py", "check(folder)") for one in found.references]
    stages += [("given.py", "open_session(folder, options)")] if found.takes_up else []
    opening = "estimate" if found.capabilities.estimate else "open_session"
    for beside, offers in (*stages, ("session.py", f"{opening}(folder, options)")):
        if not (file.parent / beside).is_file():
            yield f"{file.parent / beside}: no such file: {offers} is expected there"


def _together(found: Backend, file: Path) -> Iterator[str]:
    """What contradicts itself."""
    known = {one.name for one in dataclasses.fields(found.settings)}
    for attribute in ("session_settings", "proof_settings", "races", "races_offline"):
        for key in getattr(found, attribute):
            if key not in known:
                yield f"{file}: BACKEND.{attribute} has {key}, which its Settings have not"
    if not found.distributions and found.compiles_here():
        yield f"{file}: BACKEND.distributions is (): a tuple of names on PyPI expected, for it compiles in no toolchain"
    for stage in found.stages:
        for key in sorted({*(stage.reads or ())} - known):
            yield f"{file}: BACKEND.stages: {stage.name} reads {key}, which its Settings have not"
    for suffix, name in found.takes_up.items():
        if name not in (stage.name for stage in found.stages):
            yield f"{file}: BACKEND.takes_up: {suffix} is for {name}, which is none of its stages"
    if found.opens and not found.opens_here():
        yield f"{file}: BACKEND.opens: a file is described by opening it here, where nothing of this backend's opens"
    if found.capabilities.estimate and (found.capabilities.host_proof or found.capabilities.profile):
        yield f"{file}: BACKEND.capabilities.estimate is True: then host_proof and profile are False, for nothing runs"
    if found.capabilities.threads != ("threads" in known):
        has = "have threads" if "threads" in known else "have no threads"
        yield f"{file}: BACKEND.capabilities.threads is {found.capabilities.threads}, but its Settings {has}"


def _settings(value: Any) -> bool:
    return isinstance(value, type) and dataclasses.is_dataclass(value) and all(map(_ruled, dataclasses.fields(value)))


def _ruled(field: dataclasses.Field[Any]) -> bool:
    return "rule" in field.metadata


def _texts(known: Collection[str] = (), least: int = 0) -> Callable[[Any], bool]:
    def right(value: Any) -> bool:
        texts = isinstance(value, tuple) and all(isinstance(one, str) and one for one in value)
        return texts and len(value) >= least and (not known or set(value) <= set(known))

    return right


def _stages(value: Any) -> bool:
    """Stages of different names that no other step has, `compile` the last."""
    if not isinstance(value, tuple) or not value or not all(isinstance(one, Stage) and _stage(one) for one in value):
        return False
    names = [one.name for one in value]
    return names[-1] == COMPILE and len({*names, *TAKEN}) == len(names) + len(TAKEN)


def _stage(value: Stage) -> bool:
    parts = _texts(ABOUT)(value.asks) and _texts(INPUTS)(value.needs) and (value.reads is None or _texts()(value.reads))
    parts = parts and _texts()(value.provides) and _text(value.whose) and not (value.whose and value.name == COMPILE)
    place = _text(value.toolchain) and _texts()(value.tools) and value.place in PLACES
    place = place and not (value.toolchain and value.place == DEVICE) and isinstance(value.times_on_device, bool)
    place = place and not (value.times_on_device and (value.toolchain or value.place == DEVICE))
    asked = callable(value.when) and callable(value.provides_for)
    return parts and place and asked and isinstance(value.name, str) and value.name.isidentifier()


def _references(value: Any) -> bool:
    return isinstance(value, tuple) and all(isinstance(one, Reference) and one.name.isidentifier() for one in value)


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _suffixes(value: Any) -> bool:
    return _texts()(value) and all(re.fullmatch(r"\.[a-z0-9_]+", one) for one in value)


def _taken_up(value: Any) -> bool:
    return _mapping(value) and _suffixes(tuple(value)) and all(map(_text, value.values()))


def _companions(value: Any) -> bool:
    return _mapping(value) and _suffixes(tuple(value)) and all(map(_suffixes, value.values()))


def _mapping(value: Any) -> bool:
    return isinstance(value, Mapping) and all(isinstance(key, str) for key in value)


def _capabilities(value: Any) -> bool:
    return isinstance(value, Capabilities)


def _release(value: Any) -> bool:
    if not isinstance(value, Release):
        return False
    return all(map(_texts(), (value.beside, value.older))) and _text(value.index) and _text(value.build)


def _reasons(value: Any) -> bool:
    return _mapping(value) and all(isinstance(one, str) for one in value.values())


def _races(value: Any) -> bool:
    return _mapping(value) and all(_texts()(one) and one for one in value.values())


def _shown(value: Any) -> str:
    text = getattr(value, "__name__", None) or repr(value)
    return text if len(text) < 60 else text[:57] + "…"


# Of each attribute: what is right, in code and in words.
CHECKS: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "settings": (_settings, "a frozen dataclass, each field made by runner.core.setting_rules.setting(),"),
    "accepts": (_texts(REPRESENTATIONS, 1), f"a tuple of {' or '.join(REPRESENTATIONS)}"),
    "opens": (_suffixes, 'a tuple of suffixes in small letters, such as (".xml",),'),
    "takes_up": (_taken_up, 'a mapping of a suffix to a stage, such as {".tflite": "compile"},'),
    "companions": (_companions, 'a mapping of a suffix to suffixes, such as {".xml": (".bin",)},'),
    "code": (_suffixes, 'a tuple of suffixes in small letters, such as (".pt2",),'),
    "precisions": (_texts(PRECISIONS, 1), f"a tuple of {', '.join(PRECISIONS)}"),
    "distributions": (_texts(), 'a tuple of names on PyPI, such as ("onnx",),'),
    "install": (lambda value: _text(value) and value != "", "what to type to install it"),
    "capabilities": (_capabilities, "runner.backends.contract.Capabilities(…)"),
    "refuses": (_reasons, "a mapping of a precision to a reason"),
    "session_settings": (_mapping, "a mapping of a setting to a value"),
    "proof_settings": (_mapping, "a mapping of a setting to a value"),
    "int8_dynamic_ops": (_texts(), "a tuple of ONNX op types"),
    "races": (_races, "a mapping of a setting to a tuple of values as words have them"),
    "races_offline": (_races, "a mapping of a setting to a tuple of values as words have them"),
    "stages": (_stages, "a tuple of runner.backends.contract.Stage(…), the last of them compile,"),
    "release": (_release, "runner.backends.contract.Release(…)"),
    "portable": (_text, "a word such as backend.graph_optimization=basic"),
    "support": (callable, "a function of a Request"),
    "tuned_to": (callable, "a function of settings and hardware"),
    "baseline_overrides": (callable, "a function of a Candidate"),
    "tool": (callable, "a function of settings"),
    "files": (callable, "a function of settings"),
    "references": (_references, "a tuple of runner.backends.contract.Reference(…)"),
    "source": (_text, "a file that compile writes, such as reports/model.s"),
    "lacks": (callable, "a function"),
}
