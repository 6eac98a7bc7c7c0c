"""The rules of Azure: what they say, and what holds of them whatever was read."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finance_ppm.contracts.azure import AZURE_BRONZE_TABLES, AZURE_SILVER_TABLES
from finance_ppm.quality import RULES, evaluate, findings
from finance_ppm.quality.thresholds import THRESHOLDS
from finance_ppm.transforms.savings.active import OPEN_STATES
from finance_ppm.transforms.savings.linking import linked
from finance_ppm_tests.engines import PolarsEngine
from finance_ppm_tests.quality.azure_cases import AZURE_CASES, PAGE_ID, cut, many, read, recommendation, tagged
from finance_ppm_tests.quality.portfolios import AS_OF, BASE, Row, portfolio_of

BY_NAME = {rule.name: rule for rule in RULES}
AZURE_RULES = [rule for rule in RULES if rule.table in (*AZURE_BRONZE_TABLES, *AZURE_SILVER_TABLES)]


def messages(frame: pl.DataFrame) -> list[tuple[str, str]]:
    return list(frame.select("row_id", "message").iter_rows())


def found(rule: str, **rows: Sequence[Row]) -> pl.DataFrame:
    return findings(portfolio_of(PolarsEngine(), rows), [BY_NAME[rule]])


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (
            "azure_snapshot_incomplete",
            "The resources of the subscription Cut are not complete (40 rows, where Azure counted 100): Azure was "
            "away: run it again.",
        ),
        (
            "azure_snapshot_incomplete",
            "The recommendations of the subscription Half are not complete (7 rows): Azure was away: run it again.",
        ),
        (
            "azure_snapshot_incomplete",
            "The resources of the subscription Odd are not complete (7 rows): Azure was away: run it again.",
        ),
        (
            "azure_snapshot_incomplete",
            "The resources of the subscription Short passed for complete with 99 rows, where Azure counted 100.",
        ),
        (
            "azure_snapshot_stale",
            "The recommendations of the subscription Old were last read completely on 2026-11-19.",
        ),
        ("azure_snapshot_stale", "The recommendations of the subscription Never were never read completely."),
        (
            "azure_count_jump",
            "The resources of the subscription Shrunk went from 100 on 2026-11-20 to 69 on 2026-11-21.",
        ),
        ("azure_resource_unlinked", "2 of 9 resources name no project, more than 20%."),
        (
            "azure_project_unknown",
            "No live project is called Wharehouse or has that page id; resources that bear the tag: 2.",
        ),
        ("azure_project_unknown", "2 live projects are called twins; resources that bear the tag: 1."),
        ("azure_savings_currency_missing", "Savings of 120.00 a year name no currency."),
        ("azure_savings_negative", "Savings a year are negative: -0.01 EUR."),
        (
            "azure_savings_unknown",
            "Azure does not say what can be saved by 2 of 4 open cost recommendations in the subscription Production.",
        ),
        (
            "azure_savings_unknown",
            "Azure does not say what can be saved by 1 of 1 open cost recommendations in the subscription unlisted.",
        ),
        (
            "azure_recommendation_old",
            "2 recommendations of high impact in the subscription Production are open for more than 90 days, the "
            "oldest since 2026-08-01: It is idle.",
        ),
        (
            "azure_recommendation_old",
            "1 recommendation of high impact in the subscription Production is open for more than 90 days, since "
            "2025-01-01: alone",
        ),
    ],
)
def test_a_message_says_what_is_wrong_with_its_figures(rule: str, message: str) -> None:
    (case,) = (case for case in AZURE_CASES if case.rule == rule)
    told = findings(portfolio_of(PolarsEngine(), BASE, case.rows), [BY_NAME[rule]])["message"]
    assert message in set(told)


def test_a_subscription_goes_by_its_id_where_azure_shows_no_name() -> None:
    (told,) = found("azure_snapshot_stale", azure_snapshots=[cut("s", subscription_name=None)])["message"]
    assert told == "The resources of the subscription s were never read completely."


def test_who_reads_no_azure_hears_nothing_of_it() -> None:
    told = {name: rows for name, rows in BASE.items() if not name.startswith("azure_")}
    assert findings(portfolio_of(PolarsEngine(), told), AZURE_RULES).is_empty()


def test_when_nothing_is_read_any_more_every_subscription_is_stale() -> None:
    """None is forgotten, for no later read forgot it."""
    long_ago = AS_OF - timedelta(days=60)
    rows = {"azure_snapshots": [read("a", captured_on=long_ago), read("b", captured_on=long_ago)]}
    frame = findings(portfolio_of(PolarsEngine(), rows), AZURE_RULES)
    assert set(frame.select("rule", "row_id").iter_rows()) == {
        ("azure_snapshot_stale", "resources|a"),
        ("azure_snapshot_stale", "resources|b"),
    }


@pytest.mark.parametrize("rule", ["azure_resource_unlinked", "azure_savings_unknown", "azure_recommendation_old"])
def test_findings_of_a_subscription_stay_the_same_while_its_figures_move(rule: str) -> None:
    def on_a_day_with(number: int) -> pl.DataFrame:
        silent = {"annual_savings": None, "recommendation_type_id": "idle"}
        since = [AS_OF - timedelta(days=100 + n) for n in range(number)]
        return found(
            rule,
            azure_resources=many("s", 1, number),
            azure_recommendations=[recommendation(f"{day}", first_seen=day, **silent) for day in since],
        )

    before, after = on_a_day_with(2), on_a_day_with(3)
    assert before["message"].to_list() != after["message"].to_list()
    assert before["issue_id"].to_list() == after["issue_id"].to_list()
    assert len(after) == 1


OPEN = st.fixed_dictionaries(
    {
        "subscription_id": st.sampled_from(["s", "t"]),
        "recommendation_type_id": st.sampled_from(["idle", "unsafe", None]),
        "kind": st.sampled_from(["other", "shutdown", "reservation", "savings_plan"]),
        "category": st.sampled_from(["Cost", "Security"]),
        "impact": st.sampled_from(["High", "Low", None]),
        "excluded": st.booleans(),
        "state": st.sampled_from(["new", "active", "reopened", "suppressed", "resolved"]),
        "annual_savings": st.sampled_from([None, Decimal("1.00")]),
        "first_seen": st.sampled_from([AS_OF - timedelta(days=days) for days in (0, 90, 91, 400)]),
    }
)


@given(st.lists(OPEN, max_size=12))
@settings(max_examples=80, deadline=None)
def test_what_is_told_together_is_what_one_by_one_comes_to(rows: list[dict[str, Any]]) -> None:
    """The rules against their own words: how many a message counts, and since when."""
    told = [recommendation(str(number), problem=f"Problem {number}", **row) for number, row in enumerate(rows)]
    unknown = Counter(
        row["subscription_id"]
        for row in told
        if row["state"] in OPEN_STATES and row["category"] == "Cost" and row["annual_savings"] is None
    )
    old: dict[str, list[Any]] = {}
    for row in told:
        is_judged = row["impact"] == "High" and row["kind"] in ("other", "shutdown") and not row["excluded"]
        if row["state"] in OPEN_STATES and is_judged and (AS_OF - row["first_seen"]).days > 90:
            advice = row["recommendation_type_id"] or row["recommendation_id"]
            old.setdefault(f"{row['subscription_id']}|{advice}", []).append(row["first_seen"])
    silent = found("azure_savings_unknown", azure_recommendations=told)
    assert {key: int(words.split(" of ")[0].split()[-1]) for key, words in messages(silent)} == unknown
    late = dict(messages(found("azure_recommendation_old", azure_recommendations=told)))
    assert late.keys() == old.keys()
    for key, days in old.items():
        assert late[key].startswith(f"{len(days)} recommendation")
        assert f"since {min(days)}: " in late[key]


TAGS = st.sampled_from(
    ["Cloud", "cloud", " CLOUD", "Data-Hub", "datahub", PAGE_ID, PAGE_ID.upper(), PAGE_ID.replace("-", ""), "?", ""]
)
NAMES = st.sampled_from(["Cloud", "cloud ", "Data-Hub", "Other", PAGE_ID])


@given(
    st.lists(TAGS | st.none(), max_size=6),
    st.lists(
        st.tuples(st.sampled_from([PAGE_ID, "1", "2"]), NAMES, st.booleans()), max_size=3, unique_by=lambda p: p[0]
    ),
)
@settings(max_examples=80, deadline=None)
def test_a_tag_is_unknown_exactly_where_it_leads_to_no_project(
    tags: list[str | None], projects: list[tuple[str, str, bool]]
) -> None:
    """Gold and the rule read a tag alike: what is unallocated for its tag is a finding, and nothing else is."""
    portfolio = portfolio_of(
        PolarsEngine(),
        {
            "azure_resources": [tagged(str(number), tag or None) for number, tag in enumerate(tags)],
            "projects": [{"project_id": key, "name": name, "is_archived": gone} for key, name, gone in projects],
        },
    )
    links = linked(portfolio.azure_resources, portfolio.projects).collect("polars").to_native()
    led = dict(links.select("resource_id", "project_id").iter_rows())
    resources = portfolio.azure_resources.collect("polars").to_native()
    unled = {
        tag.strip().lower()
        for resource, tag in resources.select("resource_id", "project_tag").iter_rows()
        if tag and led[resource] is None
    }
    assert set(findings(portfolio, [BY_NAME["azure_project_unknown"]])["row_id"]) == unled


DAYS = st.integers(0, 4).map(lambda days: AS_OF - timedelta(days=days))
COUNTS = st.sampled_from([0, 1, 19, 20, 69, 70, 100, 130, 131])


@given(
    st.dictionaries(
        st.tuples(DAYS, st.sampled_from(["resources", "advisor"]), st.sampled_from(["a", "b"])),
        st.tuples(st.booleans(), COUNTS),
        min_size=1,
        max_size=12,
    )
)
@settings(max_examples=100, deadline=None)
def test_reads_are_judged_as_a_person_would(reads: dict[tuple[object, str, str], tuple[bool, int]]) -> None:
    """The rules against their own words, read one subscription at a time."""
    rows = [
        read(name, captured_on=day, dataset=dataset, complete=complete, row_count=count, expected_count=None)
        for (day, dataset, name), (complete, count) in reads.items()
    ]
    expected = set()
    for dataset, subscription in {(row["dataset"], row["subscription_id"]) for row in rows}:
        name = f"{dataset}|{subscription}"
        of_dataset = sorted((row for row in rows if row["dataset"] == dataset), key=lambda row: row["captured_on"])
        own = [row for row in of_dataset if row["subscription_id"] == subscription]
        whole = [row for row in own if row["complete"]]
        if own[-1]["captured_on"] < of_dataset[-1]["captured_on"]:
            continue  # forgotten
        if not own[-1]["complete"]:
            expected.add(("azure_snapshot_incomplete", name))
        if not whole or (AS_OF - whole[-1]["captured_on"]).days > THRESHOLDS.azure_read_within_days:
            expected.add(("azure_snapshot_stale", name))
        if len(whole) > 1:
            then, now = whole[-2]["row_count"], whole[-1]["row_count"]
            if max(then, now) >= 20 and abs(now - then) > then * THRESHOLDS.azure_jump_share:
                expected.add(("azure_count_jump", name))
    portfolio = portfolio_of(PolarsEngine(), {"azure_snapshots": rows})
    assert set(findings(portfolio, AZURE_RULES).select("rule", "row_id").iter_rows()) == expected


def test_rows_checked_are_what_each_rule_speaks_of() -> None:
    portfolio = portfolio_of(
        PolarsEngine(),
        {
            "azure_snapshots": [
                read("s"),
                read("s", captured_on=AS_OF - timedelta(days=1)),
                read("s", dataset="advisor"),
            ],
            "azure_resources": [tagged("1", "A"), tagged("2", "a "), tagged("3", "B"), tagged("4", None)],
            "azure_recommendations": [
                *(recommendation(str(number), recommendation_type_id="idle") for number in range(3)),
                recommendation("4", recommendation_type_id="unsafe", category="Security"),
                recommendation("5", state="resolved"),
            ],
        },
    )
    checked = {fared.rule.name: fared.rows_checked for fared in evaluate(portfolio)}
    assert checked["azure_snapshot_stale"] == 2
    assert checked["azure_resource_unlinked"] == 1
    assert checked["azure_project_unknown"] == 2
    assert checked["azure_resource_value_unreadable"] == 4
    assert checked["azure_savings_negative"] == 4
    assert checked["azure_savings_unknown"] == 1
    assert checked["azure_recommendation_old"] == 2
