"""How long the commands take that measure nothing: help, a completion, a bad option's answer, a plan made again.

`python benchmarks/startup.py [--peers VENV]`: whole processes timed from outside, ours and the peers' in alternating
order. Prints medians, and how many times as long the peers take with the interval over rounds. Exit code 1 where a
median misses its target: a completion's is a ratio to help, round by round. The plan is that of a run whose artifacts
are all there; no peer has a plan, so Olive's unchanged re-run, which finds everything in its cache, stands beside it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.support import peers as others
from benchmarks.support.timed import Timer, alternated, row, verdict, wall

RUNNER = [sys.executable, "-m", "runner"]
SPEC = ["model=gru", "train=smoke", "measure=quick"]
COMPLETION = 2.0  # times as long as help: a key is pressed, and who typed waits
OURS = {"help": 0.3, "bad option": 1.0, "plan again": 0.7}
BESIDE = {
    "help": ("optimum-benchmark help", "olive help"),
    "bad option": ("optimum-benchmark bad option",),
    "plan again": ("olive unchanged re-run",),
}


def ours(project: Path) -> dict[str, Timer]:
    return {
        "help": lambda: wall([*RUNNER, "--help"], project),
        "completion": lambda: wall([*RUNNER, "completion", "--words", "edge-runner backend="], project),
        "bad option": lambda: wall([*RUNNER, "backend=onnxrutime"], project, code=2),
        "plan again": lambda: wall([*RUNNER, "plan", *SPEC], project),
    }


def theirs(peers: others.Peers | None, folder: Path) -> dict[str, Timer]:
    if peers is None:
        return {}
    env, at = others.ENVIRONMENT, ["--config-dir", str(folder), "--config-name", "optimum"]
    wall(peers.olive(), folder, env=env)  # fills its cache
    return {
        "optimum-benchmark help": lambda: wall(peers.optimum_command("--help"), folder, env=env),
        "olive help": lambda: wall(peers.olive_help(), folder, env=env),
        "optimum-benchmark bad option": lambda: wall(
            peers.optimum_command(*at, "backend=onnxrutime"), folder, code=1, env=env
        ),
        "olive unchanged re-run": lambda: wall(peers.olive(), folder, env=env),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    others.option(parser)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        project = folder / "project"
        project.mkdir()
        (project / "runner.toml").touch()
        others.common_model(folder)
        peers = others.opened(chosen.peers, folder)
        wall([*RUNNER, *SPEC], project)
        found = alternated({**ours(project), **theirs(peers, folder)}, chosen.rounds)
    print(row("completion", found["completion"], beside=found["help"]))
    for name in OURS:
        print(row(name, found[name]))
        for other in BESIDE[name]:
            if other in found:
                print(row(f"  {other}", found[other], beside=found[name]))
    reached = [verdict(name, found[name], limit) for name, limit in OURS.items()]
    reached.append(_ratio_verdict(found["completion"], found["help"]))
    return 0 if all(reached) else 1


def _ratio_verdict(completion: Sequence[float], help_page: Sequence[float]) -> bool:
    """Print one line: whether a completion takes at most so many times as long as help, round by round."""
    times = median(mine / its for mine, its in zip(completion, help_page, strict=True))
    reached = times <= COMPLETION
    print(f"{'reached' if reached else 'missed'}: completion {times:.2f} × help, target ≤ {COMPLETION:g} ×")
    return reached


if __name__ == "__main__":
    sys.exit(main())
