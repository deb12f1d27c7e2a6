import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runner.backends import torch as backend
from runner.backends.contract import Request
from runner.backends.torch import BACKEND, lacks, profiler, session, support, tuned_to
from runner.backends.worker_query import ask
from runner.core.errors import Unavailable, Unsupported
from runner.core.job import Job
from runner.data import arrays
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


def test_a_precision_without_kernels_is_refused_with_what_to_take() -> None:
    reason = str(asked("fp16"))
    assert reason.startswith("precision=fp16: ")
    assert reason.endswith("precision=fp32, int8 or int8_dynamic")


def test_dynamic_int8_runs_lstm_and_linear_in_int8(
    cases: dict[str, Case], compile_case: Callable[..., Compiled], tmp_path: Path
) -> None:
    compiled = compile_case("torch", cases["bilstm"], precision="int8_dynamic")
    assert compiled.meta["effective"] == {"LSTM": {"int8": 1}, "Linear": {"int8": 1}}
    assert ["deprecated" in line for line in compiled.meta["warnings"]] == [True]
    difference = np.abs(predicted(compiled, tmp_path) - cases["bilstm"].expected).max()
    assert 0 < difference < 0.05


def test_static_int8_leaves_a_recurrent_layer_in_float_and_says_so(
    cases: dict[str, Case], compile_case: Callable[..., Compiled], tmp_path: Path
) -> None:
    compiled = compile_case("torch", cases["bilstm"], precision="int8")
    assert compiled.meta["effective"] == {"LSTM": {"fp32": 1}, "Linear": {"int8": 1}}
    assert "precision=int8: 0 of 1 LSTM runs in int8 (1 in fp32)" in compiled.meta["warnings"]
    difference = np.abs(predicted(compiled, tmp_path) - cases["bilstm"].expected).max()
    assert 0 < difference < 0.05


STATIC = {"per_channel": True, "calibration": "minmax", "calibration_samples": 7, "percentile": 99.9, "exclude": ()}


@dataclass(frozen=True)
class Quantised:
    """A small network of convolutions before and after, and inputs that it was calibrated with."""

    before: Any
    after: Any
    x: Any


def calibrated(folder: Path) -> tuple[Any, Any, Any]:
    """(torch, a small network of convolutions, its inputs); `data/` of the folder has these for calibrating."""
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    x = np.random.default_rng(0).standard_normal((7, 3, 8, 8)).astype(np.float32)
    dataset = {"calibration": {"in/x": x, "target": np.zeros(7, np.float32)}}
    (folder / "data").mkdir()
    arrays.write(arrays.Dataset(dataset, {"shapes": {"x": ["batch", 3, 8, 8]}}), folder / "data")
    layers = [torch.nn.Conv2d(3, 16, 3), torch.nn.BatchNorm2d(16), torch.nn.ReLU(), torch.nn.Conv2d(16, 8, 3)]
    network = torch.nn.Sequential(*layers, torch.nn.Flatten(), torch.nn.Linear(128, 4)).eval().requires_grad_(False)
    return torch, network, torch.from_numpy(x)


def quantised(folder: Path, **changed: Any) -> Quantised:
    _, network, x = calibrated(folder)
    from runner.backends.torch import quantization

    return Quantised(network, quantization.static(network, folder / "data", {**STATIC, **changed}), x)


def test_convolutions_are_computed_in_int8_as_the_profiler_sees(tmp_path: Path) -> None:
    from runner.backends.torch import quantization

    found = quantised(tmp_path)
    assert quantization.precisions(found.after) == {
        "Conv2d": {"int8": 1}, "ConvReLU2d": {"int8": 1}, "Linear": {"int8": 1},
    }  # fmt: skip
    difference, scale = (found.after(found.x) - found.before(found.x)).abs().max(), found.before(found.x).abs().max()
    assert 0 < difference < 0.1 * scale
    layers = profiler.layers(profiler.traced(lambda: found.after(found.x), 2))["layers"]
    heavy = {one["type"]: one["precision"] for one in layers if one["type"].startswith("quantized::")}
    assert heavy == {"quantized::conv2d_relu": "int8", "quantized::conv2d": "int8", "quantized::linear": "int8"}
    assert not [one["name"] for one in layers if one["type"] in ("aten::convolution", "aten::addmm")]


