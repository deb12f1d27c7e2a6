"""Models that others made, out of packages of the index (`benchmarks/foreign_models.py` has the whole list)."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import foreign_models
from benchmarks.foreign_models import FAULT, REFUSED, RIGHT
from benchmarks.support.foreign import MODELS

pytestmark = pytest.mark.slow

READ = {".onnx": ["onnxruntime", "openvino"], ".tflite": ["litert"]}  # TVM takes minutes for them
SMALL = ("silero-vad silero_vad_16k_op15.onnx", "basic-pitch nmp.tflite")


@pytest.fixture(scope="module")
def endings(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], str]:
    """What became of each small one, by its name and the backend's; files are fetched once for a checkout."""
    folder = Path(pytestconfig.cache.mkdir("foreign_models"))  # type: ignore[union-attr]
    chosen = [one for one in MODELS if one.name in SMALL]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(foreign_models, "reading", READ.__getitem__)
        found = [*foreign_models.every(chosen, folder, tmp_path_factory.mktemp("foreign"))]
    return {(row.model, row.backend): row.ending for row in found}


def test_the_runtimes_that_run_them_are_right(endings: dict[tuple[str, str], str]) -> None:
    speech, music = SMALL
    runs = [(speech, "onnxruntime"), (speech, "openvino"), (music, "litert")]
    assert {key: endings[key] for key in runs} == dict.fromkeys(runs, RIGHT)


def test_none_is_a_fault_of_ours(endings: dict[tuple[str, str], str]) -> None:
    assert [key for key, ending in endings.items() if ending == FAULT] == []


def test_the_table_has_a_row_a_model_and_each_reason_once() -> None:
    rows = [
        foreign_models.Row("a.onnx", "openvino", REFUSED, "it has no Foo"),
        foreign_models.Row("a.onnx", "litert", RIGHT, "near"),
        foreign_models.Row("b.onnx", "openvino", REFUSED, "it has no Foo"),
        foreign_models.Row("b.onnx", "litert", FAULT, "far"),
        foreign_models.Row("c.tflite", "litert", RIGHT, "near"),
    ]
    assert foreign_models.table(rows) == [
        "| model | litert | openvino |",
        "|---|---|---|",
        "| a.onnx | right | refused (1) |",
        "| b.onnx | a fault (2) | refused (1) |",
        "| c.tflite | right | – |",
        "",
        "1. openvino: it has no Foo",
        "2. litert: far",
    ]


def test_a_line_of_the_table_has_what_was_said() -> None:
    row = foreign_models.Row("a model.onnx", "openvino", REFUSED, "it has no Foo")
    assert foreign_models.line(row) == "| a model.onnx | openvino | refused |  | it has no Foo |"
