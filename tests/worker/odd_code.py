"""What vendor code does to a process that loads it; imported by real workers."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import time
from typing import Any

from runner.core.errors import Unavailable, Unsupported
from runner.core.job import Job


def print_everywhere(text: str) -> str:
    """Prints from Python and from C, to standard output and error."""
    print(text, "python")
    os.write(1, (text + " c stdout\n").encode())
    os.write(2, (text + " c stderr\n").encode())
    return "printed"


def read_input() -> str:
    return sys.stdin.read()


def crash(last_words: str) -> None:
    print(last_words)
    ctypes.string_at(0)


def leave(code: int) -> None:
    os._exit(code)


def sys_exit() -> None:
    sys.exit("the vendor's tool gave up")


def sleep(seconds: float) -> str:
    time.sleep(seconds)
    return "slept"


def start_child() -> int:
    return subprocess.Popen(["sleep", "600"]).pid


def start_session() -> int:
    """A child that leaves the worker's process group."""
    return subprocess.Popen(["sleep", "600"], start_new_session=True).pid


def start_orphan() -> int:
    """A grandchild in a session of its own, whose parent has ended."""
    code = "import subprocess; print(subprocess.Popen(['sleep', '600'], start_new_session=True, stdout=2).pid)"
    return int(subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, check=True).stdout)


def hold(megabytes: int, seconds: float) -> None:
    block = b"\1" * (megabytes * 10**6)
    time.sleep(seconds)
    del block


def hold_in_a_child(megabytes: int, seconds: float) -> None:
    code = f"import time; block = b'1' * {megabytes * 10**6}; time.sleep({seconds})"
    subprocess.run([sys.executable, "-c", code], check=True)


def allocate_and_free(megabytes: int) -> None:
    block = bytearray(megabytes * 10**6)
    block[::4096] = b"\1" * len(block[::4096])
    del block


def numbers(count: int) -> list[int]:
    return list(range(count))


def environment(name: str) -> str | None:
    return os.environ.get(name)


def run(job: Job) -> dict[str, Any]:
    """A step: reports progress often, writes one file."""
    for done in range(1, 2001):
        job.progress(done, 2000, "counting")
    (job.out / "file").write_text(job.inputs["data"].joinpath("file").read_text())
    return {"asked": job.settings["asked"]}


def unavailable() -> None:
    raise Unavailable("the SDK is not installed.", "Install it.")


def without_torch() -> None:
    """As after `pip uninstall torch` in the middle of a command."""
    raise ModuleNotFoundError("No module named 'torch'", name="torch")


def unsupported() -> None:
    raise Unsupported("op Foo has no kernel.", "Use another op.")


def memory_error() -> None:
    raise MemoryError("Unable to allocate 74.5 GiB for an array with shape (100000, 100000)")


def torch_runs_out() -> None:
    import torch

    torch.empty(1 << 50)


def bad_alloc() -> None:
    """As a C++ library ends its process that does not catch its own exception."""
    abort("terminate called after throwing an instance of 'std::bad_alloc'\n  what():  std::bad_alloc")


def abort(last_words: str) -> None:
    print(last_words, file=sys.stderr, flush=True)
    os.abort()


def bug() -> None:
    raise ValueError("wrong\nsecond line")
