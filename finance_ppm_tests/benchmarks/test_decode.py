"""The benchmark measures real work: its pages are good ones, and every stage reports. No figure is asserted."""

import sys

import pytest

from finance_ppm.benchmarks.decode import PROPERTIES, STAGES, budget_lines, run
from finance_ppm.contracts.silver import NotionBudgetLines
from finance_ppm.errors import FinancePpmError
from finance_ppm.transforms.silver import decode_pages


def test_generated_pages_are_of_the_measured_size_and_without_issues() -> None:
    (batch,) = budget_lines(50, seed=1)
    assert 2_300 < sum(len(payload.as_py()) for payload in batch["raw_payload"]) / 50 < 2_900
    rows = decode_pages(NotionBudgetLines, batch, PROPERTIES)
    assert rows["issues"].to_pylist() == [[]] * 50
    assert rows["amount"].null_count == rows["project_id"].null_count == rows["invoice_date"].null_count == 0


@pytest.mark.usefixtures("in_one_process")
def test_every_stage_is_measured_over_every_page() -> None:
    measured = list(run(30))
    assert [(row.stage, row.rows) for row in measured] == [(stage, 30) for stage in STAGES]
    assert all(row.rows_per_second > 0 for row in measured)


def test_without_orjson_one_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "orjson", None)
    with pytest.raises(FinancePpmError, match="pip install orjson"):
        next(run(30))
