"""A cluster that shares no disk: steps run on its workers, artifacts travel, each step is run once."""

from __future__ import annotations

import shutil
import socket
import ssl
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from runner.artifacts import store
from runner.artifacts.store import Artifact
from runner.core import hashing
from runner.core.errors import RunnerError, StepFailed, Unavailable
from runner.execution import inline
from runner.execution.dask import cluster as schedule
from runner.planning.graph import Node
from runner.planning.place import Place
from runner.planning.requirements import Outcome
from runner.spec.hardware import Local, Ssh
from runner.spec.schedule import Settings
from runner.transport.toolchains import Toolchain
from tests.conftest import QUICK, REPOSITORY, Command
from tests.execution.certificates import certificates
from tests.execution.conftest import Cluster, cluster_in
from tests.execution.told import LIMITS, Told, node


def perform(
    cluster: Cluster, todo: list[Node], project: Path, told: Told, there: Mapping[str, Outcome] | None = None
) -> dict[str, Outcome]:
    return schedule.make_steps(todo, there or {}, project, LIMITS, told, cluster.schedule())


def text(outcome: Outcome) -> str:
    assert isinstance(outcome, Artifact), outcome
    return (outcome.folder / "text").read_text()


def steps(folder: Path) -> set[str]:
    return {path.parent.parent.name for path in folder.glob(f"artifacts/*/*/{store.NAME}")}


def executions(log: Path) -> Counter[str]:
    return Counter(line.split()[0] for line in log.read_text().splitlines())


def of(name: str, *todo: Node) -> list[Node]:
    """The nodes with keys of their own: a cluster that lives on remembers those of other tests."""
    keys = {one.key: hashing.digest([name, one.key]) for one in todo}
    inputs = [{role: keys[one] for role, one in node.inputs.items()} for node in todo]
    return [replace(one, key=keys[one.key], inputs=roles) for one, roles in zip(todo, inputs, strict=True)]


@pytest.mark.parametrize(
    ("place", "owned", "here"),
    [
        (Place(), True, []),
        (Place(Toolchain(python="/opt/sdk/bin/python")), True, ["optimize", "compile"]),
        (Place(device=Ssh("pi", None, None, None, "python3")), True, ["optimize", "compile"]),
        (Place(device=Local()), True, []),  # the worker that owns this machine's place makes it
        (Place(device=Local()), False, ["optimize", "compile"]),
    ],
)
def test_what_only_this_machine_reaches_is_made_here_and_so_is_what_follows(
    place: Place, owned: bool, here: list[str]
) -> None:
    todo = [node("data"), replace(node("optimize", "data"), place=place), node("compile", "optimize")]
    _, away, last = schedule._shared_out(todo, owned)
    assert [one.step for one in last] == here
    assert [one.step for one in away] == [one.step for one in todo if one.step not in here]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return tmp_path / "project"


def test_artifacts_travel_between_workers_and_what_records_need_to_the_command(
    three: Cluster, project: Path, tmp_path: Path
) -> None:
    (tmp_path / "meet").mkdir()
    meet, log = str(tmp_path / "meet"), tmp_path / "log"
    todo = of(
        "travel",
        node("data", log=str(log)),
        node("train", "data", log=str(log), meet=meet),
        node("export", "data", log=str(log), meet=meet),
        node("compile", "train", "export", log=str(log)),
    )
    told = Told()
    came = perform(three, todo, project, told)
    assert text(came[todo[3].key]) == "dataexportdatatraincompile"
    assert steps(project) == {"data", "export", "compile"}
    holders = {
        step: [name for name in ("w0", "w1", "w2") if step in steps(three.folder / name)] for step in steps(project)
    }
    assert len(holders["compile"]) == 1
    assert executions(log) == {"data": 1, "train": 1, "export": 1, "compile": 1}
    assert Counter(told.ended)["compile", "done"] == 1

    shutil.rmtree(project / "artifacts")
    told = Told()
    again = perform(three, todo, project, told)
    assert text(again[todo[3].key]) == "dataexportdatatraincompile"
    assert executions(log) == {"data": 1, "train": 1, "export": 1, "compile": 1}
    assert set(told.ended) == {(step, "there") for step in ("data", "train", "export", "compile")}


