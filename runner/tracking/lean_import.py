"""MLflow's import without those of its parts that sending records to the project's own database doesn't use.

They judge language models, serve them, keep their secrets and know other databases: a third of the import's time.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

# MLflow looks whether these are there; mlflow-skinny has none of them.
OPTIONAL = ("pandas", "numpy", "pyarrow", "pygments")
# These it insists on, for names that it uses later, if at all.
UNUSED = (
    *("mlflow.data", "mlflow.genai", "mlflow.models", "mlflow.projects", "fastapi", "cryptography"),
    *(f"alembic.ddl.{other}" for other in ("mssql", "mysql", "oracle", "postgresql")),
)


@contextmanager
def without(unused: Sequence[str]) -> Iterator[None]:
    """Inside, the modules `unused` and all below them are imported as stand-ins: whatever name is asked of one is an
    empty class."""
    finder = _StandIns(unused)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


class _StandIns(MetaPathFinder, Loader):
    def __init__(self, names: Sequence[str]) -> None:
        self._names = names

    def find_spec(self, name: str, path: Any = None, target: ModuleType | None = None) -> ModuleSpec | None:
        known = any(name == one or name.startswith(f"{one}.") for one in self._names)
        return ModuleSpec(name, self, is_package=True) if known else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _StandIn(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """It is complete as it is."""


class _StandIn(ModuleType):
    def __getattr__(self, name: str) -> Any:
        return _empty(name)


class _Empty(type):
    def __getattr__(cls, name: str) -> Any:
        return _empty(name)


def _empty(name: str) -> type:
    """A class of its own, for two may be the bases of one. Raises AttributeError for what Python itself asks for."""
    if name.startswith("__"):
        raise AttributeError(name)
    return _Empty(name, (), {"__init__": lambda self, *given, **named: None})
