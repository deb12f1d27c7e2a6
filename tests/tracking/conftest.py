from pathlib import Path

import pytest

from runner.tracking import mlflow_store


@pytest.fixture(autouse=True)
def _own_store(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs go to the project's own database and experiment, whatever the caller's environment says."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.delenv("MLFLOW_EXPERIMENT_NAME", raising=False)


@pytest.fixture(scope="session")
def _root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("a project") / "with a blank"
    root.mkdir()
    (root / "runner.toml").touch()
    return root


@pytest.fixture
def root(_root: Path) -> Path:
    """A project whose store is made once for all tests: each uses record_ids of its own."""
    mlflow_store.open_store(_root)
    return _root
