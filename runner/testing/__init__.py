"""What the author of a backend tests it with; pytest is an extra: `pip install 'edge-runner[test]'`."""

import pytest

pytest.register_assert_rewrite("runner.testing.backend_contract")
