import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runner.backends import torch as backend
from runner.backends.contract import Request
from runner.backends.torch import BACKEND, lacks, profiler, session, support, tuned_to
from runner.backends.worker_query import ask
from runner.core.errors import Unavailable, Unsupported
from runner.execution import doctor
from runner.testing import models
from runner.testing.backend_contract import built
from runner.testing.cases import recurrent
from runner.testing.models import Compiled
from tests.backends.conftest import Case, predicted

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


def supported(precision: str = "fp32", **changed: object) -> str | None:
    return support(Request(built("torch", **changed), precision, "gru", "forecast", 1, {}, ask, ask))


def test_a_networks_own_code_runs_its_operators(
    cases: dict[str, Case], compile_case: Callable[..., Compiled], tmp_path: Path
) -> None:
    compiled = compile_case("torch", cases["bilstm"], compiler="eager")
    assert compiled.meta["settings_effective"]["compiler"] == "eager"
    np.testing.assert_allclose(predicted(compiled, tmp_path), cases["bilstm"].expected, rtol=1e-5, atol=1e-6)


@pytest.fixture
def small(tmp_path: Path) -> Case:
    """A network that is unrolled in a moment."""
    return recurrent(tmp_path, "gru", hidden=4)


@pytest.mark.slow
@pytest.mark.skipif(lacks() is not None, reason="no C++ compiler is here")
def test_inductor_makes_a_library_of_a_network(small: Case, tmp_path: Path) -> None:
    compiled = models.compiled(tmp_path, "torch", small, compiler="inductor")
    assert compiled.meta["settings_effective"]["compiler"] == "inductor"
    assert [path.name for path in compiled.out.glob("model.*")] == ["model.so"]
    np.testing.assert_allclose(predicted(compiled, tmp_path), small.expected, rtol=1e-4, atol=1e-5)


def test_what_inductor_makes_is_for_this_kind_of_cpu() -> None:
    about = {"isa": ("avx2",)}
    assert tuned_to(built("torch", compiler="inductor"), about) == about
    assert tuned_to(built("torch"), about) is None


def test_without_a_cpp_compiler_inductor_is_unavailable_and_doctor_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(backend, "COMPILER", "no-such-compiler")
    with pytest.raises(Unavailable, match=r"no C\+\+ compiler \(no-such-compiler\) is here") as error:
        supported(compiler="inductor")
    assert "apt-get install g++" in error.value.next_step
    assert supported(compiler="script") is None
    check = doctor.backend("torch", tmp_path)
    assert check.status == "pass"
    assert "no C++ compiler" in check.detail


@pytest.mark.parametrize("precision", ["int8_dynamic", "as_built"])
def test_what_is_torchscript_already_is_compiled_by_nothing_else(precision: str) -> None:
    assert "backend.compiler=script" in str(supported(precision, compiler="eager"))
    assert supported(precision) is None


def test_channels_last_without_a_convolution_changes_nothing_and_says_so(
    cases: dict[str, Case], compile_case: Callable[..., Compiled]
) -> None:
    (line,) = compile_case("torch", cases["bilstm"], channels_last=True).meta["warnings"]
    assert "changes nothing" in line


def test_weights_of_convolutions_are_laid_out_with_the_channels_last() -> None:
    torch = pytest.importorskip("torch")
    from runner.backends.torch.compile import channels_last

    network = torch.nn.Conv2d(3, 8, 3)
    assert channels_last(network) == []
    assert network.weight.is_contiguous(memory_format=torch.channels_last)


@pytest.fixture(scope="module")
def profile(cases: dict[str, Case], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Of a bidirectional LSTM, by the session."""
    compiled = models.compiled(tmp_path_factory.mktemp("profiled"), "torch", cases["bilstm"])
    found = session.open_profiled(str(compiled.out), compiled.settings)
    sizes = {one["name"]: [size if isinstance(size, int) else 1 for size in one["shape"]] for one in found.inputs}
    return found.profile(found.bind({name: np.zeros(shape, np.float32) for name, shape in sizes.items()}), 20)


def test_a_profile_has_each_operators_own_time_and_all_of_them_are_no_more_than_the_run(
    profile: dict[str, Any],
) -> None:
    (heavy,) = [one for one in profile["layers"] if one["type"] == "aten::mkldnn_rnn_layer"]
    assert (heavy["precision"], heavy["calls"]) == ("fp32", 2)  # a layer, two directions
    assert len({one["name"] for one in profile["layers"]}) == len(profile["layers"])
    assert 0 < sum(one["ns"] for one in profile["layers"]) <= profile["run_ns"]


def event(name: str, start: int, end: int, dtypes: tuple[str, ...] = ("float",), thread: int = 1) -> profiler.Event:
    return profiler.Event(name, start, end, thread, [[1, 4], []], list(dtypes))


def test_an_operator_has_its_time_without_those_that_it_calls_of_the_marked_runs_alone() -> None:
    inside = [
        event("aten::linear", 10, 60), event("aten::addmm", 20, 50), event("aten::relu", 70, 80),
        event("aten::relu", 80, 85), event("forward", 5, 90),
    ]  # fmt: skip
    found = profiler.layers([event("aten::relu", 0, 1), event(profiler.RUN, 5, 95), *inside])
    assert {one["name"]: (one["ns"], one["calls"]) for one in found["layers"]} == {
        "aten::linear [1,4]": (20.0, 1), "aten::addmm [1,4]": (30.0, 1), "aten::relu [1,4]": (15.0, 2),
    }  # fmt: skip
    assert found["run_ns"] == 90.0


@pytest.mark.parametrize(
    ("name", "dtypes", "precision"),
    [
        ("aten::addmm", ("", "double"), "fp64"),
        ("aten::add", ("c10::BFloat16",), "bf16"),
        ("aten::quantized_lstm", ("float",), "int8"),
        ("onednn::qconv2d_pointwise", ("unsigned char",), "int8"),
        ("aten::select", ("long int",), "none"),
    ],
)
def test_a_layers_precision_is_that_of_its_inputs(name: str, dtypes: tuple[str, ...], precision: str) -> None:
    found = profiler.layers([event(profiler.RUN, 0, 9), event(name, 1, 2, dtypes)])
    assert [one["precision"] for one in found["layers"]] == [precision]


def test_a_network_of_which_no_operator_shows_has_no_profile() -> None:
    with pytest.raises(Unsupported, match="PyTorch's profiler saw no operator"):
        profiler.layers([event(profiler.RUN, 0, 9)])
