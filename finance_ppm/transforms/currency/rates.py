"""Which rate applies on a day and in a month, from the rates that were published.

Belongs here: cross rates by way of the euro, averages, and how old a rate may be. What is defined, and why:
docs/decisions/money.md. What does not belong here: multiplying (``conversion``).

Rates are few, so they are computed here by Polars and Python's decimals, whatever engine multiplies with them.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import reduce
from itertools import groupby

import narwhals.stable.v2 as nw
import polars as pl

from finance_ppm.transforms.portfolio import Frame
from finance_ppm.transforms.shares import NO_CURRENCY

EURO = "EUR"
DIGITS = 9
"""The significant digits that a rate is held with."""
OLDEST = timedelta(days=35)
"""How old a rate may be and still apply."""
STALE = timedelta(days=7)
"""How old a rate may be and not be marked."""
SMALLEST, BOUND = Decimal("1e-10"), Decimal("1e9")
"""Rates are from the one to below the other: their nine digits have no more than :data:`~.conversion.PLACES` places."""

_HELD = Context(prec=DIGITS, rounding=ROUND_HALF_UP)
_MEAN = Context(prec=40)
"""The digits of a mean before it is held: few enough that the crosses' own cuts do not show."""
_CARRIED = Context(prec=50)
"""The digits of the cross rates that a mean is made of."""
_RATE = {"mantissa": pl.Int64(), "exponent": pl.Int64()}


@dataclass(frozen=True)
class Rates:
    """Rates from every currency to the reporting one, as a day knew them. A rate is ``mantissa / 10^exponent``.

    ``mantissa`` is an ``Int64`` of nine digits, ``exponent`` an ``Int64`` of 0 to 18. The reporting currency itself is
    in neither frame: what is of it needs no rate.
    """

    reporting: str
    """ISO 4217 code of the reporting currency."""
    monthly: Frame
    """``unit``, ``period`` (first of a month), ``mantissa``, ``exponent``, ``is_stale``: averages, to T's month."""
    daily: Frame
    """``unit``, ``day``, ``mantissa``, ``exponent``, ``is_stale``: the rate of every day up to T that has one.
    T's own is the closing rate.
    """

    def on(self, engine: Callable[[pl.DataFrame], Frame]) -> "Rates":
        """The same rates as frames of another engine, which ``engine`` makes of Polars' own."""
        monthly, daily = (engine(_collected(frame)) for frame in (self.monthly, self.daily))
        return Rates(self.reporting, monthly, daily)


def rates_of(fx_rates: pl.DataFrame, *, reporting: str, as_of: date, units: Collection[str]) -> Rates:
    """The rates to ``reporting`` from each of ``units`` that has any, as Polars frames, as ``as_of`` knew them.

    ``fx_rates`` has one row per currency and day: the columns ``currency``, ``rate_date`` and ``rate`` of the contract
    ``FxRates``. What is dated after ``as_of``, withdrawn, or not above 0 is no rate; nor is a rate to the reporting
    currency below :data:`SMALLEST`, or of :data:`BOUND` or more.
    """
    published = fx_rates.filter(
        (pl.col("rate") > 0) & (pl.col("rate_date") <= as_of) & ~pl.col("currency").is_in([EURO, NO_CURRENCY])
    ).select("currency", day="rate_date", rate=pl.col("rate").cast(pl.Decimal(38, 12)))
    crosses = _crosses(published, reporting, sorted({*units} - {reporting, NO_CURRENCY}))
    by_day = _held(((unit, day), rate) for unit, day, rate in crosses)
    daily = _daily(by_day.rename({"of": "day"}), as_of)
    averages = _held(_means(crosses)).rename({"of": "period"})
    return Rates(reporting, *(nw.from_native(frame.lazy()) for frame in (_monthly(averages, daily, as_of), daily)))


def _crosses(published: pl.DataFrame, reporting: str, units: list[str]) -> list[tuple[str, date, Decimal]]:
    """Unit, day, and the rate to ``reporting`` of that day, where both were published on it."""
    euro = published.select("day", rate=pl.lit(Decimal(1), dtype=published.schema["rate"])).unique()
    targets = _of(published, euro, [reporting]).select("day", target="rate")
    pairs = (
        targets.join(_of(published, euro, units), on="day").sort("unit", "day").select("unit", "day", "target", "rate")
    )
    crosses = ((unit, day, _CARRIED.divide(target, source)) for unit, day, target, source in pairs.iter_rows())
    return [(unit, day, rate) for unit, day, rate in crosses if SMALLEST <= rate < BOUND]


def _means(crosses: Iterable[tuple[str, date, Decimal]]) -> Iterator[tuple[tuple[str, date], Decimal]]:
    """Unit, month, and the mean of the month's cross rates."""
    for key, days in groupby(crosses, lambda cross: (cross[0], cross[1].replace(day=1))):
        rates = [rate for _, _, rate in days]
        yield key, _MEAN.divide(reduce(_CARRIED.add, rates), Decimal(len(rates)))


def _held(rates: Iterable[tuple[tuple[str, date], Decimal]]) -> pl.DataFrame:
    """``unit``, ``of`` and the rate as it is held, of nine digits."""
    rows, largest = [], _HELD.next_minus(BOUND)
    for key, rate in rates:
        held = min(_HELD.plus(rate), largest)
        exponent = DIGITS - 1 - held.adjusted()
        rows.append((*key, int(held.scaleb(exponent)), exponent))
    return pl.DataFrame(rows, schema={"unit": pl.String(), "of": pl.Date(), **_RATE}, orient="row")


def _of(published: pl.DataFrame, euro: pl.DataFrame, units: list[str]) -> pl.DataFrame:
    """``unit``, ``day``, ``rate`` of ``units``; the euro's is 1 on every day that has any rate."""
    of_euro = euro.filter(EURO in units).select(pl.lit(EURO).alias("unit"), "day", "rate")
    return pl.concat([of_euro, published.filter(pl.col("currency").is_in(units)).rename({"currency": "unit"})])


def _daily(crosses: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """The rate of every day: the newest that was published, where that is not too old."""
    days = (
        crosses.group_by("unit")
        .agg(day=pl.col("day").min())
        .select("unit", day=pl.date_ranges("day", pl.lit(as_of)))
        .explode("day")
        .sort("unit", "day")
    )
    newest = days.join_asof(
        crosses.with_columns(published="day"), on="day", by="unit", tolerance=OLDEST, check_sortedness=False
    )
    return newest.drop_nulls("mantissa").select(
        "unit", "day", *_RATE, is_stale=pl.col("day") - pl.col("published") > STALE
    )


def _monthly(averages: pl.DataFrame, daily: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """The average of each month; where it has none, the rate of its last day up to ``as_of``."""
    last_days = daily.filter(pl.col("day") == pl.min_horizontal(pl.col("day").dt.month_end(), pl.lit(as_of)))
    carried = last_days.select("unit", *_RATE, period=pl.col("day").dt.truncate("1mo")).join(
        averages, on=["unit", "period"], how="anti"
    )
    return pl.concat(
        [
            rates.select("unit", "period", *_RATE, is_stale=pl.lit(is_stale))
            for rates, is_stale in ((averages, False), (carried, True))
        ]
    ).sort("unit", "period")


def _collected(frame: Frame) -> pl.DataFrame:
    collected: pl.DataFrame = frame.collect(backend="polars").to_native()
    return collected
