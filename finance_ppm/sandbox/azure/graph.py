"""Resource Graph: one query over the subscriptions of a scope, answered page by page.

Belongs here: scope, paging, formats and facets. The language is ``kql``'s, results are ``answers``'.
https://learn.microsoft.com/en-us/rest/api/azureresourcegraph/resourcegraph/resources/resources
"""

from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import Any, Final
from uuid import UUID

import msgspec

from finance_ppm.sandbox.azure.answers import ENCODER, Answer
from finance_ppm.sandbox.azure.calls import Answered, Call
from finance_ppm.sandbox.azure.errors import INVALID_QUERY, GraphError, no_subscriptions
from finance_ppm.sandbox.azure.kql.errors import QueryError
from finance_ppm.sandbox.azure.kql.parser import parse
from finance_ppm.sandbox.azure.kql.pipeline import Query, Source
from finance_ppm.sandbox.azure.kql.values import group_key
from finance_ppm.sandbox.azure.tables import DEFAULT_TABLE, TABLES, rows_of

MOST_ROWS: Final = 1000
"""Rows of a page, at most and unless told otherwise."""
FACET_ROWS: Final = 10
LIMIT_HIT: Final = "x-ms-tenant-subscription-limit-hit"
MOST_SUBSCRIPTIONS: Final = 1000
MOST_MANAGEMENT_GROUPS: Final = 10
"""What one query may name (https://learn.microsoft.com/powershell/module/az.resourcegraph/search-azgraph). How Azure
words its refusal is not recorded."""
_TABLE_BY_DEFAULT: Final = frozenset({"2018-09-01-preview", "2019-04-01", "2020-04-01-preview"})
_FORMATS: Final = ("objectArray", "table")


def post_resources(call: Call) -> Answered:
    """One page of a query's result."""
    asked = call.json()
    if not isinstance(asked, dict) or not isinstance(asked.get("query"), str):
        raise _invalid("QueryMissing", "A query is required.")
    options = asked.get("options") or {}
    as_table = _as_table(options, call.query["api-version"])
    subscriptions, cut = _scope(call, asked)
    try:
        query = parse(asked["query"], TABLES, default=DEFAULT_TABLE, now=call.now)
    except QueryError as error:
        raise GraphError(INVALID_QUERY, error.detail) from None
    estate = call.service.estate

    def source(table: str) -> Any:
        return rows_of(estate, table, subscriptions, call.now)

    key = (
        asked["query"],
        tuple(subscriptions),
        as_table,
        estate.version(call.now),
        call.now if query.uses_clock else None,
    )
    answer = call.service.shelf.answer(key, partial(Answer, query, source, as_table=as_table))
    facets = [_facet(facet, query, source, as_table=as_table) for facet in asked.get("facets") or ()]
    if "$skipToken" in options and not call.service.skips:
        options = {name: value for name, value in options.items() if name != "$skip"}
    body = _page(answer, query, options, as_table=as_table, facets=ENCODER.encode(facets))
    return Answered(body, headers={LIMIT_HIT: "true"} if cut else {})


def _invalid(code: str, message: str) -> GraphError:
    return GraphError({"code": code, "message": message})


def _as_table(options: dict[str, Any], api_version: str) -> bool:
    told = options.get("resultFormat")
    if told is None:
        return api_version in _TABLE_BY_DEFAULT
    if told not in _FORMATS:
        raise _invalid("InvalidResultFormat", f"The result format has to be one of {', '.join(_FORMATS)}.")
    return bool(told == "table")


def _scope(call: Call, asked: dict[str, Any]) -> tuple[Sequence[str], bool]:
    """The subscriptions a query reaches, and whether the tenant has more of them."""
    estate = call.service.estate
    visible = {identity.lower() for identity in estate.subscriptions(call.now)}
    limit = len(visible)
    told = asked.get("subscriptions") or ()
    if told:
        _check_guids(told)
        _check_number(told, MOST_SUBSCRIPTIONS, "subscriptions")
        wanted = {identity.lower() for identity in told}
    elif groups := asked.get("managementGroups"):
        _check_number(groups, MOST_MANAGEMENT_GROUPS, "management groups")
        members = estate.management_groups()
        wanted = {identity.lower() for name in groups for identity in members.get(name, ())}
    else:
        wanted, limit = visible, call.service.subscription_limit
    found = sorted(visible & wanted)
    if not found:
        raise no_subscriptions(told)
    return found[:limit], len(found) > limit


