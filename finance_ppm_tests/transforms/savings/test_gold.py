"""Gold of Azure put together: what the three tables say of one estate agrees, and nothing is lost on the way."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from random import Random

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from finance_ppm.contracts import Table
from finance_ppm.contracts.azure import AdvisorSummary, AzureAdvisorAllocations, AzureAdvisorRecs
from finance_ppm.transforms.portfolio import Frame
from finance_ppm.transforms.savings.gold import advisor_allocations, advisor_recs, advisor_summary, laid_out
from finance_ppm.transforms.savings.linking import homes_of, linked
from finance_ppm.transforms.savings.machines import machines
from finance_ppm.transforms.savings.policy import SavingsPolicy
from finance_ppm.transforms.savings.verdicts import judged
from finance_ppm_tests.engines import DuckdbEngine, Engine, PolarsEngine
from finance_ppm_tests.transforms.budget_by_hand import Row
from finance_ppm_tests.transforms.savings.projects_by_hand import (
    AMOUNTS,
    AS_OF,
    OPEN,
    UNALLOCATED,
    Estate,
    allocations,
    machine,
    many_estates,
    on,
    plan,
    project,
    random_estate,
    recommendation,
    reservation,
    subscription,
    summary,
)
from finance_ppm_tests.transforms.savings.savings_by_hand import placed
from finance_ppm_tests.transforms.savings.test_summary import assert_adds_up

POLICY = SavingsPolicy()
TABLES: dict[type[Table], Callable[..., Frame]] = {
    AzureAdvisorRecs: advisor_recs,
    AzureAdvisorAllocations: advisor_allocations,
    AdvisorSummary: advisor_summary,
}


def computed(engine: Engine, estate: Estate, table: type[Table], as_of: date = AS_OF) -> pl.DataFrame:
    frames = (engine.lazy(frame) for frame in estate.frames())
    return engine.collect(TABLES[table](*frames, as_of=as_of, policy=POLICY), table)


def all_of(estate: Estate) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    recs, shares, sums = (computed(PolarsEngine(), estate, table) for table in TABLES)
    return recs, shares, sums


WAREHOUSE, LEDGER = "p-warehouse", "p-ledger"


def usd(amount: str) -> Row:
    return {"annual_savings": Decimal(amount), "savings_currency": "USD"}


M1, M2 = machine("s1", "m1", "Warehouse"), machine("s1", "m2", "Warehouse")
M3, M4 = machine("s1", "m3", "Ledger", "resource_group"), machine("s1", "m 4")
STORY = Estate(
    [
        # m1 is to be right-sized: 500.00 a year. Of a reservation for 3 of 4 machines, min(3, 4 - 1) / 3: all.
        on(M1, "right-size", kind="right_size", **usd("500.00")),
        # So 100.00 are spread over m2, m3 and m4: 33.33 to each, and one cent more to the first by id.
        reservation("reserve", quantity=3, **usd("100.00")),
        # About m4, which nobody owns; known for 10 days.
        on(M4, "delete", snapshot_on=date(2026, 11, 18), impact="Low", **usd("12.00")),
        on(M3, "patch", category="Security", state="new", first_seen=AS_OF, impacted_value="m3"),
        # What the plan saves is not had beside the reservation.
        plan("plan", **usd("60.00")),
        recommendation("elsewhere", "s2", snapshot_on=None, state="resolved", **usd("1.00")),
        plan("shared", "s3"),
    ],
    [subscription("s1", "Ledger"), M1, M2, M3, M4, machine("s3", "m", "Warehouse"), machine("s3", "n", "Ledger")],
    [project(WAREHOUSE, "Warehouse"), project(LEDGER, "Ledger")],
)


@pytest.fixture(scope="module")
def story(engine: Engine) -> dict[str, Row]:
    """The story's recommendations by id, laid out on each engine from what the rules made of them."""
    recommendations, resources, projects = (engine.lazy(frame) for frame in STORY.frames())
    told = judged(*map(PolarsEngine().lazy, STORY.frames()[:2]), as_of=AS_OF, policy=POLICY)
    names = resources.select("subscription_id", "subscription_name").unique()
    rows = engine.lazy(PolarsEngine().collect(told.drop("issues"))).join(names, on="subscription_id", how="left")
    sized = engine.lazy(pl.DataFrame({"currency": ["USD"], "resource_id": [M1["resource_id"]]}))
    homes = homes_of(recommendations, linked(resources, projects), machines(resources), sized, projects)
    found = engine.collect(laid_out(rows, homes, AS_OF), AzureAdvisorRecs)
    return {row["recommendation_id"]: row for row in found.to_dicts()}


