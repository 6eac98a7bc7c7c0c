"""Which tags are in effect: a resource's own, then its resource group's, then its subscription's.

Azure itself inherits no tags. Names compare without case, values keep theirs
(https://learn.microsoft.com/azure/azure-resource-manager/management/tag-resources#tag-usage-and-limitations).
"""

from collections.abc import Mapping
from typing import NamedTuple

from finance_ppm.transforms.azure.wire import Wire

RESOURCE, RESOURCE_GROUP, SUBSCRIPTION = "resource", "resource_group", "subscription"


class Tag(NamedTuple):
    """A tag's value, and where it stands."""

    value: str
    source: str


Tags = Mapping[str, Tag]
"""Tags by name, lower-cased, in the order of their names."""

NONE: Tags = {}


def own_tags(wire: Wire, tags: object, source: str) -> Tags:
    """The tags a row bears itself. A value that is empty or blank counts as absent; of names alike the first counts."""
    found: dict[str, Tag] = {}
    for name, told in wire.table("tags", "tags", tags).items():
        value = wire.text("tags", f"tags[{name}]", told)
        if value is not None:
            found.setdefault(name.lower(), Tag(value, source))
    return in_order(found)


def in_effect(nearer: Tags, farther: Tags) -> Tags:
    """Both; of a name in both, the nearer."""
    if not nearer or not farther:
        return nearer or farther
    return in_order({**farther, **nearer})


def in_order(tags: Tags) -> Tags:
    """By name."""
    return dict(sorted(tags.items()))
