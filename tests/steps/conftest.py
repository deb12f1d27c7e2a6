"""A tiny BiLSTM on co2, exported; made once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.steps import chain


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Artifacts by role: `data`, `checkpoint` (train's), `model` (export's)."""
    base = tmp_path_factory.mktemp("bilstm")
    chosen, roles = chain.trained(base, "bilstm")
    chain.do("export", {"model": chosen}, roles, base)
    return {"data": roles["data"], "checkpoint": roles["model"], "model": base / "export"}


@pytest.fixture(scope="session")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Artifacts of a tiny MobileNet on digits by role: `data`, `model` (export's)."""
    base = tmp_path_factory.mktemp("mobilenet")
    chosen = chain.model("mobilenet_v1", width=0.05, input_size=8)
    roles = {"data": chain.data(base, "digits", {"input_size": 8})}
    chain.do("train", {"model": chosen, "train": chain.TRAIN, "seed": 0}, roles, base)
    chain.do("export", {"model": chosen}, {**roles, "model": base / "train"}, base)
    return {"data": roles["data"], "model": base / "export"}
