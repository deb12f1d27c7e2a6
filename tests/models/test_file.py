"""A file that is built already: what belongs to it, and what can be said before it is opened."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runner.core import setting_rules
from runner.core.errors import SpecError
from runner.models import file
from tests.models import onnx_files
from tests.steps import chain


def chosen(**values: Any) -> file.Settings:
    return setting_rules.build(file.Settings, chain.values("model", "file", **values), "model")


def refusal(work: Any, *about: Any) -> str:
    with pytest.raises(SpecError) as error:
        work(*about)
    return str(error.value)


def test_a_file_is_needed() -> None:
    assert refusal(file.suffix, chosen()) == "model=file needs a file.\nName it: model.path=my.onnx"


def test_its_suffix_says_what_it_is_whatever_the_case() -> None:
    assert file.suffix(chosen(path="a/My.XML")) == ".xml"
    said = "model.path=a.b/model: without a suffix nobody knows what opens it.\nCall it my.onnx, my.xml, …"
    assert refusal(file.suffix, chosen(path="a.b/model")) == said


def test_files_beside_it_that_the_backend_names_belong_to_it_where_they_are(tmp_path: Path) -> None:
    for name in ("my.xml", "my.bin", "other.bin"):
        (tmp_path / name).write_text("x")
    path = str(tmp_path / "my.xml")
    assert file.places(chosen(path=path), (".bin", ".map")) == {
        path: "model.xml",
        str(tmp_path / "my.bin"): "model.bin",
    }


def test_external_weights_keep_their_names(tmp_path: Path) -> None:
    path = onnx_files.with_external_weights(tmp_path / "my.onnx")
    assert file.places(chosen(path=path), ()) == {path: "model.onnx", str(tmp_path / "weights.bin"): "weights.bin"}


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "no.engine"
    assert refusal(file.places, chosen(path=str(path)), ()).startswith(f"model.path={path}: no such file.")


def test_a_metric_needs_something_to_compare_with() -> None:
    expected = "model.metric=mae needs expected outputs or labels.\nGive them with the inputs: model.inputs=my.npz"
    assert refusal(file.problems, chosen(path="my.xml", metric="mae")) == expected
