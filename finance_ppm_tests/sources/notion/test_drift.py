from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finance_ppm.contracts import NotionProperty
from finance_ppm.contracts.bronze import NotionSyncWatermarks
from finance_ppm.lakehouse import Lake
from finance_ppm.sources.notion.drift import OPTION_TOLD_FOR, Remembered, remembered, schema_drift
from finance_ppm.sources.notion.schema import DatabaseSchema, DataSource, Drift, Property, SchemaDrift

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
WANTED = {"status": NotionProperty("Status", ("select", "status")), "state": NotionProperty("Status", ("select",))}


def schema(*options: str, name: str = "Status", kind: str = "select") -> DatabaseSchema:
    """A database whose Status offers these options, beside a property that nobody wants."""
    return DatabaseSchema({name: Property("s", kind, options), "Mood": Property("m", "select", options)})


def drift(before: DatabaseSchema | None, now: DatabaseSchema) -> list[tuple[Drift, tuple[str, ...], str, str | None]]:
    found = schema_drift(before, now, WANTED, {"status": ("s",), "state": ("s",)}).drift
    return [(each.kind, each.columns, each.property_name, each.found) for each in found]


def test_a_new_option_of_a_wanted_property_is_told_once() -> None:
    found = schema_drift(schema("Open"), schema("Open", "Blocked", "Done"), WANTED, {})
    assert found.ids == {"status": ("s",), "state": ("s",)}
    assert [(each.kind, each.columns, each.found) for each in found.drift] == [
        (Drift.OPTION_ADDED, ("status", "state"), "Blocked"),
        (Drift.OPTION_ADDED, ("status", "state"), "Done"),
    ]
    assert found.drift[0].message == (
        "The property 'Status' has a new option 'Blocked': remove it if it was added by mistake."
    )


def test_a_new_option_is_told_under_the_configured_name() -> None:
    assert drift(schema("Open", name="Zustand"), schema("Open", "Done", name="Zustand")) == [
        (Drift.RENAMED, ("status", "state"), "Status", "Zustand"),
        (Drift.OPTION_ADDED, ("status", "state"), "Status", "Done"),
    ]


def test_a_schema_seen_for_the_first_time_has_no_new_options() -> None:
    assert drift(None, schema("Open")) == []


def test_options_that_were_never_looked_at_are_no_new_ones() -> None:
    earlier_version = DatabaseSchema({"Status": Property("s", "select")})
    assert drift(earlier_version, schema("Open")) == []


def test_options_of_a_property_made_anew_are_no_new_ones() -> None:
    anew = DatabaseSchema({"Status": Property("t", "select", ("Open",))})
    assert drift(schema("Done"), anew) == []


@pytest.mark.parametrize("options", [(), ("Open",), ("Done", "Open")])
def test_options_that_went_or_moved_are_no_drift(options: tuple[str, ...]) -> None:
    assert drift(schema("Open", "Done"), schema(*options)) == []


def test_an_option_added_in_two_data_sources_is_told_once() -> None:
    def both(*options: str) -> DatabaseSchema:
        sources = [DataSource(key, key, {"Status": Property(key, "select", options)}) for key in ("1", "2")]
        return DatabaseSchema.of_sources(sources)

    assert drift(both("Open"), both("Open", "Done")) == [
        (Drift.OPTION_ADDED, ("status", "state"), "Status", "Done"),
    ]


def test_a_lost_data_source_is_told_until_it_is_listed_again() -> None:
    def of(*keys: str) -> DatabaseSchema:
        sources = [DataSource(key, f"Source {key}", {"Status": Property(key, "select", ())}) for key in keys]
        return DatabaseSchema.of_sources(sources)

    both = of("1", "2")
    alone = of("2").following(both)
    lost = [(Drift.SOURCE_LOST, (), "Source 1", "1")]
    assert drift(both, alone) == lost
    assert drift(alone, alone) == lost
    assert drift(alone, of("2").following(alone)) == lost
    assert drift(alone, both.following(alone)) == []
    (told,) = schema_drift(both, alone, WANTED, {}).drift
    assert told.message == (
        "The data source 'Source 1' is not in the database any more, and its pages stay as last read: restore it, or "
        "share it with the integration again."
    )


