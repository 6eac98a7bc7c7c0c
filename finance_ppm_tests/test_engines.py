"""The harness itself: what goes into an engine comes out of it unchanged, and what breaks a contract is told."""

from datetime import UTC, date, datetime
from decimal import Decimal

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from finance_ppm.contracts.silver import NotionProjects
from finance_ppm_tests.engines import Engine, assert_conforms
from finance_ppm_tests.transforms.budget_by_hand import frame_of, project

ISSUE = {"rule": "r", "column": None, "value": "é", "message": "m"}


def test_frames_pass_through_an_engine_unchanged(engine: Engine) -> None:
    rows = [
        project(
            "a",
            name="Größe 🚀",
            budget_total=Decimal("-9999999999999999.99"),
            start_date=date(1900, 1, 1),
            last_modified=datetime(2026, 7, 1, 12, 30, 0, 123456, tzinfo=UTC),
            issues=[ISSUE],
        ),
        project("b", name="", issues=[]),
    ]
    frame = frame_of(NotionProjects, rows)
    assert_frame_equal(engine.collect(engine.lazy(frame), NotionProjects), frame)


@pytest.mark.parametrize(
    "broken",
    [
        pl.col("budget_total").cast(pl.Decimal(38, 2)),
        pl.lit(None, pl.String).alias("name"),
        pl.lit("a").alias("project_id"),
        pl.lit(1).alias("surplus"),
    ],
    ids=["type", "null", "key", "column"],
)
def test_a_frame_that_breaks_its_contract_is_refused(broken: pl.Expr) -> None:
    frame = frame_of(NotionProjects, [project("a", issues=[]), project("b", issues=[])])
    assert_conforms(frame, NotionProjects)
    with pytest.raises(AssertionError):
        assert_conforms(frame.with_columns(broken), NotionProjects)
