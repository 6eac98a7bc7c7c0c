"""Databases, their data sources and their properties: the schema side of a workspace.

Belongs here: what a column is, how its configuration is read from a request and shown in an answer. Does not
belong here: values of pages (``values``) and the rules a request must keep to (``validation``).
"""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5

PLAIN_TYPES: Final = frozenset(
    {
        "title", "rich_text", "checkbox", "date", "url", "email", "phone_number", "people", "files", "created_time",
        "created_by", "last_edited_time", "last_edited_by", "button", "place", "verification",
    }
)  # fmt: skip
"""Property types without any configuration."""

OPTION_TYPES: Final = frozenset({"select", "multi_select", "status"})
PROPERTY_TYPES: Final = PLAIN_TYPES | OPTION_TYPES | {"number", "formula", "relation", "rollup", "unique_id"}
"""All types. https://developers.notion.com/reference/property-object"""

READ_ONLY_TYPES: Final = frozenset(
    {
        "formula", "rollup", "created_time", "created_by", "last_edited_time", "last_edited_by", "unique_id", "button",
    }
)  # fmt: skip

COLORS: Final = ("default", "gray", "brown", "orange", "yellow", "green", "blue", "purple", "pink", "red")
PLAIN_ANNOTATIONS: Final = {
    "bold": False, "italic": False, "strikethrough": False, "underline": False, "code": False, "color": "default",
}  # fmt: skip
_ID_LETTERS: Final = "".join(map(chr, range(0x3A, 0x7F)))
_UNESCAPED: Final = "-_.!~*'()"


def deterministic_id(*parts: str) -> str:
    """A UUID that depends on nothing but ``parts``."""
    return str(uuid5(NAMESPACE_URL, "notion-sandbox:" + "/".join(parts)))


def property_id(*parts: str) -> str:
    """A property id as Notion's are: four printable characters, percent-encoded."""
    digest = hashlib.sha256("/".join(parts).encode()).digest()
    return _encoded("".join(_ID_LETTERS[byte % len(_ID_LETTERS)] for byte in digest[:4]))


def _encoded(identifier: str) -> str:
    return quote(identifier, safe=_UNESCAPED)


def rich_text(content: str, link: str | None = None) -> dict[str, Any]:
    """A plain run of text, as answers show it."""
    return {
        "type": "text",
        "text": {"content": content, "link": {"url": link} if link else None},
        "annotations": PLAIN_ANNOTATIONS,
        "plain_text": content,
        "href": link,
    }


@dataclass(slots=True)
class Option:
    """One choice of a select, multi_select or status property."""

    id: str
    name: str
    color: str
    description: str | None = None

    def as_value(self) -> dict[str, Any]:
        """The option where a page has chosen it."""
        return {"id": self.id, "name": self.name, "color": self.color}


@dataclass(slots=True)
class Property:
    """A column. ``id`` is percent-encoded; fields that do not concern ``type`` are empty."""

    id: str
    name: str
    type: str
    description: str | None = None
    number_format: str = "number"
    prefix: str | None = None
    expression: str = ""
    options: dict[str, Option] = field(default_factory=dict)
    target: str = ""
    """relation: id of the data source it points to."""
    synced_id: str | None = None
    """relation: id of the property on the other side, when the relation is two-way."""
    mirrored: bool = False
    """relation: the values are derived from the other side's."""
    relation_id: str = ""
    rollup_id: str = ""
    function: str = ""
    """rollup: the relation followed, the property looked up there, and what is computed of it."""

    def choose(self, name: str) -> Option:
        """The option of that name; a new one when there is none, as Notion adds them on write."""
        option = self.options.get(name)
        if option is None:
            color = COLORS[len(self.options) % len(COLORS)]
            option = self.options[name] = Option(deterministic_id("option", self.id, name), name, color)
        return option

    def set_options(self, requested: list[dict[str, Any]]) -> None:
        """Replace the options by ``requested``; one that is known by id or name keeps its id and colour."""
        known = {option.id: option for option in self.options.values()} | self.options
        options: dict[str, Option] = {}
        for wanted in requested:
            name = wanted.get("name") or known[wanted["id"]].name
            old = known.get(wanted.get("id", "")) or known.get(name)
            color = wanted.get("color") or (old.color if old else COLORS[len(options) % len(COLORS)])
            identifier = old.id if old else deterministic_id("option", self.id, name)
            options[name] = Option(identifier, name, color, wanted.get("description"))
        self.options = options


@dataclass(slots=True, eq=False)
class Database:
    """A container of data sources. Times are kept exactly; whoever shows them floors them where Notion does."""

    id: str
    title: list[dict[str, Any]]
    created: datetime
    edited: datetime
    parent: dict[str, Any]
    sources: list["DataSource"] = field(default_factory=list)
    description: list[dict[str, Any]] = field(default_factory=list)
    icon: Any = None
    cover: Any = None
    is_inline: bool = False
    in_trash: bool = False
    shared: bool = True
    """Whether the integration may see it."""

    @property
    def visible_sources(self) -> list["DataSource"]:
        """The data sources that the integration sees in it."""
        return [source for source in self.sources if source.visible and not source.in_trash]


@dataclass(slots=True, eq=False)
class DataSource:
    """A table: properties by id, in order. Its pages are kept by the workspace."""

    id: str
    database: Database
    title: list[dict[str, Any]]
    created: datetime
    edited: datetime
    properties: dict[str, Property] = field(default_factory=dict)
    original_ids: dict[str, str] = field(default_factory=dict)
    """Names a history was told with, to ids: a property renamed since still receives its edits."""
    description: list[dict[str, Any]] = field(default_factory=list)
    icon: Any = None
    cover: Any = None
    in_trash: bool = False
    shared: bool = True
    """False: the integration may not see it, though it may see the database."""

    @property
    def visible(self) -> bool:
        """Whether the integration may see it and its pages."""
        return self.shared and self.database.shared

    def find(self, name_or_id: str) -> Property | None:
        """The property of that name, or of that id, encoded or not."""
        return self.named(name_or_id) or self.properties.get(name_or_id) or self.properties.get(_encoded(name_or_id))

    def named(self, name: str) -> Property | None:
        """The property of that name."""
        return next((prop for prop in self.properties.values() if prop.name == name), None)

    @property
    def title_property(self) -> Property:
        """The one property of type title."""
        return next(prop for prop in self.properties.values() if prop.type == "title")


def configure(prop: Property, config: dict[str, Any]) -> None:
    """Set what ``config`` (the value under the type's key in a request) says of a property without references."""
    if prop.type == "number":
        prop.number_format = config.get("format", prop.number_format)
    elif prop.type == "unique_id":
        prop.prefix = config.get("prefix", prop.prefix)
    elif prop.type == "formula":
        prop.expression = config.get("expression", prop.expression)
    elif prop.type in OPTION_TYPES and "options" in config:
        prop.set_options(config["options"])
    elif prop.type == "status" and not prop.options:
        prop.set_options([{"name": "Not started"}, {"name": "In progress"}, {"name": "Done"}])
