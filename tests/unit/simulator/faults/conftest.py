"""What a case has seen is shown in full where it is not what was expected."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("tests.unit.simulator.faults.support")
