"""Rule 4: right-size or shut down first, commit after: what remains of a commitment.

Belongs here: the machines that a commitment was reckoned with and that will not be there. Does not belong here: which
of the commitments is taken (``choices``).
"""

import narwhals.stable.v2 as nw

from finance_ppm.transforms.numeric import from_cents, in_cents, quotient
from finance_ppm.transforms.portfolio import Frame
from finance_ppm.transforms.savings.machines import is_machine
from finance_ppm.transforms.savings.offers import RESERVATION, SAVINGS_PLAN, joined

_MOST = 10**9
"""Quantities are cut here, so that no product leaves 63 bits; no subscription has so many machines."""

_NONE, _ONE = nw.lit(0, nw.Int64), nw.lit(1, nw.Int64)


def remaining(recommendations: Frame, machines: Frame, right_sized: Frame) -> Frame:
    """``recommendations`` with ``remaining``: what is left of ``amount`` once ``right_sized`` is done, to the cent.

    Of a reservation for q of m matching machines (subscription, SKU, region), r of them right-sized, there
    remains min(q, max(q, m) - r) / q; for an unknown q, or one of 0, all that match are meant: q = max(m, 1).
    Of a savings plan, (v - r) / v with v machines in the subscription. Everything else remains whole.
    ``right_sized`` (``verdicts.right_sized``) is by currency: what is right-sized in one displaces nothing in another.
    """
    located = machines.select(
        "resource_id", subscription=joined("subscription_id"), place=joined("subscription_id", "sku", "location")
    )
    sized = _located(right_sized, located)
    counted = (
        recommendations.with_columns(
            subscription=joined("subscription_id"), place=joined("subscription_id", "place_sku", "place_region")
        )
        .join(_count(located, "place", m=_all()), on="place", how="left")
        .join(_count(located, "subscription", v=_all()), on="subscription", how="left")
        .join(
            _count(sized, "currency", "place", m_sized=_all(), m_more=_unlisted()), on=["currency", "place"], how="left"
        )
        .join(
            _count(sized, "currency", "subscription", v_sized=_all(), v_more=_unlisted()),
            on=["currency", "subscription"],
            how="left",
        )
        .with_columns(nw.col("m", "v", "m_sized", "v_sized", "m_more", "v_more").fill_null(0))
        .with_columns(m=nw.col("m") + nw.col("m_more"), v=nw.col("v") + nw.col("v_more"))
    )
    m, quantity, whole = nw.col("m"), nw.col("quantity"), nw.col("whole")
    is_reservation, is_plan = nw.col("compute") == RESERVATION, nw.col("compute") == SAVINGS_PLAN
    reserved = nw.when(quantity > 0).then(nw.min_horizontal(quantity, nw.lit(_MOST, nw.Int64))).otherwise(m)
    spared = nw.max_horizontal(m - whole, _NONE)  # matching machines beyond those to be reserved
    displaced = (
        counted.with_columns(
            whole=nw.max_horizontal(
                nw.when(is_reservation).then(reserved).when(is_plan).then(nw.col("v")).otherwise(_ONE), _ONE
            )
        )
        .with_columns(
            gone=nw.when(is_reservation)
            .then(nw.max_horizontal(nw.col("m_sized") - spared, _NONE))
            .when(is_plan)
            .then(nw.col("v_sized"))
            .otherwise(_NONE)
        )
        .with_columns(kept=whole - nw.col("gone"))
    )
    return _with_part(displaced)


def _located(right_sized: Frame, located: Frame) -> Frame:
    """The machines of ``right_sized`` where the inventory has them, else (``unlisted``) where they say they are.

    An inventory may be incomplete, or newer than a machine that is gone; what is right-sized stands there all the same.
    """
    listed, unlisted = nw.col("listed").fill_null(False), ~nw.col("listed").fill_null(False)
    found = located.with_columns(listed=nw.lit(True))
    return (
        right_sized.with_columns(
            own_subscription=joined("subscription_id"), own_place=joined("subscription_id", "sku", "region")
        )
        .join(found, on="resource_id", how="left")
        .filter(listed | is_machine())
        .select(
            "currency",
            "resource_id",
            subscription=nw.when(listed).then(nw.col("subscription")).otherwise(nw.col("own_subscription")),
            place=nw.when(listed).then(nw.col("place")).otherwise(nw.col("own_place")),
            unlisted=unlisted.cast(nw.Int64),
        )
    )


def _count(machines: Frame, *by: str, **counts: nw.Expr) -> Frame:
    return machines.group_by(*by).agg(**{name: count.cast(nw.Int64) for name, count in counts.items()})


def _all() -> nw.Expr:
    return nw.col("resource_id").count()


def _unlisted() -> nw.Expr:
    return nw.col("unlisted").sum()


def _with_part(rows: Frame) -> Frame:
    """``remaining``: ``amount`` (above 0) times ``kept`` / ``whole``, rounded to cents half away from zero.

    Step by step, since SQL repeats an expression wherever it is used.
    """
    size, each, rest = nw.col("size"), nw.col("each"), nw.col("rest")
    kept, whole = nw.col("kept"), nw.col("whole")
    rows = rows.with_columns(size=in_cents(nw.col("amount")))
    rows = rows.with_columns(each=quotient(size, whole)).with_columns(rest=size - each * whole)
    rows = rows.with_columns(twice=rest * kept * 2 + whole, twice_whole=whole * 2)
    return rows.with_columns(remaining=from_cents(each * kept + quotient(nw.col("twice"), nw.col("twice_whole"))))
