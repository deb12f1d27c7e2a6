"""Which schedule makes a plan's artifacts, and what it does about artifacts that go missing meanwhile."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from runner.artifacts.store import Artifact
from runner.execution import run_step
from runner.execution.prepare import get_or_make
from runner.planning.graph import Cell, Chain, Node, Plan
from runner.planning.requirements import side_by_side, survey
from runner.spec.schedule import INLINE, Settings
from tests.conftest import REPOSITORY
from tests.execution.told import LIMITS, Told, key, node

LOCAL = Settings(None, 2, 2, {}, False)


def of(nodes: list[Node], cells: int = 2) -> Plan:
    cell: Any = Cell(Chain(None, {one.step: one.key for one in nodes}), None, "none")  # type: ignore[arg-type]
    return Plan({one.key: one for one in nodes}, [cell] * cells)


SCRIPT = """
import sys
from pathlib import Path
from runner.execution.prepare import get_or_make
from tests.execution.test_prepare import LIMITS, LOCAL, Told, key, node, of

side_by_side = [node("data"), node("train"), node("compile", "data")]
chain = [node("data"), node("export", "data")]
nodes, cells = {"chain": (chain, 2), "single": (side_by_side, 1), "sweep": (side_by_side, 2)}[sys.argv[1]]
made = get_or_make([one.key for one in nodes], of(nodes, cells), Path(sys.argv[2]), LIMITS, Told(), LOCAL)
assert len(made) == len(nodes)
print("distributed" in sys.modules)
"""


@pytest.mark.parametrize("what", ["chain", "single", "sweep"])
def test_dask_is_never_imported_on_one_machine(what: str, tmp_path: Path) -> None:
    command = [sys.executable, "-c", SCRIPT, what, str(tmp_path)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("False\n", "")


@pytest.mark.parametrize(("cells", "threads"), [(1, {"MainThread"}), (2, {"step"})])
def test_steps_run_side_by_side_only_in_a_sweep(
    cells: int, threads: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: set[str] = set()
    obtained = run_step.get_or_make

    def noted(*arguments: Any) -> Artifact:
        ran.add(threading.current_thread().name)
        return obtained(*arguments)

    monkeypatch.setattr(run_step, "get_or_make", noted)
    nodes = [node("data"), node("train")]
    get_or_make([one.key for one in nodes], of(nodes, cells), tmp_path, LIMITS, Told(), LOCAL)
    assert ran == threads


def test_more_nodes_than_their_longest_chain_can_run_at_once() -> None:
    chain = [node("a"), node("b", "a"), node("c", "b", "a")]
    assert not side_by_side(chain)
    assert side_by_side([*chain, node("d", "a")])
    assert not side_by_side([])


def test_only_what_is_missing_is_to_do_inputs_first(tmp_path: Path) -> None:
    nodes = [node("data"), node("train", "data"), node("export", "train")]
    get_or_make([key("train")], of(nodes), tmp_path, LIMITS, Told(), INLINE)
    shutil.rmtree(tmp_path / "artifacts" / "data")
    there, todo = survey([key("export")], of(nodes), tmp_path, Told())
    assert [one.step for one in todo] == ["export"]
    assert list(there) == [key("train")]


def test_an_input_that_is_removed_meanwhile_is_made_again(tmp_path: Path) -> None:
    data = node("data")
    get_or_make([data.key], of([data]), tmp_path, LIMITS, Told(), INLINE)
    folder = str(tmp_path / "artifacts" / "data")
    nodes = [data, node("train", remove=folder), node("export", "train", "data")]
    found = get_or_make([one.key for one in nodes], of(nodes), tmp_path, LIMITS, Told(), INLINE)
    assert all(isinstance(one, Artifact) for one in found.values())
    made = found[key("export")]
    assert isinstance(made, Artifact)
    assert (made.folder / "text").read_text() == "datatrainexport"
