"""A Dask cluster for tests: a scheduler and workers in processes and work folders of their own, nothing shared."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from runner.spec.schedule import Settings
from tests.conftest import REPOSITORY

SCHEDULER = "distributed.cli.dask_scheduler"


@dataclass
class Cluster:
    """`address` is the scheduler's; a worker's store lies in `folder / name`. `tls` are the files of one with
    certificates."""

    folder: Path
    tls: dict[str, str] = field(default_factory=dict)
    address: str = ""
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def worker(self, name: str, *options: str, source: Path = REPOSITORY) -> Path:
        """Start a worker in a folder of its own, with the `runner` that lies in `source`; returns the folder."""
        home = self.folder / name
        home.mkdir(exist_ok=True)
        words = ("distributed.cli.dask_worker", self.address, "--nthreads", "1", "--no-dashboard", "--no-nanny")
        self.start(name, home, source, *words, *self.certificates(), "--name", name, *options)
        return home

    def certificates(self) -> list[str]:
        """The words that give Dask's programs their certificates."""
        names = {"ca": "--tls-ca-file", "cert": "--tls-cert", "key": "--tls-key"}
        return [word for name, file in self.tls.items() for word in (names[name], file)]

    def schedule(self) -> Settings:
        """How a command uses it."""
        nothing: dict[str, str | None] = {"ca": None, "cert": None, "key": None}
        return Settings(self.address, None, 3, {**nothing, **self.tls}, not self.tls)

    def words(self) -> list[str]:
        """The same, typed."""
        typed = [f"schedule.tls.{name}={file}" for name, file in self.tls.items()] or ["schedule.insecure=true"]
        return [f"schedule.address={self.address}", *typed]

    def start(self, name: str, home: Path, source: Path, *words: str) -> None:
        """One process of the cluster; what it says is in its folder."""
        with (home / "log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                [sys.executable, "-m", *words],
                cwd=home,
                env={**os.environ, "PYTHONPATH": str(source), "XDG_CACHE_HOME": str(self.folder)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill(self, name: str) -> None:
        """As a machine that goes away."""
        process = self.running.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def log(self, name: str) -> str:
        return (self.folder / name / "log").read_text()


@contextmanager
def cluster_in(folder: Path, tls: dict[str, str]) -> Iterator[Cluster]:
    """A scheduler without workers; with the files `tls` one that asks for certificates."""
    cluster = Cluster(folder, tls)
    home = folder / "scheduler"
    home.mkdir(parents=True)
    with ExitStack() as stack:
        stack.callback(lambda: [cluster.kill(name) for name in list(cluster.running)])
        host = ("--host", f"{'tls' if tls else 'tcp'}://127.0.0.1", "--port", "0", "--no-dashboard", "--no-show")
        file = ("--scheduler-file", str(home / "file.json"))
        cluster.start("scheduler", home, REPOSITORY, SCHEDULER, *host, *file, *cluster.certificates())
        cluster.address = _address(home / "file.json")
        yield cluster


def _address(file: Path) -> str:
    import json
    import time

    deadline = time.monotonic() + 30
    while True:
        try:
            return str(json.loads(file.read_text())["address"])
        except (OSError, ValueError):
            assert time.monotonic() < deadline, f"{file} was never written"
            time.sleep(0.05)


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Cluster]:
    """A scheduler to which a test adds workers."""
    with cluster_in(tmp_path / "cluster", {}) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A scheduler and three workers, `w0`, `w1`, `w2`; `w2` owns the resource of `device:local`."""
    with cluster_in(tmp_path_factory.mktemp("cluster"), {}) as cluster:
        for name in ("w0", "w1"):
            cluster.worker(name)
        cluster.worker("w2", "--resources", "device:local=1")
        yield cluster
