"""Whatever a session's module does wrong is told with its file, and a failure to load with the artifact."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from runner.core.errors import StepFailed
from runner.worker.session_loader import load, said_by

SESSION = """
class Session:
    inputs = outputs = [{"name": "x", "shape": [1, 8], "dtype": "float32"}]
    version, effective, memory, clock = "1", {}, "host", "host"
    def bind(self, arrays): ...
    def run(self, bound): ...
    def close(self): ...

def open_session(folder, options):
    return Session()
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of `mynpu.session`."""
    monkeypatch.syspath_prepend(str(tmp_path))
    file = tmp_path / "mynpu/session.py"
    file.parent.mkdir()
    for name in ("mynpu", "mynpu.session"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return file


def test_a_session_with_all_is_opened(module: Path) -> None:
    module.write_text(SESSION)
    assert load("mynpu.session", "artifact", {}).version == "1"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("version, effective, memory, clock = ", "version, effec, memory, clock = ", "has no effective."),
        ('"1", {}, "host", "host"', '"1", {}, "host", "events"', "is timed by 'events': this runner times with"),
        (', "shape": [1, 8]', "", "has inputs without shape: {'name': 'x', 'dtype': 'float32'}."),
    ],
)
def test_what_a_session_lacks_is_named_with_its_file(module: Path, old: str, new: str, told: str) -> None:
    module.write_text(SESSION.replace(old, new))
    with pytest.raises(StepFailed) as caught:
        load("mynpu.session", "artifact", {})
    assert caught.value.reason.startswith(f"{module}: the session that open_session returns {told}")
    assert caught.value.next_step == "What a session has: docs/adding-a-backend.md."


def test_a_module_without_open_session_is_named(module: Path) -> None:
    module.write_text("")
    with pytest.raises(StepFailed) as caught:
        load("mynpu.session", "artifact", {})
    assert caught.value.reason == f"{module}: it has no open_session(folder, options)."


def test_a_failure_to_load_names_the_artifact(module: Path) -> None:
    module.write_text('def open_session(folder, options):\n    raise ValueError("bad magic\\nat byte 3")\n')
    with pytest.raises(StepFailed) as caught:
        load("mynpu.session", "/a/compile/0123", {})
    assert caught.value.reason == "mynpu can't load /a/compile/0123: bad magic at byte 3"
    assert "damaged" in caught.value.next_step


def test_source_positions_of_a_runtime_are_left_out() -> None:
    error = RuntimeError("Exception from src/core.cpp:137:\nException from src/plugin.cpp:9:\nCannot parse XML\n")
    assert said_by(error) == "Cannot parse XML"


def test_of_a_long_message_the_start_is_kept_too() -> None:
    said = said_by(RuntimeError(f"Node c3 (Conv): {'x' * 500}\nno kernel"))
    assert said.startswith("Node c3 (Conv): ")
    assert said.endswith("no kernel")
