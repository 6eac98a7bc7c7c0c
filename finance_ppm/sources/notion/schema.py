"""A database's properties, and which of them each of our columns is read from.

Belongs here: names, ids, types and options of properties, and where they are not as configured. A property is found
by its id once the id is known: a renamed property keeps it. What changed from one look at a schema to the next is
``drift``'s business.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

import msgspec

from finance_ppm.contracts import NotionProperty

TITLE = "title"


class Property(msgspec.Struct, frozen=True, omit_defaults=True):
    """A property: its id, which never changes, and its type."""

    id: str
    type: str
    options: tuple[str, ...] | None = None
    """The words a select, multi-select or status offers; None where there is no choice, or it was never looked at."""


Properties = Mapping[str, Property]
"""Properties by their names."""


class DataSource(msgspec.Struct, frozen=True):
    """One of the tables of a database, with properties of its own."""

    id: str
    name: str
    properties: dict[str, Property]


class DatabaseSchema(msgspec.Struct, frozen=True, omit_defaults=True):
    """A database as Notion describes it: property name to id, type and options.

    Before API version 2025-09-03 there are no data sources: the database itself is queried.
    """

    properties: dict[str, Property]
    """Those of all data sources; where several have one of the same name, that of the first."""
    data_source_ids: tuple[str, ...] = ()
    data_sources: tuple[DataSource, ...] = ()
    lost_sources: dict[str, str] = {}
    """Id and name of each data source that was there once and is not listed now; see ``following``."""

    @classmethod
    def of_sources(cls, sources: Sequence[DataSource]) -> Self:
        """The schema of a database with these data sources."""
        properties: dict[str, Property] = {}
        for source in sources:
            properties = source.properties | properties
        return cls(properties, tuple(source.id for source in sources), tuple(sources))

    def sources(self) -> tuple[DataSource, ...]:
        """Its data sources; where there are none, the database as the only one, without an id.

        A schema stored before data sources were told apart stands for data sources that are all alike.
        """
        alike = (DataSource(source_id, "", self.properties) for source_id in self.data_source_ids or ("",))
        return self.data_sources or tuple(alike)

    def property_ids(self) -> frozenset[str]:
        """Ids of the properties of all its data sources."""
        return frozenset(found.id for source in self.sources() for found in source.properties.values())

    def following(self, before: Self | None) -> Self:
        """This schema, which was just read, mindful of the data sources that ``before`` knew and it does not list.

        They are remembered until they are listed again.
        """
        if before is None or not self.data_source_ids:
            return self
        known = before.lost_sources | {source.id: source.name for source in before.sources() if source.id}
        lost = {source_id: name for source_id, name in known.items() if source_id not in self.data_source_ids}
        return msgspec.structs.replace(self, lost_sources=lost)

    def to_json(self) -> str:
        """JSON text that ``from_json`` reads."""
        return msgspec.json.encode(self, order="sorted").decode()

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The schema that ``to_json`` wrote. Raises ``msgspec.MsgspecError`` for anything else."""
        return msgspec.json.decode(text, type=cls)


class _Option(msgspec.Struct, frozen=True):
    name: str


class _Choice(msgspec.Struct, frozen=True):
    options: tuple[_Option, ...] = ()


class _PropertyAnswer(msgspec.Struct, frozen=True):
    """A property as Notion sends it: what it is configured with stands under the name of its type."""

    id: str
    type: str
    select: _Choice | None = None
    multi_select: _Choice | None = None
    status: _Choice | None = None

    def property(self) -> Property:
        choice = self.select or self.multi_select or self.status
        options = tuple(option.name for option in choice.options) if choice else None
        return Property(self.id, self.type, options)


class _SourceAnswer(msgspec.Struct, frozen=True):
    id: str
    name: str | None = None


class SchemaAnswer(msgspec.Struct, frozen=True):
    """A database or a data source as Notion sends it: a database has data sources, or properties of its own."""

    properties: dict[str, _PropertyAnswer] = {}
    data_sources: tuple[_SourceAnswer, ...] = ()

    def schema(self) -> dict[str, Property]:
        """Its properties by their names."""
        return {name: answer.property() for name, answer in self.properties.items()}


class Drift(StrEnum):
    """How a database departs from what is wanted, or from what it was."""

    RENAMED = "renamed"
    MISSING = "missing"
    RETYPED = "retyped"
    OPTION_ADDED = "option_added"
    SOURCE_LOST = "source_lost"


