"""A worker on this machine: a fresh Python process, asked over a pipe."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import select
import signal
import site
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from runner.core import process_start
from runner.core.errors import (
    BY_STATUS,
    OddAnswer,
    RunnerError,
    SpecError,
    StepFailed,
    StepTimeout,
    Unavailable,
    WorkerLost,
)
from runner.transport import answers, lines, worker_log
from runner.transport.answers import Odd, Request
from runner.transport.worker_log import WorkerLog
from runner.worker import memory_use, orphan_reaper, variables
from runner.worker.json_lines import INCOMPLETE, OUT_OF_MEMORY, ran_out

CLOSE_SECONDS = 5.0
TIMED = ("warmup", "burst", "repeats")  # while a worker does these, the runner sleeps whatever happens
# Signals that no fault of the worker's own raises: somebody sent them.
FROM_OUTSIDE = (signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT)
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")

OnProgress = Callable[[int, int, str], None]
Carried = Callable[[int, str], int]  # from the exit code of the process here, and the request, to the worker's own


def _itself(code: int, do: str) -> int:
    """The process here is the worker."""
    return code


class WorkerTraceback(Exception):
    """The traceback of the worker's own exception, as text: the cause of what `ask` raises."""

    def __str__(self) -> str:
        return f"\n{self.args[0]}"


numbers = itertools.count()  # of the workers and connections of this process


def open_worker(
    log: Path,
    *,
    name: str,
    threads: int | None = None,
    env: Mapping[str, str] | None = None,
    memory_mb: float | None = None,
) -> Worker:
    """Starts a worker whose libraries print to `log` (appended; its folder is made).

    `name` is for messages and process listings. `threads` limits the thread pools that read OMP_NUM_THREADS and
    its like when they are imported; None leaves them alone. `env` is added to what a worker gets of this process's
    environment (`runner/worker/variables.py`).
    `memory_mb` is the most that it and all that it starts may hold (`runner/worker/memory_use.py`).
    The worker dies with the *thread* that calls this (prctl(2), PR_SET_PDEATHSIG): let that thread live on. What it
    started ends with it, or at the latest with this process (`runner/worker/orphan_reaper.py`).
    """
    memory_use.check_watchable(memory_mb)
    archive = getattr(globals().get("__loader__"), "archive", None)  # the zipapp, where this runs out of one
    itself = [sys.executable, archive, "worker"] if archive else process_start.command("runner.worker")
    command = [*itself, "--name", name]
    return start(command, log, name=name, env=environment(threads, env or {}), memory_mb=memory_mb)


def start(
    command: Sequence[str],
    log: Path,
    *,
    name: str,
    env: Mapping[str, str],
    memory_mb: float | None,
    carried: Carried | None = None,
) -> Worker:
    """A worker that `command` starts, or reaches; all of `env` is its environment. The rest is as in `open_worker`,
    `carried` as in `Worker`."""
    log = log.absolute()
    mark = orphan_reaper.mark(next(numbers))
    log.parent.mkdir(parents=True, exist_ok=True)
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**env, **mark},
        # Its own session: Ctrl-C goes to the runner alone, and a kill takes what the worker started along.
        start_new_session=True,
    )
    return Worker(process, name, log, mark[orphan_reaper.MARK], memory_mb, carried or _itself)


def environment(threads: int | None, extra: Mapping[str, str]) -> dict[str, str]:
    """The environment in which a fresh Python finds the same `runner`, its thread pools limited."""
    env = {**variables.passed(os.environ), **extra}
    if threads is not None:
        env.update(dict.fromkeys(THREAD_VARIABLES, str(threads)))
    root = str(Path(__file__).parents[2])
    if root not in site.getsitepackages():
        # Run from its source folder and not installed: the worker must find the same `runner`.
        env["PYTHONPATH"] = os.pathsep.join(filter(None, [*env.get("PYTHONPATH", "").split(os.pathsep), root]))
    return env


