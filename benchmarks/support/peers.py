"""Olive and optimum-benchmark as they are run here, from a virtual environment of their own, and the model that all
three can take.

optimum-benchmark's onnxruntime backend takes no ONNX file but a folder that looks like a Transformers model. So the
common model is a small ONNX file with BERT's inputs and output, beside a `config.json` that says BERT.
"""

from __future__ import annotations

import argparse
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

WORDS, WIDTH, LAYERS, LENGTH = 256, 64, 4, 16
INPUTS = ("input_ids", "attention_mask", "token_type_ids")
DISTRIBUTIONS = ("olive-ai", "optimum-benchmark", "optimum", "transformers", "onnxruntime", "torch")
HOW = "Without --peers ours stand alone. How to get the peers: the first lines of benchmarks/peers.txt."
# No network, for the peers' own good: Olive sends a first message unless it sees CI, and waits 11 s where it can't.
ENVIRONMENT = {"HF_HUB_OFFLINE": "1", "CI": "true", "OVERRIDE_BENCHMARKS": "1"}

# With torch 2.13 optimum 1.27, which optimum-benchmark 0.6 needs, does not import: torch moved private names that it
# takes from `torch.onnx.symbolic_opset14`. They are put back; the rest is optimum-benchmark as it is. A file, since the
# measuring process that it spawns imports the main module again.
LAUNCHER = """\
import torch.onnx.symbolic_opset14 as old
from torch.onnx._internal.torchscript_exporter import symbolic_opset14 as new

for name in "_attention_scale _causal_attention_mask _onnx_symbolic _type_utils jit_utils symbolic_helper".split():
    setattr(old, name, getattr(new, name))

if __name__ == "__main__":
    from optimum_benchmark.cli import main

    main()
"""


@dataclass(frozen=True)
class Peers:
    """A virtual environment with the peers in it, and a folder with their configurations."""

    bin: Path
    folder: Path

    def olive(self) -> list[str]:
        """A workflow of one pass with a latency metric; unchanged, all of it comes from Olive's cache."""
        return [str(self.bin / "olive"), "run", "--config", str(self.folder / "olive.json")]

    def olive_help(self) -> list[str]:
        return [str(self.bin / "olive"), "--help"]

    def optimum(self, *overrides: str) -> list[str]:
        """One latency run on onnxruntime: 100 iterations in a process of its own (its defaults take 10 s more)."""
        launcher = [str(self.bin / "python"), str(self.folder / "launch.py")]
        return [*launcher, "--config-dir", str(self.folder), "--config-name", "optimum", *overrides]

    def optimum_command(self, *words: str) -> list[str]:
        """Its own command, without the launcher."""
        return [str(self.bin / "optimum-benchmark"), *words]

    def versions(self) -> str:
        """`name version, …`; raises RuntimeError naming what is not installed."""
        script = (
            "import importlib.metadata as m, sys\n"
            "found = {d.metadata['Name'].lower().replace('_', '-'): d.version for d in m.distributions()}\n"
            "print(', '.join(f'{n} {found[n]}' if n in found else f'{n} MISSING' for n in sys.argv[1:]))"
        )
        command = [str(self.bin / "python"), "-c", script, *DISTRIBUTIONS]
        text = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
        if "MISSING" in text:
            raise RuntimeError(f"the environment of --peers is not complete: {text}. {HOW}")
        return text


def option(parser: argparse.ArgumentParser) -> None:
    """`--peers`, and `--rounds`."""
    parser.add_argument("--peers", type=Path, help="virtual environment with benchmarks/peers.txt installed")
    parser.add_argument("--rounds", type=int, default=10, help="alternated rounds (10)")


def opened(environment: Path | None, folder: Path) -> Peers | None:
    """The peers with their configurations written to `folder`; prints what they are, or how to get them."""
    if environment is None:
        print(HOW)
        return None
    peers = Peers(environment.absolute() / "bin", folder)
    print(f"peers: {peers.versions()}; without network and telemetry.")
    print(
        "optimum-benchmark's runs: with private names of torch put back that optimum imports and torch 2.13 has moved."
    )
    (folder / "olive.json").write_text(json.dumps(_olive(folder)))
    (folder / "optimum.yaml").write_text(json.dumps(_optimum(folder)))
    (folder / "launch.py").write_text(LAUNCHER)
    return peers


