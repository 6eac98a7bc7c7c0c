"""The rows of ``gold/ppm_forecast`` and ``gold/ppm_forecast_monthly``."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from finance_ppm_tests.oracle.arithmetic import (
    UNDATED,
    ZERO,
    after,
    cents,
    first_of,
    fiscal_year,
    label,
    months_between,
    rounded,
    spread,
)
from finance_ppm_tests.oracle.books import Books
from finance_ppm_tests.oracle.lags import Lags
from finance_ppm_tests.oracle.market import REASONS, Converted, Market
from finance_ppm_tests.oracle.shares import Home, Share, homes_of, shares_of

Row = dict[str, Any]
ONE = Decimal("1.000000")
TOO_LARGE_FOR_K = 10**13


def total(amounts: Iterable[Decimal]) -> Decimal:
    """The sum, of two digits."""
    return sum(amounts, ZERO)


def ratio(part: Decimal, whole: Decimal) -> float:
    """``part`` by ``whole``."""
    return float(Fraction(part) / Fraction(whole))


@dataclass
class Outlook:
    """One project and currency, as of T. Each property is a sentence of the page."""

    home: Home
    as_of: date
    lags: Lags
    shares: list[Share] = field(default_factory=list)

    # -- the project's page

    @property
    def start(self) -> date | None:
        return self.home.project.start if self.home.project else None

    @property
    def end(self) -> date | None:
        return self.home.project.end if self.home.project else None

    @property
    def span(self) -> tuple[date, date] | None:
        return (self.start, self.end) if self.start and self.end and self.start <= self.end else None

    @property
    def is_completed(self) -> bool:
        return self.home.project is not None and self.home.project.status == "Completed"

    @property
    def is_past_its_end(self) -> bool:
        return self.end is not None and self.end < self.as_of

    # -- to date

    @property
    def line_total(self) -> Decimal:
        return total(share.amount or ZERO for share in self.shares)

    @property
    def budget_total(self) -> Decimal | None:
        told = self.home.project.budget_total if self.home.project else None
        return told if told is not None and told > 0 else None

    @property
    def bac(self) -> Decimal | None:
        if self.budget_total is not None:
            return self.budget_total
        return self.line_total if self.line_total > 0 else None

    @property
    def reserve(self) -> Decimal | None:
        return None if self.bac is None else self.bac - self.line_total

    @property
    def anything_counts(self) -> bool:
        return any(share.counts for share in self.shares)

    @property
    def ac(self) -> Decimal:
        return total(share.counted for share in self.shares)

    @property
    def paid(self) -> Decimal:
        return total(share.counted for share in self.shares if share.is_paid)

    @property
    def oc(self) -> Decimal:
        return total(share.unspent for share in self.shares if share.is_open)

    @property
    def available(self) -> Decimal | None:
        return None if self.bac is None else self.bac - self.ac - self.oc

    # -- time

    @property
    def elapsed(self) -> Fraction | None:
        if self.span is None:
            return None
        start, end = self.span
        return min(max(Fraction((self.as_of - start).days + 1, (end - start).days + 1), Fraction(0)), Fraction(1))

    @property
    def pv(self) -> Decimal | None:
        return None if self.bac is None or self.elapsed is None else cents(Fraction(self.bac) * self.elapsed)

    @property
    def pv_by_month(self) -> dict[date, Decimal]:
        return {} if self.bac is None or self.span is None else spread(self.bac, *self.span)

    @property
    def ac_by_month(self) -> dict[date, Decimal]:
        months: dict[date, Decimal] = defaultdict(lambda: ZERO)
        for share in self.shares:
            if share.counts:
                months[first_of(share.recognised) if share.recognised else UNDATED] += share.counted
        return months

    @property
    def burn(self) -> Decimal | None:
        if not self.anything_counts:
            return None
        closed = [after(first_of(self.as_of), -back) for back in (1, 2, 3)]
        return cents(Fraction(total(self.ac_by_month.get(month, ZERO) for month in closed)) / 3)

    # -- at completion

    @property
    def settled(self) -> list[Share]:
        return [share for share in self.shares if share.state == "settled"]

    @property
    def ev_line(self) -> Decimal:
        return total(share.amount or ZERO for share in self.settled)

    @property
    def ac_settled(self) -> Decimal:
        return total(share.counted for share in self.settled)

    @property
    def cpi_line_proxy(self) -> float | None:
        if self.line_total <= 0 or self.ac_settled <= 0 or self.ev_line * 10 < self.line_total:
            return None
        return ratio(self.ev_line, self.ac_settled)

    @property
    def k(self) -> Decimal:
        if self.bac is None:
            return ONE
        fifth = Fraction(self.bac) / 5
        spent, earned = Fraction(self.ac_settled) + fifth, Fraction(self.ev_line) + fifth
        if earned <= 0 or max(abs(spent), earned) > TOO_LARGE_FOR_K:
            return ONE
        within = min(max(spent / earned, Fraction(8, 10)), Fraction(15, 10))
        return Decimal(rounded(within * 10**6)).scaleb(-6)

    def eac_of(self, share: Share) -> Decimal:
        """What one share will have cost."""
        amount, actual = share.amount, share.actual
        if share.state == "settled":
            return actual if actual is not None else amount or ZERO
        if self.is_completed and share.state == "planned":
            return share.counted
        if amount is None:
            return actual or ZERO
        if amount < 0:
            return amount
        expected = amount if share.state == "committed" else cents(Fraction(self.k) * Fraction(amount))
        return expected if actual is None else max(expected, actual)

    @property
    def eac(self) -> Decimal:
        return max(total(self.eac_of(share) for share in self.shares), self.ac + self.oc)

    @property
    def etc(self) -> Decimal:
        return self.eac - self.ac

    @property
    def run_rate_eac(self) -> Decimal | None:
        if self.burn is None or self.end is None or self.end < self.as_of or self.is_completed:
            return None
        return self.ac + self.burn * months_between(self.as_of, self.end)

    @property
    def methods_disagree(self) -> bool | None:
        if self.run_rate_eac is None or self.bac is None:
            return None
        return abs(Fraction(self.run_rate_eac - self.eac)) > Fraction(15, 100) * Fraction(self.bac)

    # -- month by month

    @property
    def etc_by_month(self) -> dict[date, Decimal]:
        """The forecast; the months of it that are not 0."""
        next_month = after(first_of(self.as_of))
        months: dict[date, Decimal] = defaultdict(lambda: ZERO)
        if not self.is_past_its_end:
            for share in self.shares:
                lag = self.lags.of(share.line)
                if share.state == "committed" and share.line.committed and lag is not None:
                    due = first_of(share.line.committed + timedelta(days=lag))
                    months[max(due, next_month)] += self.eac_of(share) - share.counted
        rest = self.etc - total(months.values())
        end_is_valid = self.end is not None and (self.start is None or self.start <= self.end)
        if self.end is None or not end_is_valid or self.end < next_month:
            months[next_month] += rest
        else:
            for month, part in spread(rest, next_month, self.end).items():
                months[month] += part
        return {month: amount for month, amount in months.items() if amount}


@dataclass
class InReporting:
    """An outlook in the reporting currency, part by part."""

    of: Outlook
    market: Market

    def __post_init__(self) -> None:
        of, unit = self.of, self.of.home.unit
        budget, closing = self.market.budget(unit, of.start), self.market.closing(unit)

        def averaged(share: Share) -> Converted:
            month = share.recognised
            rate = self.market.average(unit, first_of(month)) if month else closing
            return self.market.convert(share.counted, unit, rate, budget)

        if of.budget_total is not None:
            budgeted = [of.budget_total]
        else:
            budgeted = [] if of.bac is None else [share.amount for share in of.shares if share.amount is not None]
        self.bac = [self.market.convert(amount, unit, budget, budget) for amount in budgeted]
        self.ac = [(share, averaged(share)) for share in of.shares if share.counts]
        self.oc = [self.market.convert(share.unspent, unit, closing, budget) for share in of.shares if share.is_open]
        self.etc = {
            month: self.market.convert(amount, unit, closing, budget) for month, amount in of.etc_by_month.items()
        }
        self.parts = [*self.bac, *(part for _, part in self.ac), *self.oc, *self.etc.values()]

    @property
    def reason(self) -> str | None:
        """The first of the reasons why any part has no figure."""
        reasons = {part.reason for part in self.parts}
        return next((reason for reason in REASONS if reason in reasons), None)

    def row(self) -> Row:
        """The reporting columns of the project's row."""
        ac, etc = total(part.value for _, part in self.ac), total(part.value for part in self.etc.values())
        constant = total(part.constant for part in (*(part for _, part in self.ac), *self.etc.values()))
        bac = None if self.of.bac is None else total(part.value for part in self.bac)
        figures = {
            "bac_reporting": bac,
            "ac_reporting": ac,
            "oc_reporting": total(part.value for part in self.oc),
            "etc_reporting": etc,
            "eac_reporting": ac + etc,
            "vac_reporting": None if bac is None else bac - ac - etc,
            "eac_constant": constant,
            "fx_variance": constant - ac - etc,
        }
        return {
            "reporting_unit": self.market.reporting,
            **(figures if self.reason is None else dict.fromkeys(figures)),
            "stale_rate": any(part.is_stale for part in self.parts),
            "unconverted_reason": self.reason,
        }

    def ac_by_month(self) -> dict[date, Decimal]:
        """The actuals of each month, and the undated ones."""
        months: dict[date, Decimal] = defaultdict(lambda: ZERO)
        for share, part in self.ac:
            months[first_of(share.recognised) if share.recognised else UNDATED] += part.value
        return months


