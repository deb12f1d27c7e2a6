from __future__ import annotations

import pytest
import torch

from runner.core import registry
from runner.models import bilstm, checkpoint, gru, lstm

META = {"features": ["a", "b", "c"]}
SIZE = {"layers": 2, "hidden": 4, "window": 8, "horizon": 5}


@pytest.mark.parametrize("name", ["gru", "lstm", "bilstm"])
def test_windows_become_forecasts(name: str) -> None:
    network = checkpoint.build({"name": name, "settings": SIZE}, META)
    assert network(torch.zeros(7, 8, 3)).shape == (7, 5)


@pytest.mark.parametrize("name", ["gru", "lstm", "bilstm"])
def test_a_model_says_how_its_data_are_cut(name: str) -> None:
    module = registry.load("model", name)
    assert module.data_needs(module.Settings(**SIZE)) == {"window": 8, "horizon": 5}


@pytest.mark.parametrize(("module", "gates", "directions"), [(gru, 3, 1), (lstm, 4, 1), (bilstm, 4, 2)])
def test_a_layer_has_the_papers_number_of_parameters(module: object, gates: int, directions: int) -> None:
    size = {**SIZE, "layers": 1}
    network = module.build(module.Settings(**size), META)  # type: ignore[attr-defined]
    layer = directions * gates * 4 * (3 + 4 + 2)
    assert sum(p.numel() for p in network.parameters()) == layer + (directions * 4 + 1) * 5


def test_only_the_bidirectional_model_carries_the_first_step_past_a_forgetting_layer() -> None:
    # With every forget gate shut, an LSTM read forwards knows only the last step; read backwards, only the first.
    for module, expected in ((lstm, False), (bilstm, True)):
        network = module.build(module.Settings(**{**SIZE, "layers": 1}), META)
        with torch.no_grad():
            for name, weight in network.recurrent.named_parameters():
                if name.startswith("bias_ih"):
                    weight[4:8] = -100.0  # gates in order i, f, g, o
                if name.startswith("weight_hh"):
                    weight.zero_()
        x = torch.zeros(1, 8, 3)
        changed = x.clone()
        changed[0, 0] = 1.0
        assert bool((network(x) != network(changed)).any()) is expected
