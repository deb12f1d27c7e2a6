"""ONNX's own node cases through `model=onnx`, each with its own inputs, against a bare session on the same file.

`python benchmarks/onnx_corpus.py` takes all cases with data; `--sample 200` a part, drawn by seed; `--backend openvino`
runs them there. Right is what a bare ONNX Runtime session answers, and exit 4 where that refuses. The cases run in
processes of their own, several to each, which are started again when one takes its process along. Exit code 1 where
a case is wrong.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.support import onnx_cases

ROOT = Path(__file__).parents[1]
SECONDS = 120  # of one case
CHILD = (
    "import sys; sys.path.insert(0, sys.argv[1]); from benchmarks.support import onnx_cases as c; c.serve(sys.argv[2])"
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=int, default=None, help="so many cases, drawn by seed")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--backend", default="onnxruntime", choices=sorted(onnx_cases.BACKEND))
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("names", nargs="*", help="these cases alone")
    asked = parser.parse_args()
    names = asked.names or chosen(asked.sample, asked.seed)
    parts = [names[start :: asked.processes] for start in range(asked.processes)]
    with ThreadPoolExecutor(asked.processes) as threads:
        found = [one for part in threads.map(lambda part: through(part, asked.backend), parts) for one in part]
    return report(found, asked.backend)


def chosen(sample: int | None, seed: int) -> list[str]:
    """Names of cases, in order."""
    every = sorted(onnx_cases.cases())
    return every if sample is None else sorted(random.Random(seed).sample(every, sample))


def through(names: list[str], backend: str) -> list[dict[str, str]]:
    """What was judged of each case, by one process at a time."""
    found: list[dict[str, str]] = []
    while len(found) < len(names):
        found += _by_one_process(names[len(found) :], backend)
    return found


def _by_one_process(names: list[str], backend: str) -> list[dict[str, str]]:
    """As far as one process gets; the case that ended it is told so."""
    command = [sys.executable, "-W", "ignore", "-c", CHILD, str(ROOT), backend]
    found: list[dict[str, str]] = []
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True) as child:
        assert child.stdin, "a pipe was asked for"
        assert child.stdout, "a pipe was asked for"
        for name in names:
            child.stdin.write(f"{name}\n")
            child.stdin.flush()
            line = _line(child)
            if not line:
                child.kill()
                said = "the process died or hung"
                return [*found, {"name": name, "bare": "ran", "ours": "a bug", "reason": said, "said": ""}]
            found.append(json.loads(line))
        child.stdin.close()
    return found


def _line(child: subprocess.Popen[str]) -> str:
    """The next answer, "" where none comes."""
    assert child.stdout, "a pipe was asked for"
    with ThreadPoolExecutor(1) as thread:
        waiting = thread.submit(child.stdout.readline)
        try:
            return waiting.result(SECONDS)
        except TimeoutError:
            child.kill()  # ends the readline, too
            return ""


def report(found: list[dict[str, str]], backend: str) -> int:
    """Prints counts, then each wrong case; 1 where there is one."""
    ran = [one for one in found if one["bare"] == "ran"]
    refused = [one for one in found if one["bare"] == "refused"]
    # What OpenVINO can't do, it says: that is right as well.
    right = ("equal",) if backend == "onnxruntime" else ("equal", "exit 4")
    wrong = [one for one in ran if one["ours"] not in right] + [
        one for one in refused if one["ours"] != "exit 4" and backend == "onnxruntime"
    ]
    print(f"{len(found)} cases, backend={backend}")
    print(f"a bare session runs {len(ran)}: {_counts(ran)}")
    print(f"a bare session refuses {len(refused)}: {_counts(refused)}")
    for one in wrong:
        print(f"  {one['name']}: {one['reason'] or one['ours']}" + (f" [bare: {one['said']}]" if one["said"] else ""))
    print("reached: every case" if not wrong else f"missed: {len(wrong)} cases are wrong")
    return 1 if wrong else 0


def _counts(found: list[dict[str, str]]) -> str:
    return ", ".join(f"{count} {ending}" for ending, count in Counter(one["ours"] for one in found).most_common())


if __name__ == "__main__":
    sys.exit(main())