@pytest.mark.parametrize("table", TABLES)
def test_the_engines_agree(table: type[Table]) -> None:
    assert_frame_equal(computed(DuckdbEngine(), STORY, table), computed(PolarsEngine(), STORY, table))


def test_the_story_is_told_as_it_was_laid_out(story: dict[str, Row]) -> None:
    assert list(story.values()) == computed(PolarsEngine(), STORY, AzureAdvisorRecs).to_dicts()


def test_a_recommendation_bears_its_project(story: dict[str, Row]) -> None:
    told = {key: (row["project_id"], row["project_name"], row["project_link"]) for key, row in story.items()}
    assert told == {
        "right-size": (WAREHOUSE, "Warehouse", "resource"),
        "reserve": (None, None, "machines"),
        "delete": (None, None, None),
        "patch": (LEDGER, "Ledger", "resource_group"),
        "plan": (None, None, "machines"),
        "elsewhere": (None, None, None),
        "shared": (None, None, "machines"),
    }


def test_a_recommendation_tells_its_age_and_that_of_its_snapshot(story: dict[str, Row]) -> None:
    told = {key: (row["age_days"], row["snapshot_age_days"]) for key, row in story.items()}
    assert told["delete"] == (10, 2)
    assert told["patch"] == (0, 0)
    assert told["elsewhere"] == (10, None)


def test_a_recommendation_links_to_the_portal(story: dict[str, Row]) -> None:
    start = "https://portal.azure.com/#@/resource/subscriptions/s1"
    group = f"{start}/resourcegroups/rg/providers/microsoft.compute/virtualmachines"
    assert story["right-size"]["portal_url"] == f"{group}/m1"
    assert story["delete"]["portal_url"] == f"{group}/m%204"
    assert story["reserve"]["portal_url"] == start
    assert story["elsewhere"]["portal_url"] is None


def test_a_recommendation_names_its_subscription(story: dict[str, Row]) -> None:
    assert story["reserve"]["subscription_name"] == "Subscription s1"
    assert story["elsewhere"]["subscription_name"] is None


def test_savings_reach_the_projects() -> None:
    shares = computed(PolarsEngine(), STORY, AzureAdvisorAllocations)
    reserved = shares.filter(pl.col("recommendation_id") == "reserve")
    told = {
        row["project_id"]: [*(str(row[amount]) for amount in AMOUNTS), row["machines"]] for row in reserved.to_dicts()
    }
    assert told == {
        UNALLOCATED: ["33.34", "33.34", "33.34", 1],
        LEDGER: ["33.33", "33.33", "33.33", 1],
        WAREHOUSE: ["33.33", "33.33", "33.33", 1],
    }
    sums = computed(PolarsEngine(), STORY, AdvisorSummary)
    usd_by_project = sums.filter(pl.col("dimension") == "project", pl.col("currency") == "USD")
    assert dict(usd_by_project.select("dimension_value", "achievable_maximum").iter_rows()) == {
        "Warehouse": Decimal("533.33"),
        "Ledger": Decimal("33.33"),
        "Unallocated": Decimal("45.34"),
    }
    whole = sums.filter(pl.col("summary_id") == "all|all|USD").to_dicts()[0]
    assert (whole["achievable_maximum"], whole["gross_annual_savings"]) == (Decimal("612.00"), Decimal("672.00"))


def test_a_reservation_that_leaves_out_its_region_is_spread_as_its_offer_is() -> None:
    more = reservation("more", region=None, term="P3Y", quantity=3, **usd("130.00"))
    recs = computed(PolarsEngine(), STORY + Estate([more]), AzureAdvisorRecs)
    assert recs.filter(pl.col("recommendation_id") == "more")["project_link"].to_list() == ["machines"]
    shares = computed(PolarsEngine(), STORY + Estate([more]), AzureAdvisorAllocations)
    taken = shares.filter(pl.col("recommendation_id") == "more")["achievable_maximum"].to_list()
    assert taken == [Decimal("43.34"), Decimal("43.33"), Decimal("43.33")]


@pytest.mark.parametrize("day", [date(2024, 2, 29), date(2100, 3, 1), date(1999, 12, 31), date(2026, 1, 1)])
def test_ages_are_whole_days_of_the_calendar(day: date) -> None:
    estate = Estate([recommendation("r", first_seen=day)])
    for as_of in (day, AS_OF, date(2026, 12, 31), date(2027, 1, 1)):
        (age,) = computed(PolarsEngine(), estate, AzureAdvisorRecs, as_of)["age_days"]
        assert age == (as_of - day).days


