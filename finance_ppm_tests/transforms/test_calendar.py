"""Days and months as numbers: from the first that there is to the last, and the same on every engine."""

from datetime import date

import narwhals.stable.v2 as nw
import polars as pl

from finance_ppm.transforms.calendar import (
    first_date,
    first_of,
    first_ordinal,
    fiscal_year,
    month_number,
    month_of,
    ordinal,
    with_month,
)
from finance_ppm_tests.engines import Engine

LAST = date.max.toordinal()


def numbered(engine: Engine, ordinals: list[int]) -> pl.DataFrame:
    days = pl.DataFrame({"number": ordinals, "day": [date.fromordinal(number) for number in ordinals]})
    return engine.collect(
        with_month(engine.lazy(days), of="number").with_columns(
            ordinal=ordinal(nw.col("day")),
            month_of=month_of(nw.col("day")),
            first=first_ordinal(nw.col("month")),
            first_date=first_date(nw.col("month")),
            july=fiscal_year(nw.col("month"), starts_in=7),
            january=fiscal_year(nw.col("month"), starts_in=1),
        )
    )


def test_every_day_of_the_calendar(engine: Engine) -> None:
    """A step of 7 days, or 97, meets every day of the year, in leap years and others."""
    step = 7 if engine.name == "polars" else 97
    found = numbered(engine, [*range(1, LAST + 1, step), LAST])
    first = pl.col("day").dt.truncate("1mo")
    assert found.filter(pl.col("ordinal") != pl.col("number")).is_empty()
    assert found.filter(pl.col("month") != pl.col("month_of")).is_empty()
    assert found.filter(pl.col("first_date") != first).is_empty()
    assert found.filter(pl.col("number") - pl.col("first") != pl.col("day").dt.day() - 1).is_empty()
    assert found.filter(pl.col("january") != pl.col("day").dt.year()).is_empty()
    in_second_half = (pl.col("day").dt.month() >= 7).cast(pl.Int32)
    assert found.filter(pl.col("july") != pl.col("day").dt.year() + in_second_half).is_empty()


def test_a_month_that_is_known_beforehand() -> None:
    assert month_number(date(2026, 11, 20)) == 12 * 2026 + 10
    assert first_of(12 * 2026 + 10) == date(2026, 11, 1)
    assert first_of(month_number(date(2026, 12, 31)) + 1) == date(2027, 1, 1)
