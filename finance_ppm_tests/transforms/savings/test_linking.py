"""Whose a recommendation is: cases worked out by hand, and random estates against an independent recomputation."""

from dataclasses import dataclass
from random import Random

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finance_ppm.transforms.savings.linking import homes_of, linked
from finance_ppm.transforms.savings.machines import machines
from finance_ppm_tests.engines import Engine, PolarsEngine, in_process
from finance_ppm_tests.transforms.budget_by_hand import Row
from finance_ppm_tests.transforms.savings.projects_by_hand import (
    NOTHING_SIZED,
    UNALLOCATED,
    Estate,
    Home,
    Sized,
    group,
    homes,
    machine,
    many_estates,
    on,
    plan,
    project,
    random_estate,
    recommendation,
    reservation,
    subscription,
)

WAREHOUSE = "0a1b2c3d-0000-4000-8000-00000000000a"
LEDGER = "0a1b2c3d-0000-4000-8000-00000000000b"
PROJECTS = [
    project(WAREHOUSE, "Warehouse"),
    project(LEDGER, "Größere Ledger"),
    project("0a1b2c3d-0000-4000-8000-000000000001", "Twice"),
    project("0a1b2c3d-0000-4000-8000-000000000002", "TWICE "),
    project("0a1b2c3d-0000-4000-8000-000000000003", "Gone", is_archived=True),
    project("0a1b2c3d-0000-4000-8000-000000000004", "Revived"),
    project("0a1b2c3d-0000-4000-8000-000000000005", "Revived", is_archived=True),
    project("0a1b2c3d-0000-4000-8000-000000000006", "0A1B2C3D00004000800000000000000B"),
    project("0a1b2c3d-0000-4000-8000-000000000007", "Dash-ed"),
    project("0a1b2c3d-0000-4000-8000-000000000008", "\u039b\u038c\u0393\u039f\u03a3"),
    project("0a1b2c3d-0000-4000-8000-000000000009", "istanbul"),
]
WORD, CITY = "0a1b2c3d-0000-4000-8000-000000000008", "0a1b2c3d-0000-4000-8000-000000000009"
REVIVED = "0a1b2c3d-0000-4000-8000-000000000004"

Found = dict[str, tuple[str | None, int | None]]
"""Project to what leads to it, and the machines of it that a commitment is spread over."""


def found_in(homes: pl.DataFrame, recommendation_id: str) -> Found:
    rows = homes.filter(pl.col("recommendation_id") == recommendation_id)
    return {row["project_id"]: (row["project_link"], row["machines"]) for row in rows.to_dicts()}


def homes_in(engine: Engine, estate: Estate, right_sized: Sized = NOTHING_SIZED) -> pl.DataFrame:
    recommendations, resources, projects = (engine.lazy(frame) for frame in estate.frames())
    sized = pl.DataFrame(sorted(right_sized), {"currency": pl.String, "resource_id": pl.String}, orient="row")
    links = linked(resources, projects)
    return engine.collect(homes_of(recommendations, links, machines(resources), engine.lazy(sized), projects))


NOTHING: Found = {UNALLOCATED: (None, None)}

TAGS: dict[str, tuple[str, Found]] = {
    "the name": ("Warehouse", {WAREHOUSE: ("resource", None)}),
    "the name in other capitals, with blanks": (" wareHOUSE\u00a0\t", {WAREHOUSE: ("resource", None)}),
    "a name beyond ASCII": ("GRÖßERE LEDGER", {LEDGER: ("resource", None)}),
    "the page id": (WAREHOUSE, {WAREHOUSE: ("resource", None)}),
    "the page id as Notion's addresses write it": (WAREHOUSE.replace("-", ""), {WAREHOUSE: ("resource", None)}),
    "the page id in capitals": (WAREHOUSE.upper(), {WAREHOUSE: ("resource", None)}),
    "a name of two live projects": ("Twice", NOTHING),
    "an archived project's name": ("Gone", NOTHING),
    "an archived project's id": ("0a1b2c3d-0000-4000-8000-000000000003", NOTHING),
    "a name that an archived project shares": ("Revived", {REVIVED: ("resource", None)}),
    "one project's id and another's name": (LEDGER.replace("-", ""), NOTHING),
    "nobody's name": ("Ware", NOTHING),
    "a name without its dash": ("Dashed", NOTHING),
    "a final sigma": ("\u03bb\u03cc\u03b3\u03bf\u03c2", {WORD: ("resource", None)}),
    "a dotted capital I": ("\u0130STANBUL", {CITY: ("resource", None)}),
}


def tagged(tag: str | None) -> Row:
    return machine("tags", f"m{[*(known for known, _ in TAGS.values()), None].index(tag)}", tag)


