from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from tests.steps import chain


def compress(base: Path, **changed: Any) -> tuple[dict[str, Any], dict[str, torch.Tensor]]:
    chosen, roles = chain.trained(base, "gru")
    settings = chain.values("compression", "magnitude", epochs=2, **changed)
    job = {"name": "magnitude", "settings": settings, "model": chosen, "train": chain.TRAIN, "seed": 0}
    meta = chain.do("compress", job, roles, base)
    return meta, torch.load(base / "compress" / "model.pt", weights_only=True)


@pytest.mark.parametrize("scope", ["global", "layer"])
def test_zeros_survive_fine_tuning(scope: str, tmp_path: Path) -> None:
    meta, state = compress(tmp_path, sparsity=0.75, scope=scope)
    weights = [weight for weight in state.values() if weight.dim() > 1]
    total = sum(weight.numel() for weight in weights)
    assert sum(int((weight == 0).sum()) for weight in weights) == 0.75 * total == 51
    assert meta["sparsity"] == 0.75
    assert meta["nonzero_params"] == meta["params"] - 51
    assert meta["epochs"] == 2


def test_by_layer_each_tensor_loses_the_same_share(tmp_path: Path) -> None:
    _, state = compress(tmp_path, sparsity=0.5, scope="layer")
    shares = {float((weight == 0).float().mean()) for weight in state.values() if weight.dim() > 1}
    assert shares == {0.5}


def test_fine_tuning_changes_what_is_left(tmp_path: Path) -> None:
    _, state = compress(tmp_path, sparsity=0.5)
    before = torch.load(tmp_path / "train" / "model.pt", weights_only=True)
    assert not torch.equal(state["head.bias"], before["head.bias"])


def test_without_fine_tuning_the_kept_weights_are_as_trained(tmp_path: Path) -> None:
    chosen, roles = chain.trained(tmp_path, "gru")
    settings = chain.values("compression", "magnitude", epochs=0)
    job = {"name": "magnitude", "settings": settings, "model": chosen, "train": chain.TRAIN, "seed": 0}
    chain.do("compress", job, roles, tmp_path)
    before = torch.load(roles["model"] / "model.pt", weights_only=True)
    after = torch.load(tmp_path / "compress" / "model.pt", weights_only=True)
    for name, weight in after.items():
        assert torch.equal(weight, torch.where(weight == 0, 0, before[name]))
