"""Tiny real models for the tests of each backend: those of the contract that ships."""

from runner.testing.backend_contract import cases, compile_case
from runner.testing.cases import Case
from runner.testing.models import Compiled, load, predicted, settings_of

__all__ = ["Case", "Compiled", "cases", "compile_case", "load", "predicted", "settings_of"]
