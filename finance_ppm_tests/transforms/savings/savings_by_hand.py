"""Small estates as plain rows, and the savings that may be added up recomputed from them in plain Python.

Shares no code with the product: this is the other side of the comparison. Groups are recomputed as who is in them, not
as what they are called; of a reason, the verdict it begins with.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from math import floor
from random import Random
from typing import Any

import polars as pl

from finance_ppm.contracts import Table
from finance_ppm.contracts.azure import AzureAdvisorRecommendations, AzureResources

Row = dict[str, Any]
AS_OF = date(2026, 11, 20)
MACHINE = "microsoft.compute/virtualmachines"
COMPUTE_PLAN = "89515250-1243-43d1-b4e7-f9437cedffd8"
ZERO = Decimal("0.00")

_RECOMMENDATION: Row = {
    "subscription_id": "s",
    "category": "Cost",
    "recommendation_type_id": "type",
    "kind": "other",
    "savings_currency": "USD",
    "excluded": False,
    "suppressed": False,
    "state": "active",
    "first_seen": AS_OF,
    "last_seen": AS_OF,
    "seen_at": datetime(2026, 11, 20, 6, 30, tzinfo=UTC),
    "last_updated": datetime(2026, 11, 20, 6, tzinfo=UTC),
    "source": "resource_graph",
    "snapshot_on": AS_OF,
    "issues": [],
}


def recommendation(recommendation_id: str, amount: str | None = None, **cells: Any) -> Row:
    own = {
        "recommendation_id": recommendation_id,
        "name": recommendation_id,
        "annual_savings": None if amount is None else Decimal(amount),
    }
    return _RECOMMENDATION | own | cells


def reservation(recommendation_id: str, amount: str | None = None, **cells: Any) -> Row:
    """For one machine of SKU d4 in westeurope, a year, by 30 days of usage."""
    own = {
        "kind": "reservation",
        "reserved_resource_type": "virtualmachines",
        "sku": "d4",
        "region": "westeurope",
        "term": "P1Y",
        "lookback_days": 30,
        "scope": "single",
        "quantity": 1,
    }
    return recommendation(recommendation_id, amount, **(own | cells))


def plan(recommendation_id: str, amount: str | None = None, **cells: Any) -> Row:
    own = {"kind": "savings_plan", "term": "P1Y", "lookback_days": 30, "scope": "single"}
    return recommendation(recommendation_id, amount, **(own | cells))


def right_size(recommendation_id: str, amount: str | None = None, **cells: Any) -> Row:
    return recommendation(recommendation_id, amount, **({"kind": "right_size"} | cells))


def machine_id(name: str, subscription: str = "s") -> str:
    """As Azure writes it: what tells a machine from all else where the inventory does not have it."""
    return f"/subscriptions/{subscription}/resourcegroups/rg/providers/{MACHINE}/{name}"


def machine(resource_id: str, **cells: Any) -> Row:
    own = {
        "resource_id": resource_id,
        "name": resource_id,
        "resource_type": MACHINE,
        "subscription_id": "s",
        "location": "westeurope",
        "sku": "d4",
        "tags": [],
        "snapshot_on": AS_OF,
        "issues": [],
    }
    return own | cells


def frame_of(table: type[Table], rows: list[Row]) -> pl.DataFrame:
    columns = {name: column.dtype for name, column in table.columns().items()}
    return pl.DataFrame({name: [row.get(name) for row in rows] for name in columns}, schema=columns)


@dataclass
class Estate:
    """Recommendations and resources, as rows of silver."""

    recommendations: list[Row] = field(default_factory=list)
    resources: list[Row] = field(default_factory=list)

    def __add__(self, other: "Estate") -> "Estate":
        return Estate(self.recommendations + other.recommendations, self.resources + other.resources)

    def frames(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        return frame_of(AzureAdvisorRecommendations, self.recommendations), frame_of(AzureResources, self.resources)


def in_subscription(subscription: str, *rows: Row, currency: str | None = None) -> Estate:
    """The rows in a subscription, and maybe a currency, of their own: what one example does reaches no other."""
    moved = [row | {"subscription_id": subscription} for row in rows]
    if currency is not None:
        moved = [row | {"savings_currency": currency} if "recommendation_id" in row else row for row in moved]
    return Estate(
        [row for row in moved if "recommendation_id" in row], [row for row in moved if "recommendation_id" not in row]
    )


@dataclass(frozen=True)
class Choices:
    """The choices that a finance team has."""

    term: str = "P1Y"
    lookback: int = 30
    fresh: bool = False
    untracked: bool = False
    stale_after: int = 30


@dataclass
class Verdict:
    """What the recomputation says of one recommendation."""

    currency: str
    maximum: Decimal = ZERO
    conservative: Decimal = ZERO
    basis: str | None = None
    companions: frozenset[str] = frozenset()
    """Who else is in its exclusive group."""
    opening: str = "Not counted"
    """What its reason begins with."""
    unknown: bool = False


def recomputed(estate: Estate, as_of: date = AS_OF, choices: Choices = Choices()) -> dict[str, Verdict]:
    """The verdict on each recommendation, by its id."""
    rows = placed(estate.recommendations, as_of, choices)
    verdicts = {row["recommendation_id"]: _first_impression(row) for row in rows}
    open_rows = [row for row in rows if _is_open(row, as_of, choices)]
    known = [row for row in open_rows if _is_known(row, as_of, choices)]
    for row in open_rows:
        if row["annual_savings"] is None or _currency(row) == "XXX":
            verdicts[row["recommendation_id"]].opening = "Unknown"
            verdicts[row["recommendation_id"]].unknown = True
    contested = {
        key for key, members in _by(_group, known).items() if len({_commitment_of_compute(row) for row in members}) == 2
    }
    for members in _by(lambda row: _group(row) if _group(row) in contested else _offer(row), open_rows).values():
        ids = frozenset(row["recommendation_id"] for row in members)
        for row in members:
            verdicts[row["recommendation_id"]].companions = ids - {row["recommendation_id"]}

    left = _left(known, estate.resources)
    conservative = [
        row
        for row in known
        if row["kind"] not in ("reservation", "savings_plan")
        or (row.get("term") == choices.term and row.get("lookback_days") == choices.lookback)
    ]
    for key, amount in _taken(known, left).items():
        verdicts[key].maximum = amount
    for key, amount in _taken(conservative, left).items():
        verdicts[key].conservative = amount
    for row in known:
        key = row["recommendation_id"]
        counted = [amount > 0 for amount in (verdicts[key].maximum, verdicts[key].conservative)]
        if any(counted):
            part = " in part" if left[key] < row["annual_savings"] else ""
            only = {(True, False): ", in the maximum only", (False, True): ", in the conservative figure only"}
            verdicts[key].opening = f"Counted{part}{only.get((counted[0], counted[1]), '')}"
    return verdicts


def _first_impression(row: Row) -> Verdict:
    is_commitment = row["kind"] in ("reservation", "savings_plan")
    basis = None if row["annual_savings"] is None else "actual" if is_commitment else "retail"
    return Verdict(_currency(row), basis=basis)


def placed(rows: list[Row], as_of: date = AS_OF, choices: Choices = Choices()) -> list[Row]:
    """The rows, and in a reservation that leaves out its SKU or region those of the one place its like are for."""

    def like(row: Row) -> tuple[Any, ...]:
        return (_currency(row), _folded(row, "subscription_id"), _reserved(row))

    def told(row: Row) -> tuple[str | None, str | None]:
        sku, region = (None if row.get(name) is None else row[name].lower() for name in ("sku", "region"))
        return sku, region

    places = defaultdict(set)
    for row in rows:
        if row["kind"] == "reservation" and None not in told(row) and _is_known(row, as_of, choices):
            places[like(row)].add(told(row))

    def meant(row: Row) -> Row:
        if row["kind"] != "reservation" or len(places[like(row)]) != 1:
            return row
        (place,) = places[like(row)]
        agrees = all(own in (None, theirs) for own, theirs in zip(told(row), place, strict=True))
        return row | dict(zip(("sku", "region"), place, strict=True)) if agrees else row

    return [meant(row) for row in rows]


def _is_known(row: Row, as_of: date, choices: Choices) -> bool:
    return _is_open(row, as_of, choices) and _currency(row) != "XXX" and (row.get("annual_savings") or 0) > 0


def _currency(row: Row) -> str:
    return str(row.get("savings_currency") or "XXX")


def _is_open(row: Row, as_of: date, choices: Choices) -> bool:
    if row["state"] not in ("new", "active", "reopened") or row["suppressed"] or row["excluded"]:
        return False
    busy, threshold = row.get("max_cpu"), row.get("cpu_threshold")
    if row["kind"] in ("right_size", "shutdown") and busy is not None and threshold is not None and busy >= threshold:
        return False
    if (as_of - (row["snapshot_on"] or row["last_seen"])).days > choices.stale_after:
        return False
    if choices.untracked and row.get("tracked"):
        return False
    if choices.fresh:
        hours = 60 if row["category"] == "Security" else 24
        dates = (row["last_updated"], row["seen_at"])
        if None in dates or dates[1] - dates[0] > timedelta(hours=hours):
            return False
    return bool(row["kind"] != "other" or row["category"] == "Cost")


def _folded(row: Row, *names: str) -> tuple[str, ...]:
    return tuple((row.get(name) or "").lower() for name in names)


def _reserved(row: Row) -> str:
    what = row.get("reserved_resource_type") or row.get("recommendation_type_id") or ""
    return str(what).lower()


def _commitment_of_compute(row: Row) -> str | None:
    words = f"{row.get('problem')} {row.get('solution')}".lower()
    is_elsewhere = "database" in words and "compute" not in words
    if row["kind"] == "savings_plan" and (not is_elsewhere or row.get("recommendation_type_id") == COMPUTE_PLAN):
        return "plan"
    is_reservation = row["kind"] == "reservation" and _folded(row, "reserved_resource_type") == ("virtualmachines",)
    return "reservation" if is_reservation else None


def _holds_many(resource: str) -> bool:
    """A subscription, or a resource group."""
    parts = resource.split("/")
    is_group = len(parts) == 5 and parts[3] == "resourcegroups"
    return parts[:2] == ["", "subscriptions"] and (len(parts) == 3 or is_group)


def _offer(row: Row) -> tuple[Any, ...]:
    kind, resource, sort = row["kind"], row.get("resource_id"), row.get("recommendation_type_id")
    what: tuple[str, ...]
    if kind == "reservation":
        what = (_reserved(row), *_folded(row, "subscription_id", "sku", "region"))
    elif kind == "savings_plan":
        what = (_commitment_of_compute(row) or "databases", *_folded(row, "subscription_id"))
    elif kind in ("right_size", "shutdown") and resource is not None:
        kind, what = "machine", _folded(row, "resource_id", *["impacted_value"] * _holds_many(resource))
    elif kind == "other" and resource is not None and sort is not None:
        parts = ("impacted_value", "sku", "region") if _holds_many(resource) else ()
        what = _folded(row, "recommendation_type_id", "resource_id", *parts)
    else:
        kind, what = "alone", _folded(row, "recommendation_id")
    return (_currency(row), kind, what)


def _group(row: Row) -> tuple[Any, ...]:
    if _commitment_of_compute(row):
        return (_currency(row), "compute", _folded(row, "subscription_id"))
    return _offer(row)


def _by(key: Any, rows: Iterable[Row]) -> dict[Any, list[Row]]:
    grouped = defaultdict(list)
    for row in rows:
        grouped[key(row)].append(row)
    return grouped


def _left(known: list[Row], resources: list[Row]) -> dict[str, Decimal]:
    """What is left of each amount once all that is known to be right-sized is."""
    told: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in known:
        if row["kind"] in ("right_size", "shutdown") and row.get("resource_id") is not None:
            told[_currency(row), row["resource_id"]].append(row)
    machines = [row for row in resources if row["resource_type"] == MACHINE]
    at_place: Counter[Any] = Counter(_place(row, "location") for row in machines)
    in_subscription: Counter[Any] = Counter(_folded(row, "subscription_id") for row in machines)
    sized_at_place: Counter[Any] = Counter()
    sized_in_subscription: Counter[Any] = Counter()
    more_at_place: Counter[Any] = Counter()
    more_in_subscription: Counter[Any] = Counter()
    listed = {row["resource_id"]: row for row in machines}
    for (currency, resource), about in told.items():
        if resource in listed:
            place, subscription = _place(listed[resource], "location"), _folded(listed[resource], "subscription_id")
        elif f"/providers/{MACHINE}/" in resource:
            first = {
                name: min((row[name].lower() for row in about if row.get(name) is not None), default=None)
                for name in ("subscription_id", "sku", "region")
            }
            place, subscription = _place(first, "region"), _folded(first, "subscription_id")
            more_at_place[currency, place] += 1
            more_in_subscription[currency, subscription] += 1
        else:
            continue
        sized_at_place[currency, place] += 1
        sized_in_subscription[currency, subscription] += 1
    left = {}
    for row in known:
        share = Fraction(1)
        place, subscription, currency = _place(row, "region"), _folded(row, "subscription_id"), _currency(row)
        m = at_place[place] + more_at_place[currency, place]
        v = in_subscription[subscription] + more_in_subscription[currency, subscription]
        if _commitment_of_compute(row) == "reservation":
            m, r = (m, sized_at_place[currency, place]) if place else (0, 0)
            q = row.get("quantity") or 0
            q = min(q if q > 0 else max(m, 1), 10**9)
            share = Fraction(max(min(q, max(q, m) - r), 0), q)
        elif _commitment_of_compute(row) == "plan" and v:
            share = Fraction(v - sized_in_subscription[currency, subscription], v)
        cents = Fraction(row["annual_savings"]) * 100 * share
        left[row["recommendation_id"]] = Decimal(floor(cents + Fraction(1, 2))).scaleb(-2)
    return left


def _place(row: Row, region: str) -> tuple[str, ...] | None:
    if row.get("sku") is None or row.get(region) is None:
        return None
    return _folded(row, "subscription_id", "sku", region)


def _taken(rows: list[Row], left: dict[str, Decimal]) -> dict[str, Decimal]:
    """Id to what is counted of it, of those of which anything is."""
    best = [
        min((row["recommendation_id"] for row in members), key=lambda key: (-left[key], key))
        for members in _by(_offer, rows).values()
    ]
    by_id = {row["recommendation_id"]: row for row in rows}
    taken: dict[str, Decimal] = {}
    for (_, kind, *_), members in _by(_group, [by_id[key] for key in best]).items():
        plans = {row["recommendation_id"]: left[row["recommendation_id"]] for row in members}
        if kind == "compute":
            reserved = {key: plans.pop(key) for key in list(plans) if by_id[key]["kind"] == "reservation"}
            taken |= plans if sum(plans.values()) > sum(reserved.values()) else reserved
        else:
            taken |= plans
    return {key: amount for key, amount in taken.items() if amount > 0}


_AMOUNTS = ["0.00", "0.01", "0.05", "-3.00", "100.00", "100.00", "250.00", "333.33", "9999999999999999.99"]


def random_estate(random: Random, prefix: str = "", *, most: int = 14) -> Estate:
    """A small estate with every kind of oddity in the mix; ``prefix`` keeps several apart."""

    def maybe(values: list[Any], chance: float = 0.9) -> Any:
        return random.choice(values) if random.random() < chance else None

    subscriptions = [f"{prefix}s1"] * 3 + [f"{prefix}s2"]
    machine_ids = [machine_id(f"{prefix}vm{i}") for i in range(random.randint(0, 6))]
    elsewhere = [f"{prefix}gone", f"{prefix}a|b", machine_id(f"{prefix}gone1"), machine_id(f"{prefix}gone2")]
    elsewhere += [f"/subscriptions/{prefix}s1", f"/subscriptions/{prefix}s1/resourcegroups/rg"]
    resources = [
        machine(
            key,
            subscription_id=random.choice(subscriptions),
            sku=maybe(["d4", "d4", "D4", "e8"]),
            location=maybe(["westeurope", "westeurope", "northeurope"], 0.95),
            resource_type=random.choice([MACHINE, MACHINE, MACHINE, "microsoft.compute/disks"]),
        )
        for key in machine_ids
    ]
    kinds = ["reservation"] * 4 + ["savings_plan"] * 2 + ["right_size"] * 3 + ["shutdown", "other", "other"]
    recommendations = [
        recommendation(
            f"{prefix}r{i}",
            maybe([*_AMOUNTS, f"{random.randint(0, 10**6) / 100:.2f}"], 0.92),
            subscription_id=random.choice(subscriptions),
            category=maybe(["Cost"] * 8 + ["Security", "Performance"], 0.97),
            kind=random.choice(kinds),
            recommendation_type_id=maybe(["t1", "t2", COMPUTE_PLAN]),
            resource_id=maybe([*machine_ids, *machine_ids, *elsewhere]),
            problem=maybe(["A savings plan for databases", "Save on compute", "Database or COMPUTE", "Save"], 0.5),
            solution=maybe(["Buy a savings plan for Databases", "Buy"], 0.5),
            impacted_value=maybe(["x", "X", "a|b", "a%7cb", ""]),
            savings_currency=maybe(["USD", "EUR"]),
            term=maybe(["P1Y", "P3Y"]),
            lookback_days=maybe([7, 30, 30, 60]),
            scope=maybe(["single", "shared"]),
            reserved_resource_type=maybe(["virtualmachines"] * 3 + ["VirtualMachines", "sqldatabases"]),
            sku=maybe(["d4"] * 8 + ["D4", "e8", "b|c"], 0.8),
            region=maybe(["westeurope"] * 4 + ["WestEurope", "northeurope"], 0.85),
            quantity=maybe([0, -1, 1, 1, 2, 3, 5, 7, 10**9, 10**18]),
            max_cpu=maybe([Decimal("4.99"), Decimal("5.00"), Decimal("5.01")], 0.3),
            cpu_threshold=maybe([Decimal("5.00"), Decimal("10.00")], 0.7),
            excluded=random.random() < 0.04,
            suppressed=random.random() < 0.04,
            tracked=maybe([True, False, False]),
            state=random.choice(["active"] * 12 + ["new", "reopened", "resolved", "suppressed"]),
            last_updated=maybe([AS_OF_NOON - timedelta(hours=hours) for hours in (-12, 0, 24, 25, 60, 61)]),
            seen_at=maybe([AS_OF_NOON, AS_OF_NOON - timedelta(hours=36)]),
            snapshot_on=maybe([AS_OF - timedelta(days=days) for days in (0, 0, 0, 1, 2, 30, 31)]),
            last_seen=AS_OF - timedelta(days=random.choice([0, 0, 0, 1, 30, 31])),
        )
        for i in range(random.randint(0, most))
    ]
    random.shuffle(recommendations)
    return Estate(recommendations, resources)


AS_OF_NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def random_choices(random: Random) -> Choices:
    return Choices(
        term=random.choice(["P1Y", "P1Y", "P3Y"]),
        lookback=random.choice([7, 30, 30, 60]),
        fresh=random.random() < 0.25,
        untracked=random.random() < 0.25,
        stale_after=random.choice([0, 1, 30, 30, 30]),
    )


def many(estates: int, seed: int = 7) -> Estate:
    """One estate made of many random ones."""
    random = Random(seed)
    return sum((random_estate(random, f"{i}-") for i in range(estates)), Estate())
