"""Small estates as plain rows, and their links, allocations and sums recomputed in plain Python.

Shares no code with the product: this is the other side of the comparison.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Any

import polars as pl

from finance_ppm.contracts import content_columns
from finance_ppm.contracts.azure import (
    AdvisorSummary,
    AzureAdvisorAllocations,
    AzureAdvisorRecommendations,
    AzureResources,
)
from finance_ppm.contracts.silver import NotionProjects
from finance_ppm_tests.transforms.budget_by_hand import Row, frame_of

AS_OF = date(2026, 11, 20)
VM = "microsoft.compute/virtualmachines"
GROUP = "microsoft.resources/subscriptions/resourcegroups"
SUBSCRIPTION = "microsoft.resources/subscriptions"
UNALLOCATED = "(unallocated)"
AMOUNTS = ("annual_savings", "achievable_conservative", "achievable_maximum")
OPEN = ("new", "active", "reopened")

Sized = frozenset[tuple[str, str]]
"""What is right-sized or shut down: currencies and resource ids."""
NOTHING_SIZED: Sized = frozenset()


def project(project_id: str, name: str, *, is_archived: bool = False) -> Row:
    return {
        "project_id": project_id,
        "name": name,
        "is_archived": is_archived,
        "created_quarter": "2026-Q1",
        "synced_at": datetime(2026, 11, 1, tzinfo=UTC),
        "issues": [],
    }


def resource(resource_id: str, tag: str | None = None, source: str = "resource", **cells: Any) -> Row:
    """A row of the inventory; its subscription is the second part of its id."""
    parts = resource_id.split("/")
    return {
        "resource_id": resource_id,
        "name": parts[-1],
        "resource_type": "microsoft.storage/storageaccounts",
        "subscription_id": parts[2],
        "subscription_name": f"Subscription {parts[2]}",
        "resource_group": parts[4] if len(parts) > 4 else None,
        "tags": [],
        "project_tag": tag,
        "project_tag_source": source if tag is not None else None,
        "snapshot_on": AS_OF,
        "issues": [],
    } | cells


def subscription(subscription_id: str, tag: str | None = None, **cells: Any) -> Row:
    row = resource(f"/subscriptions/{subscription_id}", tag, "subscription", resource_type=SUBSCRIPTION)
    return row | cells


def group(subscription_id: str, name: str, tag: str | None = None, source: str = "resource_group") -> Row:
    return resource(f"/subscriptions/{subscription_id}/resourcegroups/{name}", tag, source, resource_type=GROUP)


def machine(subscription_id: str, name: str, tag: str | None = None, source: str = "resource", **cells: Any) -> Row:
    """A virtual machine of SKU d4 in westeurope, in the resource group rg."""
    resource_id = f"/subscriptions/{subscription_id}/resourcegroups/rg/providers/{VM}/{name}"
    return resource(resource_id, tag, source) | {"resource_type": VM, "sku": "d4", "location": "westeurope"} | cells


def recommendation(recommendation_id: str, subscription_id: str = "s1", **cells: Any) -> Row:
    return {
        "recommendation_id": recommendation_id,
        "name": recommendation_id,
        "subscription_id": subscription_id,
        "category": "Cost",
        "impact": "High",
        "kind": "other",
        "state": "active",
        "excluded": False,
        "suppressed": False,
        "first_seen": AS_OF - timedelta(days=10),
        "last_seen": AS_OF,
        "source": "resource_graph",
        "snapshot_on": AS_OF,
        "issues": [],
    } | cells


def on(row: Row, recommendation_id: str, **cells: Any) -> Row:
    """A recommendation about a resource."""
    about = {"resource_id": row["resource_id"], "resource_group": row["resource_group"]}
    return recommendation(recommendation_id, row["subscription_id"], **about | cells)


def reservation(recommendation_id: str, subscription_id: str = "s1", **cells: Any) -> Row:
    """A reservation of d4 machines in westeurope, one year, 30 days."""
    own = {
        "kind": "reservation",
        "resource_id": f"/subscriptions/{subscription_id}",
        "reserved_resource_type": "virtualmachines",
        "sku": "d4",
        "region": "westeurope",
        "term": "P1Y",
        "lookback_days": 30,
        "scope": "single",
        "quantity": 1,
    }
    return recommendation(recommendation_id, subscription_id, **own | cells)


def plan(recommendation_id: str, subscription_id: str = "s1", **cells: Any) -> Row:
    own = {"kind": "savings_plan", "resource_id": f"/subscriptions/{subscription_id}", "term": "P1Y"}
    return recommendation(recommendation_id, subscription_id, **own | {"lookback_days": 30, "scope": "single"} | cells)


@dataclass
class Estate:
    """The rows of three silver tables."""

    recommendations: list[Row] = field(default_factory=list)
    resources: list[Row] = field(default_factory=list)
    projects: list[Row] = field(default_factory=list)

    def __add__(self, other: "Estate") -> "Estate":
        return Estate(
            self.recommendations + other.recommendations,
            self.resources + other.resources,
            self.projects + other.projects,
        )

    def frames(self) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
        """Recommendations, resources and projects with every column of their contracts."""
        return (
            frame_of(AzureAdvisorRecommendations, self.recommendations),
            frame_of(AzureResources, self.resources),
            frame_of(NotionProjects, self.projects),
        )


def project_named(tag: str | None, projects: list[Row]) -> str | None:
    """The one live project that goes by ``tag``."""
    if tag is None:
        return None
    text = _alike(tag)
    found = {
        row["project_id"]
        for row in projects
        if not row["is_archived"]
        and (_alike(row["name"]) == text or row["project_id"].replace("-", "") == text.replace("-", ""))
    }
    return found.pop() if len(found) == 1 else None


def _alike(name: str) -> str:
    """Without case: a sigma is one wherever it stands, and an I whatever its dots."""
    return name.strip().lower().replace("\u03c2", "\u03c3").replace("i\u0307", "i")


@dataclass
class Home:
    """Where a recommendation goes: its projects (or none, as ``(unallocated)``), by how many machines, and why."""

    weights: dict[str, int]
    link: str | None
    is_spread: bool = False

    @property
    def only(self) -> str | None:
        """The project that has all of it."""
        return None if len(self.weights) > 1 or UNALLOCATED in self.weights else next(iter(self.weights))


def homes(estate: Estate, right_sized: Sized = NOTHING_SIZED) -> dict[str, Home]:
    """The home of every recommendation of the estate."""
    inventory = {row["resource_id"]: row for row in estate.resources}
    found = {}
    for row in estate.recommendations:
        if row["kind"] in ("reservation", "savings_plan"):
            found[row["recommendation_id"]] = _of_commitment(row, estate, right_sized)
            continue
        above = f"/subscriptions/{row['subscription_id']}"
        places = [row.get("resource_id"), f"{above}/resourcegroups/{row.get('resource_group')}", above]
        nearest = next((inventory[place] for place in places if place in inventory), None)
        named = project_named(nearest["project_tag"], estate.projects) if nearest else None
        link = nearest["project_tag_source"] if nearest and named else None
        found[row["recommendation_id"]] = Home({named or UNALLOCATED: 1}, link)
    return found


def _of_commitment(row: Row, estate: Estate, right_sized: Sized) -> Home:
    weights: Counter[str] = Counter()
    for other in estate.resources:
        currency = row.get("savings_currency") or "XXX"
        if other["resource_type"] != VM or (currency, other["resource_id"]) in right_sized:
            continue
        if "databases" in (row.get("problem") or ""):
            continue
        same_subscription = other["subscription_id"] == row["subscription_id"]
        wanted = [(row.get(column) or "").lower() for column in ("sku", "region")]
        same_place = all(wanted) and wanted == [other.get("sku"), other.get("location")]
        is_reserved = row.get("reserved_resource_type") == "virtualmachines" and same_place
        if same_subscription and (row["kind"] == "savings_plan" or is_reserved):
            weights[project_named(other["project_tag"], estate.projects) or UNALLOCATED] += 1
    if not weights:
        return Home({UNALLOCATED: 1}, None)
    return Home(dict(weights), "machines" if set(weights) != {UNALLOCATED} else None, is_spread=True)


def split(amount: Decimal | None, weights: dict[str, int]) -> dict[str, Decimal | None]:
    """The share of each key by the largest remainder, of equals to the first."""
    if amount is None:
        return dict.fromkeys(weights)
    sign, cents, total = (-1 if amount < 0 else 1), abs(int(amount.scaleb(2))), sum(weights.values())
    exact = {key: Fraction(cents * weight, total) for key, weight in weights.items()}
    shares = {key: int(share) for key, share in exact.items()}
    by_loss = sorted(exact, key=lambda key: (shares[key] - exact[key], key))
    for key in by_loss[: cents - sum(shares.values())]:
        shares[key] += 1
    return {key: Decimal(sign * share).scaleb(-2) for key, share in shares.items()}


def is_unknown(row: Row) -> bool:
    """Open, of cost, and without an amount in a currency; the rows here are not excluded, busy or stale."""
    is_cost = row["kind"] != "other" or row["category"] == "Cost"
    return row["state"] in OPEN and is_cost and (row["annual_savings"] is None or row["currency"] == "XXX")


def allocations(estate: Estate, judged: list[Row], right_sized: Sized = NOTHING_SIZED) -> pl.DataFrame:
    """The allocations of ``judged`` (rows of the estate's recommendations with what the rules add), by key."""
    names = {row["project_id"]: row["name"] for row in estate.projects} | {UNALLOCATED: "Unallocated"}
    home_of = homes(estate, right_sized)
    rows = []
    for row in judged:
        home = home_of[row["recommendation_id"]]
        shares = {amount: split(row[amount], home.weights) for amount in AMOUNTS}
        for key, weight in home.weights.items():
            own = {
                column: row.get(column) for column in ("recommendation_id", "subscription_id", "category", "currency")
            }
            named = {"project_id": key, "project_name": names[key], "machines": weight if home.is_spread else None}
            rows.append(own | named | {amount: shares[amount][key] for amount in AMOUNTS} | {"as_of_date": AS_OF})
    columns = content_columns(AzureAdvisorAllocations)
    return frame_of(AzureAdvisorAllocations, rows).select(columns).sort("recommendation_id", "project_id")


def summary(estate: Estate, judged: list[Row], right_sized: Sized = NOTHING_SIZED) -> pl.DataFrame:
    """The sums over ``judged``, by key."""
    zero = Decimal("0.00")
    names = {("all", "all"): "All", ("project", UNALLOCATED): "Unallocated"}
    names |= {("project", row["project_id"]): row["name"] for row in estate.projects}
    names |= {("subscription", row["subscription_id"]): row["subscription_name"] for row in estate.resources}
    home_of = homes(estate, right_sized)
    cells: dict[tuple[str, str, str], Row] = defaultdict(
        lambda: (
            dict.fromkeys(("open_count", "new_count", "suppressed_count", "resolved_count", "unknown_count"), 0)
            | dict.fromkeys(("gross_annual_savings", "achievable_conservative", "achievable_maximum"), zero)
            | {"oldest_snapshot_on": None}
        )
    )
    for row in judged:
        weights = home_of[row["recommendation_id"]].weights
        shares = {amount: split(row[amount], weights) for amount in AMOUNTS}
        whole = {amount: row[amount] for amount in AMOUNTS}
        members: list[tuple[str, str, dict[str, Decimal | None]]] = [
            ("all", "all", whole),
            ("category", row["category"] or "(none)", whole),
            ("impact", row["impact"] or "(none)", whole),
            ("subscription", row["subscription_id"], whole),
            *(("project", key, {amount: shares[amount][key] for amount in AMOUNTS}) for key in weights),
        ]
        for dimension, member, amounts in members:
            cell = cells[dimension, member, row["currency"]]
            is_open = row["state"] in OPEN
            cell["open_count"] += is_open
            cell["new_count"] += row["state"] == "new"
            cell["suppressed_count"] += row["state"] == "suppressed"
            cell["resolved_count"] += row["state"] == "resolved"
            cell["unknown_count"] += is_unknown(row)
            is_money = is_open and row["currency"] != "XXX"
            cell["gross_annual_savings"] += (amounts["annual_savings"] if is_money else None) or zero
            cell["achievable_conservative"] += amounts["achievable_conservative"]
            cell["achievable_maximum"] += amounts["achievable_maximum"]
            days = [day for day in (cell["oldest_snapshot_on"], row["snapshot_on"]) if day]
            cell["oldest_snapshot_on"] = min(days, default=None)
    rows = [
        cell
        | {
            "summary_id": "|".join([dimension, _escaped(member), _escaped(currency)]),
            "dimension": dimension,
            "dimension_id": member,
            "dimension_value": names.get((dimension, member)) or member,
            "currency": currency,
            "as_of_date": AS_OF,
        }
        for (dimension, member, currency), cell in cells.items()
    ]
    return frame_of(AdvisorSummary, rows).select(content_columns(AdvisorSummary)).sort("summary_id")


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("|", "%7C")


_AMOUNTS = ["0.00", "0.01", "0.02", "0.05", "10.01", "100.00", "9999999999999999.99", "-0.01", "-7.00"]
_NAMES = ["Warehouse", "warehouse", "WAREHOUSE", "Twice", "Gone", "Nobody's", "50 % | more", "Ärger", "äRGER"]


def random_estate(random: Random, prefix: str = "") -> Estate:
    """A small estate with every kind of oddity in the mix; ``prefix`` keeps the ids of several apart."""

    def maybe(values: list[Any], chance: float = 0.75) -> Any:
        return random.choice(values) if random.random() < chance else None

    projects = [
        project(f"{prefix}p-{i}", f"{prefix}{name}", is_archived=random.random() < 0.2)
        for i, name in enumerate(random.sample(["Warehouse", "Twice", "twice", "50 % | more", "Ärger"], k=4))
    ] + [project(f"{prefix}p-9", f"{prefix}Gone", is_archived=True)]
    page_ids = [page["project_id"] for page in projects]
    tags = [f"{prefix}{name}" for name in _NAMES] + page_ids + [key.replace("-", "").upper() for key in page_ids]
    tags += [f" {tag}\u00a0 " for tag in tags]
    subscriptions = [f"{prefix}s{i}" for i in range(random.randint(0, 3))]
    resources: list[Row] = []
    for key in subscriptions:
        if random.random() < 0.8:
            resources.append(subscription(key, maybe(tags)))
        resources += [group(key, name, maybe(tags)) for name in ("rg", "other") if random.random() < 0.6]
        for i in range(random.randint(0, 9)):
            place = {"sku": maybe(["d4", "d4", "e8"], 0.9), "location": maybe(["westeurope", "northeurope"], 0.9)}
            source = random.choice(["resource", "resource_group", "subscription"])
            resources.append(machine(key, f"m{i}", maybe(tags), source, **place))

    def money() -> Decimal | None:
        anything = Decimal(random.randint(0, 10**7)).scaleb(-2)
        amount: Decimal | None = maybe([anything, anything, Decimal(random.choice(_AMOUNTS))], 0.8)
        return amount

    def one(recommendation_id: str) -> Row:
        key = random.choice([*subscriptions, f"{prefix}unknown"])
        amount = money()
        cells = {
            "annual_savings": amount,
            "savings_currency": None if amount is None else random.choice(["USD", "USD", "EUR", "P|P", None]),
            "state": random.choice(["new", "active", "active", "reopened", "suppressed", "resolved"]),
            "category": maybe(["Cost", "Cost", "Security", "A|B", "A%7CB", ""], 0.9),
            "impact": maybe(["High", "Medium", "Low"], 0.9),
            "snapshot_on": maybe([AS_OF, AS_OF - timedelta(days=3)], 0.9),
        }
        place = {"sku": maybe(["d4", "e8"], 0.9), "region": maybe(["westeurope", "northeurope"], 0.9)}
        match random.choice(["resource", "resource", "group", "nothing", "reservation", "reservation", "plan"]):
            case "resource" if resources:
                kind = random.choice(["right_size", "right_size", "shutdown", "other"])
                return on(random.choice(resources), recommendation_id, kind=kind, **cells)
            case "group":
                about = {"resource_id": f"/subscriptions/{key}/resourcegroups/rg/gone", "resource_group": "rg"}
                return recommendation(recommendation_id, key, **about | cells)
            case "reservation":
                reserved = maybe(["virtualmachines", "virtualmachines", "sqldatabases"], 0.9)
                return reservation(recommendation_id, key, reserved_resource_type=reserved, **place | cells)
            case "plan":
                return plan(recommendation_id, key, **cells)
            case _:
                return recommendation(recommendation_id, key, **cells)

    return Estate([one(f"{prefix}r{i}") for i in range(random.randint(0, 8))], resources, projects)


def many_estates(estates: int, seed: int = 7) -> Estate:
    """One estate made of many random ones."""
    random = Random(seed)
    return sum((random_estate(random, f"{i}-") for i in range(estates)), Estate())


def judged_at_random(estate: Estate, random: Random) -> list[Row]:
    """The estate's recommendations with amounts as the rules might leave them: all, a part, or nothing."""

    def part(amount: Decimal | None, state: str) -> Decimal:
        if amount is None or state not in OPEN:
            return Decimal("0.00")
        return Decimal(int(amount.scaleb(2)) * random.choice([0, 1, 2, 3]) // 3).scaleb(-2)

    return [
        row
        | {"currency": row.get("savings_currency") or "XXX"}
        | {amount: part(row.get("annual_savings"), row["state"]) for amount in AMOUNTS[1:]}
        | {"annual_savings": row.get("annual_savings")}
        for row in estate.recommendations
    ]


def judged_frame(rows: list[Row]) -> pl.DataFrame:
    """Rows of recommendations with the columns that the rules add and that allocation and summary read."""
    money = pl.Decimal(18, 2)
    added: dict[str, pl.DataType] = {"currency": pl.String(), AMOUNTS[1]: money, AMOUNTS[2]: money}
    return frame_of(AzureAdvisorRecommendations, rows).with_columns(
        pl.Series(name, [row[name] for row in rows], dtype) for name, dtype in added.items()
    )
