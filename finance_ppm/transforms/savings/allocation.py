"""What each project bears of a recommendation's savings, to the cent.

Belongs here: the split of amounts. Does not belong here: which projects there are to split among (``linking``), and
how much there is to split (``verdicts``).
"""

import narwhals.stable.v2 as nw

from finance_ppm.transforms.numeric import from_cents, in_cents
from finance_ppm.transforms.portfolio import Frame

AMOUNTS = ("annual_savings", "achievable_conservative", "achievable_maximum")

_SAVINGS = nw.Decimal(18, 2)
_WHOLE, _PART = "recommendation_id", "project_id"
_NOTHING = nw.lit(0, nw.Int64)
_ONE = nw.lit(1, nw.Int64)


def allocated(judged: Frame, homes: Frame) -> Frame:
    """The rows of ``judged`` once for each of their ``homes``, with its share of the :data:`AMOUNTS`.

    Shares are in proportion to the home's machines; what is not spread over machines has one home. ``once`` is 1 on one
    of a recommendation's rows and 0 on its others: it is what counts recommendations.
    """
    rows = judged.join(homes, on=_WHOLE, how="inner").with_columns(weight=nw.coalesce("machines", _ONE))
    rows = rows.with_columns(
        total=nw.col("weight").sum().over(_WHOLE).cast(nw.Int64),
        once=(nw.col(_PART) == nw.col(_PART).min().over(_WHOLE)).cast(nw.Int64),
    )
    for amount in AMOUNTS:
        rows = _split(rows, amount)
    return rows.drop("weight", "total")


def _split(rows: Frame, amount: str) -> Frame:
    """``rows`` with the share, by ``weight`` of ``total``, in place of the whole ``amount``.

    By the largest remainder: shares are rounded down to the cent, and the cents left over go one each to those that
    lost most by it, of equals to the first by id. So they add up to the whole, and depend on no order of rows. A
    negative amount is split as its opposite is; where it is null, all its shares are.
    """
    weight, total = nw.col("weight"), nw.col("total")
    size, each, left, extra, lost = (nw.col(name) for name in ("_size", "_each", "_left", "_extra", "_lost"))
    whole = in_cents(nw.col(amount))
    parts = (
        rows.with_columns(_size=whole.abs(), _is_negative=whole < 0)
        # The product of a size and a weight may leave 63 bits, so each machine gets a whole number of cents first. Any
        # that is near will do, and Spark's, which goes through a double, is: what it leaves is small, and exact.
        .with_columns(_each=size // total)
        .with_columns(_left=size - each * total)
        .with_columns(_extra=left * weight // total)
        .with_columns(_lost=extra * total - left * weight)  # from 0 down: who lost most is first
    )
    ranked = parts.with_columns(
        _rank=nw.col(_PART).cum_count().over(_WHOLE, order_by=["_lost", _PART]),
        _spare=(-lost.sum().over(_WHOLE)).cast(nw.Int64) // total,
    )
    share = each * weight + extra + nw.when(nw.col("_rank") <= nw.col("_spare")).then(_ONE).otherwise(_NOTHING)
    signed = nw.when(nw.col("_is_negative")).then(-share).otherwise(share)
    return ranked.with_columns(from_cents(signed).cast(_SAVINGS).alias(amount)).drop(
        "_size", "_is_negative", "_each", "_left", "_extra", "_lost", "_rank", "_spare"
    )