def found(kind: Drift, name: str = "Amount", what: str | None = None, message: str = "So.") -> SchemaDrift:
    return SchemaDrift(kind, ("amount",), name, what, message)


def entry(kind: Drift, since: datetime, name: str = "Amount", what: str | None = None) -> Remembered:
    return {
        "kind": kind.value,
        "property": name,
        "found": what,
        "columns": ["amount"],
        "message": "So.",
        "since": since,
    }


def test_nothing_found_is_nothing_remembered() -> None:
    assert remembered(None, [], NOW) is None
    assert remembered([], [], NOW) is None


def test_what_lasts_keeps_the_moment_it_was_first_seen_and_says_it_anew() -> None:
    first = remembered(None, [found(Drift.MISSING)], NOW)
    assert first == [entry(Drift.MISSING, NOW)]
    again = remembered(first, [found(Drift.MISSING, message="Still.")], NOW + HOUR)
    assert again == [entry(Drift.MISSING, NOW) | {"message": "Still."}]


def test_what_is_mended_is_gone_and_what_comes_back_is_new() -> None:
    first = remembered(None, [found(Drift.MISSING), found(Drift.RENAMED, "Due", "Frist")], NOW)
    mended = remembered(first, [found(Drift.RENAMED, "Due", "Frist")], NOW + HOUR)
    assert mended == [entry(Drift.RENAMED, NOW, "Due", "Frist")]
    assert remembered(mended, [found(Drift.MISSING)], NOW + 2 * HOUR) == [entry(Drift.MISSING, NOW + 2 * HOUR)]


def test_a_new_option_is_remembered_for_a_week() -> None:
    first = remembered(None, [found(Drift.OPTION_ADDED, "Status", "Done")], NOW)
    assert first == [entry(Drift.OPTION_ADDED, NOW, "Status", "Done")]
    assert remembered(first, [], NOW + OPTION_TOLD_FOR - HOUR) == first
    assert remembered(first, [], NOW + OPTION_TOLD_FOR) is None
    late = NOW + OPTION_TOLD_FOR + HOUR
    assert remembered(first, [found(Drift.OPTION_ADDED, "Status", "Done")], late) == [
        entry(Drift.OPTION_ADDED, late, "Status", "Done")
    ]


DRIFTS = st.lists(
    st.builds(
        SchemaDrift,
        st.sampled_from(Drift),
        st.lists(st.sampled_from("ab"), max_size=2).map(tuple),
        st.sampled_from(["Amount", "Due"]),
        st.none() | st.sampled_from(["x", "y"]),
        st.just("So."),
    ),
    max_size=5,
    unique_by=lambda drift: (drift.kind, drift.property_name, drift.found),
)
HOURS = st.integers(0, 400).map(lambda hours: NOW + timedelta(hours=hours))


@given(DRIFTS, DRIFTS, HOURS, HOURS)
@settings(max_examples=100, deadline=None)
def test_a_look_that_finds_the_same_remembers_the_same(
    before: list[SchemaDrift], now: list[SchemaDrift], one: datetime, other: datetime
) -> None:
    first, second = sorted((one, other))
    earlier = remembered(None, before, first)
    known = remembered(earlier, now, second)
    assert remembered(known, now, second) == known
    assert remembered(reversed(earlier or []), reversed(now), second) == known
    standing = [each for each in now if each.kind != Drift.OPTION_ADDED]
    assert sum(each["kind"] != Drift.OPTION_ADDED for each in known or ()) == len(standing)
    assert {each["since"] for each in known or ()} <= {first, second}


def test_what_is_remembered_comes_back_from_the_lake_as_it_was(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    told = [found(Drift.OPTION_ADDED, "Status", "Done"), found(Drift.MISSING), found(Drift.SOURCE_LOST, "2", "id")]
    known = remembered(None, told, NOW + timedelta(microseconds=1))
    rows = [
        {"database_id": "1", "database_name": "risks", "property_ids": "{}", "drift": known},
        {"database_id": "2", "database_name": "actions", "property_ids": "{}", "drift": None},
    ]
    lake.merge(NotionSyncWatermarks, pl.DataFrame(rows, schema=NotionSyncWatermarks.create_empty().schema))
    stored = lake.scan(NotionSyncWatermarks).sort("database_id").collect()["drift"].to_list()
    assert stored == [known, None]
    assert remembered(stored[0], told, NOW + HOUR) == known
