import ast
import gc
import subprocess
import sys
from pathlib import Path

import pytest

from runner.transport.local import Worker
from runner.worker import process

RUNNER = Path(__file__).parents[2] / "runner"
TRAVELS = [
    RUNNER / "__init__.py",
    RUNNER / "core/errors.py",
    RUNNER / "core/setting_rules.py",
    *sorted((RUNNER / "worker").glob("*.py")),
    RUNNER / "backends/__init__.py",
    *sorted((RUNNER / "backends").glob("*/__init__.py")),
    *sorted((RUNNER / "backends").glob("*/session.py")),
]


# Names that Python 3.8's modules have not.
NEWER = {"cache", "pairwise", "batched", "aclosing", "chdir", "Self", "ParamSpec", "TypeAlias", "UTC"}


def unquoted(tree: ast.AST) -> list[ast.expr]:
    """The annotations that are evaluated where they stand, and are more than a name."""
    fields = ("annotation", "returns")
    found = [getattr(node, field, None) for node in ast.walk(tree) for field in fields]
    return [one for one in found if isinstance(one, ast.expr) and not isinstance(one, (ast.Constant, ast.Name))]


@pytest.mark.parametrize("path", TRAVELS, ids=lambda path: str(path.relative_to(RUNNER)))
def test_what_travels_keeps_to_python_3_8(path: Path) -> None:
    tree = ast.parse(path.read_text(), feature_version=(3, 8))
    # Annotations of newer form (`X | None`, `list[int]`) are text only with this, or in quotes.
    future = any(isinstance(node, ast.ImportFrom) and node.module == "__future__" for node in tree.body)
    assert future or not unquoted(tree)
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert not NEWER & {alias.name for one in imports for alias in one.names}


def test_the_worker_imports_nothing_but_the_standard_library() -> None:
    code = "import sys; before = set(sys.modules); import runner.worker.__main__; print(*(set(sys.modules) - before))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=RUNNER.parent)
    top = {name.split(".")[0] for name in loaded.stdout.split()}
    assert "runner" in top
    assert top - set(sys.stdlib_module_names) == {"runner"}


def test_a_workers_feed_imports_only_numpy_beside() -> None:
    code = (
        "import sys; before = set(sys.modules); import runner.worker.input_batches; print(*(set(sys.modules) - before))"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=RUNNER.parent)
    top = {name.split(".")[0] for name in loaded.stdout.split()} - set(sys.stdlib_module_names)
    assert top == {"runner", "numpy"}


def test_what_a_library_prints_goes_to_the_log_and_not_into_the_protocol(worker: Worker) -> None:
    answer = worker.ask("call", timeout=30, module="odd_code", function="print_everywhere", arguments={"text": "hi"})
    assert answer == "printed"
    worker.close()
    assert worker.log.read_text().splitlines() == ["hi python", "hi c stdout", "hi c stderr"]


def test_a_library_that_reads_standard_input_finds_nothing(worker: Worker) -> None:
    assert worker.ask("call", timeout=30, module="odd_code", function="read_input") == ""
    assert worker.ask("memory", timeout=30)["rss_mb"] > 1


def test_peak_memory_is_the_workers_own(worker: Worker) -> None:
    # This process is far larger than a bare worker, and ru_maxrss would carry that over.
    block = bytearray(b"\1" * 300_000_000)
    assert worker.ask("memory", timeout=30)["peak_rss_mb"] < 100 < len(block) / 1e6


def test_peak_memory_stays_when_memory_is_freed(worker: Worker) -> None:
    worker.ask("call", timeout=30, module="odd_code", function="allocate_and_free", arguments={"megabytes": 200})
    found = worker.ask("memory", timeout=30)
    assert found["peak_rss_mb"] > 200 > found["rss_mb"]


PINNED = """
import os, threading
from runner.worker import process
go_on = threading.Event()
thread = threading.Thread(target=go_on.wait)
thread.start()
one = min(os.sched_getaffinity(0))
assert process.pin([one]) == [one]
assert os.sched_getaffinity(thread.native_id) == {one}
go_on.set()
"""


def test_pinned_threads_are_those_too_that_an_import_has_started() -> None:
    subprocess.run([sys.executable, "-c", PINNED], check=True, cwd=RUNNER.parent)


def test_nothing_is_collected_while_a_session_is_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "collects.py").write_text("import gc\nmeanwhile = gc.isenabled()\n")
    monkeypatch.syspath_prepend(tmp_path)
    process.imports("collects")
    assert sys.modules.pop("collects").meanwhile is False
    assert gc.isenabled()


def test_what_was_not_collected_before_an_import_that_fails_is_not_afterwards() -> None:
    gc.disable()
    try:
        with pytest.raises(ModuleNotFoundError):
            process.imports("no_such_module")
        assert not gc.isenabled()
    finally:
        gc.enable()
