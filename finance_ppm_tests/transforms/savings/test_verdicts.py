"""The eight savings rules: examples worked out by hand, and random estates against an independent recomputation.

The examples are one estate, each in a subscription of its own, computed once on each engine.
"""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from finance_ppm.contracts import content_columns
from finance_ppm.contracts.azure import AzureAdvisorRecommendations, AzureAdvisorRecs
from finance_ppm.transforms.savings.machines import machines
from finance_ppm.transforms.savings.policy import SavingsPolicy
from finance_ppm.transforms.savings.verdicts import judged, right_sized
from finance_ppm_tests.engines import Engine, PolarsEngine, in_process
from finance_ppm_tests.transforms.savings.savings_by_hand import (
    AS_OF,
    COMPUTE_PLAN,
    Choices,
    Estate,
    Row,
    in_subscription,
    machine,
    machine_id,
    many,
    plan,
    random_choices,
    random_estate,
    recommendation,
    recomputed,
    reservation,
    right_size,
)

DEFAULT = Choices()
YEAR, THREE_YEARS = {"term": "P1Y"}, {"term": "P3Y"}
SQL = {"reserved_resource_type": "sqldatabases", "sku": "gp_gen5_4"}
UNKNOWN = "Unknown, not nothing: Azure does not say how much it saves, or not so that it can be read."
NO_CURRENCY = "Unknown, not nothing: Azure does not say in which currency it saves."
ACTIVE_OR_NOT: dict[str, Row] = {
    "new": {"state": "new"},
    "reopened": {"state": "reopened"},
    "never-read": {"snapshot_on": None, "last_seen": AS_OF - timedelta(days=30)},
    "old": {"snapshot_on": AS_OF - timedelta(days=30)},
    "idle": {"kind": "right_size", "max_cpu": Decimal("4.99"), "cpu_threshold": Decimal(5)},
    "unknown-use": {"kind": "right_size", "cpu_threshold": Decimal(5)},
    "tracked": {"tracked": True},
    "resolved": {"state": "resolved"},
    "suppressed": {"state": "suppressed", "suppressed": True},
    "excluded": {"excluded": True},
    "busy": {"kind": "right_size", "max_cpu": Decimal(5), "cpu_threshold": Decimal(5)},
    "busier": {"kind": "shutdown", "max_cpu": Decimal(90), "cpu_threshold": Decimal(5)},
    "stale": {"snapshot_on": AS_OF - timedelta(days=31)},
    "never-read-nor-seen": {"snapshot_on": None, "last_seen": AS_OF - timedelta(days=31)},
    "performance": {"category": "Performance"},
}
VERDICT = [
    *("currency", "exclusive_group", "chosen", "chosen_conservative", "reason", "basis"),
    *("achievable_conservative", "achievable_maximum"),
]
GROUP = "/subscriptions/f/resourcegroups/g"
IN_WEST: Row = {"sku": "d4", "region": "westeurope"}
DATABASES: Row = {"problem": "Consider a savings plan for databases", "recommendation_type_id": "new"}

