"""A cell whose property is gone or retyped stays as it was; every other cell is what its newest version says."""

from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finance_ppm.contracts.silver import NotionBudgetLines, Quarantine
from finance_ppm.transforms.silver import PropertyMap, Silver, type_pages, with_earlier
from finance_ppm_tests.transforms.silver import given as g
from finance_ppm_tests.transforms.silver.histories import (
    COLUMNS,
    FIRST_DAY,
    Expected,
    History,
    Version,
    expected,
    histories,
    known,
    property_map,
)


def versions_of(*pages: History) -> pl.DataFrame:
    """Every version of ``page-0``, ``page-1``, ... in the columns of bronze."""
    told = [(f"page-{number}", version) for number, history in enumerate(pages) for version in history]
    return g.bronze(
        *(version.payload for _, version in told),
        page_id=[page_id for page_id, _ in told],
        captured_at=[version.captured_at for _, version in told],
        is_deleted=[version.deleted for _, version in told],
    )


def typed(versions: pl.DataFrame, properties: PropertyMap, *, earlier: bool = True) -> Silver:
    newest = versions.filter(pl.col("captured_at") == pl.col("captured_at").max().over("page_id"))
    shuffled = versions.sample(fraction=1, shuffle=True, seed=5)
    return type_pages(
        "budget_lines", NotionBudgetLines, with_earlier(newest, shuffled) if earlier else newest, properties
    )


def found(silver: Silver) -> dict[str, Expected]:
    """What became of each page, in the words of the oracle."""
    return {
        row["budget_line_id"]: Expected(
            {column: row[column] for column in (*COLUMNS, "project_ids")},
            {(issue["rule"], issue["column"]) for issue in row["issues"]},
            {issue["column"]: day for issue in row["issues"] if (day := kept_from(issue["message"]))},
            row["refused"],
        )
        for row in silver.typed.iter_rows(named=True)
    }


def kept_from(message: str) -> Any:
    """The day that a message says a value is from."""
    _, _, told = message.partition("; its cell stays as it was on ")
    return pl.Series([told.rstrip(".")]).str.to_date()[0] if told else None


@settings(deadline=None, max_examples=80)
@given(st.lists(histories(), min_size=1, max_size=5), known)
def test_each_cell_is_as_an_independent_reading_of_the_history_has_it(pages: list[History], known: set[str]) -> None:
    silver = typed(versions_of(*pages), property_map(known))
    assert found(silver) == {f"page-{number}": expected(history, known) for number, history in enumerate(pages)}
    NotionBudgetLines.validate(silver.rows)
    Quarantine.validate(silver.refused)
    assert silver.rows.height + silver.refused.height == len(pages)


@settings(deadline=None, max_examples=30)
@given(st.lists(histories(), min_size=1, max_size=5), known)
def test_a_page_that_asks_for_no_earlier_version_needs_none(pages: list[History], known: set[str]) -> None:
    """Typed without earlier versions, pages that have not drifted are right already; the others are told apart."""
    versions = versions_of(*pages)
    first = typed(versions, property_map(known), earlier=False)
    whole = typed(versions, property_map(known))
    drifted = set(first.drifted)
    assert {page: row for page, row in found(first).items() if page not in drifted} == {
        page: row for page, row in found(whole).items() if page not in drifted
    }
    kept = {page for page, row in found(whole).items() if row.kept}
    assert kept <= drifted


# --- what a user reads


AMOUNT = property_map({"amount", "notes", "project_id"})
SOUND = dict.fromkeys(COLUMNS, "value")


def one(*states: dict[str, str], names: dict[str, str] | None = None) -> dict[str, Any]:
    """The one page's typed row, after these versions of it."""
    history = [Version(day, SOUND | told) for day, told in enumerate(states)]
    properties = PropertyMap(AMOUNT.ids, names or {})
    return typed(versions_of(history), properties).typed.row(0, named=True)


def told(row: dict[str, Any]) -> list[str]:
    return [issue["message"] for issue in row["issues"]]


