"""What excludes what: rules 1, 2, 5, 6 and 7, as two keys of each recommendation.

Belongs here: the identity of an offer and of an exclusive group. Does not belong here: amounts (``displaced``,
``choices``).

- ``offer``: what is one saving, however often it is told. The largest of it counts, once. For a reservation, the
  variants of term, look-back and scope; for a savings plan, those of its subscription; for a machine, to
  right-size it and to shut it down; for any other finding, its records under several ids.
- ``group``: offers not all of which can be had: the compute reservations and savings plans of a subscription;
  any other offer by itself.

Both hold within one currency, and are lower-cased. Part of neither is what one source may tell otherwise than
another: amounts, dates, the target of a change.
"""

import narwhals.stable.v2 as nw

from finance_ppm.transforms.keys import escaped

COST = "Cost"
RIGHT_SIZE, SHUTDOWN, RESERVATION, SAVINGS_PLAN = "right_size", "shutdown", "reservation", "savings_plan"
RIGHT_SIZING = (RIGHT_SIZE, SHUTDOWN)
COMMITMENTS = (RESERVATION, SAVINGS_PLAN)
COMPUTE = "virtualmachines"
"""The reserved resource type that competes with compute savings plans, and whose machines can be right-sized."""

NO_CURRENCY = "XXX"
"""ISO 4217's code for no currency."""


def currency() -> nw.Expr:
    """The currency of the savings, in capitals."""
    return nw.col("savings_currency").str.to_uppercase().fill_null(NO_CURRENCY)


def is_compute_reservation() -> nw.Expr:
    """Reserves virtual machines."""
    reserved = nw.col("reserved_resource_type").str.to_lowercase() == COMPUTE
    return (nw.col("kind") == RESERVATION) & reserved.fill_null(False)


def is_compute() -> nw.Expr:
    """A commitment of which a subscription can have reservations or the savings plan."""
    return is_compute_reservation() | (nw.col("kind") == SAVINGS_PLAN)


def offer() -> nw.Expr:
    """The key of what counts once, from the columns of the contract and ``currency``.

    A finding is its type, what it is about (resource, name, SKU and region); without a type or a resource it
    is like no other. Its target is no part of it: of two targets of one resource only one can be had.
    """
    kind, has_resource = nw.col("kind"), ~nw.col("resource_id").is_null()
    finding = ("recommendation_type_id", "resource_id", "impacted_value", "sku", "region")
    return (
        nw.when(kind.is_in(RIGHT_SIZING) & has_resource)
        .then(_key("machine", "resource_id"))
        .when(kind == RESERVATION)
        .then(_key("reservation", "subscription_id", "reserved_resource_type", "sku", "region"))
        .when(kind == SAVINGS_PLAN)
        .then(_key("savings_plan", "subscription_id"))
        .when((kind == "other") & has_resource & ~nw.col("recommendation_type_id").is_null())
        .then(_key("finding", *finding))
        .otherwise(_key("recommendation", "recommendation_id"))
    )


def group() -> nw.Expr:
    """The key of what excludes each other, from the columns of the contract, ``currency`` and ``offer``."""
    return nw.when(is_compute()).then(_key("compute", "subscription_id")).otherwise(nw.col("offer"))


def joined(*columns: str) -> nw.Expr:
    """``columns`` as one text without case, in which a bar only separates; null where one of them is."""
    return nw.concat_str([_part(nw.col(name)) for name in columns], separator="|")


def _key(sort: str, *columns: str) -> nw.Expr:
    parts = (_part(nw.col(name).fill_null("")) for name in ("currency", *columns))
    return nw.concat_str([nw.lit(sort), *parts], separator="|")


def _part(name: nw.Expr) -> nw.Expr:
    return escaped(name.str.to_lowercase())
