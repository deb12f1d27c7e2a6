"""What the calls return: a run, a sweep, a comparison, two records, a reproduction, a race. Each shows itself in a
notebook.

Nothing heavy is imported before a figure, a table or a picture is asked for.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.api.pictures import Plot
from runner.results import best_result, multiple_comparisons
from runner.results.best_result import Best
from runner.results.comparison import Comparison
from runner.results.record_schema import ROLES, Compared, Correction, Result
from runner.results.records import Record

if TYPE_CHECKING:
    from pandas import DataFrame  # type: ignore[import-untyped]

    from runner.execution.run_plan import Ran
    from runner.measure.samples import Samples
    from runner.planning.graph import Plan
    from runner.results.record_diff import Beside
    from runner.results.reproduction import Reproduction
    from runner.results.unpaired import Unpaired


@dataclass(frozen=True)
class RunResult:
    """What one spec left. `record` is its folder on disk; `details` is all that it says, typed, with the verdict that
    counts in its sweep."""

    record: Record = field(repr=False)
    details: Result = field(repr=False)
    correction: Correction | None = field(default=None, repr=False)

    @classmethod
    def of(cls, record: Record, correction: Correction | None = None) -> RunResult:
        """The result of a `record`; `correction` is what its sweep made of its verdict."""
        return cls(record, multiple_comparisons.applied(record.result, correction), correction)

    @property
    def status(self) -> str:
        """`ok`, `unsupported`, `unavailable`, `failed` or `timeout`."""
        return self.details.status

    @property
    def reason(self) -> str:
        """Why nothing was measured; empty where something was."""
        return self.details.reason

    @property
    def next_step(self) -> str:
        """What to do about it; may be empty."""
        return self.details.next_step

    @property
    def metrics(self) -> Mapping[str, float]:
        """The candidate's figures by name and unit, such as `latency/p50_ms`; empty where nothing was measured."""
        return self.details.metrics

    @property
    def comparison(self) -> Compared | None:
        """The candidate against its baseline: `ratio` (above 1 it is faster), its interval `low` and `high`, the
        `verdict`; None where it was measured alone, or not at all."""
        return self.details.comparison

    @property
    def folder(self) -> Path:
        """Where the record lies: `record.json`, `samples.npz`, pictures."""
        return self.record.folder

    @cached_property
    def samples(self) -> Mapping[str, Samples]:
        """`{"candidate": {pair: latencies}, "baseline": …}`: every timed iteration of each process, in ms. Empty where
        nothing was timed. Raises StepFailed for a damaged file."""
        from runner.measure import samples

        file = self.folder / samples.FILE
        found = {role: samples.read(file, role) for role in ROLES} if file.is_file() else {}
        return {role: each for role, each in found.items() if each}

    @property
    def rows(self) -> list[dict[str, Any]]:
        """`[{"metric", "candidate", "baseline"}]`, the baseline's None where it has no such figure."""
        theirs = self.details.baseline.metrics if self.details.baseline else {}
        return [
            {"metric": name, "candidate": value, "baseline": theirs.get(name)} for name, value in self.metrics.items()
        ]

    def table(self) -> DataFrame:
        """`rows` as a pandas DataFrame. Raises Unavailable without pandas."""
        return _frame(self.rows)

    def plot(self) -> Plot:
        """The latencies of each process and the speed-up of each pair. Raises SpecError where nothing was timed."""
        from runner.api import pictures

        return pictures.of_run(self.record)

    def to_dict(self) -> dict[str, Any]:
        """The record in JSON types, as `--json` prints it."""
        return multiple_comparisons.as_corrected(self.record.content, self.correction)

    def __repr__(self) -> str:
        from runner.results.formatting import verdict_line

        return f"<{type(self).__name__} {self.details.record_id}: {verdict_line(self.details)}>"

    def _repr_html_(self) -> str:
        from runner.report.views import notebook

        return notebook.of_run(self.record, self.correction)


@dataclass(frozen=True)
class ComparisonResult:
    """What was measured, best first in each group. `details` is all of it, typed."""

    details: Comparison = field(repr=False)

    @property
    def rows(self) -> list[dict[str, Any]]:
        """A mapping a spec, in the order of the table: names, figures by metric, verdict, `record_id`, `reason`."""
        from runner.report.views import table

        return [dict(row) for row in table.flat(self.details)]

    @property
    def runs(self) -> list[RunResult]:
        """The records of the rows, in their order, with the verdicts that count in their own sweeps."""
        found = multiple_comparisons.of_sweeps([row.record for row in self.details.rows])
        return [RunResult.of(row.record, found.get(row.result.record_id)) for row in self.details.rows]

    @property
    def recommendations(self) -> list[str]:
        """With `max_loss`: what to choose and why, in sentences."""
        from runner.report.views import table

        return table.recommendations(self.details)

    def table(self) -> DataFrame:
        """`rows` as a pandas DataFrame. Raises Unavailable without pandas."""
        return _frame(self.rows)

    def plot(self) -> Plot:
        """Every speed-up with its interval. Raises SpecError where nothing was compared."""
        from runner.api import pictures

        return pictures.of_comparison(self.details)

    def to_dict(self) -> dict[str, Any]:
        """In JSON types, as `compare --json` prints it."""
        from runner.report.views import table

        return table.as_json(self.details)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {len(self.details.rows)} rows over {self.details.baseline}>"

    def _repr_html_(self) -> str:
        from runner.report.views import notebook

        return notebook.of_comparison(self.details)