def test_a_message_says_what_has_happened_and_from_which_day_the_value_is() -> None:
    row = one({}, {}, {"amount": "retyped", "notes": "absent", "project_id": "absent"})
    assert (row["amount"], row["notes"], row["project_id"], row["project_ids"]) == (
        Decimal(1),
        "note 1",
        "project 1",
        ["project 1"],
    )
    assert told(row) == [
        "The property Project is missing; its cell stays as it was on 2026-06-02.",
        "The property Amount is of type rich_text, where number or formula or rollup is needed; "
        "its cell stays as it was on 2026-06-02.",
        "The property Notes is missing; its cell stays as it was on 2026-06-02.",
    ]
    assert [issue["value"] for issue in row["issues"]] == [None, "12", None]
    assert not row["refused"]


def test_messages_call_a_property_by_its_configured_name() -> None:
    names = {"amount": "Betrag", "notes": "Notizen"}
    row = one({}, {"amount": "retyped", "notes": "absent"}, names=names)
    assert told(row)[0].startswith("The property Betrag is of type rich_text,")
    assert told(row)[1].startswith("The property Notizen is missing;")


def test_each_column_has_a_last_good_version_of_its_own() -> None:
    row = one(
        {}, {"amount": "absent"}, {"notes": "empty", "amount": "unreadable"}, {"amount": "absent", "notes": "absent"}
    )
    assert (row["amount"], row["notes"]) == (Decimal(0), None)
    assert [kept_from(message).day for message in told(row)] == [1, 3]
    assert FIRST_DAY.day == 1


def test_what_is_merely_empty_is_empty_and_what_came_back_counts() -> None:
    assert told(one({}, {"amount": "retyped"}, {"amount": "empty"})) == []
    back = one({}, {"amount": "retyped"}, {"amount": "value"})
    assert (back["amount"], told(back)) == (Decimal(2), [])


def test_a_page_refused_for_another_reason_stays_refused() -> None:
    """Its other amount is no number, and never was; what was kept is what quarantine counts."""
    properties = PropertyMap({"amount": ("id of amount",)})
    good = Version(0, SOUND)
    versions = versions_of([good, Version(1, SOUND | {"amount": "absent"})]).with_columns(
        raw_payload=pl.when(pl.int_range(pl.len()) == 1)
        .then(pl.lit(g.budget_line(Amount=..., Actual_Amount=g.number('"x"'))))
        .otherwise(pl.lit(good.payload))
    )
    silver = typed(versions, properties)
    assert silver.rows.is_empty()
    (row,) = silver.refused.to_dicts()
    assert (row["rule"], row["column"], row["amount"]) == ("amount_not_a_number", "actual_amount", Decimal(0))
    assert [issue["rule"] for issue in row["issues"]] == ["last_good_value_kept", "amount_not_a_number"]


# --- several data sources, and ids that changed


def amount(value: str, property_id: str) -> g.Json:
    return g.number(value) | {"id": property_id}


def test_pages_of_several_data_sources_are_read_each_by_its_own_id() -> None:
    payloads = [
        g.budget_line(Amount=amount("1", "of a")),
        g.budget_line(Amount=..., Betrag=amount("2", "of b")),
        g.budget_line(Amount=amount("3", "stranger")),
    ]
    silver = type_pages(
        "budget_lines", NotionBudgetLines, g.bronze(*payloads * 2), PropertyMap({"amount": ("of a", "of b")})
    )
    assert silver.rows["amount"].to_list() == [1, 2, None, 1, 2, None]
    assert silver.drifted.to_list() == ["page-2", "page-5"]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_of_two_properties_on_one_page_the_first_id_counts_whatever_page_came_before(order: tuple[int, int]) -> None:
    payloads = [
        g.budget_line(Amount=amount("1", "old")),
        g.budget_line(Amount=amount("1", "old"), Betrag=amount("2", "new")),
    ]
    rows = type_pages(
        "budget_lines",
        NotionBudgetLines,
        g.bronze(*(payloads[each] for each in order)),
        PropertyMap({"amount": ("new", "old")}),
    ).rows
    assert rows["amount"].to_list() == [each + 1 for each in order]


def test_the_digest_tells_ids_apart_and_names_not() -> None:
    digests = [
        PropertyMap({"a": ("1", "2")}, {"a": "A"}).digest,
        PropertyMap({"a": ("1", "2")}).digest,
        PropertyMap({"a": ("2", "1")}).digest,
        PropertyMap({"a": ("1",)}).digest,
        PropertyMap().digest,
    ]
    assert digests[0] == digests[1]
    assert len(set(digests)) == 4
    assert PropertyMap({"a": ("1",), "b": ("2",)}).digest == PropertyMap({"b": ("2",), "a": ("1",)}).digest
