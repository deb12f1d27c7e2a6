"""What was compiled, checked against other implementations in their own toolchains: where no device runs it."""

from __future__ import annotations

from typing import Any

from runner.backends import loading
from runner.backends.contract import Reference
from runner.core import project_paths, registry
from runner.core.errors import RunnerError
from runner.core.forms import dotted, fields, one_of, text
from runner.core.unexpected import attempt
from runner.execution.measurements.protocol import Work
from runner.transport import toolchains
from runner.transport.endpoint import WorkerOptions

PASSED, FAILED, UNCHECKED = "passed", "failed", "not checked"
ANSWER = fields({"status": one_of(PASSED, FAILED), "reason": text})


def checks(work: Work) -> dict[str, dict[str, dict[str, str]]]:
    """`{"candidate": {name: {"status", "reason"}}}` as a record has it; a check that can't be made says why."""
    backend = work.cell.candidate.spec.backend.name
    found = {one.name: _checked(one, backend, work) for one in loading.backend(backend).references}
    return {"candidate": found} if found else {}


def _checked(one: Reference, backend: str, work: Work) -> dict[str, str]:
    answer = attempt(lambda: _asked(one, backend, work))
    if isinstance(answer, RunnerError):
        return {"status": UNCHECKED, "reason": f"{answer.reason} {answer.next_step}".strip()}
    fault = ANSWER(answer, ())
    where = f"{backend}, {one.name}: {dotted(fault.place) or 'the answer'} {fault.what}" if fault else ""
    return {"status": UNCHECKED, "reason": where} if fault else dict(answer)


def _asked(one: Reference, backend: str, work: Work) -> Any:
    """What `check(folder)` says in the toolchain. Raises Unavailable where that isn't installed."""
    endpoint = toolchains.endpoint(toolchains.installed(project_paths.home(work.root), one.toolchain))
    module, side = f"{registry.module('backend', backend)}.{one.name}", work.sides["candidate"]
    options = WorkerOptions(
        f"{one.name} {side.label}", memory_mb=side.memory_mb, modules=(module,), reads=[side.folder]
    )
    limit_s = work.cell.candidate.spec.limits.step_s
    with endpoint.open_worker(work.folder / f"{one.name}.log", options) as worker:
        arguments = {"folder": endpoint.put(side.folder)}
        return worker.ask("call", timeout=limit_s, module=module, function="check", arguments=arguments)