def _check_guids(told: Sequence[str]) -> None:
    """Refuse what is no GUID. https://github.com/microsoft/ARI/issues/76"""
    try:
        for identity in told:
            UUID(identity)
    except ValueError:
        given = ", ".join(told)
        message = f"Subscription ids have to be valid GUIDs. Given: '{given}'."
        raise _invalid("SubscriptionsContainInvalidGuids", message) from None


def _check_number(told: Sequence[str], most: int, what: str) -> None:
    if len(told) > most:
        raise _invalid("ScopeLimitExceeded", f"A query may name at most {most} {what}. Given: {len(told)}.")


def _page(answer: Answer, query: Query, options: dict[str, Any], *, as_table: bool, facets: bytes) -> bytes:
    top = _number(options, "$top", MOST_ROWS, fewest=1, most=MOST_ROWS)
    token = options.get("$skipToken")
    start = _number(options, "$skip", offset_of(token) if token else 0, fewest=0, most=1 << 62)
    end = min(start + top, len(answer))
    more = end < len(answer)
    pageable = "id" in query.columns and not query.limited
    rows = b"[" + answer.page(start, end) + b"]"
    data = b'{"columns":' + ENCODER.encode(_columns(query)) + b',"rows":' + rows + b"}" if as_table else rows
    told: dict[str, Any] = {
        "totalRecords": len(answer),
        "count": max(0, end - start),
        "data": msgspec.Raw(data),
        "facets": msgspec.Raw(facets),
        "resultTruncated": "true" if more and not pageable else "false",
    }
    if more and pageable:
        told["$skipToken"] = token_to(end, top)
    return ENCODER.encode(told)


def _columns(query: Query) -> list[dict[str, str]]:
    return [{"name": name, "type": kind} for name, kind in query.columns.items()]


def _number(options: dict[str, Any], name: str, default: int, *, fewest: int, most: int) -> int:
    told = options.get(name)
    if told is None:
        return default
    if not isinstance(told, int) or isinstance(told, bool) or not fewest <= told <= most:
        raise _invalid("InvalidQueryOption", f"The option {name} has to be from {fewest} to {most}. Given: '{told}'.")
    return told


def token_to(offset: int, top: int) -> str:
    """The token that leads to the row at ``offset``: as in Azure it is an offset, told in base64."""
    return b64encode(ENCODER.encode({"$id": "1", "MaxRows": top, "RowsToSkip": offset})).decode()


def offset_of(token: object) -> int:
    """Where a token leads. Raises GraphError for what is none."""
    try:
        return int(msgspec.json.decode(b64decode(str(token), validate=True))["RowsToSkip"])
    except (ValueError, LookupError, TypeError, msgspec.DecodeError):
        raise _invalid("InvalidSkipToken", "The skip token is invalid.") from None


def _facet(asked: dict[str, Any], query: Query, source: Source, *, as_table: bool) -> dict[str, Any]:
    """How often each value of a column occurs in the whole result."""
    column, options = str(asked["expression"]), asked.get("options") or {}
    if column not in query.columns:
        errors = [
            {"code": "NoValidColumns", "message": "No valid columns in facet expression."},
            {"code": "InvalidColumnNames", "message": f"Invalid column names: [{column}]."},
        ]
        return {"expression": column, "errors": errors, "resultType": "FacetError"}
    told = [row[column] for row in query.run(source)]
    values = {group_key(value): value for value in told}
    counts = Counter(group_key(value) for value in told)
    ranked = sorted(counts.items(), key=lambda item: item[1], reverse=options.get("sortOrder", "desc") == "desc")
    rows = [{column: values[key], "count": count} for key, count in ranked[: options.get("$top", FACET_ROWS)]]
    columns = [{"name": column, "type": query.columns[column]}, {"name": "count", "type": "integer"}]
    data = {"columns": columns, "rows": [list(row.values()) for row in rows]} if as_table else rows
    return {
        "expression": column,
        "totalRecords": len(counts),
        "count": len(rows),
        "data": data,
        "resultType": "FacetResult",
    }
