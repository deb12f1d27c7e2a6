import json
from pathlib import Path

import pytest

from runner.commands import sync
from tests.report import fixtures
from tests.report.fixtures import measured, spec


def test_sync_says_how_many_it_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "runner.toml").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    fixtures.write(tmp_path, measured("20261121T090100-00000001", spec(), spec(), "self", 1.0))
    store = f"sqlite:///{tmp_path}/mlruns/mlflow.db"
    assert sync.main([]) == 0
    assert capsys.readouterr().out == f"1 record sent to {store}\n"
    assert sync.main(["--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"schema": 1, "store": store, "sent": []}
