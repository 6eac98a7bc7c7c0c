"""Schema drift: how a database departs from what is wanted and from what it was, and since when.

Belongs here: comparing a schema with the one before it, and what is remembered of it between reads. Finding the
property of each column is ``schema``'s business.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import TypedDict

from finance_ppm.contracts import NotionProperty
from finance_ppm.sources.notion.schema import (
    DatabaseSchema,
    Drift,
    ResolvedProperties,
    SchemaDrift,
    resolve_properties,
)

OPTION_TOLD_FOR = timedelta(days=7)
"""How long a new option is news."""


class Remembered(TypedDict):
    """A drift as ``bronze/notion_sync_watermarks.drift`` holds it."""

    kind: str
    property: str
    found: str | None
    columns: list[str]
    message: str
    since: datetime
    """When it was first seen."""


def schema_drift(
    before: DatabaseSchema | None,
    now: DatabaseSchema,
    wanted: Mapping[str, NotionProperty],
    stored: Mapping[str, tuple[str, ...]],
) -> ResolvedProperties:
    """The properties of the wanted columns, as ``resolve_properties`` finds them, and every drift.

    ``before`` is the schema as last seen, and None the first time. ``now`` is the one to go by: fresh, it has been
    told of its predecessor (``now.following(before)``); otherwise it is ``before`` again, and nothing is new.
    """
    resolved = resolve_properties(now, wanted, stored)
    added = _options_added(before, now, wanted, resolved.ids) if before else ()
    return ResolvedProperties(resolved.ids, (*resolved.drift, *added, *_sources_lost(now)))


def remembered(
    previous: Iterable[Remembered] | None, found: Iterable[SchemaDrift], now: datetime
) -> list[Remembered] | None:
    """What the watermark's ``drift`` holds after a look at the schema; None where there is nothing.

    ``previous`` is what it held before: what lasts keeps its ``since``, what is not ``found`` any more is gone, but
    for a new option, which stays for ``OPTION_TOLD_FOR``. The order is always the same.
    """
    lasting = {_key(entry): entry for entry in previous or () if not _is_over(entry, now)}
    entries = {key: entry for key, entry in lasting.items() if entry["kind"] == Drift.OPTION_ADDED}
    for drift in found:
        entry = Remembered(
            kind=drift.kind.value,
            property=drift.property_name,
            found=drift.found,
            columns=list(drift.columns),
            message=drift.message,
            since=now,
        )
        earlier = lasting.get(_key(entry))
        entries[_key(entry)] = entry | {"since": earlier["since"]} if earlier else entry
    return [entries[key] for key in sorted(entries)] or None


def _key(entry: Remembered) -> tuple[str, str, str]:
    """What makes a drift the same one as before."""
    return entry["kind"], entry["property"], entry["found"] or ""


def _is_over(entry: Remembered, now: datetime) -> bool:
    return entry["kind"] == Drift.OPTION_ADDED and now - entry["since"] >= OPTION_TOLD_FOR


def _options_added(
    before: DatabaseSchema,
    now: DatabaseSchema,
    wanted: Mapping[str, NotionProperty],
    ids: Mapping[str, tuple[str, ...]],
) -> Iterator[SchemaDrift]:
    """Each option of a wanted property that the property did not have before, once."""
    offered = _options(before)
    news = {
        property_id: [option for option in options if option not in offered[property_id]]
        for property_id, options in _options(now).items()
        if property_id in offered
    }
    columns: dict[tuple[str, str], dict[str, None]] = {}
    for column, property_ids in ids.items():
        for property_id in property_ids:
            for option in news.get(property_id, ()):
                columns.setdefault((wanted[column].name, option), {})[column] = None
    for (name, option), of in columns.items():
        message = f"The property {name!r} has a new option {option!r}: remove it if it was added by mistake."
        yield SchemaDrift(Drift.OPTION_ADDED, tuple(of), name, option, message)


def _options(schema: DatabaseSchema) -> dict[str, dict[str, None]]:
    """Property id to its options, where they are known."""
    offered: dict[str, dict[str, None]] = {}
    for source in schema.sources():
        for prop in source.properties.values():
            if prop.options is not None:
                offered.setdefault(prop.id, {}).update(dict.fromkeys(prop.options))
    return offered


def _sources_lost(schema: DatabaseSchema) -> Iterator[SchemaDrift]:
    for source_id, known_as in schema.lost_sources.items():
        name = known_as or source_id
        message = (
            f"The data source {name!r} is not in the database any more, and its pages stay as last read: restore it, "
            "or share it with the integration again."
        )
        yield SchemaDrift(Drift.SOURCE_LOST, (), name, source_id, message)
