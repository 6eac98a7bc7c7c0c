"""What breaks each rule of Azure's tables, and what only nearly does."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from finance_ppm_tests.quality.case import case, issue
from finance_ppm_tests.quality.portfolios import AS_OF, Row

YESTERDAY, DAY_BEFORE = AS_OF - timedelta(days=1), AS_OF - timedelta(days=2)
LAST_YOUNG_DAY = date(2026, 8, 23)  # 90 days before 2026-11-21
LONG_AGO = date(2025, 1, 1)

GROUP = "/subscriptions/s/resourcegroups/g"
PAGE_ID = "1b2e4f6a-0000-4000-8000-00000000000a"


def read(subscription: str, **cells: Any) -> Row:
    """How a subscription was read: whole and today, unless told otherwise."""
    return {"subscription_id": subscription, "subscription_name": subscription.title(), **cells}


def cut(subscription: str, **cells: Any) -> Row:
    return read(subscription, complete=False, reason="Azure was away: run it again.", **cells)


def resource(name: str, **cells: Any) -> Row:
    return {"resource_id": f"{GROUP}/providers/microsoft.compute/virtualmachines/{name}", "name": name, **cells}


def tagged(name: str, tag: str | None, **cells: Any) -> Row:
    return resource(name, project_tag=tag, **cells)


def many(subscription: str, linked: int, unlinked: int) -> list[Row]:
    tags = ["Warehouse"] * linked + [None] * unlinked
    return [tagged(f"{subscription} {n}", tag, subscription_id=subscription) for n, tag in enumerate(tags)]


def recommendation(key: str, **cells: Any) -> Row:
    return {"recommendation_id": key, **cells}


RESOLVED: Row = {"state": "resolved"}
SUPPRESSED: Row = {"state": "suppressed", "suppressed": True}


def machine(name: str) -> str:
    return f"{GROUP}/providers/microsoft.compute/virtualmachines/{name}"


AZURE_CASES = [
    case(
        "azure_snapshot_incomplete",
        [
            ("resources|cut", "complete", "Azure was away: run it again."),
            ("advisor|half", "complete", "Azure was away: run it again."),
            ("resources|odd", "complete", "Azure was away: run it again."),
            ("resources|short", "row_count", "99"),
        ],
        azure_snapshots=[
            cut("cut", row_count=40),
            read("cut", captured_on=YESTERDAY),
            # Inventory and recommendations are read apart: the newest day of each is its own.
            cut("half", dataset="advisor", captured_on=YESTERDAY, row_count=7, expected_count=None),
            read("half", dataset="resources"),
            cut("odd", row_count=7, expected_count=7),
            read("short", row_count=99),
            read("uncounted", row_count=99, expected_count=None),
            read("mended"),
            cut("mended", captured_on=YESTERDAY),
            cut("gone", captured_on=YESTERDAY),
        ],
    ),
    case(
        "azure_snapshot_stale",
        [("advisor|old", "captured_on", "2026-11-19"), ("advisor|never", "captured_on", None)],
        azure_snapshots=[
            cut("old", dataset="advisor"),
            cut("old", dataset="advisor", captured_on=YESTERDAY),
            read("old", dataset="advisor", captured_on=DAY_BEFORE),
            read("old", dataset="advisor", captured_on=DAY_BEFORE - timedelta(days=1)),
            cut("never", dataset="advisor"),
            cut("yesterday", dataset="advisor"),
            read("yesterday", dataset="advisor", captured_on=YESTERDAY),
            read("gone", dataset="advisor", captured_on=DAY_BEFORE),
        ],
    ),
    case(
        "azure_count_jump",
        [
            ("resources|grown", "row_count", "131"),
            ("resources|shrunk", "row_count", "69"),
            ("resources|new", "row_count", "20"),
        ],
        azure_snapshots=[
            row
            for name, before, now in (
                ("grown", 100, 131),
                ("shrunk", 100, 69),
                ("new", 0, 20),
                ("up", 100, 130),
                ("down", 100, 70),
                ("small", 1, 19),
            )
            for row in (read(name, captured_on=YESTERDAY, row_count=before), read(name, row_count=now))
        ]
        + [
            # Compared are the two newest complete snapshots, and nothing between or before them.
            read("cut between", captured_on=DAY_BEFORE, row_count=100),
            cut("cut between", captured_on=YESTERDAY, row_count=1),
            read("cut between", row_count=100),
            read("settled", captured_on=DAY_BEFORE, row_count=1000),
            read("settled", captured_on=YESTERDAY, row_count=100),
            read("settled", row_count=100),
            read("first", row_count=100),
            read("forgotten", captured_on=DAY_BEFORE, row_count=100),
            read("forgotten", captured_on=YESTERDAY, row_count=10),
        ],
    ),
    case(
        "azure_resource_unlinked",
        [("loose", "project_tag", None)],
        azure_resources=[
            *many("loose", linked=7, unlinked=2),
            *many("tidy", linked=8, unlinked=2),
            tagged("g", None, resource_type="microsoft.resources/subscriptions/resourcegroups", subscription_id="tidy"),
            tagged("s", None, resource_type="microsoft.resources/subscriptions", subscription_id="empty"),
        ],
    ),
    case(
        "azure_project_unknown",
        [("wharehouse", "project_tag", "Wharehouse"), ("twins", "project_tag", "twins"), ("old", "project_tag", "Old")],
        projects=[
            {"project_id": "twin 1", "name": "Twins"},
            {"project_id": "twin 2", "name": "twins "},
            {"project_id": "old", "name": "Old", "is_archived": True},
            {"project_id": PAGE_ID, "name": "With a page id"},
        ],
        azure_resources=[
            tagged("1", "Wharehouse"),
            tagged("2", "wharehouse"),
            tagged("3", "twins"),
            tagged("4", "Old"),
            tagged("5", " WAREHOUSE"),
            tagged("6", PAGE_ID),
            tagged("7", PAGE_ID.replace("-", "").upper()),
            tagged("8", "with a page id"),
            tagged("9", None),
        ],
    ),
    case(
        "azure_resource_value_unreadable",
        [(machine("odd"), "tags", "7")],
        azure_resources=[resource("odd", issues=issue("tags_unreadable", "tags", "7")), resource("even")],
    ),
    case(
        "azure_recommendation_value_unreadable",
        [("odd", "annual_savings", "many"), ("hushed", "term", "P5Y")],
        azure_recommendations=[
            recommendation("odd", issues=issue("amount_unreadable", "annual_savings", "many")),
            recommendation("hushed", issues=issue("term_unreadable", "term", "P5Y"), **SUPPRESSED),
            recommendation("done", issues=issue("amount_unreadable", "annual_savings", "many"), **RESOLVED),
        ],
    ),
    case(
        "azure_savings_currency_missing",
        [("none", "savings_currency", None), ("blank", "savings_currency", " ")],
        azure_recommendations=[
            recommendation("none", savings_currency=None),
            recommendation("blank", savings_currency=" ", **SUPPRESSED),
            recommendation("unknown", annual_savings=None, savings_currency=None),
            recommendation("done", savings_currency=None, **RESOLVED),
        ],
    ),
    case(
        "azure_savings_currency_invalid",
        [("odd", "savings_currency", "EURO"), ("none", "savings_currency", "XXX")],
        azure_recommendations=[
            recommendation("odd", savings_currency="EURO"),
            recommendation("none", savings_currency="XXX"),
            recommendation("missing", savings_currency=None),
            recommendation("done", savings_currency="EURO", **RESOLVED),
        ],
    ),
    case(
        "azure_savings_negative",
        [("costs", "annual_savings", "-0.01")],
        azure_recommendations=[
            recommendation("costs", annual_savings=Decimal("-0.01")),
            recommendation("nothing", annual_savings=Decimal("0.00")),
            recommendation("done", annual_savings=Decimal("-1.00"), **RESOLVED),
        ],
    ),
    case(
        "azure_savings_unknown",
        [("s", "annual_savings", None), ("unlisted", "annual_savings", None)],
        azure_resources=[resource("vm 2", subscription_id="s")],
        azure_recommendations=[
            recommendation("silent", annual_savings=None),
            recommendation("back", annual_savings=None, state="reopened"),
            recommendation("telling"),
            recommendation("elsewhere", annual_savings=None, subscription_id="unlisted"),
            recommendation("tells", subscription_id="tells"),
            recommendation("safe", annual_savings=None, category="Security", subscription_id="safe"),
            recommendation("hushed", annual_savings=None, subscription_id="hushed", **SUPPRESSED),
            recommendation("done", annual_savings=None, subscription_id="done", **RESOLVED),
        ],
    ),
    case(
        "azure_recommendation_old",
        [("s|idle", "first_seen", None), ("t|idle", "first_seen", None), ("s|alone", "first_seen", None)],
        azure_recommendations=[
            recommendation("old", recommendation_type_id="idle", first_seen=LAST_YOUNG_DAY - timedelta(days=1)),
            recommendation("older", recommendation_type_id="idle", first_seen=date(2026, 8, 1), problem="It is idle."),
            recommendation("young", recommendation_type_id="idle", first_seen=LAST_YOUNG_DAY),
            recommendation("elsewhere", recommendation_type_id="idle", first_seen=LONG_AGO, subscription_id="t"),
            recommendation("alone", first_seen=LONG_AGO, problem=None),
            recommendation("low", first_seen=LONG_AGO, impact="Low"),
            recommendation("reservation", first_seen=LONG_AGO, kind="reservation"),
            recommendation("plan", first_seen=LONG_AGO, kind="savings_plan"),
            recommendation("excluded", first_seen=LONG_AGO, excluded=True),
            recommendation("hushed", first_seen=LONG_AGO, **SUPPRESSED),
            recommendation("done", first_seen=LONG_AGO, **RESOLVED),
        ],
    ),
    case(
        "azure_resource_unknown",
        [("lost", "resource_id", machine("lost"))],
        azure_snapshots=[
            read("new", captured_on=YESTERDAY),
            cut("new"),
            cut("never"),
        ],
        azure_recommendations=[
            recommendation("lost", resource_id=machine("lost")),
            recommendation("found", resource_id=machine("vm")),
            recommendation("later", resource_id=machine("later"), subscription_id="new"),
            recommendation("unread", resource_id=machine("unread"), subscription_id="never"),
            recommendation("subscription", resource_id="/subscriptions/s"),
            recommendation("group", resource_id=GROUP),
            recommendation("part", resource_id=f"{machine('vm')}/extensions/agent"),
            recommendation("nothing", resource_id=None),
            recommendation("hushed", resource_id=machine("lost"), **SUPPRESSED),
            recommendation("done", resource_id=machine("lost"), **RESOLVED),
        ],
    ),
]
