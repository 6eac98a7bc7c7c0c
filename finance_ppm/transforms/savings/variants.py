"""What a variant of an offer leaves out, and the offer tells: the SKU and the region of a reservation.

Belongs here: reading a missing place. Does not belong here: what an offer is (``offers``).
"""

import narwhals.stable.v2 as nw

from finance_ppm.transforms.portfolio import Frame
from finance_ppm.transforms.savings.offers import RESERVATION, reservations


def with_place(recommendations: Frame) -> Frame:
    """``recommendations`` with ``place_sku`` and ``place_region``: their own, lower-cased, or those of the one offer.

    A reservation that leaves out its SKU or region is a variant of the one offer of its subscription, currency and
    reserved type, where exactly one has a known ``amount`` and nothing speaks against it: so neither does it count
    twice, nor escape the machines that are right-sized first. Where there are several it keeps the place it tells.
    """
    own = {f"place_{name}": nw.col(name).str.to_lowercase() for name in ("sku", "region")}
    sku, region = nw.col("place_sku"), nw.col("place_region")
    rows = recommendations.with_columns(
        **own,
        reservations=nw.when(nw.col("kind") == RESERVATION).then(reservations()).otherwise(nw.lit(None, nw.String)),
    )
    offers = (
        rows.filter(~nw.col("amount").is_null(), ~nw.col("reservations").is_null(), ~sku.is_null(), ~region.is_null())
        .group_by("reservations")
        .agg(one_sku=sku.min(), last_sku=sku.max(), one_region=region.min(), last_region=region.max())
        .filter(nw.col("one_sku") == nw.col("last_sku"), nw.col("one_region") == nw.col("last_region"))
        .select("reservations", "one_sku", "one_region")
    )
    fits = (sku.is_null() | (sku == nw.col("one_sku"))) & (region.is_null() | (region == nw.col("one_region")))
    return (
        rows.join(offers, on="reservations", how="left")
        .with_columns(
            place_sku=nw.when(fits).then(nw.col("one_sku")).otherwise(sku),
            place_region=nw.when(fits).then(nw.col("one_region")).otherwise(region),
        )
        .drop("reservations", "one_sku", "one_region")
    )
