"""Advisor's configuration of a subscription or resource group: is it left out, and what counts as little use?

``exclude`` may stand on both, ``lowCpuThreshold`` on subscriptions alone; its values are 5 (which goes without saying),
10, 15 and 20 percent (https://learn.microsoft.com/rest/api/advisor/configurations/list-by-subscription).
"""

from decimal import Decimal
from typing import Any

import msgspec
import polars as pl

from finance_ppm.contracts.azure import AzureAdvisorRecommendations
from finance_ppm.transforms.azure.issues import ISSUES, issues_series
from finance_ppm.transforms.azure.wire import NOTHING, Wire, decoder

_PERCENT = AzureAdvisorRecommendations.columns()["cpu_threshold"].dtype
_MOST_PERCENT = Decimal(10) ** 7


class _Row(msgspec.Struct):
    properties: msgspec.Raw = NOTHING


class _Properties(msgspec.Struct, rename="camel"):
    exclude: Any = None
    low_cpu_threshold: Any = None


_ROW = decoder(_Row)
_PROPERTIES = decoder(_Properties)
_EMPTY = _Properties()


def configurations(rows: pl.DataFrame) -> pl.DataFrame:
    """The configurations of ``bronze/azure_advisor`` that stand: one row for each subscription and resource group that
    has one, with subscription_id, resource_group (null: the subscription's own), excluded, cpu_threshold and
    configuration_issues.

    ``rows`` have the columns record_id, subscription_id and raw_payload. Of several in one place, any excludes, and the
    lowest threshold counts.
    """
    wires = [Wire() for _ in range(rows.height)]
    told = [_told(wire, text) for wire, text in zip(wires, rows["raw_payload"].to_list(), strict=True)]
    return (
        rows.select(
            "subscription_id",
            pl.col("record_id").str.extract(r"/resourcegroups/([^/]+)/").alias("resource_group"),
            pl.Series("excluded", [excluded for excluded, _ in told], pl.Boolean),
            pl.Series("cpu_threshold", [threshold for _, threshold in told], _PERCENT),
            issues_series([wire.issues for wire in wires]).alias("configuration_issues"),
        )
        .group_by("subscription_id", "resource_group", maintain_order=True)
        .agg(
            excluded=pl.col("excluded").any(),
            cpu_threshold=pl.col("cpu_threshold").min(),
            configuration_issues=pl.col("configuration_issues").explode(empty_as_null=False),
        )
        .cast({"configuration_issues": ISSUES})
    )


def _told(wire: Wire, text: str) -> tuple[bool, Decimal | None]:
    row = wire.part(_ROW, "excluded", "The configuration", text)
    told = (row and wire.part(_PROPERTIES, "excluded", "The configuration's properties", row.properties)) or _EMPTY
    excluded = wire.flag("excluded", "The configuration's exclude", told.exclude)
    threshold = wire.amount(
        "cpu_threshold", "The configuration's lowCpuThreshold", told.low_cpu_threshold, limit=_MOST_PERCENT
    )
    return excluded is True, threshold
