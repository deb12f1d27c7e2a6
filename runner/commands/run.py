"""`python -m runner …`: one spec, or with `-m` (or a study that sweeps) every combination."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runner import project as projects
from runner.foreign import visible
from runner.tracking.client import Tracker

FLAGS = ("--json", "--fresh", "--strict")
FAILED = ("failed", "timeout")


@dataclass
class Command:
    """The command in the form Hydra wants: called with one composed config, or by our sweeper with all overrides."""

    root: Path
    tracker: Tracker
    arguments: Sequence[str]
    json: bool = False
    fresh: bool = False
    strict: bool = False
    started: float = field(default_factory=time.monotonic)
    code: int = field(default=0, init=False)
    error: Exception | None = field(default=None, init=False)

    def __call__(self, config: Any) -> None:
        """One spec. What it raises is kept for `main`: Hydra would print its own words first."""
        try:
            self._one(config)
        except Exception as error:
            self.error = error

    def _one(self, config: Any) -> None:
        from runner import cells, compose, plan

        made = plan.make([compose.from_config(config)], self.root)
        schedule = compose.schedule_of(config, self.root)
        record = cells.perform(made, self.root, self.tracker, schedule, fresh=True).records[0]
        self.code = exit_code(str(record.content["status"]))
        if self.json:
            _print_json(record.content)
        else:
            from runner.report import ending

            ending.print_run(record, self.arguments)

    def sweep(self, loader: Any, words: Sequence[str]) -> None:
        """Every cell composed and validated before any work; one plan; one table."""
        from runner import cells, compose, plan, sweep
        from runner.report import planned

        schedule = compose.schedule(loader, self.root, words)
        made = plan.of_sweep(sweep.composed(loader, self.root, words), self.root)
        name = cells.sweep_name([cell.candidate.spec for cell in made.cells])
        print(visible("\n".join([f"sweep {name}", *planned.lines(made, self.root)])), file=sys.stderr)
        ran = cells.perform(made, self.root, self.tracker, schedule, sweep=name, fresh=self.fresh, started=self.started)
        self.code = sweep_code([str(record.content["status"]) for record in ran.records], self.strict)
        if self.json:
            from runner.report import swept

            _print_json(swept.document(name, made, ran))
        else:
            from runner.report import ending, makespan

            ending.print_sweep(name, ran.records, words)
            print(makespan.text(ran.schedule))


def main(argv: list[str]) -> int:
    """Compose by Hydra, then run; returns the exit code."""
    flags = {flag[2:]: flag in argv for flag in FLAGS}
    arguments = [word for word in argv if word not in FLAGS]
    root = projects.root()
    with Tracker(root) as tracker:
        tracker.start()  # MLflow's import takes longer than Hydra's, composing and planning: all at once
        from runner import compose, overrides

        command = Command(root, tracker, arguments, **flags)
        _through_hydra(command, overrides.readable(arguments))
        if command.error:
            with compose.explained(root):  # an interpolation that can't be resolved
                raise command.error
        return command.code


def _through_hydra(command: Command, words: list[str]) -> None:
    os.environ["HYDRA_FULL_ERROR"] = "1"  # errors as exceptions: we say them in one or two lines ourselves
    from runner import compose, overrides, study

    with compose.explained(command.root):
        flags = compose.hydra_flags(words)
        given = overrides.parse(flags.overrides)
        sweeps = flags.multirun or study.sweeps(given, command.root)
        overrides.check(given, command.root, sweeps)
        if flags.cfg or flags.info or flags.hydra_help or flags.shell_completion:
            _hydra_main(command, words)
            return
        with compose.loader(command.root) as loader:  # hydra.main would compose twice, at 100 ms each
            if sweeps:
                compose.through_sweeper(loader, command, flags.overrides)
                return
            config = compose.compose(loader, flags.overrides)
        command(config)


def _hydra_main(command: Command, words: list[str]) -> None:
    import hydra

    from runner import compose

    folder = str(compose.config_folder(command.root))
    before, sys.argv = sys.argv, ["runner", *words]
    try:
        hydra.main(version_base="1.3", config_path=folder, config_name="config")(command)()
    finally:
        sys.argv = before


def exit_code(status: str) -> int:
    """The exit code of one run."""
    return {"ok": 0, "unavailable": 3, "unsupported": 4}.get(status, 5)


def sweep_code(statuses: Sequence[str], strict: bool) -> int:
    """The exit code of a sweep: 5 where a cell failed; with `--strict` unavailable and unsupported cells count."""
    if any(status in FAILED for status in statuses):
        return 5
    return max((exit_code(status) for status in statuses), default=0) if strict else 0


def _print_json(content: Mapping[str, Any]) -> None:
    json.dump(content, sys.stdout, indent=1)
    print()
