"""An amount over days, by months, to the cent.

Belongs here: the largest remainder. Does not belong here: which amounts and days these are (``placing``).
"""

import narwhals.stable.v2 as nw

from finance_ppm.transforms.calendar import first_ordinal, month_of, ordinal
from finance_ppm.transforms.numeric import from_cents, multiple, whole_division
from finance_ppm.transforms.portfolio import Frame

_DIGITS = 3
"""Of base :data:`_BASE`: as many months as there are from the year 1 to 9999."""
_BASE = 50
_EACH = nw.lit(",".join(str(digit) for digit in range(_BASE)))


def spread(plans: Frame, *, by: tuple[str, ...]) -> Frame:
    """The ``part`` of each ``month`` in the ``amount`` of ``plans``, which goes evenly over the days from ``first`` to
    ``last``. There is one plan for each ``by``.

    Each month gets the cents of its days, rounded down, and the cents left over go one each to the months with the
    largest remainders, of equal ones to the earlier. A negative amount is spread as its opposite is.
    """
    month, days, starts, ends = (nw.col(name) for name in ("month", "days", "starts", "ends"))
    first, last, inside = nw.col("first_day"), nw.col("last_day"), nw.col("inside")
    cut, lost = nw.col("cut"), nw.col("lost")
    plans = plans.with_columns(
        first_day=ordinal(nw.col("first")),
        last_day=ordinal(nw.col("last")),
        month=month_of(nw.col("first")),
        last_month=month_of(nw.col("last")),
    ).with_columns(days=last - first + 1)
    divided = whole_division(plans, nw.col("amount"), by=days)
    parts = (
        _each_month(divided)
        .with_columns(starts=first_ordinal(month), ends=first_ordinal(month + 1) - 1)
        .with_columns(
            inside=nw.when(ends < last).then(ends).otherwise(last)
            - nw.when(starts > first).then(starts).otherwise(first)
            + 1
        )
        .with_columns(exact=nw.col("remainder") * inside)  # in parts of a cent, of which ``days`` make one
        .with_columns(cut=nw.col("exact") // days)
        .with_columns(lost=cut * days - nw.col("exact"))  # from 0 down: who lost most is first
        .with_columns(
            rank=month.cum_count().over(*by, order_by=["lost", "month"]),
            spare=(-lost.sum().over(*by)).cast(nw.Int64),
        )
    )
    cents = cut + (nw.col("rank") * days <= nw.col("spare")).cast(nw.Int64)
    size = multiple(nw.col("quotient"), inside) + from_cents(cents)
    return parts.select(*by, "month", part=nw.when(nw.col("amount") < 0).then(-size).otherwise(size))


def _each_month(plans: Frame) -> Frame:
    """``plans`` once for each ``month`` from theirs to ``last_month``.

    The engines have no way in common to count from one number to another, so a month is counted on the digits of its
    distance from the first: each digit, from the highest, multiplies the rows.
    """
    rows = plans
    for place in reversed(range(_DIGITS)):
        rows = (
            rows.with_columns(digit=_EACH.str.split(","))
            .explode("digit")
            .with_columns(month=nw.col("month") + nw.col("digit").cast(nw.Int64) * _BASE**place)
            .filter(nw.col("month") <= nw.col("last_month"))
        )
    return rows
