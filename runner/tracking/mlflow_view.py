"""The comparison view: charts that MLflow's UI shows of this project's runs, and the address that opens them.

MLflow keeps a shared view as an experiment tag, `mlflow.sharedViewState.<key>`. Its fields are not documented; they
were read from the UI of mlflow 3.17 and are checked in a browser by tests/tracking/test_browser.py. With another
version the address is that of the plain compare page, the baseline first.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from runner.core import hashing
from runner.results import records
from runner.results.record_schema import Result
from runner.spec.labels import point
from runner.tracking import mlflow_runs, mlflow_store
from runner.tracking.mlflow_store import Store

MAIN, DIFFERENCE = "Comparison", "Difference from the baseline"
SPEEDUP, LATENCY = "vs_baseline/speedup", "latency/p50_ms"
RECORDS = "tags.record_id LIKE '%'"  # all but the runs of sweeps' pages, which have nothing to compare
SECOND = ("quality/naive_", "quality/rmse")


@dataclass(frozen=True)
class Shown:
    """What the view is made of: runs with their records' results, oldest first, and the run of the baseline."""

    runs: Mapping[str, Result]
    baseline: str | None


def address(root: Path, host: str, port: int, sweep: str | None = None) -> str:
    """The comparison view's URL on the UI at `host:port`, of all records or of one sweep; makes the view."""
    return page(root, f"http://{browsable(host)}:{port}", sweep)


def page(root: Path, site: str, sweep: str | None = None) -> str:
    """The same below any site: `http://127.0.0.1:5000`, or a tracking server's own address."""
    target = mlflow_store.open_store(root)
    with mlflow_store.reported(root):
        shown = _shown(target, root, sweep)
        if not _version(target).startswith(mlflow_store.TESTED):
            return f"{site}/{_compare_page(target, shown)}"
        name = "comparison" if sweep is None else f"sweep-{hashing.digest_of(sweep)[:12]}"
        state = json.dumps(view_state(shown, sweep), separators=(",", ":"))
        target.client.set_experiment_tag(target.experiment_id, f"mlflow.sharedViewState.{name}", state)
    query = f"viewStateShareKey={name}&compareRunsMode=CHART&workflowType=machine_learning"
    return f"{site}/#/experiments/{target.experiment_id}/runs?{query}"


def view_state(shown: Shown, sweep: str | None) -> dict[str, Any]:
    """The shared view: our charts first, every other metric in a folded section of its family."""
    names = sorted({name for result in shown.runs.values() for name in result.metrics})
    families = sorted({name.partition("/")[0] for name in names if "/" in name})
    return {
        "searchFilter": f"tags.sweep = '{sweep}'" if sweep is not None else RECORDS,
        "orderByKey": f"metrics.`{SPEEDUP}`",
        "orderByAsc": False,
        "selectedColumns": [f"metrics.`{name}`" for name in (SPEEDUP, LATENCY, *_qualities(names))],
        "runsHiddenMode": "SHOW_ALL",
        "isAccordionReordered": True,
        "compareRunSections": [
            {**_section(MAIN, True), "columns": 2, "cardHeight": 280},
            {**_section(DIFFERENCE, True), "columns": 1},
            *(_section(family, False) for family in families),
        ],
        "compareRunCharts": _charts(names, shown),
    }


def _charts(names: Sequence[str], shown: Shown) -> list[dict[str, Any]]:
    qualities = _qualities(names)
    bars = [name for name in (SPEEDUP, LATENCY, *qualities) if name in names]
    scatters = qualities if LATENCY in names else []
    return [*(_bar(name, len(shown.runs)) for name in bars), *map(_scatter, scatters), _difference(shown)]


def _qualities(names: Sequence[str]) -> list[str]:
    """One quality metric a task: what it is compared with (naive) and its second one (RMSE) stay in their family."""
    return [name for name in names if name.startswith("quality/") and not name.startswith(SECOND)]


def _bar(metric: str, runs: int) -> dict[str, Any]:
    return {**_chart("BAR", metric, MAIN), "metricKey": metric, "runsCountToCompare": max(10, runs)}


def _scatter(quality: str) -> dict[str, Any]:
    axes = {"xaxis": {"key": LATENCY, "type": "METRIC"}, "yaxis": {"key": quality, "type": "METRIC"}}
    return {**_chart("SCATTER", quality, MAIN), **axes, "runsCountToCompare": 100}


def _difference(shown: Shown) -> dict[str, Any]:
    return {
        **_chart("DIFFERENCE", "runs", DIFFERENCE),
        "chartName": DIFFERENCE,
        "compareGroups": ["Model metrics", "Parameters"],
        "showChangeFromBaseline": True,
        "showDifferencesOnly": True,
        "baselineColumnUuid": shown.baseline or "",
        "runsCountToCompare": 10,
    }


def _chart(kind: str, subject: str, section: str) -> dict[str, Any]:
    return {
        "uuid": f"runner-{kind}-{subject}",
        "type": kind,
        "metricSectionId": _section(section, True)["uuid"],
        "deleted": False,
        "isGenerated": False,
        "displayName": subject,
    }


def _section(name: str, unfolded: bool) -> dict[str, Any]:
    fixed = {"isReordered": True, "deleted": False, "isGenerated": False}
    return {"uuid": f"runner-section-{name}", "name": name, "display": unfolded, **fixed}


def _shown(target: Store, root: Path, sweep: str | None) -> Shown:
    runs = mlflow_runs.runs_by_record(target)
    every = records.readable(root, lambda text: None)  # `sync` before it has told
    mine = [record.result for record in every if sweep is None or records.in_sweep(record, sweep)]
    shown = {runs[result.record_id]: result for result in mine if result.record_id in runs}
    return Shown(shown, _baseline_run(shown))


def _baseline_run(shown: Mapping[str, Result]) -> str | None:
    """The newest run that measured what most of the others are compared with; None where there is none."""
    points = {run: json.dumps(point(result.spec), sort_keys=True) for run, result in shown.items()}
    compared = [result.baseline.spec for result in shown.values() if result.baseline]
    wanted = Counter(json.dumps(point(spec), sort_keys=True) for spec in compared)
    there = [run for run, name in points.items() if name in wanted and shown[run].status == "ok"]
    return max(reversed(there), key=lambda run: wanted[points[run]], default=None)


def _compare_page(target: Store, shown: Shown) -> str:
    """The compare page keeps the order of its runs: the baseline first."""
    order = sorted(shown.runs, key=lambda run: run != shown.baseline)
    runs, experiments = (quote(json.dumps(ids)) for ids in (order, [target.experiment_id]))
    return f"#/compare-runs?runs={runs}&experiments={experiments}"


def _version(target: Store) -> str:
    """mlflow's version at the other end."""
    if not target.uri.startswith("http"):
        import mlflow

        return str(mlflow.__version__)
    from mlflow.utils import rest_utils

    ask: Any = rest_utils.http_request  # untyped
    credentials = target.client._tracking_client.store.get_host_creds()
    return str(ask(credentials, "/version", "GET").text)


def browsable(host: str) -> str:
    """A host that a browser can open: every-interface addresses stand for this machine; IPv6 in brackets."""
    usual = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)
    return f"[{usual}]" if ":" in usual and not usual.startswith("[") else usual
