import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from runner.backends.torch import BACKEND
from tests.backends.conftest import Case, Compiled, predicted

ROOT = Path(__file__).parents[2]


def asked(precision: str, *provided: str) -> str | None:
    return BACKEND.refusal(precision, 1, provided or ("checkpoint",))


def test_the_users_onnx_file_is_not_for_torch() -> None:
    assert asked("fp32", "onnx") == "torch runs trained networks, not ONNX files: backend=onnxruntime or openvino"


@pytest.mark.parametrize("precision", ["fp16", "int8"])
def test_precisions_without_kernels_are_refused_with_what_to_take(precision: str) -> None:
    reason = str(asked(precision))
    assert reason.startswith(f"precision={precision}: ")
    assert "precision=int8_dynamic" in reason


def test_dynamic_int8_runs_lstm_and_linear_in_int8(
    cases: dict[str, Case], compile_case: Callable[..., Compiled], tmp_path: Path
) -> None:
    compiled = compile_case("torch", cases["bilstm"], precision="int8_dynamic")
    assert compiled.meta["effective"] == {"LSTM": {"int8": 1}, "Linear": {"int8": 1}}
    assert ["deprecated" in line for line in compiled.meta["warnings"]] == [True]
    difference = np.abs(predicted(compiled, tmp_path) - cases["bilstm"].expected).max()
    assert 0 < difference < 0.05


def test_the_session_imports_no_code_of_the_models() -> None:
    code = "import sys, runner.backends.torch.session; print(*(name for name in sys.modules if 'runner.' in name))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert "runner.models" not in loaded.stdout