def assert_agree(estate: Estate, recs: pl.DataFrame, shares: pl.DataFrame, sums: pl.DataFrame) -> None:
    """Nothing is lost between the recommendations, their shares and the sums."""
    assert set(recs["recommendation_id"]) == {row["recommendation_id"] for row in estate.recommendations}
    added = shares.group_by("recommendation_id").agg(
        pl.len(),
        *(pl.col(amount).sum() for amount in AMOUNTS),
        unknown=pl.col("annual_savings").null_count(),
        projects=(pl.col("project_id") != UNALLOCATED).sum(),
    )
    both = recs.join(added, on="recommendation_id", suffix="_shared")
    assert len(both) == len(recs)
    for row in both.to_dicts():
        for amount in AMOUNTS:
            assert row[f"{amount}_shared"] == (row[amount] or 0)
        assert row["unknown"] == (row["len"] if row["annual_savings"] is None else 0)
        assert (row["project_link"] is None) == (row["projects"] == 0)
        assert (row["project_id"] is None) == (row["len"] > 1 or row["projects"] == 0)
        assert (row["project_name"] is None) == (row["project_id"] is None)

    assert_adds_up(sums)
    whole = sums.filter(pl.col("dimension") == "all").select("currency", *AMOUNTS[1:], "gross_annual_savings")
    is_open = pl.col("state").is_in(OPEN)
    by_currency = recs.group_by("currency").agg(
        *(pl.col(amount).cast(pl.Decimal(38, 2)).sum() for amount in AMOUNTS[1:]),
        gross_annual_savings=pl.col("annual_savings")
        .filter(is_open, pl.col("currency") != "XXX")
        .cast(pl.Decimal(38, 2))
        .sum(),
    )
    assert_frame_equal(whole.sort("currency"), by_currency.sort("currency"))


@settings(deadline=None, max_examples=10)
@given(random=st.randoms(use_true_random=False))
def test_parts_and_unallocated_are_the_whole(random: Random) -> None:
    estate = random_estate(random)
    recs, shares, sums = all_of(estate)
    assert_agree(estate, recs, shares, sums)


def test_shares_and_sums_equal_the_recomputation() -> None:
    """From what the rules made of the recommendations."""
    estate = many_estates(60)
    recs, shares, sums = all_of(estate)
    assert_agree(estate, recs, shares, sums)
    rows, estate = recs.to_dicts(), Estate(placed(estate.recommendations), estate.resources, estate.projects)
    sized = frozenset(
        (row["currency"], row["resource_id"])
        for row in rows
        if row["kind"] in ("right_size", "shutdown") and row["chosen"]
    )
    assert sized
    assert_frame_equal(shares, allocations(estate, rows, sized))
    assert_frame_equal(sums, summary(estate, rows, sized))


@pytest.mark.parametrize("seed", range(2))
def test_the_order_of_rows_does_not_matter(seed: int) -> None:
    random, estate = Random(seed), many_estates(60, seed)
    turned = Estate(*(random.sample(rows, k=len(rows)) for rows in vars(estate).values()))
    for one, other in zip(all_of(estate), all_of(turned), strict=True):
        assert_frame_equal(one, other)


@pytest.mark.parametrize("seed", range(2))
def test_one_currency_knows_nothing_of_another(seed: int) -> None:
    estate = many_estates(60, seed)
    in_usd = [row for row in estate.recommendations if row.get("savings_currency") == "USD"]
    alone = Estate(in_usd, estate.resources, estate.projects)
    for one, other in zip(all_of(estate), all_of(alone), strict=True):
        assert_frame_equal(one.filter(pl.col("currency") == "USD"), other)


@pytest.mark.parametrize("without", ["resources", "projects"])
def test_without_an_inventory_or_projects_everything_is_unallocated(without: str) -> None:
    estate = many_estates(20)
    bare = Estate(**(vars(estate) | {without: []}))
    recs, shares, sums = all_of(bare)
    assert_agree(bare, recs, shares, sums)
    assert set(shares["project_id"]) == {UNALLOCATED}
    assert recs["project_link"].null_count() == len(recs)
    before, after = computed(PolarsEngine(), estate, AdvisorSummary), sums
    gross = ["summary_id", "gross_annual_savings", "open_count"]
    assert_frame_equal(*(frame.filter(pl.col("dimension") == "all").select(gross) for frame in (before, after)))


def test_without_recommendations_there_is_nothing() -> None:
    for frame in all_of(Estate([], STORY.resources, STORY.projects)):
        assert frame.is_empty()
