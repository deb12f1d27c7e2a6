"""Every page is found, every link leads somewhere, and what pages for users of other tools tell people to type is
understood."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import numpy as np
import pytest

from runner.__main__ import COMMANDS, main
from runner.commands import init
from runner.spec import options
from runner.spec.schema import AXES
from tests import docs_pictures, documents
from tests.conftest import REPOSITORY
from tests.models import onnx_files

PAGES = sorted(path.relative_to(REPOSITORY).as_posix() for path in (REPOSITORY / "docs").rglob("*.md"))
OWN = ("mlp", "reference", "pi5")  # options that pages show how to make
COMING_FROM = [page for page in PAGES if page.startswith("docs/coming-from/")]


def links(page: str) -> list[Path]:
    """The files that a page links to, without anchors and addresses."""
    text = (REPOSITORY / page).read_text(encoding="utf-8")
    found = re.findall(r"\]\((?!https?:)([^)#\s]+)", text)
    return [(REPOSITORY / page).parent.joinpath(target).resolve() for target in found]


@pytest.mark.parametrize("page", ["README.md", *PAGES])
def test_every_link_leads_somewhere(page: str) -> None:
    assert [str(target) for target in links(page) if not target.exists()] == []


def test_the_index_has_every_page_once() -> None:
    listed = [target for target in links("docs/README.md") if target.suffix == ".md"]
    assert sorted(listed) == [REPOSITORY / page for page in PAGES if page != "docs/README.md"]
    assert REPOSITORY / "docs" / "README.md" in links("README.md")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """model.onnx, y = relu(x) of 16 numbers with a free first axis, and my.npz with inputs and expected outputs."""
    onnx_files.one_node(tmp_path / "model.onnx", "Relu", ["n", 16], ["n", 16])
    x = np.random.default_rng(0).normal(size=(32, 16)).astype(np.float32)
    np.savez(tmp_path / "my.npz", x=x, y=np.maximum(x, 0))
    (tmp_path / "runner.toml").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("page", COMING_FROM)
def test_what_users_of_other_tools_are_told_to_type_is_understood(
    page: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (lines,) = documents.blocks(page, "tests/test_docs.py", "planned")
    for line in lines:
        words = shlex.split(line)[3:]
        if words[0] == "compare":
            assert main([*words, "--help"]) == 0  # its flags are read; there is nothing to compare yet
            continue
        assert main(["plan", *words]) == 0, f"{line}\n{capsys.readouterr().err}"
        assert "benchmark" in capsys.readouterr().out, line


def test_pictures_are_what_the_runner_draws() -> None:
    kept = {name: (docs_pictures.FOLDER / name).read_bytes() for name in docs_pictures.pictures()}
    assert kept == docs_pictures.pictures()


@pytest.mark.parametrize(
    ("shown", "output", "missing"),
    [
        ("mae 0.0723 [0.0715, 0.0799]", "mae +4.31e-05 [-7.91e-05, 0]", []),
        ("p50 0.0723 [0.0715, 0.0799]", "warning: x\n p50   0.31 [0.30,\n0.32]  4", []),
        ("1.43× as fast: faster", "0.97× as fast: not\ntold apart", []),
        ("1 gru … the baseline", "#  model\n2 gru fp32 onnxruntime 1 the baseline 0.3", []),
        ("kept here\nkept there", "kept here", ["kept there"]),
        ("sweep 5d1c2a90", "sweep f40608fb", []),
    ],
)
def test_output_is_compared_in_form(shown: str, output: str, missing: list[str]) -> None:
    assert documents.unlike(shown, output) == missing


def typed(page: str) -> list[list[str]]:
    """The words after each `python -m runner` or `edge-runner` of a page's blocks for a shell."""
    text = (REPOSITORY / page).read_text(encoding="utf-8")
    lines = "\n".join(re.findall(r"^```sh\n(.*?)^```", text, re.DOTALL | re.MULTILINE)).splitlines()
    found = [re.match(r"(?:python -m runner|edge-runner) (.*)", line) for line in lines]
    return [shlex.split(one[1], comments=True) for one in found if one]


@pytest.mark.parametrize("page", [page for page in ["README.md", *PAGES] if typed(page)])
def test_every_command_has_flags_and_options_that_there_are(
    page: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    init.write(tmp_path)  # model=small
    for words in typed(page):
        command = words[0] if words[0] in COMMANDS else ""
        assert main([*filter(None, [command]), "--help"]) == 0
        known = capsys.readouterr().out
        assert [word for word in words if word.startswith("--") and word not in known] == [], words
        for axis, names in (word.split("=", 1) for word in words if "=" in word and not word.startswith("-")):
            if axis in AXES:
                assert set(names.split(",")) <= {*options.names(axis, tmp_path), *OWN}, words