EXAMPLES = {
    "measured": in_subscription(
        "measured",
        *(
            reservation(f"measured-{term}-{days}", amount, term=term, lookback_days=days)
            for term, amounts in (("P1Y", ("596", "598", "575")), ("P3Y", ("903", "897", "868")))
            for days, amount in zip((7, 30, 60), amounts, strict=True)
        ),
        plan("measured-plan-1", "414", **YEAR),
        plan("measured-plan-3", "690", **THREE_YEARS),
    ),
    "scopes": in_subscription(
        "scopes",
        reservation("scopes-single", "400", scope="single", **SQL),
        reservation("scopes-shared", "450", scope="shared", **SQL),
    ),
    "reservations": in_subscription(
        "reservations",
        reservation("reservations-d4", "300"),
        reservation("reservations-e8", "350", sku="e8"),
        reservation("reservations-sql", "200", **SQL),
        plan("reservations-plan", "600"),
    ),
    "plan": in_subscription(
        "plan",
        reservation("plan-d4", "300"),
        reservation("plan-e8", "350", sku="e8"),
        reservation("plan-sql", "200", **SQL),
        plan("plan-plan", "700"),
    ),
    "either": in_subscription(
        "either",
        reservation("either-d4", "300"),
        reservation("either-e8", "350", sku="e8", **THREE_YEARS),
        plan("either-plan", "400"),
    ),
    "tie": in_subscription("tie", reservation("tie-b", "500"), reservation("tie-a", "500"), plan("tie-plan", "500")),
    "first": in_subscription(
        "first",
        *(machine(f"first-vm{i}") for i in range(4)),
        right_size("first-size-0", "10", resource_id="first-vm0"),
        recommendation("first-down-1", "12.50", kind="shutdown", resource_id="first-vm1"),
        right_size("first-unknown-2", None, resource_id="first-vm2"),
        reservation("first-d4", "900", quantity=3),
        plan("first-plan", "1000.01"),
    ),
    "all": in_subscription(
        "all",
        machine("all-vm", sku="d4"),
        right_size("all-size", "1", resource_id="all-vm"),
        reservation("all-d4", "500", quantity=None),
        reservation("all-e8", "70", sku="e8"),
        plan("all-plan", "800"),
    ),
    "quantity": in_subscription(
        "quantity",
        *(machine(f"quantity-vm{i}") for i in range(3)),
        right_size("quantity-size", "1", resource_id="quantity-vm0"),
        reservation("quantity-all", "300", quantity=None),
        reservation("quantity-zero", "270", quantity=0, **THREE_YEARS),
        reservation("quantity-five", "225", quantity=5, **THREE_YEARS),
        reservation("quantity-one", "190", quantity=1, **THREE_YEARS),
        reservation("quantity-disks", "60", reserved_resource_type="disks"),
    ),
    "unlisted": in_subscription(
        "unlisted",
        machine(machine_id("unlisted-listed")),
        right_size("unlisted-size", "10", resource_id=machine_id("unlisted-gone"), sku="D4", region="westeurope"),
        right_size("unlisted-again", "9", resource_id=machine_id("unlisted-gone")),
        right_size("unlisted-scale-set", "1", resource_id="/x/virtualmachinescalesets/unlisted", **IN_WEST),
        reservation("unlisted-d4", "900", quantity=2),
        plan("unlisted-plan", "1000"),
    ),
    "spared": in_subscription(
        "spared",
        machine(machine_id("spared-listed")),
        right_size("spared-size", "10", resource_id=machine_id("spared-gone"), **IN_WEST),
        reservation("spared-d4", "600", quantity=1),
    ),
    "unread": in_subscription(
        "unread",
        right_size("unread-size", "500", resource_id=machine_id("unread-vm"), **IN_WEST),
        reservation("unread-d4", "598"),
        plan("unread-plan", "700"),
    ),
    "less": in_subscription(
        "less",
        machine("less-vm1"),
        machine("less-vm2"),
        right_size("less-size", "5", resource_id="less-vm1"),
        reservation("less-whole", "400", quantity=2),
        reservation("less-sku", "390", quantity=2, sku=None, scope="shared"),
        reservation("less-region", "398", quantity=2, region=None, lookback_days=60),
        reservation("less-both", "380", quantity=2, sku=None, region=None),
        reservation("less-north", "50", sku=None, region="northeurope"),
        reservation("less-unknown", None, sku="e8"),
        reservation("less-sql", "30", **SQL | {"sku": None}),
    ),
    "several": in_subscription(
        "several",
        reservation("several-d4", "400"),
        reservation("several-e8", "300", sku="e8"),
        reservation("several-one", "20", sku=None),
        reservation("several-two", "25", sku=None, scope="shared"),
    ),
    "untyped": in_subscription(
        "untyped",
        *(
            reservation(f"untyped-{sort}-{days}", amount, lookback_days=days, **nameless, recommendation_type_id=sort)
            for nameless in ({"reserved_resource_type": None, "sku": None, "region": None},)
            for sort, days, amount in (("cosmos", 30, "7008"), ("cosmos", 60, "7000"), ("app", 30, "1498"))
        ),
    ),
    "containers": in_subscription(
        "containers",
        *(
            right_size(f"containers-{name}-{amount}", amount, resource_id="/subscriptions/c", impacted_value=name)
            for name, amount in (("vm1", "500"), ("vm2", "300"), ("VM1", "200"))
        ),
    ),
    "databases": in_subscription(
        "databases",
        plan("databases-both", "900", **DATABASES),
        plan("databases-solution", "700", recommendation_type_id=None, solution="A plan for DATABASES"),
        plan("databases-compute", "600", recommendation_type_id=COMPUTE_PLAN, problem="Database or not"),
        plan("databases-words", "550", problem="Save on Compute of databases"),
        plan("databases-silent", "540"),
        reservation("databases-d4", "500"),
    ),
    "machine": in_subscription(
        "machine",
        right_size("machine-size", "100", resource_id="machine-vm"),
        recommendation("machine-down", "240", kind="shutdown", resource_id="machine-vm"),
        right_size("machine-other", "30", resource_id="machine-vm2"),
    ),
    "finding": in_subscription(
        "finding",
        recommendation("finding-graph", "50", resource_id="finding-disk", impacted_value="Disk"),
        recommendation("finding-advisor", "50", resource_id="finding-disk", impacted_value="disk", source="advisor"),
        recommendation("finding-type", "20", resource_id="finding-disk", recommendation_type_id="another"),
        recommendation("finding-disk2", "50", resource_id="finding-disk2"),
        recommendation("finding-nowhere1", "5"),
        recommendation("finding-nowhere2", "5"),
        recommendation("finding-untyped1", "2", resource_id="finding-disk", recommendation_type_id=None),
        recommendation("finding-untyped2", "2", resource_id="finding-disk", recommendation_type_id=None),
        recommendation("finding-nameless", "40", resource_id="finding-disk", impacted_value="", region="westeurope"),
        recommendation("finding-name1", "3", resource_id="/subscriptions/f", impacted_value="one"),
        recommendation("finding-name2", "3", resource_id="/subscriptions/f", impacted_value="two"),
        recommendation("finding-region", "3", resource_id="/subscriptions/f", impacted_value="two", region="west"),
        recommendation("finding-bar1", "1", resource_id=GROUP, impacted_value="a|b", sku="c"),
        recommendation("finding-bar2", "1", resource_id=GROUP, impacted_value="a", sku="b|c"),
        recommendation("finding-bar3", "1", resource_id=GROUP, impacted_value="a%7Cb", sku="c"),
    ),
    "currencies": in_subscription("currencies", reservation("currencies-usd", "100"), plan("currencies-plan", "90"))
    + in_subscription("currencies", reservation("currencies-eur", "80"), currency="EUR")
    + in_subscription(
        "currencies",
        reservation("currencies-none", "7", savings_currency=None),
        right_size("currencies-size", "6", savings_currency=None, resource_id=machine_id("currencies"), **IN_WEST),
        reservation("currencies-unknown", None, **SQL),
        reservation("currencies-nothing", "0", region="nowhere", **SQL),
        reservation("currencies-negative", "-4", sku="other", reserved_resource_type="sqldatabases"),
    ),
    "abroad": in_subscription(
        "abroad", reservation("abroad-d4", "100"), plan("abroad-plan", "120"), machine("abroad-vm")
    )
    + in_subscription("abroad", right_size("abroad-size", "5", resource_id="abroad-vm"), currency="EUR"),
    "inactive": in_subscription(
        "inactive",
        *(
            recommendation(f"inactive-{name}", "10", resource_id=f"inactive-{name}", **cells)
            for name, cells in ACTIVE_OR_NOT.items()
        ),
    ),
}
EVERYTHING = sum(EXAMPLES.values(), many(60))
"""The examples amid random estates."""


