"""Suppressions: recommendations that somebody has dismissed, for ever or until a day.

A row of ``microsoft.advisor/suppressions`` is hung on its recommendation:
``.../recommendations/{name}/suppressions/{name of the suppression}``. ``ttl`` is ``-1`` for ever, else a time span, and
then ``expirationTimeStamp`` tells its end (https://learn.microsoft.com/rest/api/advisor/suppressions/list).
"""

from datetime import datetime
from typing import Any

import msgspec
import polars as pl

from finance_ppm.transforms.azure.issues import ISSUES, issues_series
from finance_ppm.transforms.azure.wire import NOTHING, Wire, decoder

_FOR_EVER = "-1"
_MOMENT = pl.Datetime("us", "UTC")


class _Row(msgspec.Struct):
    properties: msgspec.Raw = NOTHING


class _Properties(msgspec.Struct, rename="camel"):
    ttl: Any = None
    expiration_time_stamp: Any = None


_ROW = decoder(_Row)
_PROPERTIES = decoder(_Properties)
_EMPTY = _Properties()


def suppressions(rows: pl.DataFrame, end: datetime) -> pl.DataFrame:
    """What the suppressions of ``bronze/azure_advisor`` that stand come to at the moment ``end``.

    ``rows`` have the columns record_id, subscription_id and raw_payload. One row for each recommendation, by
    subscription_id and name: whether it is suppressed, until when (null for ever), whether any suppression tells its
    end or that there is none (tells_its_end), and what could not be read. A suppression of which no end can be read
    suppresses nothing by itself, as in Microsoft's own query
    (https://learn.microsoft.com/azure/advisor/advisor-azure-resource-graph).
    """
    wires = [Wire() for _ in range(rows.height)]
    told = [_end(wire, text) for wire, text in zip(wires, rows["raw_payload"].to_list(), strict=True)]
    for_ever, until = pl.col("for_ever"), pl.col("until")
    ended = until <= end
    return (
        rows.select(
            "subscription_id",
            pl.col("record_id").str.extract(r"/recommendations/([^/]+)/suppressions/[^/]+$").alias("name"),
            pl.Series("for_ever", [forever for forever, _ in told], pl.Boolean),
            pl.Series("until", [moment for _, moment in told], _MOMENT),
            issues_series([wire.issues for wire in wires]).alias("suppression_issues"),
        )
        .drop_nulls("name")
        .sort("subscription_id", "name", "until")
        .group_by("subscription_id", "name", maintain_order=True)
        .agg(
            suppressed=(for_ever | ~ended.fill_null(True)).any(),
            suppressed_until=pl.when(~for_ever.any()).then(until.filter(~ended).max()),
            tells_its_end=(for_ever | until.is_not_null()).any(),
            suppression_issues=pl.col("suppression_issues").explode(empty_as_null=False),
        )
        .cast({"suppression_issues": ISSUES})
    )


def _end(wire: Wire, text: str) -> tuple[bool, datetime | None]:
    """Whether a suppression is for ever, and else when it ends."""
    row = wire.part(_ROW, "suppressed", "The suppression", text)
    told = (row and wire.part(_PROPERTIES, "suppressed", "The suppression's properties", row.properties)) or _EMPTY
    if str(told.ttl).strip() == _FOR_EVER:
        return True, None
    path = "The suppression's expirationTimeStamp"
    until = wire.moment("suppressed_until", path, told.expiration_time_stamp)
    if until is None and not wire.issues:
        wire.unreadable("suppressed_until", path, told.ttl, f"told, where its ttl is not {_FOR_EVER}")
    return False, until
