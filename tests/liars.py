"""Devices that lie: an `ssh` that runs what it is told here, and interpreters that answer what no worker does."""

from __future__ import annotations

import sys
from pathlib import Path

SSH = """
import os, socket, sys, time
words = sys.argv[1:]
if "-MNT" in words:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(words[words.index("-S") + 1])
    listener.listen(1)
    while os.getppid() != 1:
        time.sleep(0.05)
    sys.exit(0)
env = {name: value for name, value in os.environ.items() if not name.startswith("RUNNER_WORKER")}
env["XDG_CACHE_HOME"] = HOME + "/cache"
os.chdir(HOME)
os.execve("/bin/sh", ["/bin/sh", "-c", words[-1]], env)
"""
# What is asked before anything of ours is there (`runner/worker/receiver.py`).
ARRIVAL = """
import json, sys, time
def say(text, stream=sys.stdout):
    stream.write(text)
    stream.flush()
if sys.argv[1] == "-c":
    {arrival}
    sys.exit(0)
for line in sys.stdin:
    i = json.loads(line)["id"]
    {worker}
"""
THERE = 'say("edge-runner:" + json.dumps({"home": "/nowhere", "missing": []}) + "\\n")'
# A true worker, whose timed bursts are rewritten.
PROXY = """
import json, os, subprocess, sys
if sys.argv[1] == "-c":
    os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
worker = subprocess.Popen([sys.executable, *sys.argv[1:]], stdout=subprocess.PIPE)
for line in worker.stdout:
    said = json.loads(line)
    answer = said.get("answer")
    if isinstance(answer, dict) and "ns" in answer:
        answer["ns"] = [{ns}] * len(answer["ns"])
    sys.stdout.write(json.dumps(said) + "\\n")
    sys.stdout.flush()
sys.exit(worker.wait())
"""


def program(path: Path, code: str) -> Path:
    """Python `code` as a program of its own."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!{sys.executable}\n{code}")
    path.chmod(0o755)
    return path


def ssh(folder: Path) -> Path:
    """A folder with an `ssh` for PATH; the device's home is `folder/home`."""
    home = folder / "home"
    home.mkdir(parents=True)
    return program(folder / "bin" / "ssh", SSH.replace("HOME", repr(str(home)))).parent


def interpreter(folder: Path, *, arrival: str = THERE, worker: str = "pass") -> str:
    """An interpreter that does `arrival` when it is asked for files, and `worker` for each request `i`."""
    return str(program(folder / "liar.py", ARRIVAL.replace("{arrival}", arrival).replace("{worker}", worker)))


def proxy(folder: Path, ns: str) -> str:
    """An interpreter whose every iteration takes `ns`."""
    return str(program(folder / f"proxy{abs(hash(ns))}.py", PROXY.replace("{ns}", ns)))