def judge(engine: Engine, estate: Estate, policy: SavingsPolicy | None = None, as_of: date = AS_OF) -> pl.DataFrame:
    recommendations, resources = (engine.lazy(frame) for frame in estate.frames())
    result = engine.collect(judged(recommendations, resources, as_of=as_of, policy=policy or SavingsPolicy()))
    return result.sort("recommendation_id")


@pytest.fixture(scope="module")
def everything(engine: Engine) -> pl.DataFrame:
    """The verdicts on everything, computed once on each engine."""
    return judge(engine, EVERYTHING)


def of(verdicts: pl.DataFrame, example: str) -> dict[str, Row]:
    """An example's verdicts, by what follows its name in the id."""
    ids = {row["recommendation_id"] for row in EXAMPLES[example].recommendations}
    return {
        row["recommendation_id"].removeprefix(f"{example}-"): row
        for row in verdicts.filter(pl.col("recommendation_id").is_in(ids)).to_dicts()
    }


def amounts(rows: dict[str, Row], column: str = "achievable_maximum") -> dict[str, Decimal]:
    """What is counted, of the rows of which anything is."""
    return {name: row[column] for name, row in rows.items() if row[column]}


def money(**counted: str) -> dict[str, Decimal]:
    return {name: Decimal(amount) for name, amount in counted.items()}


def test_the_measured_need_of_one_size(everything: pl.DataFrame) -> None:
    """Six reservation rows (596 + 598 + 575 of a year, 903 + 897 + 868 of three) and two plans (414, 690) add up to
    5,541, where 903 (three years) can be had, or 598 (a year by 30 days).

    903 is more than 690, so the maximum is the reservation; 598 is more than 414, so the conservative figure is too.
    """
    rows = of(everything, "measured")
    assert sum(row["annual_savings"] for row in rows.values()) == Decimal(5541)
    assert amounts(rows) == {"P3Y-7": Decimal(903)}
    assert amounts(rows, "achievable_conservative") == {"P1Y-30": Decimal(598)}
    assert {row["exclusive_group"] for row in rows.values()} == {"compute|usd|measured"}
    assert {row["basis"] for row in rows.values()} == {"actual"}
    assert {name: row["reason"] for name, row in rows.items() if name in ("P3Y-7", "P1Y-30", "P1Y-60", "plan-3")} == {
        "P3Y-7": "Counted, in the maximum only: the best of 6 variants of this offer.",
        "P1Y-30": "Counted, in the conservative figure only: nothing larger excludes it with term P1Y and 30 days of "
        "usage.",
        "P1Y-60": "Not counted: another variant of this offer saves as much or more.",
        "plan-3": "Not counted: the compute reservations of this subscription together save as much or more (903.00 "
        "against 690.00).",
    }


def test_rule_1_an_offer_without_a_conservative_variant_adds_nothing_to_that_figure(everything: pl.DataFrame) -> None:
    """SKU e8 is offered for three years only (350): the maximum takes it (300 + 350 = 650 against the plan's 400), the
    conservative figure does not, so there the plan's 400 are more than 300."""
    rows = of(everything, "either")
    assert amounts(rows) == money(d4="300", e8="350")
    assert amounts(rows, "achievable_conservative") == money(plan="400")
    assert rows["plan"]["reason"].startswith("Counted, in the conservative figure only: ")


