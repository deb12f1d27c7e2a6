"""Releases of runtimes: what is installed, and what is said where one can't be."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.core.errors import SpecError, Unavailable
from runner.transport import environments, releases, toolchains
from runner.transport.environments import Recipe
from runner.transport.releases import Release
from tests.transport.test_toolchains import wheel

ORT = Release("onnxruntime", "1.18.0")


def test_a_name_is_a_runtime_and_its_version() -> None:
    assert releases.parsed("onnxruntime==1.18.0") == ORT
    assert (ORT.name, ORT.folder) == ("onnxruntime==1.18.0", "onnxruntime-1.18.0")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("onnxrutime==1.18.0", "onnxrutime==1.18.0: no backend runs onnxrutime. Did you mean onnxruntime?"),
        ("onnxruntime==", "onnxruntime==: nothing is no version."),
        ("onnxruntime==--pre", "onnxruntime==--pre: --pre is no version."),
    ],
)
def test_nothing_but_a_runtime_of_a_backends_is_fetched(tmp_path: Path, name: str, reason: str) -> None:
    with pytest.raises(SpecError) as error:
        toolchains.install(tmp_path, name, print)
    assert error.value.reason == reason


def test_an_environment_has_what_the_backends_modules_import() -> None:
    asked = ("--only-binary=:all:", "onnxruntime==1.18.0", "onnx")
    assert releases.recipe(ORT).wanted == ((*asked, "numpy"), (*asked, "numpy<2"))


def test_torch_comes_from_its_index_of_builds_for_cpus() -> None:
    wanted = releases.recipe(Release("torch", "2.6.0")).wanted[0]
    assert wanted[1:3] == ("--extra-index-url=https://download.pytorch.org/whl/cpu", "torch==2.6.0+cpu")
    assert "torch==2.6.0+cu118" in releases.recipe(Release("torch", "2.6.0+cu118")).wanted[0]


def interpreter(folder: Path, said: str, code: int) -> Path:
    """A program in the place of an environment's Python, which says so much and ends."""
    path = folder / "python"
    path.write_text(f'#!/bin/sh\necho "{said}" >&2\nexit {code}\n')
    path.chmod(0o755)
    return path


@pytest.mark.parametrize("code", [0, 1])
def test_a_runtime_that_was_built_for_numpy_1_gets_that(tmp_path: Path, code: int) -> None:
    said = "A module that was compiled using NumPy 1.x cannot be run in NumPy 2.4.6 as it may crash."
    told = releases._imports(["runner.backends.onnxruntime.session"], interpreter(tmp_path, said, code))
    assert told == "it was built for numpy 1"


def test_one_that_can_not_be_imported_says_why_and_one_that_can_says_nothing(tmp_path: Path) -> None:
    modules = ["runner.backends.onnxruntime.session"]
    assert releases._imports(modules, interpreter(tmp_path, "OSError: libomp.so", 1)) == "OSError: libomp.so"
    assert releases._imports(modules, interpreter(tmp_path, "a warning", 0)) == ""


def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, works: str) -> list[str]:
    """What was installed, one after the other, of three choices of numpy of which one `works`."""
    ran: list[str] = []
    monkeypatch.setattr(environments, "run", lambda command, line_told: ran.append(command[-1]))
    choices = (("numpy",), ("numpy<2",), ("numpy<1",))
    proves = lambda _: "" if ran[-1] == works else f"no {ran[-1]}"  # noqa: E731
    environments.make(tmp_path, Recipe("a", choices, "", environments.why, proves=proves), print)
    return ran[1:]


def test_what_lies_beside_is_chosen_anew_until_it_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert made(tmp_path, monkeypatch, "numpy") == ["numpy"]
    assert made(tmp_path, monkeypatch, "numpy<2") == ["numpy", "numpy<2"]


def test_where_nothing_works_the_first_reason_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Unavailable, match=r"It is installed, and can't be imported: no numpy\n"):
        made(tmp_path, monkeypatch, "none")