@dataclass(frozen=True)
class Case:
    """A recommendation in a subscription of its own, what is in there, and where it must lead."""

    about: Row
    resources: list[Row]
    found: Found
    right_sized: Sized = NOTHING_SIZED


CASES = {
    # The resource is known: its tag in effect counts, wherever it stands.
    "a tag of the resource's group": Case(
        on(machine("a", "m", "Warehouse"), "a"),
        [machine("a", "m", "Warehouse", "resource_group")],
        {WAREHOUSE: ("resource_group", None)},
    ),
    # The resource is known and has no tag in effect: whatever stands above it is not its own.
    "a resource without a tag": Case(
        on(machine("b", "m"), "b"), [machine("b", "m"), group("b", "rg", "Warehouse")], NOTHING
    ),
    "a resource with a tag of nobody": Case(
        on(machine("c", "m"), "c"), [machine("c", "m", "Nobody"), group("c", "rg", "Warehouse")], NOTHING
    ),
    "a resource that is gone": Case(
        on(machine("d", "m"), "d"),
        [group("d", "rg", "Warehouse"), subscription("d", "Größere Ledger")],
        {WAREHOUSE: ("resource_group", None)},
    ),
    "a group that takes its tag from the subscription": Case(
        on(machine("e", "m"), "e"),
        [group("e", "rg", "Warehouse", "subscription")],
        {WAREHOUSE: ("subscription", None)},
    ),
    "a resource and a group that are gone": Case(
        on(machine("f", "m"), "f"), [subscription("f", "Warehouse")], {WAREHOUSE: ("subscription", None)}
    ),
    "no resource at all": Case(
        recommendation("g", "g"), [subscription("g", "Warehouse")], {WAREHOUSE: ("subscription", None)}
    ),
    "about the subscription itself": Case(
        on(subscription("h"), "h"), [subscription("h", "Warehouse")], {WAREHOUSE: ("subscription", None)}
    ),
    "nothing known": Case(recommendation("i", "i"), [], NOTHING),
    # Group rg of another subscription is another group.
    "a group of another subscription": Case(
        on(machine("j", "m"), "j"), [group("j2", "rg", "Warehouse"), subscription("j2", "Warehouse")], NOTHING
    ),
    # 2 machines of the warehouse, 1 of the ledger, 1 of nobody; the e8, the one in the north and the other
    # subscription's are not covered. Their subscription's tag counts for nothing.
    "a reservation": Case(
        reservation("k", "k", sku="D4", region="WestEurope"),
        [
            subscription("k", "Größere Ledger"),
            machine("k", "m1", "Warehouse"),
            machine("k", "m2", "Warehouse", "subscription"),
            machine("k", "m3", "Größere Ledger"),
            machine("k", "m4"),
            machine("k", "m5", "Warehouse", sku="e8"),
            machine("k", "m6", "Warehouse", location="northeurope"),
            machine("k", "m7", "Warehouse", sku=None),
            machine("k2", "m1", "Warehouse"),
        ],
        {WAREHOUSE: ("machines", 2), LEDGER: ("machines", 1), UNALLOCATED: (None, 1)},
    ),
    "a savings plan": Case(
        plan("l", "l"),
        [
            machine("l", "m1", "Warehouse"),
            machine("l", "m2", "Warehouse", sku="e8", location="northeurope"),
            machine("l", "m3", "Twice", sku=None),
            machine("l2", "m1", "Größere Ledger"),
        ],
        {WAREHOUSE: ("machines", 2), UNALLOCATED: (None, 1)},
    ),
    "a reservation of one project's machines": Case(
        reservation("m", "m"), [machine("m", "m1", "Warehouse")], {WAREHOUSE: ("machines", 1)}
    ),
    "a reservation of nobody's machines": Case(
        reservation("n", "n"), [machine("n", "m1"), machine("n", "m2", "Gone")], {UNALLOCATED: (None, 2)}
    ),
    "a reservation without machines": Case(reservation("o", "o"), [subscription("o", "Warehouse")], NOTHING),
    "a plan without machines": Case(plan("p", "p"), [subscription("p", "Warehouse")], NOTHING),
    "a reservation of something else": Case(
        reservation("q", "q", reserved_resource_type="sqldatabases"),
        [subscription("q", "Warehouse"), machine("q", "m1", "Warehouse")],
        NOTHING,
    ),
    "a reservation of nobody knows what": Case(
        reservation("r", "r", reserved_resource_type=None), [machine("r", "m1", "Warehouse")], NOTHING
    ),
    "a savings plan for databases": Case(
        plan("x", "x", problem="Consider a savings plan for databases"),
        [subscription("x", "Warehouse"), machine("x", "m1", "Warehouse")],
        NOTHING,
    ),
    "a reservation without a region": Case(
        reservation("s", "s", region=None), [machine("s", "m1", "Warehouse", location=None)], NOTHING
    ),
    # m1 is right-sized: what can be had of the reservation is had by m2.
    "a right-sized machine": Case(
        reservation("t", "t", savings_currency="USD"),
        [machine("t", "m1", "Warehouse"), machine("t", "m2", "Größere Ledger")],
        {LEDGER: ("machines", 1)},
        frozenset({("USD", machine("t", "m1")["resource_id"])}),
    ),
    "all machines right-sized": Case(
        plan("u", "u", savings_currency="USD"),
        [subscription("u", "Warehouse"), machine("u", "m1", "Warehouse")],
        NOTHING,
        frozenset({("USD", machine("u", "m1")["resource_id"])}),
    ),
    # What is right-sized in one currency displaces nothing in another.
    "a machine right-sized in another currency": Case(
        plan("v", "v", savings_currency="USD"),
        [machine("v", "m1", "Warehouse"), machine("v", "m2", "Größere Ledger")],
        {WAREHOUSE: ("machines", 1), LEDGER: ("machines", 1)},
        frozenset({("EUR", machine("v", "m1")["resource_id"])}),
    ),
    # A scale set is not a machine.
    "a scale set": Case(
        plan("w", "w"),
        [machine("w", "m1", "Warehouse", resource_type="microsoft.compute/virtualmachinescalesets")],
        NOTHING,
    ),
}
EVERYTHING = Estate(
    [on(tagged(tag), name) for name, (tag, _) in TAGS.items()] + [case.about for case in CASES.values()],
    [tagged(tag) for tag, _ in TAGS.values()] + [row for case in CASES.values() for row in case.resources],
    PROJECTS,
) + many_estates(40)


