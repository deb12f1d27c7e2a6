"""Opening a compiled model: the one place where a backend's session is loaded, checked and, where that fails, told of.

What a session has is said in `runner/backends/contract.py`; what is missing is named with the file of its module.
"""

from __future__ import annotations

import importlib
from typing import Any

from runner.backends.contract import HOST
from runner.core.errors import RunnerError, StepFailed
from runner.core.foreign_text import brief

OFFERS = ("inputs", "outputs", "version", "effective", "memory", "clock", "bind", "run", "close")
DESCRIBED = ("name", "shape", "dtype")
GUIDE = "What a session has: docs/adding-a-backend.md."


def load(module: str, folder: str, options: dict[str, Any], opening: str = "open_session") -> Any:
    """The session of the compiled model in `folder`: `module.open_session(folder, options)`, or what `opening` names.

    Raises what that raises of ours, StepFailed naming the artifact for anything else, and StepFailed naming the
    module's file where what it opened is no session.
    """
    code = importlib.import_module(module)
    if not hasattr(code, opening):
        raise StepFailed(f"{code.__file__}: it has no {opening}(folder, options).", GUIDE)
    try:
        session = getattr(code, opening)(folder, options)
    except (RunnerError, MemoryError, ImportError):
        raise
    except Exception as error:  # runtimes' exceptions share no base class
        raise StepFailed(
            f"{module.split('.')[-2]} can't load {folder}: {said_by(error)}",
            "If the file is damaged, remove its artifact folder and it is built again.",
        ) from error
    wrong = problem(session)
    if wrong:
        raise StepFailed(f"{code.__file__}: the session that {opening} returns {wrong}.", GUIDE)
    return session


def problem(session: Any) -> str:
    """What a session lacks of the contract; "" for nothing."""
    lacks = [name for name in OFFERS if not hasattr(session, name)]
    if lacks:
        return "has no " + ", ".join(lacks)
    for ports in ("inputs", "outputs"):
        for port in getattr(session, ports):
            missing = [key for key in DESCRIBED if not isinstance(port, dict) or key not in port]
            if missing:
                return f"has {ports} without {', '.join(missing)}: {str(port)[:100]}"
    if session.clock != HOST:
        return f"is timed by {session.clock!r}: this runner times with the host's clock alone"
    return ""


def said_by(error: BaseException) -> str:
    """What a runtime said, in one line, without the source positions that some put on lines of their own."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    kept = [line for line in lines if not line.startswith(("Exception from ", "Exception raised from", "frame #"))]
    return brief(" ".join(kept or lines)) or type(error).__name__
