"""The optional parts of this package: what each brings, and what to type where it is missing.

As pyproject.toml has them. It travels: Python 3.8.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from runner.core import installed
from runner.core.errors import Unavailable

PACKAGE = "edge-runner"


@dataclass(frozen=True)
class Extra:
    """`use`: what it is for; `distributions`: what it installs, as PyPI calls it."""

    use: str
    distributions: tuple[str, ...]


EXTRAS: Mapping[str, Extra] = {
    "train": Extra("networks to train, data=digits, backend=torch", ("torch", "onnxscript", "scikit-learn", "scipy")),
    "torchao": Extra("int8 of backend=torch with backend.compiler=inductor", ("torchao",)),
    "ui": Extra("MLflow's pages: python -m runner ui", ("mlflow",)),
    "plots": Extra("pictures as PNG files", ("matplotlib",)),
    "openvino": Extra("backend=openvino", ("openvino",)),
    "litert": Extra("backend=litert", ("ai-edge-litert",)),
    "tvm": Extra("backend=tvm", ("apache-tvm", "apache-tvm-ffi", "psutil")),
    "cluster": Extra("steps on a Dask cluster: schedule.address", ("distributed",)),
    "nvidia": Extra("power of NVIDIA's GPUs", ("nvidia-ml-py",)),
    "dvc": Extra("the canonical grid with DVC", ("dvc",)),
}
# What is imported under another name than it is installed by.
MODULES = {
    "ai-edge-litert": "ai_edge_litert",
    "apache-tvm": "tvm",
    "apache-tvm-ffi": "tvm_ffi",
    "nvidia-ml-py": "pynvml",
    "scikit-learn": "sklearn",
}


def missing(what: str, distributions: Iterable[str], otherwise: str = "") -> Unavailable | None:
    """Why `what` can't be: a distribution that it needs is not here; None where all are. `otherwise` is what to do
    without."""
    absent = [name for name in distributions if installed.version(name) is None]
    if not absent:
        return None
    are = "is" if len(absent) == 1 else "are"
    return Unavailable(f"{what}: {', '.join(absent)} {are} not installed here.", install(absent) + otherwise)


def demand(what: str, distributions: Iterable[str], otherwise: str = "") -> None:
    """Raises Unavailable where `missing` says why."""
    problem = missing(what, distributions, otherwise)
    if problem:
        raise problem


def install(distributions: Iterable[str]) -> str:
    """The command that installs them: by their extras, which know the versions; by their own names what is in none, and
    all of them where this package isn't installed, as on a device."""
    packaged = installed.version(PACKAGE) is not None
    return "pip install " + " ".join(dict.fromkeys(_asked(name) if packaged else name for name in distributions))


def lost(error: ImportError) -> Unavailable | None:
    """What an import that fails while working says of a distribution of an extra; None of any other module. Plans ask
    before any work: this one was removed meanwhile."""
    module = (error.name or "").partition(".")[0]
    if not isinstance(error, ModuleNotFoundError):
        return None
    if module in ("mlflow", "mlflow-skinny"):  # a module, or what importlib.metadata misses
        return _torn(error)
    every = (name for extra in EXTRAS.values() for name in extra.distributions)
    found = next((name for name in every if MODULES.get(name, name) == module), None)
    return Unavailable(f"{found} is not installed here: {error}.", install([found])) if found else None


def _torn(error: ImportError) -> Unavailable:
    """`pip uninstall mlflow` takes files along that mlflow-skinny, which stays, has too."""
    version = installed.version("mlflow-skinny")
    if version is None:
        return Unavailable(f"mlflow-skinny is not installed here: {error}.", f"pip install {PACKAGE}")
    again = f"pip install --force-reinstall --no-deps mlflow-skinny=={version}"
    return Unavailable(f"mlflow-skinny {version} is not whole: {error}; removing mlflow does that.", again)


def _asked(distribution: str) -> str:
    extra = next((name for name, one in EXTRAS.items() if distribution in one.distributions), None)
    return f"'{PACKAGE}[{extra}]'" if extra else distribution
