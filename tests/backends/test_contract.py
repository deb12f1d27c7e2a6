"""Our own backends keep what every backend promises: the suite that ships, unedited."""

from runner.testing.backend_contract import *  # noqa: F403
from runner.testing.backend_contract import BACKENDS


def test_there_are_backends() -> None:
    assert {"onnxruntime", "openvino", "torch"} <= set(BACKENDS)
