"""Azure Advisor: recommendations, suppressions and configurations of one subscription, and the refresh of them.

Belongs here: Advisor's own endpoints. They show the rows of Resource Graph's ``advisorresources`` in another shape.
https://learn.microsoft.com/en-us/rest/api/advisor/
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode
from uuid import uuid5

from finance_ppm.sandbox.azure.calls import Answered, Call
from finance_ppm.sandbox.azure.errors import ArmError, invalid_request, not_found, subscription_not_found
from finance_ppm.sandbox.azure.estate import Row
from finance_ppm.sandbox.azure.kql.values import written
from finance_ppm.sandbox.azure.tables import rows_of
from finance_ppm.sandbox.azure.written import TABLE

RECOMMENDATION: Final = "microsoft.advisor/recommendations"
SUPPRESSION: Final = "microsoft.advisor/suppressions"
CONFIGURATION: Final = "microsoft.advisor/configurations"
PAGE: Final = 100
"""Items of a page unless told otherwise."""
POLL_SECONDS: Final = 1
"""How long Advisor asks to wait before it is asked whether a refresh has ended."""

_SHOWN_TYPES: Final = {
    RECOMMENDATION: "Microsoft.Advisor/recommendations",
    SUPPRESSION: "Microsoft.Advisor/suppressions",
    CONFIGURATION: "Microsoft.Advisor/Configurations",
}
_FOR_EVER: Final = datetime(9999, 12, 31, tzinfo=UTC)
_TTL: Final = re.compile(r"(\d+)[:.](\d+):(\d+):(\d+)")
_CONDITION: Final = re.compile(r"\s*(\w+)\s+eq\s+'([^']*)'\s*", re.IGNORECASE)
_FILTERS: Final[dict[str, Callable[[Row], Any]]] = {
    "category": lambda row: row["properties"].get("category"),
    "resourcegroup": lambda row: row["resourceGroup"],
    "recommendationtypeguid": lambda row: row["properties"].get("recommendationTypeId"),
}


def list_recommendations(call: Call) -> Answered:
    """Recommendations, those that ``$filter`` names."""
    kept = _filter(call.query.get("$filter", ""))
    return _listed(call, [row for row in _rows(call, RECOMMENDATION) if kept(row)])


def list_suppressions(call: Call) -> Answered:
    """Suppressions."""
    return _listed(call, _rows(call, SUPPRESSION))


def list_configurations(call: Call) -> Answered:
    """Configurations of the subscription and of its resource groups, or of one of these."""
    group = call.path.get("group")
    rows = _rows(call, CONFIGURATION)
    found = [row for row in rows if group is None or row["resourceGroup"].lower() == group.lower()]
    return _listed(call, found, paged=False)


def put_configuration(call: Call) -> Answered:
    """Write the configuration of a subscription or of a resource group."""
    subscription, group = _subscription(call), call.path.get("group", "")
    scope = f"/subscriptions/{subscription}" + (f"/resourceGroups/{group}" if group else "")
    identity = f"{scope}/providers/Microsoft.Advisor/configurations/{call.path['name']}"
    return _written(call, identity, CONFIGURATION, _properties(call), subscription=subscription, group=group)


def get_recommendation(call: Call) -> Answered:
    """One recommendation."""
    return Answered(_shown(_recommendation(call)))


def get_suppression(call: Call) -> Answered:
    """One suppression."""
    return Answered(_shown(_suppression(call)))


def put_suppression(call: Call) -> Answered:
    """Suppress a recommendation: for ever, or for a time to live of ``days:hours:minutes:seconds``."""
    recommendation, told = _recommendation(call), _properties(call)
    ttl = str(told.get("ttl") or "-1")
    properties = {
        "suppressionId": told.get("suppressionId") or str(uuid5(call.number, "suppression")),
        "ttl": ttl,
        "expirationTimeStamp": written(_end_of(ttl, call.now)),
    }
    return _written(
        call,
        f"{recommendation['id']}/suppressions/{call.path['name']}",
        SUPPRESSION,
        properties,
        subscription=recommendation["subscriptionId"],
        group=recommendation["resourceGroup"],
    )


def delete_suppression(call: Call) -> Answered:
    """End a suppression."""
    call.service.estate.remove(_suppression(call))
    return Answered(status=204)


def generate(call: Call) -> Answered:
    """Begin a refresh: its progress is told at the address it answers with."""
    operation = str(uuid5(call.number, "refresh"))
    call.service.operations[operation] = 0
    path = f"/subscriptions/{_subscription(call)}/providers/Microsoft.Advisor/generateRecommendations/{operation}"
    location = f"{call.base_url}{path}?{urlencode({'api-version': call.query['api-version']})}"
    return Answered(status=202, headers={"location": location, "retry-after": str(POLL_SECONDS)})


def generate_status(call: Call) -> Answered:
    """202 the first time, then 204; and 204 for a refresh that nobody began, as Azure does."""
    operations, operation = call.service.operations, call.path["operation"]
    _subscription(call)
    asked = operations.get(operation, 1)
    operations[operation] = asked + 1
    return Answered(status=204 if asked else 202, headers={} if asked else {"retry-after": str(POLL_SECONDS)})


def _subscription(call: Call) -> str:
    identity = call.path["subscription"].lower()
    if identity not in {known.lower() for known in call.service.estate.subscriptions(call.now)}:
        raise subscription_not_found(call.path["subscription"])
    return identity


def _rows(call: Call, kind: str) -> list[Row]:
    rows = rows_of(call.service.estate, TABLE, [_subscription(call)], call.now)
    return sorted((row for row in rows if row["type"].lower() == kind), key=lambda row: str(row["id"]))


def _shown(row: Row) -> dict[str, Any]:
    """A row as Advisor shows it."""
    kind = _SHOWN_TYPES[row["type"].lower()]
    return {"properties": row["properties"], "id": row["id"], "type": kind, "name": row["name"]}


def _listed(call: Call, rows: list[Row], *, paged: bool = True) -> Answered:
    if not paged:
        return Answered({"value": [_shown(row) for row in rows]})
    top = _number(call.query.get("$top", str(PAGE)), "$top")
    start = _offset(call.query.get("$skipToken", ""))
    body: dict[str, Any] = {"value": [_shown(row) for row in rows[start : start + top]]}
    if start + top < len(rows):
        query = dict(call.query) | {"$skipToken": b64encode(str(start + top).encode()).decode()}
        body["nextLink"] = f"{call.base_url}{call.url_path}?{urlencode(query)}"
    return Answered(body)


def _number(told: str, name: str) -> int:
    if not told.isdecimal() or not int(told):
        raise invalid_request(f"The value '{told}' of {name} is not a positive number.", "InvalidQueryParameter")
    return int(told)


def _offset(token: str) -> int:
    try:
        return int(b64decode(token, validate=True) or b"0")
    except ValueError:
        raise invalid_request("The skip token is invalid.", "InvalidSkipToken") from None


def _filter(text: str) -> Callable[[Row], bool]:
    """``Category eq 'Cost' and ResourceGroup eq 'x'``."""
    wanted: list[tuple[Callable[[Row], Any], str]] = []
    for part in re.split(r"\s+and\s+", text) if text else ():
        found = _CONDITION.fullmatch(part)
        if found is None or found[1].lower() not in _FILTERS:
            raise invalid_request(f"The filter '{text}' is not supported.", "InvalidFilter")
        wanted.append((_FILTERS[found[1].lower()], found[2].lower()))
    return lambda row: all(str(of(row)).lower() == value for of, value in wanted)


def _properties(call: Call) -> dict[str, Any]:
    body = call.json()
    properties = body.get("properties") if isinstance(body, dict) else None
    if not isinstance(properties, dict):
        raise invalid_request("The request content was invalid: 'properties' is missing.")
    return properties


def _end_of(ttl: str, now: datetime) -> datetime:
    if ttl == "-1":
        return _FOR_EVER
    found = _TTL.fullmatch(ttl)
    if found is None:
        raise invalid_request(f"The time to live '{ttl}' is invalid.", "InvalidTtl")
    days, hours, minutes, seconds = (int(part) for part in found.groups())
    return now + timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def _written(
    call: Call, identity: str, kind: str, properties: dict[str, Any], *, subscription: str, group: str
) -> Answered:
    row = {
        "id": identity,
        "name": call.path["name"],
        "type": kind,
        "tenantId": call.service.estate.tenant_id,
        "subscriptionId": subscription,
        "resourceGroup": group.lower(),
        "properties": properties,
    }
    call.service.estate.put(row)
    return Answered(_shown(row))


def _recommendation(call: Call) -> Row:
    identity = f"/{call.path['resource']}/providers/Microsoft.Advisor/recommendations/{call.path['recommendation']}"
    return _found(call, identity)


def _suppression(call: Call) -> Row:
    return _found(call, f"{_recommendation(call)['id']}/suppressions/{call.path['name']}")


def _found(call: Call, identity: str) -> Row:
    parts = identity.split("/")
    if len(parts) < 3 or parts[1].lower() != "subscriptions":
        raise ArmError(404, "InvalidResourceNamespace", "The resource namespace is invalid.")
    rows: Iterable[Row] = rows_of(call.service.estate, TABLE, [parts[2]], call.now)
    for row in rows:
        if row["id"].lower() == identity.lower():
            return row
    raise not_found(f"The resource '{identity}'")
