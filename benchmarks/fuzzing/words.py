"""Command lines: every word that `plan` and the commands that only read may be given, right ones and odd ones."""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path

from benchmarks.fuzzing import judge, odd

COMMANDS = (
    "list", "show", "compare", "report", "export", "import", "gc", "keys", "help", "sync",
    "step=data",
)  # fmt: skip
FLAGS = (
    "--json", "--md", "--csv", "--sort", "--sweep", "--baseline", "--fail-if", "--html", "-o", "--strict",
    "--fresh", "--multirun", "-m", "--cfg", "job", "--config-name", "--config-dir", "--package", "--resolve",
    "--info", "--", "-", "--nothing", "--show", "--pairs", "latency/p50_ms", "speedup_low<0.97", "speedup<",
    "a.html", "/dev/full/x", "--help", "-h", "--version",
)  # fmt: skip

ODD_KEYS = (
    "seed", "limits.step_s", "telemetry.interval_ms", "experiment", "schedule", "hydra.run.dir", "hydra/launcher",
    "hydra.searchpath", "hydra.callbacks.x._target_", "_target_", "model._target_", "hydra.sweeper._target_",
)  # fmt: skip


SOUND = (
    "model=gru", "model=lstm model.hidden=8", "model=mobilenet_v1 data=digits", "-m model=gru,lstm precision=fp32,int8",
    "model=gru backend=openvino", "model=bilstm data=mackey_glass train=smoke", "model=gru measure=quick",
    "-m seed=range(0,4) model=gru", "experiment=precisions", "-m experiment=compilers", "model=gru backend=torch",
    "model=gru baseline=spec baseline.overrides=[precision=fp32]", "model=gru compression=magnitude",
    "hardware=ssh hardware.host=nowhere.invalid model=gru", "scenario=offline model=gru", "model=gru baseline=self",
)  # fmt: skip
NEAR = ("0", "-1", "1", "2", "0.5", "1e-300", "1e6", "1e18", "true", "null", "[]", "[0]", "[0,0]", "[1,99999]", "''")


@cache
def keys() -> dict[str, tuple[list[str], list[str]]]:
    """`{axis: (its options, keys of their settings)}`."""
    from runner.core import project_paths
    from runner.spec import options
    from runner.spec.schema import AXES

    found = {}
    for axis in AXES:
        names = options.names(axis, project_paths.shipped("."))
        settings = {key for name in names for key in options.values(axis, name, project_paths.shipped("."))}
        found[axis] = (names, sorted(settings))
    return found


def case(seed: int, folder: Path) -> judge.Case:
    """`plan` with a sound line and a word that may not fit it, `plan` with random words, or another command."""
    draw = random.Random(f"words/{seed}")
    how = draw.random()
    if how < 0.4:
        words = _misspelt(draw, ["plan", *draw.choice(SOUND).split(), *(_near(draw) for _ in range(draw.randrange(3)))])
    elif how < 0.8:
        words = ["plan", *(["-m"] if draw.random() < 0.3 else []), *(_word(draw) for _ in range(draw.randrange(1, 6)))]
        words += ["--json"] if draw.random() < 0.2 else []
    else:
        words = [draw.choice(COMMANDS), *(_flag(draw) for _ in range(draw.randrange(4)))]
    return judge.Case(lambda: judge.of_command(words), words)


def _near(draw: random.Random) -> str:
    """A setting that is there, with a value that it might have."""
    axis = draw.choice(list(keys()))
    names, settings = keys()[axis]
    if draw.random() < 0.2 or not settings:
        return f"{axis}={draw.choice(names)}"
    return f"{axis}.{draw.choice(settings)}={draw.choice(NEAR)}"


def _misspelt(draw: random.Random, words: list[str]) -> list[str]:
    """As people mistype: a letter out of place, a word twice, a word cut or run together with the next."""
    how, at = draw.randrange(8), draw.randrange(1, len(words))
    if how == 0:
        letter = draw.randrange(len(words[at]))
        words[at] = words[at][:letter] + draw.choice(" =,.[]{}'\"$\\é\u200b\u00a0－") + words[at][letter + 1 :]
    elif how == 1:
        words.append(words[at])
    elif how == 2:
        words[at] = words[at][: draw.randrange(len(words[at]))]
    elif how == 3:
        words[at - 1 : at + 1] = [words[at - 1] + draw.choice(("", " ", ",")) + words[at]]
    return words


def _flag(draw: random.Random) -> str:
    return draw.choice(FLAGS) if draw.random() < 0.7 else _word(draw)


def _word(draw: random.Random) -> str:
    """One override: an axis, a setting, or something that looks like one."""
    axis = draw.choice(list(keys()))
    names, settings = keys()[axis]
    how = draw.random()
    mark = draw.choice(("", "", "", "", "+", "++", "~"))
    if how < 0.3:
        return f"{mark}{axis}={_options(draw, names)}"
    if how < 0.75:
        key = draw.choice(settings) if draw.random() < 0.9 else draw.choice(odd.NAMES)
        return f"{mark}{axis}.{key}={_value(draw)}"
    if how < 0.85:
        inner = f"{draw.choice(list(keys()))}.{draw.choice(odd.NAMES)}={_value(draw)}"
        return f"baseline=spec baseline.overrides=[{inner}]".split()[draw.randrange(2)]
    if how < 0.93:
        return f"{mark}{draw.choice(ODD_KEYS)}={_value(draw)}"
    return draw.choice(odd.NAMES) + draw.choice(("", "=", "=1", ".x=1", "@y=1"))


def _options(draw: random.Random, names: list[str]) -> str:
    found = odd.some(draw, names, 3) or [_value(draw)]
    return ",".join(found)


def _value(draw: random.Random) -> str:
    one = draw.choice(odd.VALUES if draw.random() < 0.8 else odd.NAMES)
    return f"{one},{draw.choice(odd.VALUES)}" if draw.random() < 0.15 else one
