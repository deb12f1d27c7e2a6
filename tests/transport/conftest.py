from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.transport.local import Worker, open_worker

ODD_CODE = {"PYTHONPATH": str(Path(__file__).parents[1] / "worker")}


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Worker]:
    with open_worker(tmp_path / "logs" / "worker.log", name="the cell", env=ODD_CODE) as opened:
        yield opened
