"""The ledger beside our actuals: what is on both sides, only there, only here, in sums that reconcile.

In every currency: ledger = matched + only there, and actuals = matched + only here.

Belongs here: the sums, and what is left out of them. Does not belong here: reading the file (``file``), whose project
an entry is of (``places``), pairing (``matching``).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import narwhals.stable.v2 as nw
import polars as pl

from finance_ppm.closing.ledger.file import Entry, Ledger, Unreadable
from finance_ppm.closing.ledger.matching import Pair, Posting, pairs
from finance_ppm.closing.ledger.places import Place, Projects
from finance_ppm.contracts.silver import NotionBudgetLines, NotionPrograms, NotionProjects
from finance_ppm.transforms.budget_vs_actual.facts import ACTUAL
from finance_ppm.transforms.portfolio import Portfolio
from finance_ppm.transforms.restatement import native_figures_of
from finance_ppm.transforms.shares import NO_CURRENCY

RECONCILED_WITH = (NotionPrograms, NotionProjects, NotionBudgetLines)
"""What actuals are made from."""

UNDATED = "undated"


@dataclass(frozen=True, slots=True)
class Actual:
    """A budget line's actual in one project, as it counts here."""

    budget_line_id: str
    line_name: str
    project_id: str
    project_name: str
    category: str
    vendor: str
    unit: str
    day: date | None
    """When it is recognised; None where it has no date."""
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Matched:
    """An entry and the actual that it is."""

    entry: Entry
    actual: Actual
    days_apart: int


@dataclass(frozen=True, slots=True)
class OnlyThere:
    """An entry that no actual was found for."""

    entry: Entry
    unit: str
    """Its currency: as it says, else its project's; `XXX` where neither is known."""
    reason: str | None
    """unknown_project, ambiguous_project, no_project or other_currency (than the project's); None for none of them."""


@dataclass(frozen=True, slots=True)
class OnlyHere:
    """An actual that no entry was found for."""

    actual: Actual
    reason: str | None
    """undated; None where it has a day."""


@dataclass(frozen=True, slots=True)
class Total:
    """The sums of one currency."""

    unit: str
    ledger: Decimal
    matched: Decimal
    only_there: Decimal
    actuals: Decimal
    only_here: Decimal

    @property
    def difference(self) -> Decimal:
        """What the ledger has more."""
        return self.ledger - self.actuals


@dataclass(frozen=True)
class LeftOut:
    """What is in no sum, because it lies outside of what was asked for."""

    entries_of_other_months: int = 0
    actuals_of_other_months: int = 0
    undated_actuals: int = 0
    future_actuals: int = 0
    """Actuals dated after the as-of day, which count nowhere."""


@dataclass(frozen=True)
class Reconciliation:
    """What came of laying a ledger beside the actuals."""

    as_of: date
    month: str | None
    """``2026-10``; None for all of them."""
    totals: tuple[Total, ...]
    matched: tuple[Matched, ...]
    only_there: tuple[OnlyThere, ...]
    only_here: tuple[OnlyHere, ...]
    unreadable: tuple[Unreadable, ...]
    """Rows of the file that are in no sum."""
    left_out: LeftOut
    matched_if_negated: int
    """Pairs that there would be, were the ledger's amounts of the opposite sign."""

    @property
    def agrees(self) -> bool:
        """Whether nothing is on one side alone."""
        return not self.only_there and not self.only_here


