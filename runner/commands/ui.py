"""`python -m runner ui`: MLflow's UI on this project's store, with the address of the comparison view."""

from __future__ import annotations

import argparse
import contextlib
import errno
import ipaddress
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from runner.commands.cli_parser import parser
from runner.commands.console import warn
from runner.core import extras, process_start, project_paths
from runner.core.errors import SpecError, StepFailed, Unavailable
from runner.worker import orphan_reaper, usage_reports

HOST, PORT = "127.0.0.1", 5000
ALLOWED_HOSTS = "MLFLOW_SERVER_ALLOWED_HOSTS"
PAGES = 50  # of the newest records: each takes some 50 ms
START_SECONDS, STOP_SECONDS = 120.0, 10.0


def main(argv: list[str]) -> int:
    """Serve until Ctrl-C. Where MLFLOW_TRACKING_URI names a server, print its address: it needs no UI of ours."""
    options = _options(argv)
    from runner.report.views import record_to_mlflow
    from runner.tracking import mlflow_runs, mlflow_store, mlflow_view

    root = project_paths.home(project_paths.root())
    served = mlflow_store.uri(root).startswith("http")
    if not served:
        extras.demand("python -m runner ui", ("mlflow",), ", or look at the records: python -m runner compare")
    mlflow_runs.sync(root, warn)
    record_to_mlflow.send_pages(root, options.sweep, newest=PAGES)
    if served:
        address = mlflow_view.page(root, mlflow_store.uri(root).rstrip("/"), options.sweep)
        _say(mlflow_store.without_password(address), options.json)
        return 0
    port = _free_port(options.host, options.port)
    _check_reachable(options.host, port)
    address = mlflow_view.address(root, options.host, port, options.sweep)
    with _server(root, mlflow_store.uri(root), options.host, port) as server:
        _say(address, options.json)
        return _until_stopped(server)


def _options(argv: list[str]) -> argparse.Namespace:
    arguments = parser("ui", "MLflow's UI on this project's store. Ctrl-C ends it.")
    arguments.add_argument("--host", default=HOST, help=f"an address of this machine alone (default {HOST})")
    arguments.add_argument("--port", type=int, help=f"default {PORT}, or the next free one")
    arguments.add_argument("--sweep", help="show one sweep only")
    arguments.add_argument("--json", action="store_true", help="the address as one JSON document on standard output")
    options = arguments.parse_args(argv)
    _check_host(options.host)
    if options.port is not None and not 1 <= options.port <= 65535:
        raise SpecError(f"--port {options.port}: out of range.", "A port is a number from 1 to 65535.")
    return options


def _check_host(host: str) -> None:
    """Raises SpecError for an address that others reach: MLflow's server asks nobody for a password."""
    loopback = host == "localhost"
    with contextlib.suppress(ValueError):  # a name: whom it means is not looked up
        loopback = ipaddress.ip_address(host).is_loopback
    if not loopback:
        raise SpecError(
            f"--host {host}: others could read and change your runs there.",
            f"Leave --host out; for others put a proxy that asks for a password before {HOST} (docs/ports.md), "
            f"or from your own machine: ssh -L {PORT}:{HOST}:{PORT} THIS_MACHINE",
        )


def _say(address: str, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"schema": 1, "address": address}, indent=1), flush=True)
        return
    print(f"Comparison: {address}", flush=True)


def _free_port(host: str, wanted: int | None) -> int:
    """The wanted port, or from 5000 on the first that is free. Raises SpecError for a wanted one that is taken."""
    if wanted is not None:
        if not _is_free(host, wanted):
            raise SpecError(f"--port {wanted} is taken on {host}.", "Leave --port out, and a free one is found.")
        return wanted
    free = next((port for port in range(PORT, PORT + 100) if _is_free(host, port)), None)
    if free is None:
        raise SpecError(f"No free port on {host} from {PORT} to {PORT + 99}.", "Choose one: --port 8080")
    if free != PORT:
        print(f"Port {PORT} is taken; using {free}.", file=sys.stderr)
    return free


