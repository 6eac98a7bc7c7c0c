"""The cells of ``gold/ppm_budget_vs_actual``."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from finance_ppm_tests.oracle.arithmetic import UNDATED, ZERO, first_of, fiscal_year, label
from finance_ppm_tests.oracle.books import Books
from finance_ppm_tests.oracle.market import REASONS, Converted, Market, Rate
from finance_ppm_tests.oracle.shares import Home, Share, homes_of, shares_of

Row = dict[str, Any]
Cell = tuple[str, str, str, str, date, str]
"""Metric, dimension, the member's id and name, period, unit."""


@dataclass(frozen=True)
class Fact:
    """One amount of one line, or a project's reserve."""

    metric: str
    home: Home
    period: date
    value: Decimal
    converted: Converted | None
    """None for an actual that is yet to come: it is in the source, and in no figure."""
    line_id: str | None
    category: str
    vendor: str
    left_out: Decimal
    """What of the value is not in the reporting figures, for want of a rate."""

    def members(self) -> Iterator[tuple[str, str, str]]:
        """Dimension, id and name of every member that the fact is of."""
        yield "portfolio", "portfolio", "Portfolio"
        yield "program", self.home.program_id, self.home.program_name
        yield "project", self.home.project_id, self.home.project_name
        yield "category", self.category, self.category
        yield "vendor", self.vendor, self.vendor


def budget_vs_actual(books: Books) -> list[Row]:
    """Every row of the table, without its stamp."""
    cells: dict[Cell, list[Fact]] = defaultdict(list)
    for fact in _facts(books):
        metrics = {"budget": ("budget", "variance"), "actual": ("actual", "variance"), "committed": ("committed",)}
        for metric in metrics[fact.metric]:
            for member in fact.members():
                cells[metric, *member, fact.period, fact.home.unit].append(fact)
    return [_row(cell, facts, books) for cell, facts in cells.items()]


def _facts(books: Books) -> Iterator[Fact]:
    market = Market(books)
    shares: dict[str, list[Share]] = defaultdict(list)
    for share in shares_of(books):
        shares[share.home.project_id].append(share)
        yield from _facts_of(share, market)
    for home in homes_of(books).values():
        if home.project and (home.project.budget_total or ZERO) > 0:
            yield _reserve(home, shares[home.project_id], market)


def _reserve(home: Home, shares: list[Share], market: Market) -> Fact:
    """What Budget Total has beyond the lines. In the reporting currency it is no amount of its own, but what the
    lines leave of Budget Total there: a project's cells add up to the conversion of that.
    """
    assert home.project
    assert home.project.budget_total
    rate = market.budget(home.unit, home.project.start)
    whole = home.project.budget_total
    planned = [share.amount for share in shares if share.amount is not None]
    converted = market.convert(whole, home.unit, rate, rate)
    of_lines = [market.convert(amount, home.unit, rate, rate) for amount in planned]
    return Fact(
        "budget",
        home,
        UNDATED,
        whole - sum(planned, ZERO),
        Converted(
            converted.value - sum((line.value for line in of_lines), ZERO),
            converted.constant - sum((line.constant for line in of_lines), ZERO),
            converted.is_stale,
            converted.reason,
        ),
        None,
        "(reserve)",
        "(reserve)",
        left_out=(whole if converted.reason else ZERO)
        - sum((amount for amount, line in zip(planned, of_lines, strict=True) if line.reason), ZERO),
    )


def _facts_of(share: Share, market: Market) -> Iterator[Fact]:
    line, unit = share.line, share.home.unit
    budget_rate = market.budget(unit, share.home.project.start if share.home.project else None)

    def fact(metric: str, day: date | None, value: Decimal, rate: Rate | None) -> Fact:
        converted = market.convert(value, unit, rate, budget_rate)
        return Fact(
            metric,
            share.home,
            first_of(day) if day else UNDATED,
            value,
            converted,
            line.line_id,
            line.category or "(none)",
            line.vendor or "(none)",
            left_out=value if converted.reason else ZERO,
        )

    if share.amount is not None:
        yield fact("budget", line.committed or line.invoiced or line.paid, share.amount, budget_rate)
    if share.is_open:
        yield fact("committed", line.committed, share.unspent, market.closing(unit))
    if share.actual is not None and share.recognised is None:
        yield fact("actual", None, share.actual, market.closing(unit))
    elif share.actual is not None and share.recognised is not None:
        known = fact("actual", share.recognised, share.actual, market.average(unit, first_of(share.recognised)))
        yield known if share.counts else replace(known, converted=None)


def _row(cell: Cell, facts: list[Fact], books: Books) -> Row:
    metric, dimension, member, name, period, unit = cell
    counted = [(fact, fact.converted) for fact in facts if fact.converted is not None]
    to_come = [fact for fact in facts if fact.converted is None and metric == "actual"]

    def sign(fact: Fact) -> int:
        return -1 if metric == "variance" and fact.metric == "actual" else 1

    reporting = sum((sign(fact) * converted.value for fact, converted in counted), ZERO)
    constant = sum((sign(fact) * converted.constant for fact, converted in counted), ZERO)
    reasons = [converted.reason for _, converted in counted if converted.reason]
    told = (metric, dimension, member, period.isoformat(), unit)
    return {
        "metric_id": "|".join(part.replace("%", "%25").replace("|", "%7C") for part in told),
        "metric_name": metric,
        "dimension": dimension,
        "dimension_id": member,
        "dimension_value": name,
        "period": period,
        "period_label": label(period),
        "value": sum((sign(fact) * fact.value for fact, _ in counted), ZERO),
        "unit": unit,
        "line_count": len({fact.line_id for fact, _ in counted} - {None}),
        "excluded_value": sum((fact.value for fact in to_come), ZERO),
        "excluded_count": len({fact.line_id for fact in to_come}),
        "fiscal_year": fiscal_year(period, books.fiscal_start),
        "reporting_unit": books.reporting,
        "reporting_value": reporting,
        "constant_value": constant,
        "fx_value": reporting - constant,
        "reporting_excluded_value": sum((sign(fact) * fact.left_out for fact, _ in counted), ZERO),
        "reporting_excluded_count": len(reasons),
        "reporting_excluded_reasons": ", ".join(reason for reason in REASONS if reason in reasons) or None,
        "stale_rate_count": sum(converted.is_stale for _, converted in counted),
        "as_of_date": books.as_of,
    }
