"""What a page's cells become, and what is said of those that cannot be read."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finance_ppm.contracts.silver import NotionActions, NotionBudgetLines, NotionPrograms, NotionProjects, Page
from finance_ppm.transforms.silver import CELL_RULES, PropertyMap, type_pages
from finance_ppm_tests.transforms.silver import given as g

RULES = {rule.name: rule for rule in CELL_RULES}
UNREAD: dict[str, Any] = {"id": "x", "type": "hologram", "hologram": {}}


def properties(ids: dict[str, str] | None = None, **names: str) -> PropertyMap:
    """Column to id and to configured name."""
    return PropertyMap({column: (property_id,) for column, property_id in (ids or {}).items()}, names)


def typed(
    payload: str,
    table: type[Page] = NotionBudgetLines,
    ids: dict[str, str] | None = None,
    names: dict[str, str] | None = None,
) -> dict[str, Any]:
    """The one accepted row."""
    silver = type_pages("any", table, g.bronze(payload), properties(ids, **(names or {})))
    assert silver.rows.height == 1, silver.refused
    return silver.rows.row(0, named=True)


def refused(payload: str, table: type[Page] = NotionBudgetLines) -> dict[str, Any]:
    """The one refused row."""
    silver = type_pages("any", table, g.bronze(payload), PropertyMap())
    assert silver.rows.is_empty()
    return silver.refused.row(0, named=True)


def found(row: dict[str, Any]) -> list[tuple[str, str | None, str | None]]:
    return [(issue["rule"], issue["column"], issue["value"]) for issue in row["issues"]]


def test_a_good_budget_line_is_typed_without_issues() -> None:
    assert typed(g.budget_line()) == {
        "budget_line_id": "page-0",
        "name": "Roof",
        "project_id": g.PROJECT,
        "project_ids": [g.PROJECT],
        "category": "CapEx",
        "vendor": "Holcim",
        "amount": Decimal("1250.10"),
        "committed_date": date(2026, 1, 31),
        "invoice_date": date(2026, 2, 28),
        "paid_date": None,
        "actual_amount": None,
        "notes": None,
        "is_archived": False,
        "created_time": g.CREATED,
        "created_quarter": "2026-Q4",
        "last_modified": g.EDITED,
        "synced_at": g.CAPTURED,
        "notion_url": f"https://www.notion.so/{g.PAGE_ID}",
        "property_map": PropertyMap().digest,
        "issues": [],
    }


def test_a_good_project_is_typed_without_issues() -> None:
    row = typed(g.project(), NotionProjects)
    assert row["issues"] == []
    assert (row["project_id"], row["program_id"], row["name"]) == ("page-0", g.SECOND, "Harbour")
    assert (row["budget_total"], row["currency"], row["status"], row["owner"]) == (
        Decimal("5000000.00"),
        "EUR",
        "In Progress",
        "Ann, Bo",
    )


# --- where a property is found


def test_a_renamed_property_is_found_by_its_id() -> None:
    renamed = g.prop("number", 7, "amt%3A")
    row = typed(g.budget_line(Amount=..., Betrag=renamed), ids={"amount": "amt%3A"})
    assert (row["amount"], row["issues"]) == (Decimal(7), [])


def test_a_property_that_took_over_the_name_is_not_mistaken_for_the_one_with_the_id() -> None:
    impostor, real = g.prop("number", 1, "other"), g.prop("number", 7, "amt")
    assert typed(g.budget_line(Amount=impostor, Betrag=real), ids={"amount": "amt"})["amount"] == 7
    assert found(typed(g.budget_line(Amount=impostor), ids={"amount": "amt"})) == [("property_missing", "amount", None)]


def test_each_page_is_searched_anew_where_names_change_within_a_batch() -> None:
    old = g.budget_line(Amount=g.prop("number", 1, "amt"))
    new = g.budget_line(Amount=..., Betrag=g.prop("number", 2, "amt"))
    rows = type_pages("any", NotionBudgetLines, g.bronze(old, new, old, new), properties({"amount": "amt"})).rows
    assert rows["amount"].to_list() == [1, 2, 1, 2]


def test_the_title_is_found_by_its_type_whatever_its_name_or_id() -> None:
    payload = g.budget_line(Line=..., Name=g.text("no title"), Bezeichnung=g.title("Dach"))
    assert typed(payload, ids={"name": "stale"})["name"] == "Dach"


# --- what a cell holds


def test_an_empty_title_is_untitled_and_no_issue() -> None:
    row = typed(g.budget_line(Line=g.title("")))
    assert (row["name"], row["issues"]) == ("(untitled)", [])


@pytest.mark.parametrize("kept", ["  Roof ", "🏗️ Roof 👩‍👩‍👧", "a\nb\x00c", "é\u0301"])
def test_text_is_kept_as_it_is(kept: str) -> None:
    row = typed(g.budget_line(Line=g.title(kept), Vendor=g.text(kept), Category=g.choice(kept)))
    assert (row["name"], row["vendor"], row["category"], row["issues"]) == (kept, kept, kept, [])


@pytest.mark.parametrize(("given", "code"), [(" eur ", "EUR"), ("USD", "USD"), ("  ", None), ("", None), (None, None)])
def test_a_currency_code_is_stripped_and_in_capitals(given: str | None, code: str | None) -> None:
    assert typed(g.project(Currency=g.choice(given)), NotionProjects)["currency"] == code


def test_a_line_with_two_projects_names_the_first_and_lists_both() -> None:
    row = typed(g.budget_line(Project=g.relation(g.SECOND, g.PROJECT.replace("-", ""), g.SECOND)))
    assert (row["project_id"], row["project_ids"]) == (g.SECOND, [g.SECOND, g.PROJECT])


def test_a_line_without_a_project_has_none() -> None:
    row = typed(g.budget_line(Project=g.relation()))
    assert (row["project_id"], row["project_ids"], row["issues"]) == (None, [], [])


@pytest.mark.parametrize(
    "assignee", [g.people("Ann"), g.text("Ann"), g.choice("Ann"), g.prop("created_by", {"id": "u", "name": "Ann"})]
)
def test_a_person_comes_from_people_text_choice_or_author(assignee: g.Json) -> None:
    page = g.page({"Title": g.title("Do"), "Assignee": assignee})
    assert typed(page, NotionActions)["assignee"] == "Ann"


@pytest.mark.parametrize(
    "amount",
    [
        g.number("12.50"),
        g.number("1250e-2"),
        g.number("12.5000"),
        g.prop("formula", {"type": "number", "number": 12.5}),
        g.prop("rollup", {"type": "number", "number": 12.5, "function": "sum"}),
        g.prop("rollup", {"type": "array", "array": [{"type": "number", "number": 12.5}], "function": "show_original"}),
    ],
)
def test_an_amount_comes_from_a_number_formula_or_rollup(amount: g.Json) -> None:
    row = typed(g.budget_line(Amount=amount))
    assert (row["amount"], row["issues"]) == (Decimal("12.50"), [])


@pytest.mark.parametrize(
    "amount", [g.number(None), g.prop("formula", {"type": "number", "number": None}), g.prop("formula", None)]
)
def test_no_amount_is_null_and_not_zero(amount: g.Json) -> None:
    row = typed(g.budget_line(Amount=amount))
    assert (row["amount"], row["issues"]) == (None, [])


cents = st.integers(min_value=-(10**18 - 1), max_value=10**18 - 1).map(lambda number: Decimal(number).scaleb(-2))


@settings(deadline=None, max_examples=50)
@given(st.lists(cents, min_size=1, max_size=20))
def test_every_amount_in_range_survives_to_the_cent(amounts: list[Decimal]) -> None:
    payloads = [g.budget_line(Amount=g.number(f"{each:f}"), Actual_Amount=g.number(f"{each:E}")) for each in amounts]
    rows = type_pages("any", NotionBudgetLines, g.bronze(*payloads), PropertyMap()).rows
    assert rows["amount"].to_list() == rows["actual_amount"].to_list() == amounts
    assert rows["issues"].list.len().sum() == 0


@settings(deadline=None, max_examples=50)
@given(st.lists(st.decimals(min_value=-(10**12), max_value=10**12, places=5, allow_nan=False), min_size=1, max_size=20))
def test_more_than_two_decimals_round_half_away_from_zero_and_say_so(amounts: list[Decimal]) -> None:
    payloads = [g.budget_line(Amount=g.number(f"{each:f}")) for each in amounts]
    rows = type_pages("any", NotionBudgetLines, g.bronze(*payloads), PropertyMap()).rows
    for given_as, row in zip(amounts, rows.iter_rows(named=True), strict=True):
        assert row["amount"] == given_as.quantize(Decimal("0.01"), ROUND_HALF_UP)
        rounded = row["amount"] != given_as
        assert found(row) == [("amount_rounded", "amount", f"{given_as:f}")] * rounded


@pytest.mark.parametrize(
    ("given", "expected"),
    [("0.005", "0.01"), ("-0.005", "-0.01"), ("2.675", "2.68"), ("1e-400", "0"), ("0." + "3" * 500, "0.33")],
)
def test_rounding_to_the_cent(given: str, expected: str) -> None:
    row = typed(g.budget_line(Amount=g.number(given)))
    assert (row["amount"], found(row)) == (Decimal(expected), [("amount_rounded", "amount", given[:200])])


# --- hard rules


@pytest.mark.parametrize(
    "amount",
    ["10000000000000000", "-10000000000000000.00", "12345678901234567890", "9999999999999999.995", "1e16", "1e400"],
)
def test_an_amount_out_of_range_is_refused(amount: str) -> None:
    row = refused(g.budget_line(Amount=g.number(amount)))
    assert (row["rule"], row["column"], row["value"]) == ("amount_out_of_range", "amount", amount)
    assert (row["amount"], row["name"]) == (None, "Roof")


@pytest.mark.parametrize("amount", ["9999999999999999.99", "-9999999999999999.99", "9999999999999999.994"])
def test_the_largest_amounts_are_in_range(amount: str) -> None:
    assert abs(typed(g.budget_line(Amount=g.number(amount)))["amount"]) == Decimal("9999999999999999.99")


@pytest.mark.parametrize(
    ("amount", "value"),
    [
        (g.number('"1,250.10"'), '"1,250.10"'),
        (g.number("true"), "true"),
        (g.number("1e99999999999999999999"), "1e99999999999999999999"),
        (g.text("1250"), "1250"),
        (g.text(""), None),
        (g.choice("1250"), "1250"),
        (g.prop("formula", {"type": "string", "string": "1250"}), "1250"),
        (g.prop("formula", {"type": "boolean", "boolean": True}), "true"),
        (g.prop("rollup", {"type": "incomplete", "incomplete": {}}), None),
        (
            g.prop(
                "rollup", {"type": "array", "array": [{"type": "number", "number": 1}, {"type": "number", "number": 2}]}
            ),
            "1, 2",
        ),
        ({"id": "a", "type": "number"}, '{"id":"a","type":"number"}'),
        (UNREAD, g.to_json(UNREAD)),
        (g.text("9" * 1000), "9" * 200),
    ],
)
def test_an_amount_that_is_no_number_is_refused(amount: g.Json, value: str | None) -> None:
    row = refused(g.budget_line(Amount=amount))
    assert (row["rule"], row["column"], row["value"]) == ("amount_not_a_number", "amount", value)
    assert row["reason"].startswith("The property Amount ")


@pytest.mark.parametrize(
    "payload",
    [
        "",
        "{",
        "null",
        "[1, 2]",
        "<html>",
        '{"object": "user", "id": "1", "properties": {}}',
        '{"object": "page", "id": "1"}',
        '{"object": "page", "id": "1", "properties": null}',
        '{"object": "page", "properties": {}}',
        '{"object": "page", "id": null, "properties": {}}',
        "x" * 1000,
        "🏗️" * 1000,
    ],
)
def test_a_malformed_page_is_refused_with_its_first_characters(payload: str) -> None:
    row = refused(payload)
    assert (row["rule"], row["column"], row["value"]) == ("page_malformed", None, payload[:200])
    assert (row["name"], row["amount"], row["notion_url"], row["is_archived"]) == (None, None, None, False)
    assert (row["page_id"], row["database_name"], row["synced_at"]) == ("page-0", "any", g.CAPTURED)


def test_a_page_that_bronze_could_not_identify_is_refused() -> None:
    newest = g.bronze(g.budget_line(), page_id=["unidentified:0123"])
    assert type_pages("any", NotionBudgetLines, newest, PropertyMap()).rows.is_empty()
    assert type_pages("any", NotionBudgetLines, newest, PropertyMap()).refused["rule"].to_list() == ["page_malformed"]


def test_quarantine_keeps_what_could_be_read_of_a_refused_page() -> None:
    row = refused(g.budget_line(Actual_Amount=g.text("x"), Paid_Date=g.day("2024-13-01")))
    assert (row["name"], row["amount"], row["actual_amount"]) == ("Roof", Decimal("1250.10"), None)
    assert (row["rule"], row["column"]) == ("amount_not_a_number", "actual_amount")
    assert [rule for rule, _, _ in found(row)] == ["date_invalid", "amount_not_a_number"]
    assert row["notion_url"] == f"https://www.notion.so/{g.PAGE_ID}"


def test_quarantine_counts_a_projects_budget_total_as_its_amount() -> None:
    hard = refused(g.project(Budget_Total=g.number('"x"')), NotionProjects)
    assert (hard["amount"], hard["actual_amount"], hard["name"]) == (None, None, "Harbour")


# --- soft rules


def test_a_missing_property_is_null_with_an_issue_each() -> None:
    row = typed(g.budget_line(Amount=..., Vendor=..., Project=..., Line=...))
    assert (row["amount"], row["vendor"], row["project_id"], row["project_ids"]) == (None, None, None, [])
    assert row["name"] == "(untitled)"
    assert {(rule, column) for rule, column, _ in found(row)} == {
        ("property_missing", column) for column in ("amount", "vendor", "project_id", "name")
    }


def test_a_missing_optional_property_is_no_issue() -> None:
    row = typed(g.budget_line(Notes=...))
    assert (row["notes"], row["issues"]) == (None, [])


@pytest.mark.parametrize(
    ("given", "value"),
    [
        (g.day("2024-13-01"), "2024-13-01"),
        (g.day("2023-02-29"), "2023-02-29"),
        (g.day("soon"), "soon"),
        (g.prop("formula", {"type": "date", "date": {"start": "2024-13-01"}}), "2024-13-01"),
        (g.prop("date", "2024-01-01"), '{"id":"id-date","type":"date","date":"2024-01-01"}'),
        (
            g.prop(
                "rollup",
                {"type": "array", "array": [{"type": "date", "date": {"start": "2024-01-0" + d}} for d in "12"]},
            ),
            "2024-01-01, 2024-01-02",
        ),
    ],
)
def test_an_invalid_date_is_null_with_an_issue(given: g.Json, value: str) -> None:
    row = typed(g.budget_line(Paid_Date=given))
    assert (row["paid_date"], found(row)) == (None, [("date_invalid", "paid_date", value)])


@pytest.mark.parametrize(
    ("name", "column", "given", "value"),
    [
        ("Paid_Date", "paid_date", g.text("2024-01-01"), "2024-01-01"),
        ("Paid_Date", "paid_date", g.prop("formula", {"type": "string", "string": "2024-01-01"}), "2024-01-01"),
        ("Category", "category", g.prop("multi_select", [{"name": "A"}, {"name": "B"}]), "A, B"),
        ("Category", "category", g.prop("select", 5), '{"id":"id-select","type":"select","select":5}'),
        ("Vendor", "vendor", g.number("5"), "5"),
        ("Project", "project_id", g.text("P1"), "P1"),
        ("Vendor", "vendor", UNREAD, g.to_json(UNREAD)),
        ("Line", "name", g.prop("title", 5), '{"id":"id-title","type":"title","title":5}'),
    ],
)
def test_a_property_of_an_unfit_type_is_null_with_an_issue(name: str, column: str, given: g.Json, value: str) -> None:
    row = typed(g.budget_line(**{name: given}))
    assert row[column] == ("(untitled)" if column == "name" else None)
    assert found(row) == [("property_type_changed", column, value)]


def test_an_issue_says_what_is_wrong_in_one_sentence() -> None:
    row = typed(g.budget_line(Paid_Date=g.text("x"), Vendor=..., Amount=g.number("1.005")))
    assert sorted(issue["message"] for issue in row["issues"]) == [
        "The property Amount has more than two decimals; it counts as 1.01.",
        "The property Paid Date is of type rich_text, where date or formula or rollup is needed.",
        "The property Vendor is missing.",
    ]


def test_an_unknown_property_beside_the_tables_own_is_no_issue() -> None:
    assert typed(g.budget_line(Extra=UNREAD, More=5))["issues"] == []


def test_programs_without_a_single_property_are_kept_and_reported() -> None:
    row = typed(g.page({}), NotionPrograms)
    assert row["name"] == "(untitled)"
    assert {rule for rule, _, _ in found(row)} == {"property_missing"}


# --- the page itself


@pytest.mark.parametrize(
    ("page", "is_deleted", "archived"),
    [
        ({"in_trash": False}, False, False),
        ({"in_trash": True}, False, True),
        ({"in_trash": False, "archived": True}, False, True),
        ({}, True, True),
    ],
)
def test_a_page_in_the_trash_or_gone_is_archived(page: g.Json, is_deleted: bool, archived: bool) -> None:
    payload = g.page(g.BUDGET_LINE, **page)
    rows = type_pages("any", NotionBudgetLines, g.bronze(payload, is_deleted=is_deleted), PropertyMap()).rows
    assert rows["is_archived"].to_list() == [archived]


def test_the_quarter_of_creation_is_unknown_without_a_creation() -> None:
    newest = g.bronze(g.budget_line(), created_time=None, last_edited_time=None)
    row = type_pages("any", NotionBudgetLines, newest, PropertyMap()).rows.row(0, named=True)
    assert (row["created_quarter"], row["created_time"], row["last_modified"]) == ("unknown", None, None)


def test_severities_and_hardness_of_the_rules() -> None:
    assert {name for name, rule in RULES.items() if rule.hard} == {
        "page_malformed",
        "amount_not_a_number",
        "amount_out_of_range",
    }
    assert {name: rule.severity for name, rule in RULES.items() if rule.severity != "ERROR"} == {
        "property_missing": "WARN",
        "amount_rounded": "WARN",
        "last_good_value_kept": "WARN",
    }
    assert len(RULES) == len(CELL_RULES) == 8
