"""The runner in Python; all of it is in `runner` itself, and is imported once it is used.

```python
import runner

result = runner.run("model=gru", "backend=openvino")
if result.comparison:
    print(result.comparison.ratio, result.metrics["latency/p50_ms"])
```

Words are those of the command line. `load_spec` and `load_sweep` check them and run nothing; `run`, `sweep` and
`compare` return results with `rows`, `table()`, `plot()`, `samples` and `folder`; `reproduce` measures a record again,
`best` races a model's configurations. What can't be done is a result's `status` and `reason`; wrong words raise
`SpecError`.
"""

from runner.api.calls import best, compare, load_spec, load_sweep, reproduce, run, sweep
from runner.api.pictures import Plot
from runner.api.results import (
    BestResult,
    ComparisonResult,
    RecordDiffResult,
    ReproductionResult,
    RunResult,
    SweepResult,
)
from runner.core.errors import RunnerError, SpecError

__all__ = [
    "BestResult",
    "ComparisonResult",
    "Plot",
    "RecordDiffResult",
    "ReproductionResult",
    "RunResult",
    "RunnerError",
    "SpecError",
    "SweepResult",
    "best",
    "compare",
    "load_spec",
    "load_sweep",
    "reproduce",
    "run",
    "sweep",
]