def test_a_network_whose_code_asks_for_kinds_of_values_is_not_traced_wrong(tmp_path: Path) -> None:
    torch, *_ = calibrated(tmp_path)
    from runner.backends.torch import quantization

    class Asks(torch.nn.Module):  # type: ignore[misc]
        def forward(self, x: Any) -> Any:
            return x.relu() if isinstance(x, torch.Tensor) else x

    with pytest.raises(Unsupported, match="goes another way through the network's code than a run"):
        quantization.static(Asks().eval(), tmp_path / "data", STATIC)


def test_ranges_are_those_of_the_calibration(tmp_path: Path) -> None:
    found = quantised(tmp_path)
    reach = found.x.max() - min(found.x.min(), 0)
    assert float(getattr(found.after, "0_input_scale_0")) == pytest.approx(float(reach) / 127, rel=1e-3)  # 7 bits


@pytest.mark.parametrize(("per_channel", "kind"), [(True, "per_channel_affine"), (False, "per_tensor_affine")])
def test_a_weight_has_a_scale_a_channel_or_one(per_channel: bool, kind: str, tmp_path: Path) -> None:
    weight = quantised(tmp_path, per_channel=per_channel).after.get_submodule("3").weight()
    assert str(weight.qscheme()) == f"torch.{kind}"


