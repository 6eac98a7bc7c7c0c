"""What excludes what: rules 1, 2, 5, 6 and 7, as two keys of each recommendation.

Belongs here: the identity of an offer and of an exclusive group. Does not belong here: amounts (``displaced``,
``choices``).

- ``offer``: what is one saving, however often it is told. The largest of it counts, once. For a reservation, the
  variants of term, look-back and scope; for a savings plan, those of its subscription; for a machine, to
  right-size it and to shut it down; for any other finding, its records under several ids.
- ``group``: offers not all of which can be had: the compute reservations and compute savings plans of a subscription;
  any other offer by itself.

Both hold within one currency, and are lower-cased. Part of neither is what one source may tell otherwise than
another: amounts, dates, the target of a change.
"""

import narwhals.stable.v2 as nw

from finance_ppm.transforms.azure.kinds import SAVINGS_PLAN as COMPUTE_PLAN_TYPE
from finance_ppm.transforms.keys import escaped

COST = "Cost"
RIGHT_SIZE, SHUTDOWN, RESERVATION, SAVINGS_PLAN = "right_size", "shutdown", "reservation", "savings_plan"
RIGHT_SIZING = (RIGHT_SIZE, SHUTDOWN)
COMMITMENTS = (RESERVATION, SAVINGS_PLAN)
COMPUTE = "virtualmachines"
"""The reserved resource type that competes with compute savings plans, and whose machines can be right-sized."""

NO_CURRENCY = "XXX"
"""ISO 4217's code for no currency."""

_CONTAINER = r"^/subscriptions/[^/]+(/resourcegroups/[^/]+)?$"
"""What holds resources and is none: one id for all that hangs on it."""


def currency() -> nw.Expr:
    """The currency of the savings, in capitals."""
    return nw.col("savings_currency").str.to_uppercase().fill_null(NO_CURRENCY)


def compute() -> nw.Expr:
    """What a row commits to of which a subscription can have one or the other: :data:`RESERVATION` of virtual machines,
    :data:`SAVINGS_PLAN` for compute, else null.

    A plan is one for compute but where its words name databases, for which there are plans since March 2026, and not
    compute (https://redmondmag.com/articles/2026/04/10/microsoft-expands-azure-database-cost-saving-options.aspx): in
    doubt it competes, and adds nothing.
    """
    kind = nw.col("kind")
    reserved = nw.col("reserved_resource_type").str.to_lowercase() == COMPUTE
    typed = nw.col("recommendation_type_id").str.to_lowercase() == COMPUTE_PLAN_TYPE
    of_databases = _says("database") & ~_says("compute") & ~typed.fill_null(False)
    return (
        nw.when((kind == RESERVATION) & reserved.fill_null(False))
        .then(nw.lit(RESERVATION))
        .when((kind == SAVINGS_PLAN) & ~of_databases)
        .then(nw.lit(SAVINGS_PLAN))
        .otherwise(nw.lit(None, nw.String))
    )


def _says(word: str) -> nw.Expr:
    texts = (nw.col(name).fill_null("").str.to_lowercase() for name in ("problem", "solution"))
    return nw.any_horizontal(*(text.str.contains(word, literal=True) for text in texts), ignore_nulls=True)


def reservations() -> nw.Expr:
    """The key of what reservations of several places have in common: subscription, currency, and what is reserved.

    What is reserved is told by the recommendation's type where nothing else does.
    """
    return _key("reservation", "subscription_id", _reserved())


def _reserved() -> nw.Expr:
    return nw.coalesce("reserved_resource_type", "recommendation_type_id")


def offer() -> nw.Expr:
    """The key of what counts once, from the columns of the contract, ``currency``, ``compute``, and the ``place_sku``
    and ``place_region`` of ``variants``.

    A finding is its type and its resource; without either it is like no other. Its target is no part of it: of two
    targets of one resource only one can be had. What hangs on a whole subscription or resource group is told apart by
    its name, and a finding by SKU and region too: many stand under that one id.
    """
    kind, resource = nw.col("kind"), nw.col("resource_id")
    is_container = resource.str.contains(_CONTAINER).fill_null(False)
    is_machine = kind.is_in(RIGHT_SIZING)
    is_finding = (kind == "other") & ~nw.col("recommendation_type_id").is_null()
    finding = ("recommendation_type_id", "resource_id")
    return (
        nw.when(is_machine & is_container)
        .then(_key("machine", "resource_id", "impacted_value"))
        .when(is_machine & ~resource.is_null())
        .then(_key("machine", "resource_id"))
        .when(kind == RESERVATION)
        .then(_key("reservation", "subscription_id", _reserved(), "place_sku", "place_region"))
        .when(nw.col("compute") == SAVINGS_PLAN)
        .then(_key("savings_plan", "subscription_id"))
        .when(kind == SAVINGS_PLAN)
        .then(_key("database_savings_plan", "subscription_id"))
        .when(is_finding & is_container)
        .then(_key("finding", *finding, "impacted_value", "sku", "region"))
        .when(is_finding & ~resource.is_null())
        .then(_key("finding", *finding))
        .otherwise(_key("recommendation", "recommendation_id"))
    )


def group() -> nw.Expr:
    """The key of what excludes each other, from the columns of the contract, ``currency``, ``compute``, ``offer``."""
    is_compute = ~nw.col("compute").is_null()
    return nw.when(is_compute).then(_key("compute", "subscription_id")).otherwise(nw.col("offer"))


def joined(*columns: str) -> nw.Expr:
    """``columns`` as one text without case, in which a bar only separates; null where one of them is."""
    return nw.concat_str([_part(nw.col(name)) for name in columns], separator="|")


def _key(sort: str, *parts: str | nw.Expr) -> nw.Expr:
    told = (nw.col(part) if isinstance(part, str) else part for part in ("currency", *parts))
    return nw.concat_str([nw.lit(sort), *(_part(part.fill_null("")) for part in told)], separator="|")


def _part(name: nw.Expr) -> nw.Expr:
    return escaped(name.str.to_lowercase())
