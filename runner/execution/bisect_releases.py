"""Releases of a backend's runtime asked by running them: does one run the model, and how does it do beside another?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from runner.core import project_paths
from runner.core.errors import Disturbed, RunnerError, SpecError
from runner.core.progress import Reporter
from runner.execution import run_plan
from runner.execution.prepare import prepare
from runner.planning import graph, plan
from runner.planning.requirements import failure
from runner.results import bisection
from runner.results.bisection import Answer, Asked, Found, Kind, Oracle
from runner.spec.schedule import INLINE
from runner.sweeps import request
from runner.tracking.client import Tracker

SET_HERE = ("baseline", "toolchain.version", "toolchain.install")
KINDS: dict[str, Kind] = {"unsupported": "refused", "failed": "wrong", "unavailable": "unavailable"}

Tell = Callable[[Asked], None]


def bisect(
    root: Path, words: Sequence[str], releases: Sequence[str], install: bool, reporter: Reporter, tell: Tell
) -> Found:
    """The search in `releases`, oldest first, of the runtime of the spec that `words` say, in the project `root`. With
    `install` environments are made where they are needed. What was measured before, by any command, is not measured
    again where nothing differs. Raises SpecError for wrong words."""
    with _tracking(root) as tracker:
        asked = [*words, f"toolchain.install={str(install).lower()}"]
        runs = partial(_runs, root, asked, reporter)
        compare = partial(_compared, root, asked, reporter, tracker)
        return bisection.search(releases, Oracle(runs, compare, tell))


def check_words(words: Sequence[str]) -> None:
    """Raises SpecError for a word that the search says itself."""
    for word in words:
        key = word.lstrip("+~").partition("=")[0]
        if key in SET_HERE or key.startswith("baseline."):
            raise SpecError(f"{word}: bisect sets {key} itself.", "Leave it out; --from, --to and --install say it.")


@contextmanager
def _tracking(root: Path) -> Iterator[Tracker]:
    with Tracker(project_paths.home(root)) as tracker:
        tracker.start()
        yield tracker


def _runs(root: Path, words: Sequence[str], reporter: Reporter, release: str) -> Answer:
    """Whether the file can be compiled and opened there; nothing is measured."""
    spec = request.one(root, [*words, "baseline=none", f"toolchain.version={release}"])
    made = plan.make([spec], root)
    problem: RunnerError | None = graph.blocked(made.cells[0], made)
    if problem is None:
        shown = [(node.id, f"{node.step} {node.title}") for node in made.nodes.values()]
        with reporter.display(shown) as display:
            outcomes = prepare(made, project_paths.home(root), spec.limits, display, INLINE)
        problem = failure(made.cells[0], outcomes)
    return Answer("good", "it runs") if problem is None else answer_to(problem)


def answer_to(problem: RunnerError) -> Answer:
    """What a release is that could not compile the file, or open it. What only befell it, a full disk, a worker that
    somebody killed, says nothing of the release."""
    advice = f" {problem.next_step}" if problem.status == "unavailable" else ""
    kind: Kind = "undecided" if isinstance(problem, Disturbed) else KINDS.get(problem.status, "undecided")
    return Answer(kind, f"{problem.reason}{advice}")


def _compared(
    root: Path, words: Sequence[str], reporter: Reporter, tracker: Tracker, release: str, against: str
) -> Answer:
    other = ["baseline=spec", f"baseline.overrides=[toolchain.version={against}]"]
    asked = request.single(root, [*words, *other, f"toolchain.version={release}"])
    made = plan.make([asked.spec], root)
    home = project_paths.home(root)
    ran = run_plan.run(made, home, tracker, INLINE, reporter, tracking=asked.tracking)
    return bisection.answer_of(ran.records[0].result)