def test_a_module_that_is_named_stays_in_float(tmp_path: Path) -> None:
    from runner.backends.torch import quantization

    found = quantization.precisions(quantised(tmp_path, exclude=("3",)).after)
    assert found == {"Conv2d": {"fp32": 1}, "ConvReLU2d": {"int8": 1}, "Linear": {"int8": 1}}


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"calibration": "entropy"}, "precision.calibration=entropy: torch's quantiser knows ranges alone."),
        ({"exclude": ("7",)}, "precision.exclude: the network has no module 7."),
    ],
)
def test_settings_of_int8_that_torch_has_not_are_unsupported(
    changed: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    with pytest.raises(Unsupported) as error:
        quantised(tmp_path, **changed)
    assert error.value.reason == reason


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
    with pytest.raises(Unsupported, match="PyTorch's profiler sees no kernel of inductor's"):
        session.open_profiled(str(compiled.out), compiled.settings).profile(None, 1)


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


@pytest.mark.parametrize(
    ("precision", "compiler"),
    [
        ("int8", "eager"),
        ("int8_dynamic", "eager"),
        ("as_built", "eager"),
        ("as_built", "inductor"),
    ],
)
def test_what_a_compiler_does_not_run_is_refused_with_those_that_do(precision: str, compiler: str) -> None:
    assert "backend.compiler=script" in str(supported(precision, compiler=compiler))
    assert supported(precision) is None


# --- int8 by inductor ---

VNNI = ("avx2", "avx512_vnni")


def inductor_job(folder: Path, precision: str, isa: tuple[str, ...] = VNNI, **changed: Any) -> Job:
    """What the compile of `calibrated` is asked for."""
    for name in ("out", "scratch"):
        (folder / name).mkdir()
    asked = {"precision": precision, "precision_settings": {**STATIC, **changed}, "tuned_to": {"isa": isa}}
    return Job(asked, {"data": folder / "data"}, folder / "out", folder / "scratch")


def graph_of(folder: Path, precision: str, isa: tuple[str, ...] = VNNI, **changed: Any) -> list[Any]:
    """The nodes of the small network's graph with Q and DQ, for three rows at once."""
    pytest.importorskip("torchao")
    _, network, x = calibrated(folder)
    from runner.backends.torch import pt2e

    made = pt2e.quantised(network, {"x": x[:3]}, inductor_job(folder, precision, isa, **changed))
    return [node for node in made.graph.nodes if node.op == "call_function"]


def quantizers(nodes: list[Any]) -> list[Any]:
    return [node for node in nodes if "quantize_per_tensor" in str(node.target) and ".quantize" in str(node.target)]


@pytest.mark.parametrize(("isa", "steps"), [(VNNI, 255), (("avx2",), 127)])
def test_inductors_int8_has_the_ranges_of_the_calibration_and_seven_bits_where_eight_overflow(
    isa: tuple[str, ...], steps: int, tmp_path: Path
) -> None:
    first = quantizers(graph_of(tmp_path, "int8", isa))[0]
    x = np.load(tmp_path / "data/calibration.npz")["in/x"]
    assert first.args[1] == pytest.approx((x.max() - x.min()) / steps, rel=1e-3)
    assert first.args[4] == steps


def test_a_module_that_is_named_has_no_q_before_it(tmp_path: Path) -> None:
    nodes = graph_of(tmp_path, "int8", exclude=("3",))
    assert [
        str(one.args[0].target).startswith("quantized_decomposed") for one in nodes if "conv2d" in str(one.target)
    ] == [
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"calibration": "entropy"}, "precision.calibration=entropy: torch's quantiser knows ranges alone."),
        (
            {"per_channel": False},
            "precision.per_channel=false: inductor has int8 kernels for one scale a channel alone.",
        ),
    ],
)
def test_settings_of_int8_that_inductor_has_not_are_unsupported(
    changed: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    with pytest.raises(Unsupported) as error:
        graph_of(tmp_path, "int8", **changed)
    assert error.value.reason == reason


def test_another_machine_than_the_quantisers_is_unsupported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    with pytest.raises(Unsupported, match="is for x86-64, and this is aarch64"):
        graph_of(tmp_path, "int8")


@pytest.mark.parametrize("precision", ["int8", "int8_dynamic"])
def test_a_graph_with_q_and_dq_answers_as_the_network_to_inputs_that_it_has_not_seen(
    precision: str, tmp_path: Path
) -> None:
    torch, network, x = calibrated(tmp_path)
    pytest.importorskip("torchao")
    from runner.backends.torch import pt2e

    made = pt2e.quantised(network, {"x": x[:3]}, inductor_job(tmp_path, precision))
    new = torch.from_numpy(np.random.default_rng(1).standard_normal((3, 3, 8, 8)).astype(np.float32))
    assert 0 < (made(new) - network(new)).abs().max() < 0.1 * network(new).abs().max()


@pytest.mark.slow
@pytest.mark.skipif(lacks() is not None, reason="no C++ compiler is here")
@pytest.mark.parametrize(
    ("precision", "effective"),
    [
        ("int8", {"conv": {"int8": 2}, "linear": {"int8": 1}}),
        ("int8_dynamic", {"conv": {"fp32": 2}, "linear": {"int8": 1}}),
    ],
)
def test_inductor_computes_in_int8_what_its_source_calls_kernels_for(
    precision: str, effective: dict[str, Any], tmp_path: Path
) -> None:
    pytest.importorskip("torchao")
    _, network, x = calibrated(tmp_path)
    from runner.backends.torch import compile as torch_compile
    from runner.backends.torch import loaded

    made = torch_compile.SAVES["inductor"](network, {"x": x[:3]}, inductor_job(tmp_path, precision))
    assert made.effective == effective
    found, plain = loaded.library(tmp_path / "out/model.so")(x[3:6]), network(x[3:6])
    assert 0 < (found - plain).abs().max() < 0.1 * plain.abs().max()


@pytest.mark.slow
@pytest.mark.skipif(lacks() is not None, reason="no C++ compiler is here")
def test_inductors_recurrent_layers_stay_in_float_and_the_record_says_so(tmp_path: Path) -> None:
    pytest.importorskip("torchao")
    case = recurrent(tmp_path, "gru", hidden=32)
    compiled = models.compiled(tmp_path, "torch", case, precision="int8", compiler="inductor")
    assert compiled.meta["effective"] == {"gru": {"fp32": 1}, "linear": {"int8": 1}}
    assert compiled.meta["warnings"] == ["precision=int8: 0 of 1 GRU runs in int8 (1 in fp32)"]
    assert 0 < np.abs(predicted(compiled, tmp_path) - case.expected).max() < 0.05


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