def test_rule_2_the_larger_of_single_and_shared(everything: pl.DataFrame) -> None:
    """400 for one subscription, or 450 shared: 450, once, in both figures."""
    rows = of(everything, "scopes")
    assert amounts(rows) == amounts(rows, "achievable_conservative") == money(shared="450")
    assert {row["exclusive_group"] for row in rows.values()} == {
        "reservation|usd|scopes|sqldatabases|gp_gen5_4|westeurope"
    }
    assert rows["shared"]["reason"] == "Counted: the best of 2 variants of this offer."


def test_rule_3_reservations_of_several_sizes_against_the_plan(everything: pl.DataFrame) -> None:
    """300 + 350 = 650 is more than the plan's 600: both reservations, and the 200 for SQL whatever the plan."""
    rows = of(everything, "reservations")
    assert amounts(rows) == money(d4="300", e8="350", sql="200")
    assert rows["sql"]["exclusive_group"] is None
    assert {rows[name]["exclusive_group"] for name in ("d4", "e8", "plan")} == {"compute|usd|reservations"}


def test_reservations_that_add_up_exclude_nothing(everything: pl.DataFrame) -> None:
    """Without a plan of a known amount two sizes are had beside each other, and two variants of neither size are one
    another's."""
    rows = of(everything, "several")
    assert {name: row["exclusive_group"] for name, row in rows.items()} == {
        "d4": None,
        "e8": None,
        "one": "reservation|usd|several|virtualmachines||westeurope",
        "two": "reservation|usd|several|virtualmachines||westeurope",
    }


def test_rule_3_a_plan_for_databases_competes_with_nothing_of_compute(everything: pl.DataFrame) -> None:
    """Of two plans for databases the larger, 900; of three for compute the largest, 600, which is more than 500."""
    rows = of(everything, "databases")
    assert amounts(rows) == money(both="900", compute="600")
    assert {rows[name]["exclusive_group"] for name in ("both", "solution")} == {"database_savings_plan|usd|databases"}
    assert {rows[name]["exclusive_group"] for name in ("compute", "words", "silent", "d4")} == {"compute|usd|databases"}


def test_rule_4_a_machine_that_the_inventory_does_not_list(everything: pl.DataFrame) -> None:
    """It counts where its recommendations say: of two machines that match, one goes, so half of 900 for two, and half
    of the plan's 1,000, which is more. A scale set is no machine."""
    rows = of(everything, "unlisted")
    assert amounts(rows) == {"size": Decimal(10), "scale-set": Decimal(1), "plan": Decimal(500)}
    assert rows["d4"]["reason"].endswith("(500.00 against 450.00).")
    assert amounts(of(everything, "spared")) == money(
        size="10", d4="600"
    )  # for one of two that match, of which one goes
    assert amounts(of(everything, "unread")) == money(size="500")


def test_rules_1_and_2_a_variant_that_leaves_out_its_place(everything: pl.DataFrame) -> None:
    """Of two machines one is right-sized, so half of each: 200 of 400 is the best of four variants. One for the north,
    one of an unknown amount and one for SQL are other offers."""
    rows = of(everything, "less")
    assert amounts(rows) == money(size="5", whole="200", north="50", sql="30")
    offer = "reservation|usd|less|virtualmachines|d4|westeurope"
    assert {name for name, row in rows.items() if row["exclusive_group"] == offer} == {"whole", "sku", "region", "both"}


def test_rules_1_and_2_a_variant_of_one_of_several_offers_is_none_of_them(everything: pl.DataFrame) -> None:
    """400 and 300, and the larger of the two that leave out their SKU."""
    assert amounts(of(everything, "several")) == money(d4="400", e8="300", two="25")


def test_rule_1_what_is_reserved_may_be_told_by_the_type_alone(everything: pl.DataFrame) -> None:
    """Cosmos DB by 30 or 60 days, and App Service: 7,008 and 1,498."""
    assert amounts(of(everything, "untyped")) == {"cosmos-30": Decimal(7008), "app-30": Decimal(1498)}


def test_rule_5_machines_told_by_their_names_alone(everything: pl.DataFrame) -> None:
    """On the id of the subscription: 500 and 300, and 200 for the first again."""
    assert amounts(of(everything, "containers")) == {"vm1-500": Decimal(500), "vm2-300": Decimal(300)}


def test_rule_3_the_plan_against_reservations_of_several_sizes(everything: pl.DataFrame) -> None:
    """The plan's 700 are more than 300 + 350 = 650: the plan, and the 200 for SQL."""
    rows = of(everything, "plan")
    assert amounts(rows) == money(plan="700", sql="200")
    assert rows["d4"]["reason"] == (
        "Not counted: the compute savings plan of this subscription saves more (700.00 against 650.00)."
    )
    assert rows["plan"]["reason"] == "Counted: nothing larger excludes it."


def test_rule_3_of_equals_the_reservations_and_the_first_by_id(everything: pl.DataFrame) -> None:
    """Two variants of 500, and a plan of 500: one of them, 500."""
    assert amounts(of(everything, "tie")) == money(a="500")


