import io

import pytest
from rich.console import Console

from finance_ppm import terminal
from finance_ppm.benchmarks import BESIDE, run_all

pytestmark = pytest.mark.usefixtures("in_one_process")


def _table(rows: int, width: int, monkeypatch: pytest.MonkeyPatch) -> str:
    shown = io.StringIO()
    monkeypatch.setattr(terminal, "out", Console(file=shown, width=width))
    run_all(rows)
    return shown.getvalue()


def test_one_table_reports_every_stage_with_its_figures_floor_and_aim(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = _table(1_600, 160, monkeypatch).splitlines()
    counts = (1_600, 1_600, 1_600, 1_600, 200, 800, 800, *[1_600] * 8)
    for (stage, beside), rows in zip(BESIDE.items(), counts, strict=True):
        (line,) = (line for line in lines if line.strip().startswith(f"{stage} "))
        figures = line.strip().removeprefix(stage).split()[:4]
        assert figures[0] == f"{rows:,}"
        assert len(figures) == 4
        assert all(text in line for text in beside)


def test_the_table_fits_a_narrow_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = _table(1_000, 80, monkeypatch)
    assert "\N{HORIZONTAL ELLIPSIS}" not in shown
    assert all(stage in shown for stage in BESIDE)
