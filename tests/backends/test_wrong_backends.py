"""Backends that are wrong on purpose: each fails the case of the contract that is about its fault, and the honest one
passes it."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pytest

from runner.commands import new
from tests.conftest import REPOSITORY


class Change(NamedTuple):
    """A file of the package, what stands there, and what stands there instead."""

    file: str
    old: str
    new: str


@dataclass(frozen=True)
class Fault:
    """The case of the contract that is failed by the honest backend with these changes, and who passes it."""

    case: str
    changes: tuple[Change, ...]
    honest: str = "honest"


RUN = "        return self._evaluator.run(None, bound)"
BIND = '        return {spec["name"]: arrays[spec["name"]] for spec in self.inputs}'
OPEN = 'return Session(onnx.load(Path(folder) / "model.onnx"), options["verbose"])'
LOAD = "        self._evaluator = ReferenceEvaluator(model, verbose=verbose)"
SAVE = '    onnx.save(model, job.out / "model.onnx")'
CACHED = """\
        self.kept = getattr(self, "kept", None) or self._evaluator.run(None, bound)
        return self.kept"""
NARROWED = """\
        found = self._evaluator.run(None, bound)
        return [one.astype("int32") if one.dtype == "int64" else one for one in found]"""
CUT = """\
        return {one["name"]: arrays[one["name"]][..., : one["shape"][-1]] for one in self.inputs}"""
ONE_STATE = """\
        BOUND.update({spec["name"]: arrays[spec["name"]] for spec in self.inputs})
        return BOUND"""
IDENTITY = f"""\
    for node in model.graph.node:
        if node.domain:
            node.op_type, node.domain = "Identity", ""
{SAVE}"""
SAYS_THREADS = f"""\
made = {OPEN.removeprefix("return ")}
    made.effective["threads"] = options["threads"]
    return made"""
THREADS = (
    Change("__init__.py", "class Settings:\n", 'class Settings:\n    threads: int = setting("threads", low=1)\n'),
    Change("__init__.py", "threads=False, ", ""),
    Change("__init__.py", '{"verbose": 0}', '{"verbose": 0, "threads": 1}'),
    Change("conf/backend/NAME.yaml", "\nverbose: 0", "\nthreads: 1\nverbose: 0"),
    Change("session.py", OPEN, SAYS_THREADS),
)
PRECISION = Change("compile.py", '{op: {"fp32": number}', '{op: {job.settings["precision"]: number}')
FAULTS = {
    "swapped outputs": Fault("test_every_output_is_that_of_its_name", (Change("session.py", RUN, f"{RUN}[::-1]"),)),
    "a cached result": Fault("test_what_is_compiled_agrees_with_the_reference", (Change("session.py", RUN, CACHED),)),
    "an ignored precision": Fault("test_a_precision_is_computed_in_or_said_not_to_be", (PRECISION,)),
    "a silent fallback": Fault(
        "test_an_operator_that_it_does_not_know_is_named_in_one_line", (Change("compile.py", SAVE, IDENTITY),)
    ),
    "threads that are ignored": Fault("test_more_threads_than_one_are_started", THREADS, honest="onnxruntime"),
    "whole numbers that are narrowed": Fault(
        "test_whole_numbers_and_truth_values_go_in_and_come_out", (Change("session.py", RUN, NARROWED),)
    ),
    "other sizes that are cut": Fault(
        "test_inputs_of_other_sizes_or_another_type_are_refused", (Change("session.py", BIND, CUT),)
    ),
    "memory that is kept": Fault(
        "test_a_closed_session_gives_its_memory_back",
        (Change("session.py", LOAD, f"        KEPT.append(bytearray(4_000_000))\n{LOAD}"),),
    ),
    "one state for all sessions": Fault(
        "test_two_sessions_of_one_process_answer_as_each_does_alone", (Change("session.py", BIND, ONE_STATE),)
    ),
}
STATE = "\nKEPT: list = []\nBOUND: dict = {}\n\n\ndef open_session("


def written(folder: Path, name: str, changes: tuple[Change, ...]) -> None:
    """The package of a new backend, with quantised precisions, and some of its text changed; as pip leaves it."""
    new.write(name, folder)
    package = folder / f"{name}_backend"
    honest = (
        Change("__init__.py", 'precisions=("fp32",)', 'precisions=("fp32", "int8")'),
        Change("__init__.py", "Capabilities(threads=False)", "Capabilities(threads=False, quantizes=True)"),
        Change("session.py", "\ndef open_session(", STATE),
    )
    for file, old, text in (*honest, *changes):
        place = package / file.replace("NAME", name)
        content = place.read_text()
        assert old in content
        place.write_text(content.replace(old, text))
    info = folder / f"{name}_backend-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}-backend\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[runner.backends]\n{name} = {name}_backend\n")


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the contract says of the honest backend and of each wrong one, of the cases that are about a fault."""
    folders = [tmp_path_factory.mktemp("honest")]
    written(folders[0], "honest", ())
    for number, fault in enumerate(FAULTS.values()):
        folders.append(tmp_path_factory.mktemp("wrong"))
        written(folders[-1], f"wrong{number}", fault.changes)
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([*map(str, folders), str(REPOSITORY)])}
    wrong = [f"(wrong{number} and {fault.case})" for number, fault in enumerate(FAULTS.values())]
    honest = [f"({fault.honest} and {fault.case})" for fault in FAULTS.values()]
    chosen = " or ".join([*wrong, *honest])
    command = [sys.executable, "-m", "pytest", "--pyargs", "runner.testing.backend_contract", "-k", chosen]
    done = subprocess.run(
        [*command, "-v", "--tb=no", "-p", "no:cacheprovider"],
        cwd=folders[0],
        env=env,
        capture_output=True,
        text=True,
        timeout=280,
    )
    return done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_a_wrong_backend_fails_the_case_that_is_about_its_fault(fault: str, said: str) -> None:
    number, about = list(FAULTS).index(fault), FAULTS[fault]
    told = [line for line in said.splitlines() if f"::{about.case}[" in line]
    assert any(f"[wrong{number}" in line and " FAILED " in line for line in told), said[-3000:]
    honest = [line for line in told if f"[{about.honest}" in line]
    assert all(" PASSED " in line or " SKIPPED " in line for line in honest), honest
    assert any(" PASSED " in line for line in honest), honest
