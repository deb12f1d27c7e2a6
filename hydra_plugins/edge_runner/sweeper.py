"""`-m`: all cells at once to the runner, which validates every one before any work and runs them as one plan."""

from __future__ import annotations

from typing import Any

from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig


class EdgeSweeper(Sweeper):
    """Hands the command line's overrides to `runner.commands.run.Command.sweep`."""

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        self.loader = hydra_context.config_loader
        self.command: Any = task_function

    def sweep(self, arguments: list[str]) -> Any:
        return self.command.sweep(self.loader, arguments)
