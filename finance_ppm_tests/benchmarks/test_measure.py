import os
import sys
from time import sleep

import pytest

from finance_ppm.benchmarks.measure import measure
from finance_ppm.errors import FinancePpmError


def test_a_stage_runs_in_a_process_of_its_own_and_reports_its_memory() -> None:
    measured = measure("pid", 10, os.getpid)
    assert measured.seconds != os.getpid()
    assert measured.rows_per_second == 10 / measured.seconds
    assert (measured.peak_mb is not None) == (sys.platform == "linux")
    assert measured.peak_mb is None or 5 < measured.peak_mb < 500


def test_a_stage_that_the_system_ends_is_told_in_one_sentence() -> None:
    with pytest.raises(FinancePpmError, match=r"'big' was ended by the system at 1,000 rows.*--rows"):
        measure("big", 1000, os._exit, 9)


def test_what_a_stage_raises_itself_is_raised_here() -> None:
    with pytest.raises(TypeError):
        measure("wrong", 1, sleep, "soon")  # type: ignore[arg-type]  # sleep returns nothing; it never comes to that
