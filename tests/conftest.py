"""Shared by all tests: a project folder of its own for each, and the command line as a user types it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from runner.__main__ import main
from runner.commands import COMMANDS
from tests import mlflow_tables, needed_toolchains, once, short_project, started, trained

REPOSITORY = Path(__file__).resolve().parents[1]
QUICK = ("train=smoke", "measure=quick", "measure.min_pairs=2", "measure.max_pairs=2", "measure.min_seconds=0.01")


@dataclass(frozen=True)
class Ended:
    """A finished command."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as the one document that it must be."""
        return json.loads(self.out)


Command = Callable[..., Ended]


@pytest.hookimpl(tryfirst=True)  # before -m chooses
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    needed_toolchains.mark(items)
    long = {item.path for item in items if any(item.iter_markers("slow"))}
    items.sort(key=lambda item: item.path not in long)  # the longest files last would leave one core idle


def pytest_collection_finish(session: pytest.Session) -> None:
    """Not in a fixture: it takes minutes where it is the first time, and each test has its limit."""
    if not session.config.option.collectonly:
        needed_toolchains.install(session.items, REPOSITORY)


@pytest.fixture(autouse=True)
def gradients() -> Iterator[None]:
    """A session of torch switches them off for its whole process, which here is that of other tests, too."""
    yield
    if "torch" in sys.modules:
        sys.modules["torch"].set_grad_enabled(True)


@pytest.fixture(autouse=True, scope="module")
def nothing_runs_on() -> Iterator[None]:
    """What a module's tests start ends with them: those of the next module run in the same process, and look."""
    before = started.pids()
    yield
    assert started.left(before) == []


@pytest.fixture(autouse=True)
def variables_stay() -> Iterator[None]:
    """What a test sets in this process's environment goes with it: some variables are in keys."""
    before = dict(os.environ)
    yield
    for name in os.environ.keys() - before.keys():
        del os.environ[name]
    os.environ.update(before)


@pytest.fixture(scope="session")
def trained_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with the artifacts of `trained.WORDS`, for `trained.place`."""
    return once.made(tmp_path_factory, "trained", lambda project: trained.make(project, trained.WORDS))


@pytest.fixture(scope="session")
def short_trained_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with the artifacts of `trained.SHORT`, for `trained.place` into one of `short_project.make`."""
    return once.made(
        tmp_path_factory, "short_trained", lambda project: trained.make(short_project.make(project), trained.SHORT)
    )


@pytest.fixture
def already_trained(trained_once: Path, tmp_path: Path) -> None:
    """The test's project has them."""
    trained.place(trained_once, tmp_path)


@pytest.fixture
def command(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Command:
    """`command("plan", "model=gru")` runs `python -m runner plan model=gru` in an empty project."""

    def run(*words: str, cwd: Path = tmp_path, env: dict[str, str] | None = None, timeout: float = 240) -> Ended:
        full = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true", **(env or {})}
        full["PYTHONPATH"] = os.pathsep.join(filter(None, [full.get("PYTHONPATH"), str(REPOSITORY)]))
        if cwd == tmp_path and words and words[0] not in COMMANDS and "MLFLOW_TRACKING_URI" not in full:
            mlflow_tables.place(once.made(tmp_path_factory, "mlflow_tables", mlflow_tables.make), tmp_path)
        done = subprocess.run(
            [sys.executable, "-m", "runner", *words],
            cwd=cwd,
            env=full,
            capture_output=True,
            text=True,
            timeout=timeout,
            stdin=subprocess.DEVNULL,
        )
        mlflow_tables.take_back(tmp_path)
        return Ended(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Command:
    """As `command`, but in this process, whose libraries are imported already: for what is answered before any work."""

    def run(*words: str, cwd: Path = tmp_path) -> Ended:
        monkeypatch.chdir(cwd)
        capfd.readouterr()
        code = main([*words])
        return Ended(code, *capfd.readouterr())

    return run