def test_rule_4_right_size_first_and_commit_to_the_rest(everything: pl.DataFrame) -> None:
    """Four machines; one is right-sized for 10, one shut down for 12.50, one right-sized for nobody knows how much.

    So r = 2 of m = 4. The reservation for q = 3: min(3, max(3, 4) - 2) / 3 = 2/3 of 900 = 600. The plan: (4 - 2) / 4
    of 1,000.01 = 500.005, which is 500.01. 600 is more, although 1,000.01 was more than 900.
    """
    rows = of(everything, "first")
    assert amounts(rows) == {"size-0": Decimal(10), "down-1": Decimal("12.50"), "d4": Decimal(600)}
    assert rows["d4"]["reason"] == (
        "Counted in part: nothing larger excludes it; the rest falls to machines that are right-sized or shut down "
        "first."
    )
    assert rows["plan"]["reason"].endswith("(600.00 against 500.01).")
    assert rows["unknown-2"]["reason"] == UNKNOWN
    assert {name: row["basis"] for name, row in rows.items()} == {
        "size-0": "retail",
        "down-1": "retail",
        "unknown-2": None,
        "d4": "actual",
        "plan": "actual",
    }


def test_rule_4_a_reservation_whose_machines_all_go(everything: pl.DataFrame) -> None:
    """The only machine is right-sized for 1: nothing is left of the 500 (all that match are meant, q unknown), nor of
    the plan's 800; the 70 for a size of which there is no machine stay."""
    rows = of(everything, "all")
    assert amounts(rows) == money(size="1", e8="70")
    assert rows["d4"]["reason"] == (
        "Not counted: nothing is left of it after machines that are right-sized or shut down first."
    )


def test_rule_4_how_many_are_meant_and_what_is_no_machine(everything: pl.DataFrame) -> None:
    """One of three machines is right-sized. Of 300 for all that match 2/3 remain, 200, as of 270 for 0 machines (180);
    of 225 for five, (max(5, 3) - 1) / 5 = 4/5 (180); 190 for one stay, since two machines do. 200 is the best. A
    reservation of disks loses nothing: 60."""
    rows = of(everything, "quantity")
    assert amounts(rows) == money(size="1", all="200", disks="60")
    assert rows["all"]["reason"].startswith("Counted in part: the best of 4 variants of this offer; ")


def test_rule_5_the_larger_of_right_sizing_and_shutting_down(everything: pl.DataFrame) -> None:
    """100 by right-sizing or 240 by shutting down: 240. The 30 of another machine come on top."""
    rows = of(everything, "machine")
    assert amounts(rows) == money(down="240", other="30")
    assert {name: row["exclusive_group"] for name, row in rows.items()} == {
        "size": "machine|usd|machine-vm",
        "down": "machine|usd|machine-vm",
        "other": None,
    }
    assert rows["down"]["reason"] == "Counted: the best of 2 recommendations for this machine."


def test_rule_6_the_same_finding_from_two_sources_once(everything: pl.DataFrame) -> None:
    """50 from Resource Graph, the same 50 from Advisor, and 40 of a record without its name: 50. Another finding on the
    disk (20), the same on another disk (50), findings on no resource (5 and 5) or of no type (2 and 2), and findings
    on several parts of a subscription (3, 3 and 3) or group (1 for each of three whose names hold a bar) are others:
    146."""
    rows = of(everything, "finding")
    counted = amounts(rows)
    assert sum(counted.values()) == Decimal(146)
    assert set(rows) - set(counted) == {"graph", "nameless"}
    assert rows["graph"]["exclusive_group"] == rows["advisor"]["exclusive_group"] is not None
    assert rows["graph"]["reason"] == "Not counted: another record of this finding saves as much or more."
    assert {row["basis"] for row in rows.values()} == {"retail"}


def test_rule_7_never_across_currencies_and_unknown_is_not_nothing(everything: pl.DataFrame) -> None:
    """One offer at 100 USD and at 80 EUR: each in its own. The plan of 90 USD loses against 100 USD only. 7 of no
    currency are as unknown as no amount, and 6 of none displace nothing; 0 and -4 add nothing, each for its reason."""
    rows = of(everything, "currencies")
    assert amounts(rows) == money(usd="100", eur="80")
    assert [rows[name]["currency"] for name in ("usd", "eur", "none")] == ["USD", "EUR", "XXX"]
    assert [rows[name]["exclusive_group"] for name in ("usd", "eur", "none")] == ["compute|usd|currencies", None, None]
    assert {name for name, row in rows.items() if row["unknown"]} == {"unknown", "none", "size"}
    assert {name: rows[name]["reason"] for name in ("unknown", "none", "size", "nothing", "negative")} == {
        "unknown": UNKNOWN,
        "none": NO_CURRENCY,
        "size": NO_CURRENCY,
        "nothing": "Not counted: Azure says that it saves nothing.",
        "negative": "Not counted: it costs more than it saves.",
    }


