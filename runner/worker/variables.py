"""The environment of a worker, from one list: what isn't listed doesn't reach it.

A variable that changes *numbers* (which instructions a library uses, so how sums are rounded) is in the keys of steps
and of measurements; one that changes *timing* alone (an allocator, thread pools) in those of measurements. What a
process needs to run at all is passed on, and is in no key.

Runs on devices, too: standard library, Python 3.8.
"""

from __future__ import annotations

import re
from fnmatch import translate
from functools import lru_cache
from typing import Any, Callable, Dict, Mapping, Tuple  # noqa: UP035 - Python 3.8's names

# Further variables that a user wants in workers, `NAME,PREFIX*`. What they change isn't known: they are in every key.
FURTHER = "RUNNER_PASS"

NEEDED = (
    "PATH", "HOME", "USER", "LOGNAME", "SHELL", "TERM", "LANG", "LANGUAGE", "LC_*", "TZ", "TZDIR", "TMPDIR", "TMP",
    "TEMP", "XDG_*", "VIRTUAL_ENV", "CONDA_*", "SSL_CERT_*", "RUNNER_*", "PYTHONPATH", "PYTHONHOME", "PYTHONSAFEPATH",
    "PYTHONNOUSERSITE", "PYTHONUSERBASE", "PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX", "PYTHONUTF8",
    "PYTHONIOENCODING", "PYTHONUNBUFFERED", "PYTHONFAULTHANDLER", "TORCH_HOME", "MPLCONFIGDIR",
    "ORT_DISABLE_TELEMETRY", "DO_NOT_TRACK",
)  # fmt: skip
NUMBERS = (
    "ATEN_*", "TORCH_*", "PYTORCH_*", "MKL_CBWR", "MKL_ENABLE_INSTRUCTIONS", "MKL_DEBUG_CPU_TYPE", "MKL_VML_*",
    "ONEDNN_*", "DNNL_*", "OPENBLAS_CORETYPE", "BLIS_ARCH_TYPE", "NPY_*", "GLIBC_TUNABLES", "XNN_*",
    "TF_ENABLE_*", "TF_DISABLE_*", "TF_XLA_*", "TFLITE_*", "TVM_*", "CUBLAS_*", "CUDNN_*", "NVIDIA_TF32_OVERRIDE",
)  # fmt: skip
TIMING = (
    "MALLOC_*", "JE_MALLOC*", "MIMALLOC_*", "TCMALLOC_*", "LD_PRELOAD", "LD_LIBRARY_PATH", "LD_AUDIT", "LD_BIND_*",
    "DYLD_*", "OMP_*", "GOMP_*", "KMP_*", "MKL_*", "OPENBLAS_*", "GOTO_*", "BLIS_*", "VECLIB_*", "NUMEXPR_*",
    "RAYON_*", "TBB_*", "ORT_*", "ONNXRUNTIME_*", "OV_*", "OPENVINO_*", "CUDA_*", "NVIDIA_*", "TRT_*", "HAILO*",
    "PYTHONMALLOC*", "PYTHONDEVMODE", "PYTHONOPTIMIZE", "PYTHONTRACEMALLOC", "PYTHONHASHSEED", "PYTHON_*",
    "COVERAGE_*",
)  # fmt: skip

Variables = Dict[str, str]  # noqa: UP006


def passed(environment: Mapping[str, str]) -> Variables:
    """What a worker gets of this process's environment."""
    return _chosen(environment, (*NEEDED, *NUMBERS, *TIMING, *_further(environment)))


def of_numbers(environment: Mapping[str, str]) -> Variables:
    """What is in the keys of steps."""
    return _keyed(environment, NUMBERS)


def of_timing(environment: Mapping[str, str]) -> Variables:
    """What is in the keys of measurements: all of the above, and what changes timing alone."""
    return _keyed(environment, (*NUMBERS, *TIMING))


def _keyed(environment: Mapping[str, str], patterns: Tuple[str, ...]) -> Variables:  # noqa: UP006
    found = _chosen(environment, (*patterns, *_further(environment)))
    needed = _any_of(NEEDED)
    return {name: value for name, value in found.items() if not needed(name)}


def _chosen(environment: Mapping[str, str], patterns: Tuple[str, ...]) -> Variables:  # noqa: UP006
    fits = _any_of(patterns)
    return {name: environment[name] for name in sorted(filter(fits, environment))}


@lru_cache(maxsize=None)  # noqa: UP033 - Python 3.8
def _any_of(patterns: Tuple[str, ...]) -> Callable[[str], Any]:  # noqa: UP006
    """Whether a name is one of `patterns`: each node of a plan asks."""
    return re.compile("|".join(map(translate, patterns))).match


def _further(environment: Mapping[str, str]) -> Tuple[str, ...]:  # noqa: UP006
    return tuple(filter(None, (name.strip() for name in environment.get(FURTHER, "").split(","))))