@dataclass(frozen=True)
class SchemaDrift:
    """Something that is not there as configured, or not as it was."""

    kind: Drift
    columns: tuple[str, ...]
    """The columns that are read from the property; none where a data source is lost."""
    property_name: str
    """The configured name; of a lost data source its own name, as it was."""
    found: str | None
    """The property's name now, its type now, or its new option; the id of a lost data source; None: it is missing."""
    message: str


@dataclass(frozen=True)
class ResolvedProperties:
    """Column to property ids, and what was found amiss. A missing property has no id; a retyped one has.

    First come the ids of today, one for each data source that has the property, in their order: most columns have
    one. Then come ids found earlier, where the property was made anew or its data source is gone: by these the
    earlier versions of pages are read.
    """

    ids: dict[str, tuple[str, ...]]
    drift: tuple[SchemaDrift, ...]


def resolve_properties(
    schema: DatabaseSchema, wanted: Mapping[str, NotionProperty], stored: Mapping[str, tuple[str, ...]]
) -> ResolvedProperties:
    """Find the property of each wanted column in each data source: the title by its type, others by a stored id,
    else by name.

    ``stored`` holds the ids found earlier. A missing property that is not required is no drift.
    """
    sources = schema.sources()
    ids: dict[str, tuple[str, ...]] = {}
    seen: dict[tuple[Drift, str, str | None], _Sightings] = {}
    for column, prop in wanted.items():
        earlier = stored.get(column, ())
        today = []
        for source in sources:
            name = _name_now(source.properties, prop, earlier)
            if name is not None:
                today.append(source.properties[name].id)
            for kind, found in _departures(source.properties, name, prop):
                seen.setdefault((kind, prop.name, found), _Sightings(prop.types)).add(column, source)
        if today:
            ids[column] = tuple(dict.fromkeys((*today, *earlier)))
    drift = (
        SchemaDrift(kind, tuple(of.columns), name, found, _message(kind, name, found, of.types, of.places(sources)))
        for (kind, name, found), of in seen.items()
    )
    return ResolvedProperties(ids, tuple(drift))


@dataclass(frozen=True)
class _Sightings:
    """Where one drift was seen: in which columns, in their order, and in which data sources."""

    types: tuple[str, ...]
    """Those that are wanted."""
    columns: dict[str, None] = field(default_factory=dict)
    source_ids: set[str] = field(default_factory=set)

    def add(self, column: str, source: DataSource) -> None:
        self.columns[column] = None
        self.source_ids.add(source.id)

    def places(self, sources: Sequence[DataSource]) -> str | None:
        """The data sources it was seen in, in words; None where that is all of them."""
        concerned = [source.name or source.id for source in sources if source.id in self.source_ids]
        if len(concerned) == len(sources):
            return None
        return f"the data source{'s' if len(concerned) > 1 else ''} {' and '.join(map(repr, concerned))}"


def _name_now(properties: Properties, prop: NotionProperty, earlier: Sequence[str]) -> str | None:
    if TITLE in prop.types:
        return next((name for name, found in properties.items() if found.type == TITLE), None)
    by_id = {found.id: name for name, found in properties.items()}
    known = [by_id[stored] for stored in earlier if stored in by_id]
    if prop.name in (known or properties):
        return prop.name
    return known[0] if known else None


def _departures(properties: Properties, name: str | None, prop: NotionProperty) -> Iterator[tuple[Drift, str | None]]:
    """How the property that is called ``name`` now is not what ``prop`` wants, with what was found instead."""
    if name is None:
        if prop.required:
            yield Drift.MISSING, None
        return
    kind = properties[name].type
    if name != prop.name and kind != TITLE:
        yield Drift.RENAMED, name
    if kind not in prop.types:
        yield Drift.RETYPED, kind


def _message(kind: Drift, name: str, found: str | None, types: tuple[str, ...], places: str | None) -> str:
    where = f" in {places}" if places else ""
    if kind is Drift.RENAMED:
        return f"The property {name!r} is called {found!r} now{where}; it is read as before: name it {name!r} again."
    if kind is Drift.RETYPED:
        return f"The property {name!r} is of type {found} now{where}: make it {' or '.join(types)} again."
    return (
        f"The property {name!r} is not in {places or 'the database'}: add it, of type {' or '.join(types)}, or name "
        "the one that is meant in the mapping file (`finance-ppm notion map`)."
    )