def some_machines(estate: Estate, random: Random) -> Sized:
    return frozenset(
        (random.choice(["USD", "EUR", "P|P", "XXX"]), row["resource_id"])
        for row in estate.resources
        if random.random() < 0.5
    )


RIGHT_SIZED = some_machines(many_estates(40), Random(3)).union(*(case.right_sized for case in CASES.values()))


@pytest.fixture(scope="module")
def everything(engine: Engine) -> pl.DataFrame:
    """The homes in every case amid many random estates, computed once on each engine."""
    return homes_in(engine, EVERYTHING, RIGHT_SIZED)


@pytest.mark.parametrize("name", TAGS)
def test_a_tag_names_a_project_by(everything: pl.DataFrame, name: str) -> None:
    assert found_in(everything, name) == TAGS[name][1]


@pytest.mark.parametrize("name", CASES)
def test_case_worked_out_by_hand(everything: pl.DataFrame, name: str) -> None:
    case = CASES[name]
    assert found_in(everything, case.about["recommendation_id"]) == case.found


def test_projects_bear_their_names(everything: pl.DataFrame) -> None:
    names = dict(everything.select("project_id", "project_name").iter_rows())
    assert (names[WAREHOUSE], names[LEDGER], names[UNALLOCATED]) == ("Warehouse", "Größere Ledger", "Unallocated")


def as_homes(frame: pl.DataFrame) -> dict[str, Home]:
    found: dict[str, Home] = {}
    for row in frame.to_dicts():
        home = found.setdefault(row["recommendation_id"], Home({}, None))
        home.weights[row["project_id"]] = row["machines"] or 1
        home.is_spread = row["machines"] is not None
        home.link = home.link or row["project_link"]
    return found


def test_everything_equals_the_recomputation(everything: pl.DataFrame) -> None:
    assert as_homes(everything) == homes(EVERYTHING, RIGHT_SIZED)


@settings(deadline=None, max_examples=30)
@given(random=st.randoms(use_true_random=False))
def test_any_estate_equals_the_recomputation(random: Random) -> None:
    estate = random_estate(random)
    sized = some_machines(estate, random)
    assert as_homes(homes_in(PolarsEngine(), estate, sized)) == homes(estate, sized)


@in_process
def test_the_order_of_rows_does_not_matter(engine: Engine, everything: pl.DataFrame) -> None:
    shuffled = Random(5)
    turned = Estate(*(shuffled.sample(rows, k=len(rows)) for rows in vars(EVERYTHING).values()))
    assert homes_in(engine, turned, RIGHT_SIZED).equals(everything)


@in_process
def test_without_an_inventory_or_projects_everything_is_unallocated(engine: Engine) -> None:
    estate = many_estates(10)
    ids = {row["recommendation_id"] for row in estate.recommendations}
    for bare in (Estate(estate.recommendations, [], estate.projects), Estate(estate.recommendations, estate.resources)):
        found = homes_in(engine, bare)
        assert set(found["recommendation_id"]) == ids
        assert set(found["project_id"]) == {UNALLOCATED}
        assert found["project_link"].null_count() == len(found) == len(ids)
