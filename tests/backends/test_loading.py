"""A backend's declaration is verified when it is loaded: file and attribute are named, and what is expected."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from runner.__main__ import main
from runner.backends import loading
from runner.core import registry
from runner.core.errors import SpecError, Unavailable

DECLARED = """
from dataclasses import dataclass
from runner.backends.contract import Backend, Capabilities
from runner.core.setting_rules import setting

@dataclass(frozen=True)
class Settings:
    level: int = setting("how far", low=0)

def breaks(*about):
    return {}["isa"]

BACKEND = Backend(
    settings=Settings, accepts=("onnx",), precisions=("fp32",), distributions=("numpy",), install="pip install numpy",
    capabilities=Capabilities(threads=False),
)
"""
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Installs a package whose entry point `mynpu` is a backend that says `text`; returns its folder."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def written(text: str, *beside: str, name: str = "mynpu") -> Path:
        info = tmp_path / f"{name}_pack-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}-pack\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[runner.backends]\n{name} = {name}_pack\n")
        folder = tmp_path / f"{name}_pack"
        folder.mkdir()
        for file in beside or ("compile.py", "session.py"):
            (folder / file).write_text("")
        (folder / "__init__.py").write_text(text)
        importlib.invalidate_caches()
        registry.registered.cache_clear()
        registry.module.cache_clear()
        monkeypatch.delitem(sys.modules, f"{name}_pack", raising=False)
        return folder

    return written


def test_a_right_one_is_found_by_its_entry_point(write: Write) -> None:
    write(DECLARED)
    assert loading.backend("mynpu").install == "pip install numpy"
    assert loading.backend("mynpu").tuned_to(None, {}) is None


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        (('accepts=("onnx",)', 'accepts="onnx"'), "BACKEND.accepts is 'onnx': a tuple of onnx or checkpoint expected."),
        (
            ('precisions=("fp32",)', 'precisions=("fp31",)'),
            "BACKEND.precisions is ('fp31',): a tuple of fp32, fp16, int8, int8_dynamic expected.",
        ),
        (
            ('distributions=("numpy",)', "distributions=()"),
            "BACKEND.distributions is (): a tuple of names on PyPI expected, for it compiles in no toolchain.",
        ),
        (
            ("settings=Settings", "settings=dict"),
            "BACKEND.settings is dict: a frozen dataclass, each field made by "
            "runner.core.setting_rules.setting(), expected.",
        ),
        (("settings=Settings", "settings=Settings, tuned_to=None"), "BACKEND.tuned_to is None: a function of"),
        (
            ("settings=Settings", "settings=Settings, session_settings={'levle': 1}"),
            "BACKEND.session_settings has levle, which its Settings have not.",
        ),
        (
            ("settings=Settings", "settings=Settings, races={'levle': ('1', '2')}"),
            "BACKEND.races has levle, which its Settings have not.",
        ),
        (
            ("settings=Settings", "settings=Settings, races_offline={'levle': ('1', '2')}"),
            "BACKEND.races_offline has levle, which its Settings have not.",
        ),
        (
            ("settings=Settings", "settings=Settings, races={'level': 'all'}"),
            "BACKEND.races is {'level': 'all'}: a mapping of a setting to a tuple of values",
        ),
        (("threads=False", "threads=True"), "BACKEND.capabilities.threads is True, but its Settings have no threads."),
        (("BACKEND = Backend(", "BACKEND = dict("), "BACKEND is {'settings': "),
    ],
)
def test_what_is_wrong_is_named_with_file_and_attribute(write: Write, change: tuple[str, str], wrong: str) -> None:
    folder = write(DECLARED.replace(*change))
    with pytest.raises(SpecError) as caught:
        loading.backend("mynpu")
    assert caught.value.reason.startswith(f"backend=mynpu: {folder / '__init__.py'}: {wrong}")
    assert "\n" not in caught.value.reason


def test_an_attribute_that_is_missing_is_named(write: Write) -> None:
    write(DECLARED.replace('install="pip install numpy",', ""))
    with pytest.raises(SpecError, match=r"mynpu_pack can't be imported: TypeError: .* argument: 'install'"):
        loading.backend("mynpu")


def test_no_declaration_at_all_is_told_with_the_file(write: Write) -> None:
    folder = write("")
    with pytest.raises(SpecError) as caught:
        loading.backend("mynpu")
    told = f"backend=mynpu: mynpu_pack is no backend: it has no BACKEND ({folder / '__init__.py'})."
    assert caught.value.reason == told


def test_a_file_that_is_missing_beside_it_is_named(write: Write) -> None:
    folder = write(DECLARED, "compile.py")
    with pytest.raises(SpecError) as caught:
        loading.backend("mynpu")
    file = folder / "session.py"
    assert caught.value.reason == (
        f"backend=mynpu: {file}: no such file: open_session(folder, options) is expected there."
    )


def test_a_function_that_breaks_is_named_with_its_file(write: Write) -> None:
    folder = write(DECLARED.replace("settings=Settings", "settings=Settings, tuned_to=breaks"))
    with pytest.raises(Unavailable) as caught:
        loading.ask("mynpu", "tuned_to", None, {})
    assert caught.value.reason == f"backend=mynpu: {folder / '__init__.py'}: tuned_to breaks: KeyError: 'isa'"


@pytest.mark.parametrize("function", ["tuned_to", "baseline_overrides"])
def test_a_function_that_gives_something_else_is_named_with_its_file(function: str, write: Write) -> None:
    folder = write(DECLARED.replace("settings=Settings", f"settings=Settings, {function}=lambda *about: ('seed=1',)"))
    with pytest.raises(Unavailable) as caught:
        loading.ask("mynpu", function, None)
    said = f"{function} gives ('seed=1',): a mapping expected"
    assert caught.value.reason == f"backend=mynpu: {folder / '__init__.py'}: {said}"


@pytest.mark.parametrize("function", ["tuned_to", "support"])
def test_a_run_tells_it_and_is_unavailable(
    write: Write, function: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write(DECLARED.replace("settings=Settings", f"settings=Settings, {function}=breaks"))
    (tmp_path / "conf/backend").mkdir(parents=True)
    brings = "{/hardware@_global_.hardware: local}, {/precision@_global_.precision: fp32}"
    yaml = f"name: mynpu\ndefaults: [{brings}, _self_]\nlevel: 1\n"
    (tmp_path / "conf/backend/mynpu.yaml").write_text(yaml)
    monkeypatch.chdir(tmp_path)
    assert main(["backend=mynpu", "model=gru", "--json"]) == 3
    document = json.loads(capsys.readouterr().out)
    assert f"{folder / '__init__.py'}: {function} breaks: KeyError: 'isa'" in json.dumps(document)


def test_a_declaration_is_looked_at_once_however_often_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    loading.backend("onnxruntime")
    monkeypatch.setattr(loading, "problems", lambda *about: pytest.fail("it was looked at again"))
    assert loading.backend("onnxruntime") is loading.backend("onnxruntime")