def test_what_the_command_has_is_sent_and_what_reads_its_files_is_made_there(
    three: Cluster, project: Path, tmp_path: Path
) -> None:
    mine = tmp_path / "mine.onnx"
    mine.touch()
    files = {str(mine): hashing.file_hash(mine)}
    first, second, third = of("sent", node("data"), node("export", files=files), node("compile", "data", "export"))
    there = inline.make_steps([first], {}, project, LIMITS, Told())
    came = perform(three, [second, third], project, Told(), there)
    assert text(came[third.key]) == "dataexportcompile"
    assert isinstance(came[second.key], Artifact)
    made = came[second.key]
    assert isinstance(made, Artifact)
    assert made.folder == store.place(project, "export", second.key)


def test_an_error_comes_back_and_what_needs_the_step_is_skipped(three: Cluster, project: Path) -> None:
    told = Told()
    data, export, other = of("error", node("data", fail="no such thing"), node("export", "data"), node("compile"))
    came = perform(three, [data, export, other], project, told)
    assert "no such thing" in str(came[data.key])
    assert isinstance(came[export.key], RunnerError)
    assert text(came[other.key]) == "compile"
    assert ("export", "skipped") in told.ended


def test_an_artifact_that_goes_with_its_machine_is_told_as_lost(bare: Cluster, project: Path) -> None:
    bare.worker("w0")
    (data,) = of("lost", node("data"))
    perform(bare, [data], project, Told())
    with schedule.connected(bare.schedule(), Told().warn) as client:
        held = schedule._artifacts_held(client, [("data", data.key)])[data.key]
    shutil.rmtree(project / "artifacts")
    bare.kill("w0")
    bare.worker("w1")
    with schedule.connected(bare.schedule(), Told().warn) as client:
        client.wait_for_workers(1)
        gone = schedule._fetched(client, held, project)
    assert isinstance(gone, StepFailed)
    assert "has gone" in gone.reason
    assert text(perform(bare, [data], project, Told())[data.key]) == "data"


def test_a_step_whose_worker_is_killed_runs_on_another(bare: Cluster, project: Path, tmp_path: Path) -> None:
    for name in ("w0", "w1"):
        bare.worker(name)
    log = tmp_path / "log"
    told = Told()
    (data,) = of("killed", node("data", kill="parent", mark=str(tmp_path / "mark"), log=str(log)))
    came = perform(bare, [data], project, told)
    assert text(came[data.key]) == "data"
    assert executions(log) == {"data": 2}
    assert told.warned[-1] == "data data: its Dask worker died; it is begun again."


