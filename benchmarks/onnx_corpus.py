"""ONNX's own node cases through `model=onnx`, each with its own inputs, against a bare session on the same file.

`python benchmarks/onnx_corpus.py` takes all cases with data; `--sample 200` a part, drawn by seed; `--backend openvino`
runs them there. Right is what a bare session of that runtime answers, and exit 4 where that refuses. The cases run in
processes of their own, several to each, which are started again when one takes its process along. Exit code 1 where
a case is wrong.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.support import onnx_cases
from benchmarks.support.restarting_worker import RestartingWorker
from runner.core.errors import RunnerError

SECONDS = 120  # of one case
NEWER = "which is installed here, reads up to"


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
    with tempfile.TemporaryDirectory() as folder, RestartingWorker(Path(folder) / "log", name="onnx cases") as worker:
        return [_judged(worker, name, backend) for name in names]


def _judged(worker: RestartingWorker, name: str, backend: str) -> dict[str, str]:
    """Of one case; what ends the process is its fault alone."""
    try:
        found: dict[str, str] = worker.call(onnx_cases.__name__, "judged", timeout=SECONDS, name=name, backend=backend)
    except RunnerError as error:
        return {"name": name, "bare": "ran", "ours": "a bug", "reason": error.reason, "said": ""}
    return found


def report(found: list[dict[str, str]], backend: str) -> int:
    """Prints counts, then each wrong case; 1 where there is one."""
    ran = [one for one in found if one["bare"] == "ran"]
    refused = [one for one in found if one["bare"] == "refused"]
    read = [one for one in ran if NEWER not in one["reason"]]
    wrong = [one for one in read if one["ours"] != "equal"] + [one for one in refused if one["ours"] != "exit 4"]
    if len(read) < len(ran):
        print(f"{len(ran) - len(read)} of a version that ONNX Runtime, which makes the reference, doesn't read: exit 4")
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
