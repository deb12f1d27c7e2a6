"""A double of TensorFlow's `benchmark_model`, which no package index has: it prints what real ones print (of versions
2.4, 2.8 and 2.17, as people published it), and runs nothing."""

from __future__ import annotations

import sys
from pathlib import Path

# A run of 2.17 on a board, the lines with their logger's mark.
NEWEST = """\
INFO: STARTING!
INFO: Log parameter values verbosely: [0]
INFO: Graph: [{graph}]
INFO: Loaded model {graph}
INFO: Created TensorFlow Lite XNNPACK delegate for CPU.
VERBOSE: Replacing 2 out of 3 node(s) with delegate (TfLiteXNNPackDelegate) node, yielding 2 partitions for subgraph 0.
INFO: The input model file size (MB): 67.3128
INFO: Initialized session in 5.579ms.
INFO: Running benchmark for at least 1 iterations and at least 0.5 seconds but terminate if exceeding 150 seconds.
INFO: count=1 curr=1357602 p5=1357602 median=1357602 p95=1357602

INFO: Running benchmark for at least 50 iterations and at least 1 seconds but terminate if exceeding 150 seconds.
INFO: count=50 first=1249964 curr=1240143 min=1238588 max=1252566 avg=1.24027e+06 std=2565 p5=1238753 median=1239807 \
p95=1247415

INFO: Inference timings in us: Init: 5579, First inference: 1357602, Warmup (avg): 1.3576e+06, Inference (avg): \
1.24027e+06
INFO: Note: as the benchmark tool itself affects memory footprint, the following is only APPROXIMATE to the actual \
memory footprint of the model at runtime. Take the information at your discretion.
INFO: Memory footprint delta from the start of the tool (MB): init=6.36328 overall=109.832
"""
# 2.4: no marks, no percentiles, another word for the memory.
OLDEST = """\
count=50 first=249042 curr=250889 min=247067 max=254474 avg=249684 std=1442
Inference timings in us: Init: 16242, First inference: 360262, Warmup (avg): 304586, Inference (avg): 249684
Note: as the benchmark tool itself affects memory footprint, the following is only APPROXIMATE to the actual memory \
footprint of the model at runtime. Take the information at your discretion.
Peak memory footprint (MB): init=4.92969 overall=138.809
"""
HEAD = "[node type]\t[start]\t[first]\t[avg ms]\t[%]\t[cdf%]\t[mem KB]\t[times called]\t[Name]"
# What --enable_op_profiling=true adds: of the start, then of the runs.
PROFILE = f"""\
Profiling Info for Benchmark Initialization:
============================== Run Order ==============================
\t{HEAD}
\tAllocateTensors\t0.000\t1.356\t1.356\t100.000%\t100.000%\t0.000\t1\tAllocateTensors/0

Operator-wise Profiling Info for Regular Benchmark Runs:
============================== Run Order ==============================
\t{HEAD}
\t                 CONV_2D\t    0.066\t   87.754\t   60.957\t  75.0%\t  75.0%\t  0.000\t  1\t[net/conv]:0
\t                 SOFTMAX\t   61.033\t   20.628\t   20.319\t  25.0%\t 100.0%\t  0.000\t  1\t[net/softmax]:1

============================== Top by Computation Time ==============================
\t{HEAD}
\tCONV_2D\t0.066\t87.754\t60.957\t75.0%\t75.0%\t0.000\t1\t[net/conv]:0

Timings (microseconds): count=50 first=2989660 curr=2912978 min=2727203 max=3189476 avg=2.9499e+06 std=109770
"""
KNOWN = ("graph", "num_threads", "use_xnnpack", "num_runs", "enable_op_profiling", "external_delegate_path")


def install(folder: Path) -> Path:
    """The program in `folder`, to be run as the real one is."""
    path = folder / "benchmark_model"
    path.write_text(f"#!{sys.executable}\nimport sys\nsys.path.insert(0, {str(Path(__file__).parents[2])!r})\n{START}")
    path.chmod(0o755)
    return path


START = "from tests.doubles.benchmark_model import main\nsys.exit(main(sys.argv[1:]))\n"


def main(words: list[str]) -> int:
    """Prints a run of a file that is there."""
    flags = dict(word.lstrip("-").partition("=")[::2] for word in words)
    unknown = [word for word in words if word.lstrip("-").partition("=")[0] not in KNOWN]
    if unknown:
        print(f"WARN: Unconsumed cmdline flags: {' '.join(unknown)}")
    if not Path(flags["graph"]).is_file():
        print(f"ERROR: Failed to mmap model {flags['graph']}\nERROR: Benchmarking failed.")
        return 1
    print(NEWEST.format(graph=flags["graph"]))
    if flags.get("enable_op_profiling") == "true":
        print(PROFILE)
    return 0
