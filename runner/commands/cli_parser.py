"""Arguments of a subcommand: argparse, with our errors."""

from __future__ import annotations

import argparse
from typing import NoReturn

from runner.core.advice import program
from runner.core.errors import SpecError


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise SpecError(f"{self.prog}: {message}.", f"See {self.prog} --help.")


def parser(command: str, description: str) -> argparse.ArgumentParser:
    """A parser for `python -m runner <command>`, whose errors are SpecErrors of one line."""
    return _Parser(prog=f"{program()} {command}".rstrip(), description=description, allow_abbrev=False)