def forecast(books: Books) -> list[Row]:
    """Every row of ``gold/ppm_forecast``, without its stamp and its intervals."""
    market = Market(books)
    return [{**_row(outlook), **InReporting(outlook, market).row()} for outlook in outlooks(books)]


def forecast_monthly(books: Books) -> list[Row]:
    """Every row of ``gold/ppm_forecast_monthly``, without its stamp."""
    market = Market(books)
    return [row for outlook in outlooks(books) for row in _months(outlook, InReporting(outlook, market), books)]


def outlooks(books: Books) -> list[Outlook]:
    """Every live project, and each currency of what belongs to none."""
    lags = Lags(books)
    found = {(h.project_id, h.unit): Outlook(h, books.as_of, lags) for h in homes_of(books).values() if h.project}
    for share in shares_of(books):
        home = share.home
        found.setdefault((home.project_id, home.unit), Outlook(home, books.as_of, lags)).shares.append(share)
    return list(found.values())


def _row(o: Outlook) -> Row:
    undated = [share for share in o.shares if share.counts and share.recognised is None]
    future = [share for share in o.shares if share.is_future]
    spent = o.bac is not None and o.anything_counts
    late = o.end is not None and o.end < o.as_of and not o.is_completed
    return {
        "project_id": o.home.project_id,
        "unit": o.home.unit,
        "project_name": o.home.project_name,
        "program_id": o.home.program_id,
        "status": o.home.project.status if o.home.project else None,
        "start_date": o.start,
        "end_date": o.end,
        "line_count": len({share.line.line_id for share in o.shares}),
        "line_total": o.line_total,
        "bac": o.bac,
        "bac_source": None if o.bac is None else "lines" if o.budget_total is None else "budget_total",
        "reserve": o.reserve,
        "ac": o.ac,
        "paid": o.paid,
        "accrued": o.ac - o.paid,
        "undated_actual": total(share.counted for share in undated),
        "undated_actual_count": len(undated),
        "future_actual": total(share.actual or ZERO for share in future),
        "future_actual_count": len(future),
        "oc": o.oc,
        "available": o.available,
        "spent_ratio": ratio(o.ac, o.bac) if o.bac is not None and spent else None,
        "consumed_ratio": ratio(o.ac + o.oc, o.bac) if o.bac is not None and spent else None,
        "elapsed": None if o.elapsed is None else float(o.elapsed),
        "pv": o.pv,
        "ev_line": o.ev_line,
        "ac_settled": o.ac_settled,
        "settled_coverage": ratio(o.ev_line, o.line_total) if o.line_total > 0 else None,
        "cpi_line_proxy": o.cpi_line_proxy,
        "k": o.k,
        "eac": o.eac,
        "etc": o.etc,
        "vac": None if o.bac is None else o.bac - o.eac,
        "eac_if_reserve_used": None if o.reserve is None else o.eac + max(o.reserve, ZERO),
        "burn": o.burn,
        "runway_months": ratio(o.available, o.burn) if o.available is not None and o.burn and o.burn > 0 else None,
        "run_rate_eac": o.run_rate_eac,
        "methods_disagree": o.methods_disagree,
        "settled_without_actual": sum(share.actual is None for share in o.settled),
        "unspent_planned": total(share.unspent for share in o.shares if o.is_completed and share.state == "planned"),
        "days_late": (o.as_of - o.end).days if o.end and late else None,
        "as_of_date": o.as_of,
    }


def _months(o: Outlook, reporting: InReporting, books: Books) -> Iterable[Row]:
    pv, ac, etc = o.pv_by_month, o.ac_by_month, o.etc_by_month
    ac_reporting = reporting.ac_by_month()
    etc_reporting = {month: part.value for month, part in reporting.etc.items()}
    for period in sorted({*(month for month, part in pv.items() if part), *ac, *etc}):
        is_told = reporting.reason is None
        yield {
            "project_id": o.home.project_id,
            "unit": o.home.unit,
            "period": period,
            "period_label": label(period),
            "fiscal_year": fiscal_year(period, books.fiscal_start),
            "is_closed": UNDATED < period < first_of(o.as_of),
            "pv": pv.get(period, ZERO),
            "ac": ac.get(period, ZERO),
            "etc": etc.get(period, ZERO),
            "reporting_unit": books.reporting,
            "ac_reporting": ac_reporting.get(period, ZERO) if is_told else None,
            "etc_reporting": etc_reporting.get(period, ZERO) if is_told else None,
            "as_of_date": o.as_of,
        }
