import errno
import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from runner.commands import ui
from runner.core.errors import SpecError, Unavailable
from tests.doors import listening
from tests.report import fixtures
from tests.report.fixtures import measured, spec
from tests.test_interrupt import alive, until
from tests.without import hide

RUN = [sys.executable, "-c", "import sys; from runner.__main__ import main; sys.exit(main(sys.argv[1:]))", "ui"]
EXPERIMENT = "/ajax-api/2.0/mlflow/experiments/get?experiment_id=1"
CALLED = ("127.0.0.1:8080", "localhost", "localhost:8080")
FOREIGN = (
    "example.com",
    "10.0.example.com:5000",
    "192.168.example.com",
    "localhost.example.com",
    "127.0.0.1.example.com",
)


def asked(site: str, **headers: str) -> int:
    """The status with which the server answers a page that calls it by another name."""
    try:
        with urllib.request.urlopen(urllib.request.Request(f"{site}{EXPERIMENT}", headers=headers)) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


@contextmanager
def served(root: Path, *arguments: str) -> Iterator["tuple[subprocess.Popen[str], str]"]:
    """The real command in a project, and the address that it printed."""
    environment = {key: value for key, value in os.environ.items() if key != "MLFLOW_TRACKING_URI"}
    environment["PYTHONPATH"] = str(Path(__file__).parents[2])
    environment["http_proxy"] = "http://127.0.0.1:9"  # where nobody is: it is not asked for this machine
    process = subprocess.Popen(
        [*RUN, *arguments, "--json"],
        cwd=root,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        # What nohup starts ignores it, and so would what that starts: these tests run there too.
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),
    )
    try:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(4)]
        yield process, json.loads("".join(lines))["address"]
    finally:
        process.terminate()
        process.wait(60)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "runner.toml").touch()
    fixtures.write(tmp_path, measured("20261121T090100-00000001", spec(), spec(), "self", 1.0))
    return tmp_path


def test_one_command_serves_the_right_store_and_ctrl_c_ends_it_cleanly(project: Path) -> None:
    with served(project) as (process, address):
        site, query = address.split("/#/")
        assert site.startswith("http://127.0.0.1:")
        assert query.startswith("experiments/1/runs?viewStateShareKey=comparison")
        with urllib.request.urlopen(f"{site}{EXPERIMENT}") as answer:
            assert json.load(answer)["experiment"]["name"] == "edge-runner"
        assert [asked(site, Host=name) for name in CALLED] == [200] * len(CALLED)
        assert [asked(site, Host=name) for name in FOREIGN] == [403] * len(FOREIGN)
        children = [one for one in psutil.Process(process.pid).children(recursive=True) if not is_keeper(one)]
        assert children
        port = int(site.rpartition(":")[2])
        assert {found.split()[0] for found in listening(process.pid)} == {f"127.0.0.1:{port}"}
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
        assert alive(children) == []
    assert sorted(path.name for path in project.iterdir()) == ["mlruns", "records", "runner.toml"]
    assert not (project / "mlruns" / "mlruns").exists()
    assert len([*(project / "mlruns").rglob("report.html")]) == 1


def test_no_module_of_the_project_is_run_by_the_server(project: Path) -> None:
    (project / "mlruns").mkdir()
    for name in ("yaml.py", "json.py", "mlruns/yaml.py", "mlruns/json.py"):
        (project / name).write_text(f"open({str(project / 'pwned')!r}, 'w'); raise ImportError")
    with served(project):
        assert not (project / "pwned").exists()


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGHUP], ids=lambda one: one.name)
def test_a_command_that_is_killed_leaves_no_server(project: Path, number: signal.Signals) -> None:
    with served(project) as (process, _):
        children = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(number)
        assert process.wait(60) == -number
        until(lambda: not alive(children), f"still running: {alive(children)}")


def is_keeper(process: psutil.Process) -> bool:
    """The process that sleeps until the command has ended, and ends after it."""
    return any("orphan_reaper" in word for word in process.cmdline())


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.com", ""])
def test_a_host_that_others_reach_is_refused(host: str) -> None:
    with pytest.raises(SpecError, match=f"--host {host}: others could read and change your runs there") as caught:
        ui._options(["--host", host])
    assert "put a proxy that asks for a password before 127.0.0.1 (docs/ports.md)" in caught.value.next_step


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_every_name_of_this_machine_alone_is_taken(host: str) -> None:
    assert ui._options(["--host", host]).host == host


def test_the_default_port_gives_way_to_the_next_free_one(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        monkeypatch.setattr(ui, "PORT", taken.getsockname()[1])
        found = ui._free_port("127.0.0.1", None)
    assert found > ui.PORT
    assert capsys.readouterr().err == f"Port {ui.PORT} is taken; using {found}.\n"


def test_a_port_that_was_asked_for_is_not_exchanged() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SpecError, match=f"--port {port} is taken on 127.0.0.1"):
            ui._free_port("127.0.0.1", port)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--port", "70000"], "--port 70000: out of range"),
        (["--port", "x"], "invalid int value: 'x'"),
        (["extra"], "unrecognized arguments: extra"),
    ],
)
def test_wrong_arguments(arguments: list[str], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        ui._options(arguments)


def test_without_mlflows_pages_it_says_how_to_get_them(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    hide(monkeypatch, "mlflow")
    with pytest.raises(Unavailable, match="python -m runner ui: mlflow is not installed here") as told:
        ui.main([])
    assert told.value.next_step == "pip install 'edge-runner[ui]', or look at the records: python -m runner compare"
    assert not (project / "mlruns").exists()


def test_a_host_that_is_not_ours() -> None:
    with pytest.raises(SpecError, match=r"--host 192\.0\.2\.1 is no address of this machine"):
        ui._free_port("192.0.2.1", 5000)


def test_a_machine_that_can_not_reach_itself_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket.socket, "connect_ex", lambda probe, address: errno.ENETUNREACH, raising=False)
    with pytest.raises(Unavailable, match="the loopback interface is down"):
        ui._check_reachable("127.0.0.1", 5000)


def test_a_port_where_nobody_listens_yet_is_reachable() -> None:
    ui._check_reachable("127.0.0.1", ui._free_port("127.0.0.1", None))