@dataclass(frozen=True)
class SweepResult:
    """What a sweep left: a run a cell, in the order of the cells. `content` is its document, `folder` where the records
    lie."""

    name: str
    runs: Sequence[RunResult] = field(repr=False)
    content: Mapping[str, Any] = field(repr=False)
    folder: Path = field(repr=False)

    @classmethod
    def of(cls, name: str, made: Plan, ran: Ran, home: Path) -> SweepResult:
        """The result of a plan that was run in the project `home`."""
        from runner.report import sweep_json
        from runner.results import project_comparison

        found = multiple_comparisons.of_sweeps(ran.records)
        runs = [RunResult.of(record, found.get(record.result.record_id)) for record in ran.records]
        compared = project_comparison.of_these(ran.records, home)
        return cls(name, runs, sweep_json.document(name, made, ran, compared), home / "records")

    @property
    def impossible(self) -> Sequence[Mapping[str, str]]:
        """The cells that can't be: their `words`, the `reason` and the `next_step`."""
        return list(self.content["impossible"])

    @property
    def samples(self) -> dict[str, Mapping[str, Samples]]:
        """`{record_id: samples}` of every cell that was timed, as RunResult has them."""
        return {one.details.record_id: one.samples for one in self.runs if one.samples}

    @cached_property
    def comparison(self) -> ComparisonResult:
        """The sweep's rows, best first."""
        from runner.results import project_comparison

        return ComparisonResult(project_comparison.read(self.folder.parent, warnings.warn, self.name))

    def table(self) -> DataFrame:
        """The rows of the comparison as a pandas DataFrame. Raises Unavailable without pandas."""
        return self.comparison.table()

    def plot(self) -> Plot:
        """Every speed-up with its interval. Raises SpecError where nothing was compared."""
        return self.comparison.plot()

    def to_dict(self) -> dict[str, Any]:
        """The sweep in JSON types, as `--json` prints it."""
        return dict(self.content)

    def _repr_html_(self) -> str:
        return self.comparison._repr_html_()


@dataclass(frozen=True)
class RecordDiffResult:
    """Two records side by side. `details` is all that can be said of them, typed."""

    details: Beside = field(repr=False)

    @property
    def comparison(self) -> Unpaired:
        """The candidate against the baseline: `ratio` (above 1 it is faster), its interval `low` and `high`, the
        `verdict`, and its `kind`: `unpaired` or `across devices`."""
        return self.details.comparison

    @property
    def rows(self) -> list[dict[str, str]]:
        """What differs, `[{"what", "candidate", "baseline"}]`: settings, versions, the machine."""
        return [dict(zip(("what", "candidate", "baseline"), one, strict=True)) for one in self.details.differences]

    def table(self) -> DataFrame:
        """`rows` as a pandas DataFrame. Raises Unavailable without pandas."""
        return _frame(self.rows)

    def to_dict(self) -> dict[str, Any]:
        """In JSON types, as `compare CANDIDATE BASELINE --json` prints it."""
        from runner.report.views import record_diff_table

        return record_diff_table.as_json(self.details)

    def __repr__(self) -> str:
        from runner.report.views import record_diff_table

        return f"<{type(self).__name__}: {record_diff_table.sentence(self.details)}>"

    def _repr_html_(self) -> str:
        from runner.report.views import notebook

        return notebook.of_two(self.details)


@dataclass(frozen=True)
class ReproductionResult:
    """Whether a record's result holds here. `details` is the answer with what it rests on, `run` what was measured."""

    details: Reproduction = field(repr=False)
    run: RunResult = field(repr=False)

    @property
    def answer(self) -> str:
        """`holds here`, `doesn't hold here` or `can't be told`."""
        return self.details.answer

    @property
    def text(self) -> str:
        """The answer with both ratios: `holds here (1.41× [1.38, 1.44] against 1.43× [1.40, 1.46])`."""
        return self.details.text

    @property
    def rows(self) -> list[dict[str, str]]:
        """What differs, `[{"what", "here", "there"}]`: versions, the machine, paths."""
        return [dict(zip(("what", "here", "there"), one, strict=True)) for one in self.details.differences]

    def table(self) -> DataFrame:
        """`rows` as a pandas DataFrame. Raises Unavailable without pandas."""
        return _frame(self.rows)

    def to_dict(self) -> dict[str, Any]:
        """In JSON types, as `reproduce --json` prints it."""
        return self.details.document(self.run.details.record_id)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.text}>"

    def _repr_html_(self) -> str:
        from runner.report.views import notebook

        return notebook.of_reproduction(self.details)


@dataclass(frozen=True)
class BestResult:
    """The best configuration of a model. `details` is the answer with all that raced and all that didn't."""

    details: Best

    @property
    def winner(self) -> str:
        """Its name in the race; empty where time was up before anybody led."""
        return self.details.winner

    @property
    def words(self) -> tuple[str, ...]:
        """Those of a run of the winner: `runner.run(*found.words)`; none without one."""
        return self.details.named(self.winner).words if self.winner else ()

    @property
    def rows(self) -> list[dict[str, Any]]:
        """What raced, the fastest first."""
        return [asdict(one) for one in self.details.raced]

    def table(self) -> DataFrame:
        """`rows` as a pandas DataFrame. Raises Unavailable without pandas."""
        return _frame(self.rows)

    def to_dict(self) -> dict[str, Any]:
        """In JSON types, as `best --json` prints it."""
        return best_result.as_json(self.details)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.winner or self.details.why}>"

    def _repr_html_(self) -> str:
        from runner.report.views import notebook

        return notebook.of_best(self.details)


def _frame(rows: Sequence[Mapping[str, Any]]) -> DataFrame:
    try:
        from pandas import DataFrame
    except ImportError as error:
        from runner.core.errors import Unavailable

        told = "A table needs pandas, which is not installed."
        raise Unavailable(told, "pip install pandas, or take .rows: the same as a list.") from error
    return DataFrame(list(rows))
