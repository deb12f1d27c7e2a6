"""Random words, YAML, ONNX, CSV, NPZ, records and device answers, looked at for what no input may bring about.

`python benchmarks/fuzz.py [--count 2000] [--first 0] [--commands 200] [--kinds words,npz_files] [--jobs 2]
[--minutes 20] [--commit 8a3e780]`. A fault is an exception that no user can mend ("a bug of the runner"), a process
that dies or stands still, memory without bound, an error of more than two lines or with characters that act on a
terminal, a wrong value read from a sound file, a time that can't be. The same seed is the same case, whatever the
source. `--commit` looks at an earlier commit, whose faults are known. `--minutes` is for all kinds together.
Prints each distinct fault with its first seed; exit code 1 where there is one.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.fuzzing import driver, template
from benchmarks.fuzzing.driver import Found

REPOSITORY = Path(__file__).resolve().parents[1]
KINDS = ("words", "yaml_files", "onnx_files", "csv_files", "npz_files", "record_folders", "answers")


def main() -> int:
    """Try all kinds and say what was found."""
    chosen = _arguments()
    with _tree(chosen.commit) as tree, tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        template.make(Path(folder) / "template", tree)
        counts = dict.fromkeys(chosen.kinds.split(","), chosen.count) | {"commands": chosen.commands}
        start, faults = time.monotonic(), 0
        for kind, count in counts.items():
            limit = start + 60 * chosen.minutes if kind != "commands" else float("inf")
            begun = time.monotonic()
            seeds = range(chosen.first, chosen.first + count)
            found = driver.tried(kind, seeds, tree, chosen.jobs, limit)
            faults += _report(kind, count, found, time.monotonic() - begun)
        print(f"{faults} distinct faults, {time.monotonic() - start:.0f} s")
    return 1 if faults else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--count", type=int, default=2000, help="cases of each kind, through functions")
    parser.add_argument("--commands", type=int, default=200, help="whole commands")
    parser.add_argument("--first", type=int, default=0, help="the first seed of each kind: others are other cases")
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=20.0, help="longest time of all kinds without the commands")
    parser.add_argument("--commit", help="look at this commit's source instead of the working tree")
    return parser.parse_args()


@contextmanager
def _tree(commit: str | None) -> Iterator[Path]:
    """The source that is looked at: this one, or a commit's, in a folder for the time being, without its own fuzzer."""
    if commit is None:
        yield REPOSITORY
        return
    with tempfile.TemporaryDirectory(prefix="fuzz-tree-") as folder:
        packed = subprocess.run(
            ["git", "archive", commit, "--", ":!benchmarks"], cwd=REPOSITORY, check=True, capture_output=True
        ).stdout
        subprocess.run(["tar", "-x", "-C", folder], input=packed, check=True)
        yield Path(folder)


def _report(kind: str, count: int, found: Sequence[Found], seconds: float) -> int:
    """Print one kind's faults; how many distinct ones there are."""
    often = Counter(one.fault for one in found if one.fault)
    print(
        f"{kind}: {len(found)} of {count} tried in {seconds:.0f} s, {sum(often.values())} ended in {len(often)} faults"
    )
    for fault, times in often.most_common():
        first = next(one for one in found if one.fault == fault)
        print(f"  {times:>5}  {fault}; seed {first.seed}: {first.words[:100]!r}", flush=True)
    return len(often)


if __name__ == "__main__":
    sys.exit(main())
