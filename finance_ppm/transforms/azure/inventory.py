"""Rows of Resource Graph into the inventory: what each is, where it is, and which tags are in effect on it.

Belongs here: reading a row of ``resources`` or ``resourcecontainers``, and what it takes over from its resource group
and subscription. Does not belong here: which snapshot the rows are of (``pipeline.azure_silver``).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec
import polars as pl
import pyarrow as pa

from finance_ppm.contracts.azure import AzureResources
from finance_ppm.transforms.azure.issues import issues_series
from finance_ppm.transforms.azure.tags import NONE, RESOURCE, RESOURCE_GROUP, SUBSCRIPTION, Tags, in_effect, own_tags
from finance_ppm.transforms.azure.wire import NOTHING, Wire, decoder

SUBSCRIPTION_TYPE = "microsoft.resources/subscriptions"
GROUP_TYPE = "microsoft.resources/subscriptions/resourcegroups"
CONTAINER_TYPES = (SUBSCRIPTION_TYPE, GROUP_TYPE)

MACHINE_TYPE = "microsoft.compute/virtualmachines"

BRONZE_COLUMNS = ("resource_id", "resource_type", "resource_group", "subscription_id", "captured_on", "raw_payload")
"""What is read of ``bronze/azure_resources``."""

_SOURCES = {SUBSCRIPTION_TYPE: SUBSCRIPTION, GROUP_TYPE: RESOURCE_GROUP}


class _Resource(msgspec.Struct, rename="camel"):
    """What is read of a row: https://learn.microsoft.com/azure/governance/resource-graph/concepts/query-language."""

    name: Any = None
    location: Any = None
    tags: Any = None
    sku: Any = None
    properties: msgspec.Raw = NOTHING


class _Machine(msgspec.Struct, rename="camel"):
    """https://learn.microsoft.com/rest/api/compute/virtual-machines/get."""

    hardware_profile: Any = None


_RESOURCE = decoder(_Resource)
_MACHINE = decoder(_Machine)
_EMPTY = _Resource()


@dataclass
class Containers:
    """What resources take over: subscriptions' names, and the tags in effect on subscriptions and resource groups."""

    names: dict[str, str] = field(default_factory=dict)
    """Subscription id to name."""
    subscriptions: dict[str, Tags] = field(default_factory=dict)
    """Subscription id to its tags."""
    groups: dict[tuple[str, str], Tags] = field(default_factory=dict)
    """Subscription id and resource group to the tags in effect on the group: its own, and its subscription's."""

    @classmethod
    def of(cls, rows: pl.DataFrame) -> "Containers":
        """From rows of :data:`CONTAINER_TYPES` with the :data:`BRONZE_COLUMNS`."""
        found = cls()
        groups: dict[tuple[str, str], Tags] = {}
        told = zip(
            *(rows[name].to_list() for name in ("resource_type", "subscription_id", "resource_group", "raw_payload")),
            strict=True,
        )
        for kind, subscription, group, text in told:
            wire = Wire()
            row = wire.part(_RESOURCE, None, "The row", text) or _EMPTY
            tags = own_tags(wire, row.tags, _SOURCES[kind])
            if kind == GROUP_TYPE:
                groups[subscription, group] = tags
                continue
            found.subscriptions[subscription] = tags
            name = wire.text("name", "name", row.name)
            if name is not None:
                found.names[subscription] = name
        for place, tags in groups.items():
            found.groups[place] = in_effect(tags, found.subscriptions.get(place[0], NONE))
        return found

    def above(self, subscription: str, group: str | None) -> Tags:
        """The tags that a resource takes over."""
        of_group = self.groups.get((subscription, group)) if group is not None else None
        return self.subscriptions.get(subscription, NONE) if of_group is None else of_group


def type_resources(rows: pl.DataFrame, containers: Containers, *, project_tag: str) -> pl.DataFrame:
    """Rows of ``bronze/azure_resources`` (:data:`BRONZE_COLUMNS`) as rows of ``silver/azure_resources``, in order.

    Nothing is raised, whatever the payloads hold: what cannot be read is null and told in ``issues``. A name that
    cannot be read is the last part of the id.
    """
    names: list[str] = []
    locations: list[str | None] = []
    skus: list[str | None] = []
    tags: list[Tags] = []
    wires: list[Wire] = []
    told = zip(*(rows[name].to_list() for name in BRONZE_COLUMNS if name != "captured_on"), strict=True)
    for resource_id, kind, group, subscription, text in told:
        wire = Wire()
        row = wire.part(_RESOURCE, None, "The row", text) or _EMPTY
        own = own_tags(wire, row.tags, _SOURCES.get(kind, RESOURCE))
        # A container's own row holds the tags that it hands down, under the name of where they stand.
        above = containers.above(subscription, None if kind in _SOURCES else group)
        names.append(wire.text("name", "name", row.name) or resource_id.rsplit("/", 1)[-1])
        locations.append(wire.region("location", "location", row.location))
        skus.append(_sku(wire, kind, row))
        tags.append(in_effect(own, above))
        wires.append(wire)
    wanted = project_tag.strip().lower()
    projects = [found.get(wanted) for found in tags]
    return rows.select(
        "resource_id",
        pl.Series("name", names, pl.String),
        "resource_type",
        "subscription_id",
        pl.col("subscription_id")
        .replace_strict(containers.names, default=None, return_dtype=pl.String)
        .alias("subscription_name"),
        "resource_group",
        pl.Series("location", locations, pl.String),
        pl.Series("sku", skus, pl.String),
        _tags_series(tags),
        pl.Series("project_tag", [tag and tag.value for tag in projects], pl.String),
        pl.Series("project_tag_source", [tag and tag.source for tag in projects], pl.String),
        pl.col("captured_on").alias("snapshot_on"),
        issues_series([wire.issues for wire in wires]),
    ).select(AzureResources.column_names())


def _sku(wire: Wire, kind: str, row: _Resource) -> str | None:
    if kind == MACHINE_TYPE:
        machine = wire.part(_MACHINE, "sku", "properties", row.properties)
        profile = machine and machine.hardware_profile
        size = wire.table("sku", "properties.hardwareProfile", profile).get("vmSize")
        found = wire.lower("sku", "properties.hardwareProfile.vmSize", size)
        if found is not None:
            return found
    return wire.lower("sku", "sku.name", wire.table("sku", "sku", row.sku).get("name"))


def _tags_series(rows: Iterable[Tags]) -> pl.Series:
    """The tags of each row as a list of ``key, value, source``, built column by column: there are millions."""
    offsets, keys, values, sources = [0], [], [], []
    for tags in rows:
        for key, tag in tags.items():
            keys.append(key)
            values.append(tag.value)
            sources.append(tag.source)
        offsets.append(len(keys))
    structs = pa.StructArray.from_arrays(
        [pa.array(column, pa.large_string()) for column in (keys, values, sources)], ["key", "value", "source"]
    )
    lists = pa.LargeListArray.from_arrays(pa.array(offsets, pa.int64()), structs)
    return pl.Series("tags", pl.from_arrow(lists)).cast(AzureResources.columns()["tags"].dtype)
