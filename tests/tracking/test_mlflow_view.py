import json
from pathlib import Path
from urllib.parse import unquote

import mlflow
import pytest

from runner.results import record_schema
from runner.tracking import mlflow_runs, mlflow_store, mlflow_sweeps, mlflow_view
from runner.tracking.mlflow_view import Shown
from tests.report import fixtures
from tests.report.fixtures import measured, spec

INT8 = spec(precision="int8_dynamic")
ORT = "onnxruntime fp32"


@pytest.fixture
def sent(root: Path) -> dict[str, str]:
    """Two records of the sweep `view`: the baseline itself (an A/A), and a candidate measured against it."""
    for name, of, label, speedup in (("0a", INT8, ORT, 1.43), ("0b", spec(), "self", 1.0)):
        record_id = f"20261121T100000-000000{name}"
        if not (root / "records" / record_id).exists():
            fixtures.write(root, measured(record_id, of, spec(), label, speedup, sweep="view"))
    mlflow_runs.sync(root, pytest.fail)
    runs = mlflow_runs.runs_by_record(mlflow_store.open_store(root))
    return {name: runs[f"20261121T100000-000000{name}"] for name in ("0a", "0b")}


def state(root: Path, key: str) -> dict[str, object]:
    target = mlflow_store.open_store(root)
    tags = target.client.get_experiment(target.experiment_id).tags
    found: dict[str, object] = json.loads(tags[f"mlflow.sharedViewState.{key}"])
    return found


def test_the_address_opens_the_shared_view(root: Path, sent: dict[str, str]) -> None:
    assert mlflow_view.address(root, "127.0.0.1", 5001) == (
        "http://127.0.0.1:5001/#/experiments/1/runs"
        "?viewStateShareKey=comparison&compareRunsMode=CHART&workflowType=machine_learning"
    )


def test_a_sweep_has_a_view_of_its_own_runs(root: Path, sent: dict[str, str]) -> None:
    address = mlflow_view.address(root, "127.0.0.1", 5001, sweep="view")
    key = address.split("viewStateShareKey=")[1].split("&")[0]
    assert key.startswith("sweep-")
    found = state(root, key)
    assert found["searchFilter"] == "tags.sweep = 'view'"
    difference = [chart for chart in found["compareRunCharts"] if chart["type"] == "DIFFERENCE"]  # type: ignore[attr-defined]
    assert [chart["baselineColumnUuid"] for chart in difference] == [sent["0b"]]


def test_the_view_of_all_leaves_out_the_runs_of_sweeps_pages(root: Path, sent: dict[str, str], tmp_path: Path) -> None:
    page = mlflow_sweeps.log_page(root, "view", tmp_path, {})
    mlflow_view.address(root, "127.0.0.1", 5001)
    target = mlflow_store.open_store(root)
    found = target.client.search_runs([target.experiment_id], str(state(root, "comparison")["searchFilter"]))
    shown = {run.info.run_id for run in found}
    assert shown == {*mlflow_runs.runs_by_record(target).values()} - {page}
    assert {*sent.values()} <= shown


def test_the_charts() -> None:
    shown = Shown({"run": record_schema.read(measured("20261121T100000-0000000a", INT8, spec(), ORT, 1.43))}, None)
    charts = mlflow_view.view_state(shown, None)["compareRunCharts"]
    assert [(chart["type"], chart["displayName"]) for chart in charts] == [
        ("BAR", "vs_baseline/speedup"),
        ("BAR", "latency/p50_ms"),
        ("BAR", "quality/mae_ppm"),
        ("SCATTER", "quality/mae_ppm"),
        ("DIFFERENCE", "runs"),
    ]


def test_a_view_of_many_metrics_fits_into_a_tag() -> None:
    content = measured("20261121T100000-0000000a", INT8, spec(), ORT, 1.43)
    content["metrics"] |= {f"family_{n}/metric_{n}": 1.0 for n in range(40)}
    shown = Shown({"run": record_schema.read(content)}, None)
    length = len(json.dumps(mlflow_view.view_state(shown, "a sweep"), separators=(",", ":")))
    assert length < 20_000  # mlflow's limit of an experiment's tag


def test_another_version_of_mlflow_gets_the_compare_page_with_the_baseline_first(
    root: Path, sent: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mlflow, "__version__", "9.0.0")
    address = unquote(mlflow_view.address(root, "127.0.0.1", 5001, sweep="view"))
    assert address == (f'http://127.0.0.1:5001/#/compare-runs?runs=["{sent["0b"]}", "{sent["0a"]}"]&experiments=["1"]')


@pytest.mark.parametrize(
    ("host", "shown"), [("0.0.0.0", "127.0.0.1"), ("::1", "[::1]"), ("::", "[::1]"), ("box", "box")]
)
def test_a_host_is_shown_as_a_browser_can_open_it(host: str, shown: str) -> None:
    assert mlflow_view.browsable(host) == shown