def reconcile(ledger: Ledger, portfolio: Portfolio, *, month: date | None = None, days: int = 31) -> Reconciliation:
    """Lay ``ledger`` beside the actuals of ``portfolio``, of the month that begins on ``month`` or of all.

    An entry and an actual match where project, currency and amount are the same, one to one: those of the same day
    first, then those of the same month and at most ``days`` apart. Amounts are native.
    """
    actuals, future = _actuals(portfolio)
    entries = [entry for entry in ledger.entries if month in (None, _month(entry.day))]
    here = [actual for actual in actuals if month in (None, _month(actual.day))]
    undated = sum(actual.day is None for actual in actuals) if month else 0
    projects = Projects(portfolio)
    places = [projects.place(entry) for entry in entries]
    found = _pairs(places, entries, here, days)
    negated = [entry for entry in ledger.negated().entries if month in (None, _month(entry.day))]
    paired_there, paired_here = {pair.there for pair in found}, {pair.here for pair in found}
    matched = tuple(Matched(entries[pair.there], here[pair.here], pair.days_apart) for pair in found)
    only_there = tuple(
        OnlyThere(entry, place.unit or NO_CURRENCY, place.reason)
        for number, (entry, place) in enumerate(zip(entries, places, strict=True))
        if number not in paired_there
    )
    only_here = tuple(
        OnlyHere(actual, None if actual.day else UNDATED)
        for place, actual in enumerate(here)
        if place not in paired_here
    )
    matched_by_unit = [(pair.actual.unit, pair.entry.amount) for pair in matched]
    alone_by_unit = [(lone.unit, lone.entry.amount) for lone in only_there]
    return Reconciliation(
        as_of=portfolio.as_of,
        month=f"{month:%Y-%m}" if month else None,
        totals=_totals(
            ledger=_sums([*matched_by_unit, *alone_by_unit]),
            actuals=_sums((actual.unit, actual.amount) for actual in here),
            matched=_sums(matched_by_unit),
            only_there=_sums(alone_by_unit),
            only_here=_sums((lone.actual.unit, lone.actual.amount) for lone in only_here),
        ),
        matched=matched,
        only_there=only_there,
        only_here=only_here,
        unreadable=ledger.unreadable,
        left_out=LeftOut(
            entries_of_other_months=len(ledger.entries) - len(entries),
            actuals_of_other_months=len(actuals) - len(here) - undated,
            undated_actuals=undated,
            future_actuals=future,
        ),
        matched_if_negated=len(_pairs(places, negated, here, days)),
    )


def _pairs(places: Sequence[Place], entries: Sequence[Entry], here: Sequence[Actual], days: int) -> list[Pair]:
    """Pairs of an entry, each with its place, and an actual: first of entries whose currency is known, then of those
    of no project that name none, which may be in any.
    """
    told = list(zip(places, entries, strict=True))
    found = pairs(
        [
            Posting((at.project_id, at.unit, one.amount) if at.unit and not at.reason else None, one.day)
            for at, one in told
        ],
        [Posting((actual.project_id, actual.unit, actual.amount), actual.day) for actual in here],
        days=days,
    )
    taken = {pair.here for pair in found}
    more = pairs(
        [Posting(None if at.unit or at.reason else (at.project_id, one.amount), one.day) for at, one in told],
        [
            Posting(None if number in taken else (actual.project_id, actual.amount), actual.day)
            for number, actual in enumerate(here)
        ],
        days=days,
    )
    return sorted([*found, *more], key=lambda pair: pair.there)


def _actuals(portfolio: Portfolio) -> tuple[list[Actual], int]:
    """Every actual that counts, in an order that nothing but itself decides, and the number of those to come."""
    figures = native_figures_of(
        portfolio.programs, portfolio.projects, portfolio.budget_lines, as_of=portfolio.as_of
    ).filter(nw.col("metric_name") == ACTUAL)
    days = portfolio.budget_lines.select("budget_line_id", day=nw.coalesce(nw.col("invoice_date"), nw.col("paid_date")))
    rows: pl.DataFrame = nw.to_native(figures.join(days, on="budget_line_id", how="left")).collect()
    counted = rows.filter(~pl.col("is_future")).sort("day", "budget_line_id", "project_id", "unit", nulls_last=True)
    names = [name for name in Actual.__slots__ if name != "amount"]
    return [Actual(*row) for row in counted.select(*names, "value").iter_rows()], rows.height - counted.height


def _totals(**sums: Mapping[str, Decimal]) -> tuple[Total, ...]:
    units = sorted({unit for of_unit in sums.values() for unit in of_unit})
    zero = Decimal("0.00")
    return tuple(Total(unit, **{name: of_unit.get(unit, zero) for name, of_unit in sums.items()}) for unit in units)


def _sums(amounts: Iterable[tuple[str, Decimal]]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for unit, amount in amounts:
        sums[unit] += amount
    return sums


def _month(day: date | None) -> date | None:
    return day and day.replace(day=1)