def test_rule_7_what_is_right_sized_in_one_currency_displaces_nothing_in_another(everything: pl.DataFrame) -> None:
    """The only machine is right-sized for 5 EUR; the plan of 120 USD, against a reservation of 100 USD, stays whole."""
    rows = of(everything, "abroad")
    assert amounts(rows) == money(size="5", plan="120")
    assert rows["d4"]["reason"].endswith("(120.00 against 100.00).")


def test_rule_8_only_what_is_active(everything: pl.DataFrame) -> None:
    """15 recommendations of 10 each, of which 7 count: 70."""
    rows = of(everything, "inactive")
    assert set(amounts(rows)) == {"new", "reopened", "never-read", "old", "idle", "unknown-use", "tracked"}
    assert {name: row["reason"] for name, row in rows.items() if not row["chosen"]} == {
        "resolved": "Not counted: it is resolved.",
        "suppressed": "Not counted: it is suppressed.",
        "excluded": "Not counted: Advisor's configuration excludes it.",
        "busy": "Not counted: CPU use is not below the threshold that Advisor's configuration sets.",
        "busier": "Not counted: CPU use is not below the threshold that Advisor's configuration sets.",
        "stale": "Not counted: the subscription was not read completely for more than 30 days.",
        "never-read-nor-seen": "Not counted: the subscription was not read completely for more than 30 days.",
        "performance": "Not counted: it is not about cost.",
    }
    assert {row["exclusive_group"] for row in rows.values()} == {None}


def test_what_is_unknown(engine: Engine) -> None:
    """What takes part and has no amount: a commitment of whatever category, and nothing that is left out."""
    cells: dict[str, Row] = {
        **{name: cells | {"resource_id": name} for name, cells in ACTIVE_OR_NOT.items()},
        "uncategorised": {"kind": "reservation", "category": None},
        "of-security": {"kind": "shutdown", "category": "Security"},
        "of-no-cost": {"category": None},
    }
    estate = Estate([recommendation(name, None, **own) for name, own in cells.items()])
    rows = {row["recommendation_id"]: row for row in judge(engine, estate).to_dicts()}
    taking_part = {"new", "reopened", "never-read", "old", "idle", "unknown-use", "tracked"}
    assert {name for name, row in rows.items() if row["unknown"]} == taking_part | {"uncategorised", "of-security"}
    assert {name for name, row in rows.items() if row["reason"] == UNKNOWN} == taking_part | {
        "uncategorised",
        "of-security",
    }


def test_machines_that_are_right_sized(engine: Engine) -> None:
    """Known amounts only, each machine once in each currency; disks are no machines."""
    estate = EXAMPLES["first"] + EXAMPLES["machine"] + in_subscription("first", machine("d", resource_type="x/disks"))
    recommendations, resources = (engine.lazy(frame) for frame in estate.frames())
    sized = engine.collect(right_sized(recommendations, as_of=AS_OF, policy=SavingsPolicy()))
    ids = ("first-vm0", "first-vm1", "machine-vm", "machine-vm2")
    assert sized.select("currency", "resource_id").rows() == [("USD", name) for name in ids]
    found = engine.collect(machines(resources))
    assert found.columns == ["resource_id", "subscription_id", "sku", "location"]
    assert found["resource_id"].to_list() == [f"first-vm{i}" for i in range(4)]


def test_a_fraction_of_the_largest_amount_is_exact(engine: Engine) -> None:
    """One of 7 machines is right-sized: six sevenths of 9,999,999,999,999,999.99 are 8,571,428,571,428,571.42 (..4),
    and of 0.05, 0.04 (0.0428). A double would lose the cents."""
    estate = in_subscription(
        "sevenths",
        *(machine(f"vm{i}") for i in range(7)),
        right_size("size", "0.01", resource_id="vm0"),
        reservation("d4", "9999999999999999.99", quantity=7),
        plan("plan", "0.05"),
    )
    rows = {row["recommendation_id"]: row for row in judge(engine, estate).to_dicts()}
    assert rows["d4"]["achievable_maximum"] == Decimal("8571428571428571.42")
    assert rows["plan"]["reason"].endswith("(8571428571428571.42 against 0.04).")


def assert_agrees(verdicts: pl.DataFrame, estate: Estate, choices: Choices = DEFAULT) -> None:
    expected = recomputed(estate, choices=choices)
    rows = {row["recommendation_id"]: row for row in verdicts.to_dicts()}
    assert rows.keys() == expected.keys()
    members = defaultdict(set)
    for key, row in rows.items():
        members[row["exclusive_group"]].add(key)
    for key, row in rows.items():
        verdict = expected[key]
        assert (row["achievable_maximum"], row["achievable_conservative"]) == (verdict.maximum, verdict.conservative)
        assert (row["chosen"], row["chosen_conservative"]) == (verdict.maximum > 0, verdict.conservative > 0)
        assert (row["currency"], row["basis"]) == (verdict.currency, verdict.basis), key
        assert row["unknown"] == verdict.unknown, key
        assert (row["exclusive_group"] is None) == (not verdict.companions), key
        companions = set() if row["exclusive_group"] is None else members[row["exclusive_group"]] - {key}
        assert companions == verdict.companions, key
        assert row["reason"].split(": ")[0] == verdict.opening or (
            verdict.opening == "Unknown" and row["reason"].startswith("Unknown, not nothing: ")
        ), key


