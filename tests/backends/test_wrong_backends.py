"""Backends that are wrong on purpose: each fails the case of the contract that is about its fault, and the honest one
passes it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from runner.commands import new
from tests.conftest import REPOSITORY

# fault: (file, what stands there, what stands there instead, the case that fails)
FAULTS = {
    "swapped outputs": (
        "session.py",
        "return self._evaluator.run(None, bound)",
        "return self._evaluator.run(None, bound)[::-1]",
        "test_every_output_is_that_of_its_name",
    ),
    "a cached result": (
        "session.py",
        "        return self._evaluator.run(None, bound)",
        '        self.kept = getattr(self, "kept", None) or self._evaluator.run(None, bound)\n        return self.kept',
        "test_what_is_compiled_agrees_with_the_reference",
    ),
    "an ignored precision": (
        "compile.py",
        'effective = {op: {"fp32": number}',
        'effective = {op: {job.settings["precision"]: number}',
        "test_a_precision_is_computed_in_or_said_not_to_be",
    ),
    "a silent fallback": (
        "compile.py",
        '    onnx.save(model, job.out / "model.onnx")',
        "    for node in model.graph.node:\n        if node.domain:\n"
        '            node.op_type, node.domain = "Identity", ""\n    onnx.save(model, job.out / "model.onnx")',
        "test_an_operator_that_it_does_not_know_is_named_in_one_line",
    ),
    "memory that is kept": (
        "session.py",
        "        self._evaluator = ReferenceEvaluator(model, verbose=verbose)",
        "        KEPT.append(bytearray(4_000_000))\n"
        "        self._evaluator = ReferenceEvaluator(model, verbose=verbose)",
        "test_a_closed_session_gives_its_memory_back",
    ),
    "one state for all sessions": (
        "session.py",
        '        return {spec["name"]: arrays[spec["name"]] for spec in self.inputs}',
        '        BOUND.update({spec["name"]: arrays[spec["name"]] for spec in self.inputs})\n        return BOUND',
        "test_two_sessions_of_one_process_answer_as_each_does_alone",
    ),
}
STATE = "\nKEPT: list = []\nBOUND: dict = {}\n\n\ndef open_session("


def written(folder: Path, name: str, changes: tuple[tuple[str, str, str], ...]) -> None:
    """The package of a new backend, with quantised precisions, and some of its text changed; as pip leaves it."""
    new.write(name, folder)
    package = folder / f"{name}_backend"
    honest = (
        ("__init__.py", 'precisions=("fp32",)', 'precisions=("fp32", "int8")'),
        ("__init__.py", "Capabilities(threads=False)", "Capabilities(threads=False, quantizes=True)"),
        ("session.py", "\ndef open_session(", STATE),
    )
    for file, old, text in (*honest, *changes):
        content = (package / file).read_text()
        assert old in content
        (package / file).write_text(content.replace(old, text))
    info = folder / f"{name}_backend-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}-backend\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[runner.backends]\n{name} = {name}_backend\n")


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the contract says of the honest backend and of each wrong one, of the cases that are about a fault."""
    folders = [tmp_path_factory.mktemp("honest")]
    written(folders[0], "honest", ())
    for number, (file, old, text, _) in enumerate(FAULTS.values()):
        folders.append(tmp_path_factory.mktemp("wrong"))
        written(folders[-1], f"wrong{number}", ((file, old, text),))
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([*map(str, folders), str(REPOSITORY)])}
    cases = [f"(wrong{number} and {case})" for number, (*_, case) in enumerate(FAULTS.values())]
    honest = " or ".join(case for *_, case in FAULTS.values())
    chosen = " or ".join([*cases, f"(honest and ({honest}))"])
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
    number, case = list(FAULTS).index(fault), FAULTS[fault][3]
    told = [line for line in said.splitlines() if f"::{case}[" in line]
    assert any(f"[wrong{number}" in line and " FAILED " in line for line in told), said[-3000:]
    assert all(" PASSED " in line or " SKIPPED " in line for line in told if "[honest" in line), told
    assert any(" PASSED " in line for line in told if "[honest" in line), told