def common_model(folder: Path) -> Path:
    """`folder/model/model.onnx`: embedding, then matrix products with tanh; any integer is a word."""
    import numpy as np
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    rng = np.random.default_rng(0)
    weights = {"words": rng.standard_normal((WORDS, WIDTH)), "size": np.array(WORDS)}
    weights |= {f"w{layer}": rng.standard_normal((WIDTH, WIDTH)) / 8 for layer in range(LAYERS)}
    shape = ["batch", "sequence"]
    inputs = [helper.make_tensor_value_info(name, TensorProto.INT64, shape) for name in INPUTS]
    output = helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, [*shape, WIDTH])
    stored = [numpy_helper.from_array(_typed(value), name) for name, value in weights.items()]
    graph = helper.make_graph(_nodes(), "tokens", inputs, [output], stored)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    path = folder / "model" / "model.onnx"
    path.parent.mkdir(parents=True)
    onnx.save(model, path)
    (path.parent / "config.json").write_text(json.dumps(_bert()))
    return path


def _nodes() -> list[Any]:
    from onnx import helper

    nodes = [
        helper.make_node("Add", ["input_ids", "token_type_ids"], ["typed"]),
        helper.make_node("Mul", ["typed", "attention_mask"], ["seen"]),
        helper.make_node("Mod", ["seen", "size"], ["word"]),
        helper.make_node("Gather", ["words", "word"], ["x0"]),
    ]
    for layer in range(LAYERS):
        out = f"x{layer + 1}" if layer + 1 < LAYERS else "last_hidden_state"
        nodes.append(helper.make_node("MatMul", [f"x{layer}", f"w{layer}"], [f"m{layer}"]))
        nodes.append(helper.make_node("Tanh", [f"m{layer}"], [out]))
    return nodes


def _typed(value: Any) -> Any:
    import numpy as np

    array = np.asarray(value)
    return array.astype(np.float32) if array.dtype.kind == "f" else array.astype(np.int64)


def _bert() -> dict[str, object]:
    sizes = {"vocab_size": WORDS, "hidden_size": WIDTH, "intermediate_size": WIDTH, "max_position_embeddings": 64}
    layers = {"num_hidden_layers": 1, "num_attention_heads": 1}
    return {"model_type": "bert", "architectures": ["BertModel"], **layers, **sizes}


def _olive(folder: Path) -> dict[str, object]:
    inputs = {"input_names": INPUTS, "input_shapes": [[1, LENGTH]] * 3, "input_types": ["int64"] * 3}
    data = {"name": "tokens", "type": "DummyDataContainer", "load_dataset_config": inputs}
    average = [{"name": "avg", "priority": 1}]
    metric = {"name": "latency", "type": "latency", "data_config": "tokens", "sub_types": average}
    return {
        "input_model": {"type": "OnnxModel", "model_path": str(folder / "model" / "model.onnx")},
        "data_configs": [data],
        "evaluators": {"latency": {"metrics": [metric]}},
        "evaluator": "latency",
        "passes": {"quantize": {"type": "OnnxDynamicQuantization"}},
        "cache_dir": str(folder / "olive-cache"),
        "output_dir": str(folder / "olive-out"),
    }


def _optimum(folder: Path) -> dict[str, object]:
    model = {"model": str(folder / "model"), "library": "transformers", "model_type": "bert"}
    counts = {"latency": True, "memory": False, "warmup_runs": 10, "iterations": 100, "duration": 0}
    shapes = {"batch_size": 1, "sequence_length": LENGTH}
    axes = ["benchmark", {"scenario": "inference"}, {"launcher": "process"}, {"backend": "onnxruntime"}, "_self_"]
    return {
        "defaults": axes,
        "name": "tokens",
        "backend": {**model, "task": "feature-extraction", "device": "cpu", "export": False},
        "scenario": {**counts, "input_shapes": shapes},
        "launcher": {"device_isolation": False},
        "hydra": {"run": {"dir": str(folder / "optimum")}, "job": {"chdir": True}},
    }