def test_everything_equals_the_recomputation(everything: pl.DataFrame) -> None:
    assert_agrees(everything, EVERYTHING)


def test_rows_and_columns_are_kept_beside_the_verdict(everything: pl.DataFrame) -> None:
    given_rows = EVERYTHING.frames()[0].sort("recommendation_id")
    assert everything.columns == [*AzureAdvisorRecommendations.column_names(), *VERDICT, "unknown"]
    assert_frame_equal(everything.select(given_rows.columns), given_rows)
    contract = AzureAdvisorRecs.columns()
    assert {name: everything.schema[name] for name in VERDICT} == {name: contract[name].dtype for name in VERDICT}
    assert set(VERDICT) < set(content_columns(AzureAdvisorRecs))
    assert everything.select(pl.col(VERDICT).exclude("exclusive_group", "basis").is_null().any()).row(0) == (False,) * 6


RANDOM = settings(deadline=None, max_examples=25)


def several(random: Random) -> Estate:
    """Some random estates side by side: one run of the product judges them all."""
    return sum((random_estate(random, f"{i}-") for i in range(4)), Estate())


def policy_of(choices: Choices) -> SavingsPolicy:
    return SavingsPolicy(choices.term, choices.lookback, choices.fresh, choices.untracked, choices.stale_after)


@RANDOM
@given(random=st.randoms(use_true_random=False))
def test_any_estate_equals_the_recomputation(random: Random) -> None:
    estate, choices = several(random), random_choices(random)
    assert_agrees(judge(PolarsEngine(), estate, policy_of(choices)), estate, choices)