def _check_reachable(host: str, port: int) -> None:
    """Raises Unavailable where this machine can't reach itself: a container without a network may have no loopback."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        error = probe.connect_ex((host, port))
    if error in (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN):
        raise Unavailable(f"{host} can't be reached: the loopback interface is down.", "sudo ip link set lo up")


def _is_free(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except socket.gaierror:
            raise SpecError(f"--host {host}: no such host.", f"Use {HOST}.") from None
        except OSError as error:
            if error.errno == errno.EADDRNOTAVAIL:
                raise SpecError(f"--host {host} is no address of this machine.", f"Use {HOST}.") from None
            return False
    return True


@contextmanager
def _server(root: Path, uri: str, host: str, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """MLflow's server, answering; stopped with all that it started when the block ends."""
    log = root / "mlruns" / "ui.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    command = process_start.command("mlflow", "server", "--host", host, "--port", str(port), "--workers", "1")
    artifacts = (root / "mlruns" / "artifacts").as_uri()
    command += ["--backend-store-uri", uri, "--default-artifact-root", artifacts, "--artifacts-destination", artifacts]
    # MLflow starts further Pythons with -m, and Uvicorn imports modules of its working folder: in / nobody leaves any.
    apart = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "PYTHONSAFEPATH": "1"}
    quiet = {**usage_reports.SWITCHES, **apart}
    with log.open("wb") as out, _stop_signals():
        # In a session of its own: Ctrl-C comes to us alone, and one signal reaches all its processes.
        # By its mark the keeper finds them where we are killed.
        env = {ALLOWED_HOSTS: _called(host), **os.environ, **quiet, **orphan_reaper.mark("ui")}
        server = subprocess.Popen(command, stdout=out, stderr=out, env=env, cwd="/", start_new_session=True)
        try:
            _wait_until_up(server, host, port, log)
            yield server
        finally:
            _stop(server)


def _called(host: str) -> str:
    """What a browser may call the server, with any port, for a tunnel's. MLflow's own list has `10.*`: that takes
    10.somebodys.example for an address of a private network, and so a foreign page reads the runs."""
    from runner.tracking.mlflow_view import browsable

    names = sorted({"localhost", HOST, browsable(host)})
    return ",".join([*names, *(f"{name.replace('[', '[[]')}:*" for name in names)])


@contextmanager
def _stop_signals() -> Iterator[None]:
    """Being terminated ends the block as Ctrl-C does, and Ctrl-C ends it where a shell's `&` has turned it off too."""

    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _wait_until_up(server: subprocess.Popen[bytes], host: str, port: int, log: Path) -> None:
    from runner.tracking.mlflow_view import browsable

    deadline = time.monotonic() + START_SECONDS
    url = f"http://{browsable(host)}:{port}/health"
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # http_proxy= is for other machines
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise StepFailed(f"MLflow's server ended with code {server.returncode}.", f"Read {log}.")
        with contextlib.suppress(urllib.error.URLError, OSError), direct.open(url, timeout=5):
            return
        time.sleep(0.2)
    raise StepFailed(f"MLflow's server didn't answer within {START_SECONDS:g} s.", f"Read {log}.")


def _until_stopped(server: subprocess.Popen[bytes]) -> int:
    print("Ctrl-C ends it.", file=sys.stderr, flush=True)
    try:
        code = server.wait()
    except KeyboardInterrupt:
        return 0
    raise StepFailed(f"MLflow's server ended with code {code}.", "Start it again; mlruns/ui.log says more.")


def _stop(server: subprocess.Popen[bytes]) -> None:
    """End the server's whole session: politely, then not."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(STOP_SECONDS)
            if number == signal.SIGKILL or not _group_lives(server.pid):
                return


def _group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
