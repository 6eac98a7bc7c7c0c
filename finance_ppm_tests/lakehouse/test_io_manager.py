"""Assets that return frames, stored and loaded by their contracts; data versions that move with the data alone."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import dagster as dg
import narwhals.stable.v2 as nw
import polars as pl
import pytest

from finance_ppm.clock import FrozenClock
from finance_ppm.contracts import Table, asset_key, history_of
from finance_ppm.errors import NeverCapturedError
from finance_ppm.lakehouse import Lake, Upsert
from finance_ppm.lakehouse.io_manager import LakeIOManager
from finance_ppm_tests.lakehouse.tables import Event, Figure, Line, events, figures, line, lines

TODAY = date(2026, 11, 20)
YESTERDAY = TODAY - timedelta(days=1)
DAYS = dg.DailyPartitionsDefinition("2026-11-01", end_offset=1)
FigureHistory = history_of(Figure)


def as_asset(produced: Callable[..., Any], table: type[Table], **options: Any) -> dg.AssetsDefinition:
    decorate: Callable[[Callable[..., Any]], dg.AssetsDefinition] = dg.asset(
        key=dg.AssetKey(asset_key(table)), **options
    )
    return decorate(produced)


@dataclass
class House:
    """A lake behind Dagster, and what its assets return next."""

    lake: Lake
    clock: FrozenClock
    instance: dg.DagsterInstance
    returns: dict[type[Table], Any] = field(default_factory=dict)
    asked: list[tuple[type[Table], date | None]] = field(default_factory=list)

    def read(self, table: type[Table], day: date | None) -> pl.LazyFrame:
        self.asked.append((table, day))
        return self.lake.scan(table)

    @property
    def io_manager(self) -> LakeIOManager:
        return LakeIOManager(self.lake, self.clock, self.read, tables=(Event, Line, Figure))

    def asset(self, table: type[Table], **options: Any) -> dg.AssetsDefinition:
        options = {"partitions_def": DAYS, **options}

        def produced() -> Any:
            return self.returns[table]

        return as_asset(produced, table, **options)

    def run(
        self, *assets: dg.AssetsDefinition, day: date | None = TODAY, select: dg.AssetsDefinition | None = None
    ) -> dg.ExecuteInProcessResult:
        return dg.materialize(
            assets,
            selection=None if select is None else [select],
            partition_key=None if day is None else day.isoformat(),
            instance=self.instance,
            resources={"io_manager": self.io_manager},
            raise_on_error=False,
        )

    def store(self, table: type[Table], value: object, *, day: date | None = TODAY, **options: Any) -> dict[str, Any]:
        """Metadata of one successful materialisation, and its data version as ``data_version``."""
        self.returns[table] = value
        result = self.run(self.asset(table, **options), day=day)
        assert result.success
        (event,) = result.get_asset_materialization_events()
        found = event.materialization
        assert found.tags is not None
        values = {name: value.value for name, value in found.metadata.items()}
        return {**values, "data_version": found.tags["dagster/data_version"]}


@pytest.fixture
def house(lake: Lake, clock: FrozenClock) -> Iterator[House]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield House(lake, clock, instance)


def values(house: House, table: type[Table]) -> list[tuple[date, Decimal]]:
    return sorted(house.lake.scan(table).select("as_of_date", "value").collect().iter_rows())


def test_a_log_is_appended_to(house: House) -> None:
    house.store(Event, events(1))
    assert house.store(Event, events(2).lazy())["dagster/row_count"] == 2
    assert house.lake.scan(Event).collect()["event_id"].sort().to_list() == [1, 2]


def test_a_keyed_table_is_merged_and_touched_keys_leave(house: House) -> None:
    house.store(Line, lines(line("a"), line("b")))
    house.store(Line, nw.from_native(lines(line("c"))))
    metadata = house.store(Line, Upsert(lines(line("a", name="A")), touched=pl.Series(["a", "b"])))
    assert {name: metadata[name] for name in ("inserted", "updated", "deleted", "dagster/row_count")} == {
        "inserted": 0,
        "updated": 1,
        "deleted": 1,
        "dagster/row_count": 2,
    }
    assert (metadata["delta_version"], metadata["path"]) == (3, house.lake.path(Line))
    assert house.lake.scan(Line).collect()["line_id"].sort().to_list() == ["a", "c"]


def test_todays_snapshot_is_the_latest_and_enters_the_history(house: House) -> None:
    house.store(Figure, figures(TODAY, "1"))
    metadata = house.store(Figure, figures(TODAY, "2", "3"))
    expected = [(TODAY, Decimal(2)), (TODAY, Decimal(3))]
    assert values(house, Figure) == values(house, FigureHistory) == expected
    assert metadata["path"] == house.lake.path(Figure)
    assert metadata["preview"].splitlines()[2].startswith("| f0 | 2.00 | 2026-11-20 |")


def test_a_past_day_touches_history_alone(house: House) -> None:
    house.store(Figure, figures(TODAY, "1"))
    metadata = house.store(Figure, figures(YESTERDAY, "9"), day=YESTERDAY)
    assert values(house, Figure) == [(TODAY, Decimal(1))]
    assert values(house, FigureHistory) == [(YESTERDAY, Decimal(9)), (TODAY, Decimal(1))]
    assert metadata["path"] == house.lake.path(FigureHistory)


def test_a_day_that_ended_while_it_was_computed_touches_history_alone(house: House) -> None:
    house.clock.moment = datetime(2026, 11, 21, 0, 0, 1, tzinfo=UTC)
    house.store(Figure, figures(TODAY, "1"), day=TODAY)
    assert values(house, Figure) == []
    assert values(house, FigureHistory) == [(TODAY, Decimal(1))]


def test_an_older_day_never_overwrites_the_latest(house: House) -> None:
    """Not even where the clock was put back."""
    house.store(Figure, figures(TODAY, "1"))
    house.clock.moment -= timedelta(days=1)
    house.store(Figure, figures(YESTERDAY, "2"), day=YESTERDAY)
    assert values(house, Figure) == [(TODAY, Decimal(1))]


def test_a_run_without_a_partition_is_of_today(house: House) -> None:
    house.store(Figure, figures(TODAY, "1"), day=None, partitions_def=None)
    assert values(house, Figure) == values(house, FigureHistory) == [(TODAY, Decimal(1))]


@pytest.mark.parametrize(
    ("table", "value", "message"),
    [
        (Figure, figures(YESTERDAY, "1"), "gold_history/figures: 1 of 1 rows lie outside the partition as_of_date"),
        (Event, pl.concat([events(1), events(1)]), "bronze/events: rows break the contract's `primary_key`"),
    ],
)
def test_refused_rows_fail_the_run_at_once_and_write_nothing(
    house: House, table: type[Table], value: pl.DataFrame, message: str
) -> None:
    """No retry: none can help."""
    house.returns[table] = value
    result = house.run(house.asset(table, retry_policy=dg.RetryPolicy(max_retries=3)))
    (failure,) = (event for event in result.all_events if event.is_step_failure)
    assert failure.step_failure_data.user_failure_data is not None
    assert message in str(failure.step_failure_data.user_failure_data.description)
    assert not house.lake.exists(table)
    assert not house.lake.exists(history_of(Figure))


@pytest.mark.parametrize(
    ("table", "value", "message"),
    [
        (Line, None, "silver/lines: the asset returned a NoneType, not a Polars frame"),
        (Event, Upsert(events(1)), "bronze/events is not merged by key: return a frame, not an Upsert"),
    ],
)
def test_what_is_no_frame_is_refused(house: House, table: type[Table], value: object, message: str) -> None:
    house.returns[table] = value
    with pytest.raises(TypeError, match=message):
        dg.materialize(
            [house.asset(table)], partition_key=TODAY.isoformat(), resources={"io_manager": house.io_manager}
        )


def reading(house: House, kind: Any, seen: list[object], **options: Any) -> dg.AssetsDefinition:
    def produced(upstream: Any) -> pl.DataFrame:
        seen.append(upstream)
        return figures(TODAY, "1")

    if kind is not None:
        produced.__annotations__["upstream"] = kind
    else:
        del produced.__annotations__["upstream"]
    return as_asset(produced, Figure, ins={"upstream": dg.AssetIn(key=dg.AssetKey(asset_key(Line)))}, **options)


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        (None, pl.LazyFrame),
        (Any, pl.LazyFrame),
        (pl.LazyFrame, pl.LazyFrame),
        (pl.DataFrame, pl.DataFrame),
        (nw.LazyFrame, nw.LazyFrame),
    ],
)
def test_an_input_is_the_kind_of_frame_it_is_typed_as(house: House, asked: Any, given: type) -> None:
    house.returns[Line] = lines(line("a"))
    seen: list[object] = []
    assert house.run(house.asset(Line), reading(house, asked, seen, partitions_def=DAYS)).success
    assert [type(frame) for frame in seen] == [given]
    assert house.asked == [(Line, TODAY)]


def test_an_unpartitioned_upstream_is_read_without_a_day(house: House) -> None:
    house.returns[Line] = lines(line("a"))
    seen: list[object] = []
    assert house.run(house.asset(Line, partitions_def=None), reading(house, None, seen), day=None).success
    assert house.asked == [(Line, None)]


def test_what_the_reader_refuses_fails_the_run_with_its_own_sentence(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(table: type[Table], day: date | None) -> pl.LazyFrame:
        raise NeverCapturedError(f"{day}: nothing was captured before 2026-11-01.")

    monkeypatch.setattr(house, "read", never)
    house.returns[Line] = lines(line("a"))
    downstream = reading(house, None, [], partitions_def=DAYS, retry_policy=dg.RetryPolicy(max_retries=3))
    result = house.run(house.asset(Line), downstream)
    (failure,) = (event for event in result.all_events if event.is_step_failure)
    assert failure.step_failure_data.user_failure_data is not None
    assert "nothing was captured before" in str(failure.step_failure_data.user_failure_data.description)


def test_an_asset_without_a_contract_is_refused(house: House) -> None:
    class Unknown(Line):
        info = Figure.info

    Unknown.info = type(Figure.info)(**{**vars(Figure.info), "name": "unknown"})
    house.returns[Unknown] = lines()
    with pytest.raises(dg.DagsterInvariantViolationError, match="No contract describes gold/unknown"):
        dg.materialize([house.asset(Unknown, partitions_def=None)], resources={"io_manager": house.io_manager})


@pytest.mark.parametrize(
    ("table", "first", "nothing_new", "second"),
    [
        (Event, events(1), events(), events(2)),
        (Line, lines(line("a")), lines(line("a")), lines(line("a", name="A"))),
        (Figure, figures(TODAY, "1", "2"), figures(TODAY, "1", "2").reverse(), figures(TODAY, "1", "3")),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else "",
)
def test_the_data_version_moves_with_the_data_alone(
    house: House, table: type[Table], first: pl.DataFrame, nothing_new: pl.DataFrame, second: pl.DataFrame
) -> None:
    versions = [house.store(table, value)["data_version"] for value in (first, nothing_new, second, nothing_new[:0])]
    assert versions[0] == versions[1] != versions[2]
    assert (versions[2] == versions[3]) == (table is not Figure)


def test_a_days_data_version_does_not_move_with_other_days(house: House) -> None:
    before = house.store(Figure, figures(TODAY, "1"))["data_version"]
    house.store(Figure, figures(YESTERDAY, "2"), day=YESTERDAY)
    assert house.store(Figure, figures(TODAY, "1"))["data_version"] == before


REACT: dg.AutomationCondition[Any] = dg.AutomationCondition.in_latest_time_window() & (
    dg.AutomationCondition.any_deps_match(dg.AutomationCondition.data_version_changed()).since_last_handled()
)


@pytest.mark.filterwarnings("ignore::dagster.BetaWarning")  # raised by Dagster about its own tester
def test_downstream_is_asked_for_once_for_each_change_and_rests_otherwise(house: House) -> None:
    upstream = house.asset(Line)
    downstream = reading(house, None, [], partitions_def=DAYS, automation_condition=REACT)
    defs = dg.Definitions([upstream, downstream], resources={"io_manager": house.io_manager})
    cursor = None

    def requested(at: datetime = datetime(2026, 11, 20, 12, tzinfo=UTC)) -> int:
        nonlocal cursor
        result = dg.evaluate_automation_conditions(defs, house.instance, cursor=cursor, evaluation_time=at)
        cursor = result.cursor
        return result.total_requested

    def sync(*rows: dict[str, object], day: date = TODAY) -> None:
        house.returns[Line] = lines(*rows)
        assert house.run(upstream, downstream, select=upstream, day=day).success

    def compute() -> None:
        assert house.run(upstream, downstream, select=downstream).success

    steps: list[tuple[Callable[[], object], int]] = [
        (lambda: None, 0),
        (lambda: sync(line("a")), 1),
        (lambda: None, 0),
        (compute, 0),
        (lambda: sync(line("a")), 0),
        (sync, 0),
        (lambda: sync(line("a", name="B")), 1),
        (compute, 0),
        (lambda: sync(line("a")), 1),
        (lambda: sync(line("a"), day=YESTERDAY), 0),
    ]
    counted = []
    for act, _ in steps:
        act()
        counted.append(requested())
    assert counted == [expected for _, expected in steps]
    sync(line("a"), day=TODAY + timedelta(days=1))
    assert requested(datetime(2026, 11, 21, 0, 5, tzinfo=UTC)) == 1