def test_a_worker_with_another_runner_is_refused(bare: Cluster, project: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(REPOSITORY / "runner", other / "runner", ignore=shutil.ignore_patterns("__pycache__"))
    (other / "runner" / "execution" / "graph_executor.py").write_text("# changed\n")
    bare.worker("w0", source=other)
    with pytest.raises(Unavailable) as caught:
        perform(bare, of("other", node("data")), project, Told())
    assert "has runner 0.1.0 (source" in caught.value.reason
    assert caught.value.next_step == "Install the same runner on both ends."


def test_no_scheduler_is_told_as_unavailable(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule, "SECONDS", "0.5s")
    with pytest.raises(Unavailable, match=r"schedule\.address=tcp://127\.0\.0\.1:1: no Dask scheduler answers"):
        schedule.make_steps(
            [node("data")], {}, project, LIMITS, Told(), Settings("tcp://127.0.0.1:1", None, 3, {}, True)
        )


def test_a_scheduler_that_goes_away_ends_the_steps(bare: Cluster, project: Path) -> None:
    bare.worker("w0")

    class Killing(Told):
        def begin(self, item: str) -> None:
            bare.kill("scheduler")

    with pytest.raises(StepFailed, match="The Dask scheduler has gone"):
        perform(bare, of("gone", node("data", seconds=5.0)), project, Killing())


@pytest.mark.slow
def test_a_cell_is_measured_where_the_device_is_and_its_record_comes_back(
    three: Cluster, command: Command, tmp_path: Path
) -> None:
    words = ("model=gru", "model.hidden=4", "data=mackey_glass", "data.rows=500", "precision=fp32", "baseline=none")
    done = command("--json", *three.words(), *words, *QUICK)
    assert done.code == 0, done.err
    record = tmp_path / "records" / done.json["record_id"]
    assert {"record.json", "samples.npz"} <= {path.name for path in record.iterdir()}
    assert done.json["metrics"]["latency/p50_ms"] > 0
    assert done.json["warnings"][0].startswith("schedule.insecure=true: whoever reached a port of tcp://127.0.0.1")
    assert "compile" in steps(three.folder / "w2")
    assert not (three.folder / "w2" / "records").exists()
    assert "Traceback" not in done.err
    again = command("--json", *three.words(), *words, *QUICK)
    assert again.json["keys"] == done.json["keys"]
    assert "train gru …" not in again.err


def test_the_owner_of_the_device_is_found(three: Cluster) -> None:
    from distributed import Client

    with schedule.connected(three.schedule(), Told().warn) as client:
        assert isinstance(client, Client)
        client.wait_for_workers(3)
        (owner,) = schedule._owners(client)
        assert client.scheduler_info()["workers"][owner]["name"] == "w2"


# --- with certificates ---


@pytest.fixture
def closed(tmp_path: Path) -> Iterator[Cluster]:
    """A scheduler that asks for certificates, and two workers that show theirs."""
    with cluster_in(tmp_path / "closed", certificates(tmp_path / "ours")) as cluster:
        for name in ("w0", "w1"):
            cluster.worker(name)
        yield cluster


def test_a_cluster_with_certificates_does_the_work_and_turns_strangers_away(
    closed: Cluster, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "meet").mkdir()
    todo = of(
        "closed",
        node("train", meet=str(tmp_path / "meet")),
        node("export", meet=str(tmp_path / "meet")),
        node("compile", "train", "export"),
    )
    assert text(perform(closed, todo, project, Told())[todo[2].key]) == "exporttraincompile"

    monkeypatch.setattr(schedule, "SECONDS", "2s")
    keyless = replace(closed.schedule(), address=closed.address.replace("tls", "tcp", 1), insecure=True)
    others = certificates(tmp_path / "theirs")
    trusting_us = {**others, "ca": closed.tls["ca"]}
    for stranger in (keyless, replace(closed.schedule(), tls=others), replace(closed.schedule(), tls=trusting_us)):
        with pytest.raises(Unavailable, match="no Dask scheduler answers"):
            schedule.make_steps(of("stranger", node("data")), {}, project, LIMITS, Told(), stranger)
    assert steps(closed.folder / "w0") | steps(closed.folder / "w1") == {"train", "export", "compile"}


def test_every_port_of_such_a_cluster_asks_for_a_certificate(closed: Cluster) -> None:
    with schedule.connected(closed.schedule(), Told().warn) as client:
        client.wait_for_workers(2)
        addresses = [closed.address, *client.scheduler_info()["workers"]]
    trusting = ssl.create_default_context(cafile=closed.tls["ca"])
    trusting.check_hostname = False
    for address in addresses:
        host, _, port = address.removeprefix("tls://").rpartition(":")
        with socket.create_connection((host, int(port)), 10) as plain, pytest.raises((ssl.SSLError, ConnectionError)):
            stranger = trusting.wrap_socket(plain)
            stranger.sendall(bytes(64))
            assert stranger.recv(1)
