"""Whose a row is: its id, type, subscription and resource group.

Belongs here: the little of a row that must be known to keep it. What it says is read by whoever transforms it.
https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules tells how ids are made.
"""

import re

import msgspec

from finance_ppm.sources.azure.rows import WireRow

_SUBSCRIPTION = re.compile(r"^/subscriptions/([^/]+)")
_RESOURCE_GROUP = re.compile(r"^/subscriptions/[^/]+/resourcegroups/([^/]+)")
_SUBSCRIPTIONS = "microsoft.resources/subscriptions"
_RESOURCE_GROUPS = f"{_SUBSCRIPTIONS}/resourcegroups"


class _Row(msgspec.Struct):
    # Of any type: a row with an odd value is still a row.
    id: object = None
    type: object = None
    subscriptionId: object = None  # noqa: N815 - Azure's name
    resourceGroup: object = None  # noqa: N815 - Azure's name


_decoder = msgspec.json.Decoder(_Row)


def wire_row(raw: bytes, shared: dict[str, str] | None = None) -> WireRow | None:
    """The row, named in lower case; None where it is no object, or neither it nor its id tells whose it is.

    ``shared`` keeps one copy of each name that many rows bear.
    """
    try:
        row = _decoder.decode(raw)
    except msgspec.MsgspecError:
        return None
    identity = _lower(row.id)
    subscription = _lower(row.subscriptionId) or _first(_SUBSCRIPTION, identity)
    kind = _lower(row.type) or type_of(identity)
    if not identity or not subscription or not kind:
        return None
    group = _lower(row.resourceGroup) or _first(_RESOURCE_GROUP, identity)
    one = (shared if shared is not None else {}).setdefault
    return WireRow(identity, one(kind, kind), one(subscription, subscription), one(group, group) or None, raw.decode())


def type_of(identity: str) -> str:
    """The type that a lower-cased id tells: its last provider, and every other step behind; empty where it is none.

    ``.../providers/microsoft.sql/servers/a/databases/b`` is a ``microsoft.sql/servers/databases``.
    """
    _, provider, rest = identity.rpartition("/providers/")
    steps = rest.split("/")
    if provider:
        return "/".join([steps[0], *steps[1::2]]) if len(steps) > 2 else ""
    if _RESOURCE_GROUP.fullmatch(identity):
        return _RESOURCE_GROUPS
    return _SUBSCRIPTIONS if _SUBSCRIPTION.fullmatch(identity) else ""


def _lower(value: object) -> str:
    return value.strip().lower() if isinstance(value, str) else ""


def _first(pattern: re.Pattern[str], identity: str) -> str:
    found = pattern.match(identity)
    return found.group(1) if found else ""