def test_a_version_without_a_wheel_is_said_in_a_line() -> None:
    missed = "ERROR: Could not find a version that satisfies the requirement onnxruntime==1.18.9 "
    said = [f"{missed}(from versions: 1.17.0, 1.18.0, 1.18.1)", "ERROR: No matching distribution found"]
    error = releases._explained(Release("onnxruntime", "1.18.9"), said)
    assert error.reason.startswith("onnxruntime==1.18.9: pip finds no wheel of it for Python 3.")
    assert error.reason.endswith(" on this machine. Did you mean 1.18.1?")
    assert error.next_step == "See what there is: python -m pip index versions onnxruntime"


def test_what_pip_says_of_anything_else_is_told() -> None:
    error = releases._explained(ORT, ["ERROR: No space left on device"])
    assert error.reason == "The toolchain can't be installed: ERROR: No space left on device"


def test_an_index_of_its_own_that_cant_be_reached_is_named() -> None:
    broken = "WARNING: Retrying (Retry(total=1)) after connection broken by 'NewConnectionError('…')': /whl/cpu/torch/"
    said = [broken, "ERROR: ResolutionImpossible: for help visit https://pip.pypa.io"]
    error = releases._explained(Release("torch", "2.6.0"), said)
    assert error.reason == "torch==2.6.0: its index https://download.pytorch.org/whl/cpu can't be reached from here."
    assert "PIP_FIND_LINKS" in error.next_step


def test_of_a_runtime_with_builds_for_gpus_those_for_cpus_are_offered() -> None:
    assert releases._of_build("torch", ["2.5.0", "2.6.0+cpu", "2.6.0+cu124", "2.7.0+cpu"]) == ["2.6.0", "2.7.0"]
    assert releases._of_build("openvino", ["2025.1.0", "2026.0.0"]) == ["2025.1.0", "2026.0.0"]


def test_tvm_comes_with_what_its_modules_import() -> None:
    assert {"onnx", "onnxruntime", "psutil"} < set(releases.recipe(Release("apache-tvm", "0.26.0")).wanted[0])


def test_tvm_that_can_not_be_imported_with_its_ffi_gets_an_older_one_before_another_numpy() -> None:
    choices = releases.recipe(Release("apache-tvm", "0.25.0")).wanted
    each = [("0.1.14.post1", "numpy"), ("0.1.12", "numpy"), ("0.1.14.post1", "numpy<2"), ("0.1.12", "numpy<2")]
    assert [(ffi, one[-1]) for one in choices for ffi in _ffi(one)] == each


def _ffi(wanted: tuple[str, ...]) -> list[str]:
    return [one.partition("==")[2] for one in wanted if one.startswith("apache-tvm-ffi==")]


@pytest.mark.parametrize(
    ("wanted", "found", "same"),
    [
        ("1.18", "1.18.0", True),
        ("2.6.0", "2.6.0+cpu", True),
        ("1.18.0", "1.18.1", False),
        ("1.32.0rc1", "1.32.0rc1", True),
        ("1.18.0", None, False),
    ],
)
def test_what_pip_installs_is_what_was_asked_for(wanted: str, found: str | None, same: bool) -> None:
    assert releases.same(wanted, found) is same


def test_the_index_is_asked_for_versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for version in ("1.10.0", "1.9.0", "2.0rc1"):
        wheel(tmp_path, version)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    monkeypatch.setattr(releases, "runtimes", lambda: {"tiny": [], "absent": []})
    assert releases.offered("tiny") == ["1.9.0", "1.10.0"]
    with pytest.raises(Unavailable, match="The index of packages says no versions of absent: ERROR: No matching"):
        releases.offered("absent")


def test_an_index_that_can_not_be_asked_is_told_as_that() -> None:
    broken = "WARNING: Retrying after connection broken by 'NewConnectionError'\nERROR: No matching distribution"
    assert releases._why_silent(broken) == "it can't be reached from here"
    assert releases._why_silent("python: No module named pip\n") == "python: No module named pip"


def test_releases_that_are_there_are_listed_beside_the_toolchains(tmp_path: Path) -> None:
    python = tmp_path / ".toolchains" / releases.recipe(ORT).folder / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.touch()
    (tmp_path / ".toolchains" / ORT.folder).symlink_to(releases.recipe(ORT).folder)
    assert toolchains.listed(tmp_path)[ORT.name] == "installed"
    assert toolchains.remove(tmp_path, ORT.name)
    assert ORT.name not in toolchains.listed(tmp_path)
