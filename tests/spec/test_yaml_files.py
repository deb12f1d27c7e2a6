"""A user's YAML is read within bounds: nothing in it is run, and no file hangs a command or fills the memory."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
import yaml
from omegaconf._utils import get_yaml_loader

from runner.__main__ import main
from runner.core.errors import SpecError
from runner.spec import yaml_files

BOMB = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 40))
DEEP_BY_ALIASES = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 3000))
MERGED = "a0: &a0 {x: 1, y: 2}\n" + "".join(f"a{n}: &a{n} {{b: *a{n - 1}, <<: *a{n - 1}}}\n" for n in range(1, 40))


def said_of(path: Path) -> str:
    yaml_files.load.cache_clear()
    with pytest.raises(SpecError) as caught:
        yaml_files.load(path)
    assert caught.value.next_step
    return caught.value.reason.replace(str(path), "FILE")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("x: " + "[" * 5000 + "]" * 5000, "FILE, line 1: nested deeper than 50."),
        ("x: " + "{a: " * 5000 + "}" * 5000, "FILE, line 1: nested deeper than 50."),
        ("\n".join(f"{' ' * n}a:" for n in range(60)), "FILE, line 51: nested deeper than 50."),
        (BOMB, "FILE: it stands for more than 100,000 values"),
        (MERGED, "FILE: it stands for more than 100,000 values"),
        (DEEP_BY_ALIASES, "FILE: it stands for more than 100,000 values, or for ones nested deeper than 50"),
        ("x: &x [*x]", "FILE: it stands for more than 100,000 values"),
        ("x: " + "9" * 5000, "FILE: a value can't be read: Exceeds the limit"),
        ("x: !!timestamp 2020-99-99", "FILE: a value can't be read: month must be in 1..12"),
        ("x: !!binary aGk=", "FILE: x: a bytes is no plain value."),
        ("x: !!set {a, b}", "FILE: x: a set is no plain value."),
        ('x: ["a\\0b"]', "FILE: x: a text with a character \\0, which no name or path has."),
        ("x: {1: a}", "FILE: x.1: a key that is no text."),
        ("? [a]\n: b", "FILE, line 1, column 3: not valid YAML: found unhashable key."),
        ("x: !!python/object/apply:os.system [id]", "FILE, line 1, column 4: not valid YAML"),
        ("x: \x07", "FILE: not plain text in UTF-8."),
    ],
    ids=str,
)
def test_a_hostile_file_is_named(tmp_path: Path, content: str, said: str) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(content)
    assert said_of(file).startswith(said)


def test_a_large_file_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "a.yaml").open("wb") as file:
        file.truncate(10**12)
    assert said_of(tmp_path / "a.yaml").startswith("FILE: 1,000,000,000,000 bytes, more than the 1,000,000")


def test_aliases_within_bounds_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("a: &a {x: 1}\nb: *a\nc: {<<: *a, y: [*a]}\n")
    content = yaml_files.load(tmp_path / "a.yaml").content
    assert content == {"a": {"x": 1}, "b": {"x": 1}, "c": {"x": 1, "y": [{"x": 1}]}}


def test_the_header_names_the_package(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("# About it\n# @package _global_\nx: 1\n# @package later\n")
    assert yaml_files.load(tmp_path / "a.yaml").package == "_global_"
    (tmp_path / "b.yaml").write_text("# @package a b c\nx: 1\n")
    assert said_of(tmp_path / "b.yaml") == "FILE: # @package a b c: not a header."


@pytest.mark.parametrize("key", ["_target_", "_args_", "_partial_"])
@pytest.mark.parametrize("content", ["{key}: os.system", "model: {{a: [{{{key}: os.system}}]}}"])
def test_nothing_names_code(tmp_path: Path, key: str, content: str) -> None:
    (tmp_path / "a.yaml").write_text(content.format(key=key))
    assert said_of(tmp_path / "a.yaml").endswith(f"{key}: a spec is data and names no code.")


@pytest.mark.parametrize(
    ("content", "where"),
    [
        ("hydra: {run: {dir: x}}", "hydra"),
        ("hydra.run.dir: x", "hydra.run.dir"),
        ("# @package hydra.callbacks\nx: 1", "@package hydra.callbacks"),
        ("defaults: [{override hydra/sweeper: basic}]", "defaults: override hydra/sweeper"),
        ("defaults: [{override /hydra/launcher: joblib}, _self_]", "defaults: override /hydra/launcher"),
        ("defaults: [{/model@hydra.callbacks.x: gru}]", "defaults: /model@hydra.callbacks.x"),
        ("defaults: [hydra/launcher/basic]", "defaults: hydra/launcher/basic"),
    ],
)
def test_nothing_of_hydras_own_is_set(tmp_path: Path, content: str, where: str) -> None:
    (tmp_path / "a.yaml").write_text(content)
    assert said_of(tmp_path / "a.yaml") == f"FILE: {where}: nothing of Hydra's own can be set: a spec is data."


@pytest.mark.parametrize("content", ["3", "{model: gru}", "[3]", "[{a: b, c: d}]", "[{model: 3}]", "null", "[{1: a}]"])
def test_an_odd_defaults_list_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "a.yaml").write_text(f"defaults: {content}")
    assert said_of(tmp_path / "a.yaml").startswith("FILE: defaults: ")


# --- a file is opened only when it is asked for ---


def put(path: Path, kind: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if kind == "a named pipe":
        os.mkfifo(path)
    elif kind == "a folder":
        path.mkdir()
    elif kind == "a socket":
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind(str(path.relative_to(Path.cwd())))
    else:
        path.write_text(kind)


@pytest.mark.parametrize(
    "kind", ["a named pipe", "a folder", "a socket", BOMB, "x: " + "[" * 5000, "hydra: 1"], ids=str
)
@pytest.mark.parametrize("where", ["experiments", "conf/model", "conf/backend"])
def test_what_nobody_asks_for_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str, kind: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runner.toml").touch()
    put(tmp_path / where / "odd.yaml", kind)
    for words in (["--help"], ["list"], ["plan", "model=gru"], ["plan", "-m", "model=gru,lstm"], ["show", "model=gru"]):
        assert main(words) == 0


@pytest.mark.parametrize("kind", ["a named pipe", "a folder", "a socket"])
@pytest.mark.parametrize(("where", "word"), [("experiments", "experiment=odd"), ("conf/model", "model=odd")])
def test_what_is_no_file_is_named_where_it_is_asked_for(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    where: str,
    word: str,
    kind: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runner.toml").touch()
    put(tmp_path / where / "odd.yaml", kind)
    assert main(["plan", word]) == 2
    assert f"{tmp_path / where / 'odd.yaml'}: {kind}, not a file." in capsys.readouterr().err


@pytest.mark.parametrize("where", ["conf/config.yaml", "conf/model/mine.yaml", "experiments/mine.yaml"])
def test_a_bomb_that_is_asked_for_is_bad_spec(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], where: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runner.toml").touch()
    put(tmp_path / where, f"name: mine\n{BOMB}")
    words = {"conf": [], "model": ["model=mine"], "experiments": ["experiment=mine"]}[Path(where).parent.name]
    assert main(["plan", *words]) == 2
    assert f"{tmp_path / where}: it stands for more than 100,000 values" in capsys.readouterr().err


@pytest.mark.parametrize(
    "text",
    [
        "1e-3", "1.5e3", "-1E5", "1_0e3", "1__0e3", "1.", ".5", ".5e3", "+1.e3", "1e5_0", "1e", "e3", ".inf", "-.INF",
        ".nan", "017", "0x1F", "12:30", "12:30.5", "2020-01-01", "yes", "null", "~", "a: 1e3",
    ],
)  # fmt: skip
def test_values_are_read_as_hydra_reads_them(text: str, tmp_path: Path) -> None:
    (tmp_path / "file.yaml").write_text(f"list:\n- {text}\n")
    ours = yaml_files.load(tmp_path / "file.yaml").content["list"]
    assert repr(ours) == repr(yaml.load(f"- {text}\n", Loader=get_yaml_loader()))
