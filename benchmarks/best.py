"""What `best` finds here, live, and in how much of the time of an exhaustive comparison.

`python -m benchmarks.best` races 12 configurations each of a GRU, a BiLSTM and a MobileNet (OpenVINO, and ONNX
Runtime at two levels of its graph's optimisation; four precisions, one thread): its winner with the fresh interval
over the default, and the processes that ran as a share of what 8 pairs of each would take. `--table MODEL…` races
everything that measures here (of bilstm, mobilenet_v1, vit), prints backend × precision × threads beside each
runtime's own defaults, and holds the winner against those in fresh pairs. Exit code 1 where the median share is over
30 %, or the winner is *slower* than a default, or the lower end of an interval is below 0.97. The same command with
the same `--folder` goes on where it was ended; `--fresh` measures anew. Numbers of a race are those of one moment of
one machine; nothing else should run.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from benchmarks.support import best_table
from benchmarks.support.best_race import Races, told

MODELS = ("gru", "bilstm", "mobilenet_v1")
TABLE = ("bilstm", "mobilenet_v1", "vit")
ONE = ("backend.threads=1", "backend.execution_mode=sequential")
TWELVE = ("backend=onnxruntime,openvino", *ONE, "precision=fp32,fp16,int8,int8_dynamic")
SHARE = 0.30


def main(argv: Sequence[str]) -> int:
    """Print what was found; 1 where a target is missed."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--folder", type=Path, default=Path(), help="of the project that keeps what is made")
    arguments.add_argument("--limit-s", type=float, default=600.0, help="of each race")
    arguments.add_argument("--models", nargs="+", default=MODELS, choices=MODELS)
    arguments.add_argument("--table", nargs="+", default=[], choices=TABLE, metavar="MODEL")
    arguments.add_argument("--fresh", action="store_true", help="measure anew what the folder has")
    options = arguments.parse_args(argv)
    races = Races(options.folder.resolve(), options.limit_s, options.fresh)
    if options.table:
        return 0 if best_table.printed(options.table, races) else 1
    return 0 if _twelve(options.models, races) <= SHARE else 1


def _twelve(models: Sequence[str], races: Races) -> float:
    """The median share of the exhaustive time."""
    shares: list[float] = []
    for model in models:
        found = races.raced(model, TWELVE)
        shares.append(found["share"])
        print(told(model, found), flush=True)
    print(f"median {100 * median(shares):.0f} % of the exhaustive time (at most {100 * SHARE:.0f})")
    return median(shares)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
