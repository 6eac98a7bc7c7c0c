"""What a frame must be to enter a table; and that nothing is written where it is not."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import polars as pl
import pytest

from finance_ppm.lakehouse import ContractViolationError, Lake
from finance_ppm_tests.lakehouse.tables import NOON, Event, Line, events, line, lines

GOOD = lines(line("a", name="A", amount=Decimal("1.00"), edited=NOON), line("b", name="B"))


def change(**columns: pl.Expr) -> pl.DataFrame:
    return GOOD.with_columns(**columns)


@pytest.mark.parametrize(
    ("rows", "breaches", "example"),
    [
        (pl.concat([GOOD, GOOD.tail(1)]), {"primary_key": 2}, {"line_id": "b"}),
        (change(quarter=pl.lit(None, pl.String)), {"quarter|nullability": 2}, {"line_id": "a"}),
        (change(quarter=pl.lit("")), {"quarter|partition value": 2}, {"line_id": "a"}),
        (GOOD.drop("amount"), {"amount|missing": 2}, {}),
        (change(more=pl.lit(1)), {"more|unknown": 2}, {}),
        (change(amount=pl.lit(1.5)), {"amount|dtype": 2}, {"line_id": "a"}),
        (change(amount=pl.lit("1.50")), {"amount|dtype": 2}, {"line_id": "a"}),
        (
            change(amount=pl.when(line_id="b").then(pl.lit(Decimal("0.001"), pl.Decimal(18, 3)))),
            {"amount|dtype": 1},
            {"line_id": "b"},
        ),
        (
            change(amount=pl.when(line_id="b").then(pl.lit(Decimal(10) ** 17, pl.Decimal(20, 0)))),
            {"amount|dtype": 1},
            {"line_id": "b"},
        ),
        (change(edited=pl.lit(datetime(2026, 1, 1))), {"edited|dtype": 2}, {"line_id": "a"}),  # noqa: DTZ001 - naive on purpose
        (change(edited=pl.lit(NOON).dt.convert_time_zone("Europe/Paris")), {"edited|dtype": 2}, {"line_id": "a"}),
        (change(issues=pl.lit([["r"]])), {"issues|dtype": 2}, {"line_id": "a"}),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_rows_that_break_the_contract_are_refused_before_anything_is_written(
    lake: Lake, rows: pl.DataFrame, breaches: dict[str, int], example: dict[str, object]
) -> None:
    lake.merge(Line, lines(line("a")))
    with pytest.raises(ContractViolationError) as caught:
        lake.merge(Line, rows)
    assert caught.value.table == "silver/lines"
    assert (caught.value.breaches, caught.value.example) == (breaches, example)
    assert "nothing was written" in str(caught.value)
    assert lake.version(Line) == 1


@pytest.mark.parametrize("write", [Lake.merge, Lake.append, Lake.replace])
def test_no_way_of_writing_takes_such_rows(
    lake: Lake, write: Callable[[Lake, type[Line], pl.DataFrame], object]
) -> None:
    with pytest.raises(ContractViolationError, match="quarter"):
        write(lake, Line, change(quarter=pl.lit(None, pl.String)))
    assert not lake.exists(Line)


def test_the_message_says_table_rule_count_and_an_example(lake: Lake) -> None:
    with pytest.raises(ContractViolationError) as caught:
        lake.append(Event, pl.concat([events(7), events(7)]))
    assert str(caught.value) == (
        "bronze/events: rows break the contract's `primary_key` (2 rows), for example where event_id = 7; "
        "nothing was written: correct what computes the rows, or the contract."
    )
    assert not lake.exists(Event)


def test_types_are_cast_where_no_value_changes(lake: Lake) -> None:
    rows = GOOD.select(
        "line_id",
        name=pl.lit(None),
        amount=pl.lit(7, pl.Int8),
        total=pl.lit(Decimal("1.5"), pl.Decimal(10, 1)),
        due=pl.lit(None),
        edited=pl.lit(NOON, pl.Datetime("ms", "UTC")),
        quarter=pl.lit("2026-Q4"),
        issues=pl.lit([], pl.List(pl.Null)),
    )
    lake.merge(Line, rows)
    stored = lake.scan(Line).collect()
    assert stored.schema == lake.scan(Line).collect_schema()
    assert stored["amount"].to_list() == [Decimal(7)] * 2
    assert stored["total"].to_list() == [Decimal("1.5")] * 2
    assert stored["edited"].to_list() == [datetime(2026, 11, 20, 12, tzinfo=UTC)] * 2
    assert stored["issues"].to_list() == [[], []]
