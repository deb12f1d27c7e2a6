"""One process of the fuzzer: cases of one kind, a line of JSON each.

`python child.py KIND FIRST STOP STEP FOLDER`. Before each case its seed is printed, after it what it came to: where the
process dies or stands still between the two, its parent knows which case it was.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import sys
from importlib import import_module
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2]))  # behind the source that is looked at

from benchmarks.fuzzing import earlier, judge

ADDRESSES = 24 << 30  # bytes of address space: what asks for more is stopped before the machine is


def main(kind: str, first: int, stop: int, step: int, folder: Path) -> None:
    """Try every `step`th seed from `first` below `stop`."""
    os.environ |= {"RUNNER_DEBUG": "1", "MLFLOW_DISABLE_TELEMETRY": "true", "COLUMNS": "100"}
    os.environ["XDG_CACHE_HOME"] = str(folder)  # where this machine's lock lies: nothing here is timed
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESSES, ADDRESSES))
    out = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    earlier.rename()
    module = import_module(f"benchmarks.fuzzing.{kind}")
    for seed in range(first, stop, step):
        print(json.dumps({"seed": seed}), file=out)
        print(json.dumps({"seed": seed, **_tried(module, seed, folder / f"{kind}-{seed}")}), file=out)


def _tried(module: object, seed: int, folder: Path) -> dict[str, object]:
    folder.mkdir(parents=True)
    os.chdir(folder)
    (folder / "runner.toml").touch()
    case = module.case(seed, folder)  # type: ignore[attr-defined]
    before = _forget_peak()
    fault = judge.outcome(case)
    if not fault and _peak_mb() - before > judge.PEAK_MB:
        fault = f"more than {judge.PEAK_MB} MB of memory"
    os.chdir("/")
    shutil.rmtree(folder, ignore_errors=True)
    return {"fault": fault, "words": list(case.words)}


def _forget_peak() -> float:
    """Resident MB now, from which the peak counts again."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return _peak_mb()


def _peak_mb() -> float:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1000


if __name__ == "__main__":
    first, stop, step = map(int, sys.argv[2:5])
    main(sys.argv[1], first, stop, step, Path(sys.argv[5]))
