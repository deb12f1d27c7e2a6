"""Kills a command at a chosen point, writes down what it does, jumps its clock: from outside the runner's own code.

Python imports `sitecustomize` when it starts, and finds this one first where this folder stands in PYTHONPATH. So it is
in every process of a command: the runner and its workers. What it does is said by the environment:

- `RUNNER_CHAOS_LOG`: the file that takes a line for each step and benchmark that begins (`begin KIND KEY`), for each
  artifact and record that is there for good (`sealed KIND KEY`), and for the kill (`killed POINT`).
- `RUNNER_CHAOS_AT`, `RUNNER_CHAOS_NTH`, `RUNNER_CHAOS_HITS`, `RUNNER_CHAOS_GROUP`: at the n-th time that any
  process comes to the point, SIGKILL goes to the process group of the command. The hits are counted by the size of a
  file.
- `RUNNER_CHAOS_CLOCK`: seconds by which the wall clock is off; `jump` turns it forth and back with every look.

Points: `rename` and `record` (an artifact's and a record's) at `half` (its JSON half written), `before` and `after`
(the rename); `upsert` at `create_run`, `log_batch`, `log_artifact`, `set_terminated`; `lock` at `store`, `tracking`,
`device`, `lease` (held, right after it was got).
"""

from __future__ import annotations

import os
import signal
import sys

LOG = os.environ.get("RUNNER_CHAOS_LOG")
AT = os.environ.get("RUNNER_CHAOS_AT")
CLOCK = os.environ.get("RUNNER_CHAOS_CLOCK")
UPSERT = ("create_run", "log_batch", "log_artifact", "set_terminated")
LOCKS = {"/artifacts/.locks/": "store", "/mlruns/.lock": "tracking", "/edge-runner/locks/": "device"}


def note(*words: str) -> None:
    append(LOG, " ".join(words) + "\n")


def append(path: str, text: str) -> int:
    """Bytes of the file afterwards. One write of a line is not torn by another process's."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        os.write(descriptor, text.encode())
        return os.lseek(descriptor, 0, os.SEEK_CUR)
    finally:
        os.close(descriptor)


def reach(point: str) -> None:
    """Kill the command's group where this is the point and the time has come."""
    if point != AT or append(os.environ["RUNNER_CHAOS_HITS"], ".") != int(os.environ["RUNNER_CHAOS_NTH"]):
        return
    note("killed", point)
    os.killpg(int(os.environ["RUNNER_CHAOS_GROUP"]), signal.SIGKILL)
    while True:  # a worker is in a group of its own, and must not go on until it is killed, too
        signal.pause()


# --- points ---


def watch_files() -> None:
    """Renames into place, and the JSON that is written before them."""
    import pathlib
    import re

    rename, write_text = os.rename, pathlib.Path.write_text

    def place(path: object) -> tuple[str, str] | None:
        parts = pathlib.PurePath(os.fspath(path)).parts  # type: ignore[call-overload]
        if parts[-3:-2] == ("artifacts",) and re.fullmatch(r"[0-9a-f]{16}", parts[-1]):
            return "rename", parts[-1]
        return ("record", parts[-1]) if parts[-2:-1] == ("records",) and parts[-1][0] != "." else None

    def renamed(source: str, target: str, **options: object) -> None:
        found = place(target)
        if found:
            reach(f"{found[0]}:before")
        rename(source, target, **options)  # type: ignore[arg-type]
        if found:
            note("sealed", *(("step", found[1]) if found[0] == "rename" else ("measure", spec_key(target))))
            reach(f"{found[0]}:after")

    def written(self: pathlib.Path, data: str, *arguments: object, **options: object) -> int:
        point = {"artifact.json": "rename:half", "record.json": "record:half"}.get(self.name)
        if point == AT:
            write_text(self, data[: len(data) // 2], *arguments, **options)  # type: ignore[arg-type]
            reach(str(point))
        return write_text(self, data, *arguments, **options)  # type: ignore[arg-type]

    os.rename = renamed  # type: ignore[assignment]
    pathlib.Path.write_text = written  # type: ignore[assignment,method-assign]


def spec_key(record: str) -> str:
    import json

    with open(os.path.join(record, "record.json"), encoding="utf-8") as file:  # noqa: PTH118, PTH123
        content = json.load(file)
    return f"{content['spec_key'][:16]} {content['status']}"


def watch_locks() -> None:
    import fcntl

    flock = fcntl.flock

    def locked(descriptor: int, operation: int) -> None:
        flock(descriptor, operation)
        if operation & fcntl.LOCK_EX:
            path = os.readlink(f"/proc/self/fd/{descriptor}")  # noqa: PTH115
            kind = "lease" if "lease" in path else next((kind for part, kind in LOCKS.items() if part in path), None)
            reach(f"lock:{kind}")

    fcntl.flock = locked


# --- modules, once they are imported ---


def steps(module: object) -> None:
    step = module.step  # type: ignore[attr-defined]

    def noted(state: object, request: dict[str, str], progress: object) -> object:
        note("begin", "step", os.path.basename(request["out"]).split(".")[1])  # noqa: PTH119
        return step(state, request, progress)

    module.DO["step"] = noted  # type: ignore[attr-defined]


def benchmarks(module: object) -> None:
    drafted = module.drafted  # type: ignore[attr-defined]

    def noted(cell: object, *arguments: object, **options: object) -> object:
        note("begin", "measure", cell.candidate.spec.key[:16])  # type: ignore[attr-defined]
        return drafted(cell, *arguments, **options)

    module.drafted = noted  # type: ignore[attr-defined]


def upserts(module: object) -> None:
    client = module.MlflowClient  # type: ignore[attr-defined]
    for name in UPSERT:
        setattr(client, name, reaching(name, getattr(client, name)))


def reaching(name: str, method: object) -> object:
    def called(*arguments: object, **options: object) -> object:
        found = method(*arguments, **options)  # type: ignore[operator]
        reach(f"upsert:{name}")
        return found

    return called


def off_clock(module: object) -> None:
    """The module's `datetime` by the clock that is off."""
    if not CLOCK:
        return
    import time

    real = module.datetime  # type: ignore[attr-defined]

    class Off(real):  # type: ignore[misc,valid-type]
        @classmethod
        def now(cls, tz: object = None) -> object:
            return real.fromtimestamp(time.time(), tz)

    module.datetime = Off  # type: ignore[attr-defined]


def turn_clock() -> None:
    import time

    real, signs = time.time, [1]

    def off() -> float:
        if CLOCK != "jump":
            return real() + float(CLOCK)
        signs[0] = -signs[0]
        return real() + signs[0] * 86400 * 400

    time.time = off


AFTER = {
    "runner.worker.handlers": steps,
    "runner.execution.record_builder": benchmarks,
    "runner.execution.record_identity": off_clock,
    "runner.results.records": off_clock,
    "mlflow.tracking.client": upserts,
}


class Finder:
    """Finds the modules of AFTER as the others do, and changes them once they are loaded."""

    @classmethod
    def find_spec(cls, name: str, path: object = None, target: object = None) -> object:
        if name not in AFTER:
            return None
        others = (finder for finder in sys.meta_path if finder is not cls)
        spec = next(found for finder in others if (found := finder.find_spec(name, path, target)))  # type: ignore
        load = spec.loader.exec_module

        def loaded(module: object) -> None:
            load(module)
            AFTER[name](module)

        spec.loader.exec_module = loaded  # type: ignore[union-attr,method-assign]
        return spec


if LOG:
    watch_files()
    watch_locks()
    sys.meta_path.insert(0, Finder)  # type: ignore[arg-type]
if CLOCK:
    turn_clock()