@RANDOM
@given(random=st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(random: Random) -> None:
    estate = several(random)
    before = judge(PolarsEngine(), estate)
    random.shuffle(estate.recommendations)
    random.shuffle(estate.resources)
    assert_frame_equal(judge(PolarsEngine(), estate), before)


def totals(verdicts: pl.DataFrame, column: str = "achievable_maximum") -> dict[tuple[str, str], Decimal]:
    """Currency and subscription to what is counted."""
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in verdicts.to_dicts():
        sums[row["currency"], row["subscription_id"]] += row[column]
    return sums


@RANDOM
@given(random=st.randoms(use_true_random=False))
def test_the_conservative_figure_is_never_above_the_maximum(random: Random) -> None:
    """Not so of one row, since another variant may be the best; but of every subscription in every currency."""
    estate = several(random)
    verdicts = judge(PolarsEngine(), estate)
    maximum = totals(verdicts)
    assert all(amount <= maximum[key] for key, amount in totals(verdicts, "achievable_conservative").items())


@RANDOM
@given(random=st.randoms(use_true_random=False))
def test_a_variant_never_raises_the_figure_above_the_largest_of_its_group(random: Random) -> None:
    """An exclusive group comes to no more than the largest of its rows: with reservations of several offers, than the
    larger of the best plan and the sum of the largest of each. So a subscription gains at most the variant, in its
    currency, and no other gains or loses anything."""
    estate = several(random)
    before = judge(PolarsEngine(), estate)
    base = random.choice([row for row in estate.recommendations if row["kind"] != "other"] or [reservation("base")])
    variant = base | {
        "recommendation_id": "r-new",
        "annual_savings": random.choice([None, Decimal("0.01"), Decimal("100.00"), Decimal("400.00")]),
        "term": random.choice(["P1Y", "P3Y"]),
        "lookback_days": random.choice([7, 30, 60]),
        "scope": random.choice(["single", "shared"]),
    }
    if base["kind"] in ("right_size", "shutdown", "reservation") and not (base["annual_savings"] or 0) > 0:
        return  # its first amount would displace commitments, or name a place: no variant of anything that was counted
    after = judge(PolarsEngine(), Estate([*estate.recommendations, variant], estate.resources))
    for column in ("achievable_maximum", "achievable_conservative"):
        old, new = totals(before, column), totals(after, column)
        key = (str(variant["savings_currency"] or "XXX"), variant["subscription_id"])
        largest = variant["annual_savings"] or Decimal(0)
        assert old[key] <= new[key] <= old[key] + largest
        assert {k: v for k, v in new.items() if k != key and v} == {k: v for k, v in old.items() if k != key and v}
    for group in after.filter(pl.col("exclusive_group").is_not_null()).partition_by("exclusive_group"):
        taken, rows = group["achievable_maximum"].sum(), group.to_dicts()
        if group["exclusive_group"][0].startswith("compute|"):
            by_offer: dict[Any, Decimal] = defaultdict(Decimal)
            for row in rows:
                offer = (row["kind"], *(str(row[name] or "").lower() for name in ("sku", "region")))
                offer = offer if row["kind"] == "reservation" else (row["kind"],)
                by_offer[offer] = max(by_offer[offer], row["annual_savings"] or Decimal(0))
            plans = by_offer.pop(("savings_plan",), Decimal(0))
            assert taken <= max(plans, sum(by_offer.values(), Decimal(0)))
        else:
            assert taken <= max(Decimal(0), *(row["annual_savings"] or Decimal(0) for row in rows))


@RANDOM
@given(random=st.randoms(use_true_random=False))
def test_a_variant_that_tells_less_changes_nothing(random: Random) -> None:
    """Of a finding or a machine by its resource's id; of a reservation by its being the only offer of its like."""
    estate = several(random)
    estate += in_subscription("more", reservation("more-d4", "70"), *random.choice([[], [plan("more-plan", "69")]]))
    variants: list[Row] = []
    for row in estate.recommendations:
        left_out = random.sample(["impacted_value", "sku", "region"], k=random.randint(1, 3))
        by_resource = row["kind"] in ("right_size", "shutdown") or (
            row["kind"] == "other" and row["recommendation_type_id"] is not None
        )
        resource = row.get("resource_id") or "/subscriptions/none"
        is_of_resource = by_resource and not resource.endswith("/resourcegroups/rg") and resource.count("/") != 2
        alike = [
            {(other[name] or "").lower() for name in ("sku", "region")}
            for other in estate.recommendations
            if other["kind"] == "reservation"
            and other["subscription_id"] == row["subscription_id"]
            and other["savings_currency"] == row["savings_currency"]
        ]
        is_only = row["kind"] == "reservation" and "" not in alike[0] and all(place == alike[0] for place in alike)
        if is_of_resource or is_only:
            variants.append(row | {"recommendation_id": f"~{row['recommendation_id']}"} | dict.fromkeys(left_out))
    assert variants
    before, after = judge(PolarsEngine(), estate), judge(PolarsEngine(), estate + Estate(variants))
    for column in ("achievable_maximum", "achievable_conservative"):
        assert totals(after, column) == totals(before, column)


@RANDOM
@given(random=st.randoms(use_true_random=False))
def test_the_figures_of_one_currency_do_not_depend_on_another(random: Random) -> None:
    estate = several(random)
    alone = Estate([row for row in estate.recommendations if row["savings_currency"] == "USD"], estate.resources)
    with_others = judge(PolarsEngine(), estate).filter(pl.col("currency") == "USD")
    assert_frame_equal(with_others, judge(PolarsEngine(), alone))


@in_process
def test_nothing_to_judge(engine: Engine) -> None:
    assert judge(engine, Estate()).is_empty()


def only_with(cells: Row, engine: Engine | None = None, **policy: Any) -> list[bool]:
    """Whether a recommendation is counted by default, and with the policy."""
    estate = Estate([recommendation("r", "10", **cells)])
    verdicts = [judge(engine or PolarsEngine(), estate, which) for which in (SavingsPolicy(), SavingsPolicy(**policy))]
    return [verdict["chosen"].item() for verdict in verdicts]


READ_AT = datetime(2026, 11, 17, 6, 30, tzinfo=UTC)


def hours_ago(hours: float) -> datetime:
    """Before it was read, whenever that was."""
    return READ_AT - timedelta(hours=hours)


@pytest.mark.parametrize(
    ("cells", "counted"),
    [
        ({"last_updated": hours_ago(24)}, True),
        ({"last_updated": hours_ago(24.1)}, False),
        ({"last_updated": None}, False),
        ({"last_updated": hours_ago(0), "seen_at": None}, False),
        ({"last_updated": hours_ago(60), "category": "Security", "kind": "right_size"}, True),
        ({"last_updated": hours_ago(60.1), "category": "Security", "kind": "right_size"}, False),
    ],
)
def test_only_what_advisor_updated_of_late(engine: Engine, cells: Row, counted: bool) -> None:
    assert only_with({"seen_at": READ_AT} | cells, engine, fresh_only=True) == [True, counted]


@pytest.mark.parametrize(("tracked", "counted"), [(True, False), (False, True), (None, True)])
def test_what_advisor_tracks_may_be_left_out(tracked: bool | None, counted: bool) -> None:
    assert only_with({"tracked": tracked}, untracked_only=True) == [True, counted]


@pytest.mark.parametrize(("days", "counted"), [(3, True), (4, False)])
def test_savings_of_a_subscription_long_unread_are_not_counted(days: int, counted: bool) -> None:
    assert only_with({"snapshot_on": AS_OF - timedelta(days=days)}, stale_after_days=3) == [True, counted]


def test_what_is_conservative_can_be_chosen() -> None:
    """Three years by 60 days: of the measured example 868 of the reservation are more than no plan."""
    policy = SavingsPolicy(conservative_term="P3Y", conservative_lookback_days=60)
    rows = of(judge(PolarsEngine(), EXAMPLES["measured"], policy), "measured")
    assert amounts(rows, "achievable_conservative") == {"P3Y-60": Decimal(868)}
    assert rows["P3Y-60"]["reason"].endswith("with term P3Y and 60 days of usage.")