class Worker:
    """A live worker process. One request at a time; close it, or use it in a `with`."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        name: str,
        log: Path,
        mark: str,
        memory_mb: float | None,
        carried: Carried = _itself,
    ) -> None:
        """`process` is the worker, or what carries its requests elsewhere; of that, `carried` reads the exit code. It
        raises where the connection was lost. All three of its streams are pipes."""
        assert process.stdin and process.stdout and process.stderr
        self.name = name
        self.log = log
        self.pid = process.pid
        self._process = process
        self._mark = mark
        self._memory_mb = memory_mb
        self._carried = carried
        self._looked = time.monotonic()
        self._kills = memory_use.kills()
        self._sent = 0
        self._busy = False
        self._lines = lines.Lines(process.stdout.fileno())
        self._log_start = 0
        self._printed = WorkerLog(process.stderr, log)
        self._poll = select.poll()
        self._poll.register(process.stdout, select.POLLIN)

    def ask(self, do: str, *, timeout: float, on_progress: OnProgress | None = None, **request: Any) -> Any:
        """The worker's answer to `do` (JSON types); sleeps meanwhile.

        Raises what the worker raised (RunnerError classes as they are, anything else as StepFailed),
        StepFailed where it died (WorkerLost where that was from outside), held more memory than it may or answered
        what can't be (`answers.py`), StepTimeout after `timeout` seconds; the last three kill it.
        """
        self._sent += 1
        begun = time.monotonic()
        self._log_start = worker_log.size(self.log)
        self._lines.received = 0
        self._busy = True
        self._send({"id": self._sent, "do": do, **request}, do, begun, timeout)
        while True:
            message = self._next_message(do, begun, timeout, request)
            if "progress" in message:
                if on_progress is not None:
                    progress = message["progress"]
                    on_progress(progress["done"], progress["total"], progress["note"])
                continue
            self._busy = False
            if "error" in message:
                trace = _cut(message["error"]["traceback"], answers.TRACEBACK)
                raise self._raised(message["error"], do) from WorkerTraceback(trace)
            self._check(do, message["answer"], request)
            self._check_memory(do, memory_use.QUIET_SECONDS if do in TIMED else 0.0)
            return message["answer"]

    def _send(self, request: dict[str, Any], do: str, begun: float, timeout: float) -> None:
        assert self._process.stdin is not None
        data = json.dumps(request, default=os.fspath).encode() + b"\n"
        try:
            taken = lines.write(self._process.stdin.fileno(), data, begun + timeout)
        except BrokenPipeError:
            raise self._died(do) from None
        if not taken:
            raise self._late(do, timeout)

    def _next_message(self, do: str, begun: float, timeout: float, request: Request) -> Mapping[str, Any]:
        """The next message that belongs to the request in hand."""
        while True:
            line = self._next_line(do, begun, timeout, request)
            try:
                message = answers.message(answers.tree(line))
                if message["id"] > self._sent:
                    raise Odd(f"is to request {message['id']}, which was never asked")
            except Odd as error:
                raise self._odd(do, error) from None
            if message["id"] == self._sent:
                return message

    def _next_line(self, do: str, begun: float, timeout: float, request: Request) -> bytes:
        while (line := self._lines.take()) is None:
            self._wait(do, begun + timeout, timeout)
            if not self._lines.read():
                raise self._died(do)
            seconds = min(time.monotonic() - begun, timeout)
            if self._lines.received > answers.most_bytes(do, request) + answers.BYTES_A_SECOND * seconds:
                raise self._odd(do, Odd("is endless"))
        return line

    def _check(self, do: str, answer: Any, request: Request) -> None:
        try:
            answers.check(do, answer, request)
        except Odd as error:
            raise self._odd(do, error) from None

    def _odd(self, do: str, error: Odd) -> OddAnswer:
        """What it said is not believed, and nor is what it would say next."""
        self._kill()
        whose = "the worker's" if self._carried is _itself else "the device's"
        return OddAnswer(f"{self.name}: {whose} answer to `{do}` can't be right: {error}.", f"Read {self.log}.")

    def _wait(self, do: str, deadline: float, timeout: float) -> None:
        """Sleeps until there is something to read; wakes up now and then to look at the memory of what isn't timed."""
        while not self._poll.poll(1000 * self._nap(do, deadline)):
            if time.monotonic() >= deadline:
                raise self._late(do, timeout)
            self._check_memory(do, memory_use.LOOK_SECONDS)

    def _late(self, do: str, timeout: float) -> StepTimeout:
        self._kill()
        return StepTimeout(
            f"{self.name}: `{do}` took longer than {timeout:g} s and was stopped.{self._last_words()}",
            f"Allow more time (limits.step_s, limits.answer_s), or read {self.log}.",
        )

    def _nap(self, do: str, deadline: float) -> float:
        left = max(0.0, deadline - time.monotonic())
        return left if self._memory_mb is None or do in TIMED else min(left, memory_use.LOOK_SECONDS)

    def _check_memory(self, do: str, seconds: float) -> None:
        """Kills the worker where it holds more than it may; looks where it last did so `seconds` ago."""
        if self._memory_mb is None or time.monotonic() - self._looked < seconds:
            return
        self._looked = time.monotonic()
        held = memory_use.of_tree(self.pid)
        if held > self._memory_mb:
            self._kill()
            raise StepFailed(
                f"out of memory: {self.name} held {held:.0f} MB in `{do}`, limits.memory_mb={self._memory_mb:g}.",
                "Allow more (limits.memory_mb), or make the model, its batch or its inputs smaller.",
            )

    def _died(self, do: str) -> RunnerError:
        try:
            code = self._process.wait(CLOSE_SECONDS)
        except subprocess.TimeoutExpired:
            self._kill()
            return WorkerLost(f"{self.name}: the worker closed its output during `{do}`.", f"Read {self.log}.")
        self._kill()  # what it started
        code = self._carried(code, do)
        here = self._carried is _itself  # of another machine's memory this one's kernel knows nothing
        if here and code == -signal.SIGKILL and (blame := memory_use.blame(self._kills, memory_use.kills())):
            return self._killed_for_memory(blame, do)
        if code < 0 and ran_out(self._logged()):
            return StepFailed(f"out of memory: {self.name} in `{do}`.{self._last_words()}", OUT_OF_MEMORY)
        kind = WorkerLost if -code in FROM_OUTSIDE else StepFailed
        return kind(f"{self.name}: {_ended(code)} while it did `{do}`.{self._last_words()}", f"Read {self.log}.")

    def _killed_for_memory(self, blame: str, do: str) -> StepFailed:
        if blame == "known":
            return StepFailed(f"out of memory: the kernel killed {self.name} in `{do}`.", OUT_OF_MEMORY)
        said = f"{self.name}: {_ended(-signal.SIGKILL)} while it did `{do}`; perhaps out of memory."
        return StepFailed(said, f"{OUT_OF_MEMORY} The system's log knows: dmesg")

    def _raised(self, error: Mapping[str, str], do: str) -> Exception:
        kind = BY_STATUS.get(error["status"], StepFailed)
        here = self._carried is _itself
        if kind in (SpecError, Unavailable) and not here:
            kind = StepFailed  # a spec is judged here, and so is whether a device can be had: it answers
        told, advice = (_cut(error[part], answers.REASON) for part in ("reason", "next_step"))
        known = here and advice != INCOMPLETE and (bool(advice) or kind is not StepFailed)
        reason = told if known else f"{self.name}: {told} (in `{do}`)"
        if advice and not here:
            advice = f"The device advises: {advice}"  # what is typed is for the reader to judge
        return kind(reason, advice or f"Read {self.log}.")

    def _last_words(self) -> str:
        """What was logged last since the request was sent, without the interpreter's own dump of a crash."""
        text = self._logged().split("Fatal Python error", 1)[0]
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        return f" Its last words: {lines[-1][:200]}" if lines else ""

    def _logged(self) -> str:
        """What was logged since the request was sent."""
        return worker_log.tail(self.log, self._log_start)

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    @contextlib.contextmanager
    def still(self) -> Iterator[None]:
        """The worker takes no processor time inside, and nor does what it started."""
        self._signal(signal.SIGSTOP)
        with contextlib.suppress(ChildProcessError):  # it has ended, and was waited for
            os.waitid(os.P_PID, self.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)  # a busy machine may take a while
        try:
            yield
        finally:
            self._signal(signal.SIGCONT)

    def leave(self) -> None:
        """Tell the worker to end, at once where it is busy; `close` waits for that. Several end together so."""
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
        if self._busy:
            self._signal(signal.SIGKILL)

    def stop(self) -> None:
        """Ends the worker at once: for one that has nothing left to finish."""
        self.interrupt()
        self.close()

    def interrupt(self) -> None:
        """As `leave`, at once whatever it does."""
        self._busy = True
        self.leave()

    def close(self) -> None:
        """Ends the worker: at once where it is busy, else by closing its input."""
        self.leave()
        if not self._busy:
            _await_end(self._process, CLOSE_SECONDS)
        self._kill()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def _kill(self) -> None:
        """Kills the worker and what it started, wherever that went; a no-op on what has gone."""
        self._signal(signal.SIGKILL)
        self._process.wait()
        orphan_reaper.kill_marked(self._mark)
        self._printed.close()
        self._busy = False

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _await_end(process: subprocess.Popen[bytes], seconds: float) -> None:
    """Returns when `process` has ended, or after `seconds`. The kernel says it at once (pidfd_open(2)); Popen.wait
    looks after 1, 2, 4, … ms."""
    try:
        descriptor = os.pidfd_open(process.pid)
    except (AttributeError, OSError):  # not Linux, or an old one, or it has been waited for
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
        return
    try:
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        poll.poll(1000 * seconds)
    finally:
        os.close(descriptor)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[:longest]}…"


def _ended(code: int) -> str:
    if code < 0:
        return f"the worker was killed by {signal.Signals(-code).name}"
    if code == 0:
        return "the worker ended without an answer (exit code 0)"
    return f"the worker ended with exit code {code}"
