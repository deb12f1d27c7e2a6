"""`python -m runner` and `python -m runner help`: what can be done. Nothing heavy is imported, and nothing started."""

from __future__ import annotations

from pathlib import Path

from runner.commands import COMMANDS
from runner.core import project_paths
from runner.core.advice import as_typed


def first_steps() -> str:
    """What can be done, for who types no word yet: nothing is started."""
    return as_typed(
        """\
One line in, one trustworthy answer out. Nothing was started; say what to measure:
  python -m runner model=gru backend=openvino              one spec, against its baseline
  python -m runner -m model=gru,lstm precision=fp32,int8   a sweep: every combination, shared steps once
  python -m runner model=onnx model.path=my.onnx           a model of your own
  python -m runner init FOLDER                             a project of your own, with a first experiment that runs
  python -m runner plan model=gru backend=openvino         what that would do; runs nothing
  python -m runner compare                                 what was measured, best first
  python -m runner list                                    the axes and their options; show model=gru: one's settings
  python -m runner doctor                                  what this machine can do
  python -m runner --help                                  everything else
""".rstrip()
    )


def overview() -> str:
    """The whole page: the axes with their options, the commands, the flags of a run."""
    commands = "\n".join(f"  {name:<12}{text}" for name, text in COMMANDS.items())
    axes = "\n".join(f"  {axis:<13}{options}" for axis, options in _axes(project_paths.shipped("conf")))
    return as_typed(
        f"""\
One line in, one trustworthy answer out: which model, compressed how, on which compiler and chip.

  python -m runner backend=openvino model=gru          run one spec: train, export, quantize, compile, measure, compare
  python -m runner -m model=gru,lstm precision=fp32,int8    a sweep: every combination, shared steps once
  python -m runner experiment=NAME                     an experiment: experiments/NAME.yaml

Axes (AXIS=OPTION, and AXIS.KEY=VALUE for an option's settings):
{axes}

Commands:
{commands}

Flags of a run: --json (one document on standard output) · --fresh (measure again) · --strict (unavailable and
unsupported cells count in a sweep's exit code) · --quiet (warnings, errors and the result) · --verbose (a line for
each event, with its time) · --fail-if C, --junit FILE, --github-summary (for builds) · -m (sweep) · --cfg job (print
the composed spec; Hydra's). --version says this runner's version.
Exit codes: 0 ok · 2 bad spec · 3 unavailable · 4 unsupported · 5 failed or timeout. RUNNER_DEBUG=1 shows tracebacks.
""".rstrip()
    )


def _axes(conf: Path) -> list[tuple[str, str]]:
    from runner.spec.schema import AXES

    return [(axis, " · ".join(sorted(path.stem for path in (conf / axis).glob("*.yaml")))) for axis in AXES]
