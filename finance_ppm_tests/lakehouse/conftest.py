from pathlib import Path

import pytest

from finance_ppm.clock import FrozenClock
from finance_ppm.lakehouse import Lake
from finance_ppm_tests.lakehouse.tables import NOON


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(NOON)


@pytest.fixture
def lake(tmp_path: Path, clock: FrozenClock) -> Lake:
    return Lake(str(tmp_path / "lake"), clock=clock)
