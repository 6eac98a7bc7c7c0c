"""The values of Notion's properties: every type, strictly read.

Belongs here: the shapes of https://developers.notion.com/reference/page-property-values, and reading a value as
text, decimal, date, relation ids or bool. Does not belong here: pages (``decoder``), nor which property feeds which
column and what to do about a value that cannot be read (``transforms.silver``).
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import TypeVar, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Raw, Struct, field

from finance_ppm.errors import FinancePpmError

T = TypeVar("T")

_NULL = "null"
_DAY_LENGTH = len("2026-01-31")
_UNDASHED_LENGTH = 32


class UnreadableValueError(FinancePpmError):
    """A value does not read as what was asked for; the message completes "The property ..."."""


class UnfitTypeError(UnreadableValueError):
    """The property's type has no such reading."""


class InvalidValueError(UnreadableValueError):
    """The type fits, the value does not."""


class Property(Struct, tag_field="type", kw_only=True, gc=False):
    """A property's value. A type offers the readings that mean something for it; text is offered by all.

    ``value`` is what stands under the type's own name in the JSON. Values inside formulas and rollups have no id.
    """

    id: str = ""

    @property
    def type(self) -> str:
        """Notion's name of the type: ``rich_text``, ``number``, ..."""
        return str(self.__struct_config__.tag)

    def as_text(self) -> str | None:
        """The value as text, whitespace and all; ``None`` where it is empty."""
        return None

    def as_decimal(self) -> Decimal | None:
        """The number, exactly as written in the JSON.

        Raises :class:`UnfitTypeError` or :class:`InvalidValueError`.
        """
        raise self._unfit("number")

    def as_date(self) -> date | None:
        """The day in UTC on which the date starts.

        Raises :class:`UnfitTypeError` or :class:`InvalidValueError`.
        """
        raise self._unfit("date")

    def as_relation_ids(self) -> list[str]:
        """Ids of the related pages, dashed, each once, in Notion's order.

        Raises :class:`UnfitTypeError`.
        """
        raise self._unfit("relation")

    def as_bool(self) -> bool | None:
        """Yes or no.

        Raises :class:`UnfitTypeError` or :class:`InvalidValueError`.
        """
        raise self._unfit("checkbox")

    def _unfit(self, wanted: str) -> UnfitTypeError:
        return UnfitTypeError(f"is of type {self.type or 'unknown'}, not a {wanted}")


class Unread(Property):
    """A property kept as it came, because its type is not known here or its value is not as documented."""

    kind: str
    raw: bytes

    @property
    def type(self) -> str:
        """The type as the page names it; empty where it names none."""
        return self.kind

    def as_text(self) -> str | None:
        """The property's JSON."""
        return self.raw.decode()

    def _unfit(self, wanted: str) -> UnfitTypeError:
        if self.kind in PROPERTY_TYPES:
            return UnfitTypeError(f"cannot be read as {self.kind}")
        return super()._unfit(wanted)


class Fragment(Struct, gc=False):
    """A piece of rich text: text, mention or equation."""

    plain_text: str


class Option(Struct, gc=False):
    """A choice of a select, multi-select or status."""

    name: str


class Reference(Struct, gc=False):
    """A page pointed at."""

    id: str


class User(Struct, gc=False):
    """A person, a bot or a group; integrations without the user capability see no name."""

    id: str
    name: str | None = None

    @property
    def label(self) -> str:
        """The name, or the id where there is none."""
        return self.name or self.id


class Period(Struct, gc=False):
    """A date or a range; ``start`` is a day or a time, without an offset where ``time_zone`` is given."""

    start: str
    time_zone: str | None = None


class _Texts(Property):
    value: list[Fragment]

    def as_text(self) -> str | None:
        fragments = self.value
        if len(fragments) == 1:
            return fragments[0].plain_text or None
        return "".join([fragment.plain_text for fragment in fragments]) or None


class Title(_Texts, tag="title"):
    """The page's title; every database has exactly one."""

    value: list[Fragment] = field(name="title")


class RichText(_Texts, tag="rich_text"):
    """Formatted text; its formatting is left out."""

    value: list[Fragment] = field(name="rich_text")


class _Plain(Property):
    value: str | None

    def as_text(self) -> str | None:
        return self.value or None


class Url(_Plain, tag="url"):
    """A URL."""

    value: str | None = field(name="url")


class Email(_Plain, tag="email"):
    """An e-mail address."""

    value: str | None = field(name="email")


class PhoneNumber(_Plain, tag="phone_number"):
    """A phone number, in any notation."""

    value: str | None = field(name="phone_number")


class String(_Plain, tag="string"):
    """The result of a formula."""

    value: str | None = field(name="string")


class _Choice(Property):
    value: Option | None

    def as_text(self) -> str | None:
        return self.value.name or None if self.value else None


class Select(_Choice, tag="select"):
    """One choice."""

    value: Option | None = field(name="select")


class Status(_Choice, tag="status"):
    """One state."""

    value: Option | None = field(name="status")


class MultiSelect(Property, tag="multi_select"):
    """Any number of choices."""

    value: list[Option] = field(name="multi_select")

    def as_text(self) -> str | None:
        """The choices, joined by ``, ``."""
        return _joined(option.name for option in self.value)


class Number(Property, tag="number"):
    """A number, kept as its JSON text: a binary float would lose cents."""

    value: Raw = field(name="number")

    def as_text(self) -> str | None:
        """The JSON text of the number."""
        text = str(self.value, "utf-8")
        return None if text == _NULL else text

    def as_decimal(self) -> Decimal | None:
        """The number; a text in its place is invalid."""
        text = str(self.value, "utf-8")
        if text == _NULL:
            return None
        if text[0] not in "-0123456789":
            raise InvalidValueError("holds something other than a JSON number")
        try:
            return Decimal(text)
        except InvalidOperation:  # an exponent of nineteen digits or more
            raise InvalidValueError("holds a number beyond any range") from None


class Date(Property, tag="date"):
    """A date or a range of dates."""

    value: Period | None = field(name="date")

    def as_text(self) -> str | None:
        """The start, as Notion writes it."""
        return self.value.start or None if self.value else None

    def as_date(self) -> date | None:
        """The start."""
        return _utc_day(self.value.start, self.value.time_zone) if self.value else None


class _Moment(_Plain):
    def as_date(self) -> date | None:
        return _utc_day(self.value, None) if self.value else None


class CreatedTime(_Moment, tag="created_time"):
    """When the page was made."""

    value: str | None = field(name="created_time")


class LastEditedTime(_Moment, tag="last_edited_time"):
    """When the page was last edited."""

    value: str | None = field(name="last_edited_time")


class _Author(Property):
    value: User | None

    def as_text(self) -> str | None:
        return self.value.label if self.value else None


class CreatedBy(_Author, tag="created_by"):
    """Who made the page."""

    value: User | None = field(name="created_by")


class LastEditedBy(_Author, tag="last_edited_by"):
    """Who edited it last."""

    value: User | None = field(name="last_edited_by")


class People(Property, tag="people"):
    """Members of the workspace."""

    value: list[User] = field(name="people")

    def as_text(self) -> str | None:
        """Names, joined by ``, ``; an id for whom no name is given."""
        return _joined(user.label for user in self.value)


class Relation(Property, tag="relation"):
    """Pages of another database. ``has_more`` marks a list that Notion cut at 25."""

    value: list[Reference] = field(name="relation")
    has_more: bool = False

    def as_text(self) -> str | None:
        """The ids, joined by ``, ``."""
        return _joined(self.as_relation_ids())

    def as_relation_ids(self) -> list[str]:
        """The related pages."""
        ids = [dashed(reference.id) for reference in self.value]
        return ids if len(ids) < 2 else list(dict.fromkeys(ids))


class _Flag(Property):
    value: bool | None

    def as_text(self) -> str | None:
        return None if self.value is None else str(self.value).lower()

    def as_bool(self) -> bool | None:
        return self.value


class Checkbox(_Flag, tag="checkbox"):
    """A box, ticked or not."""

    value: bool | None = field(name="checkbox")


class Boolean(_Flag, tag="boolean"):
    """The result of a formula."""

    value: bool | None = field(name="boolean")


class FileName(Struct, gc=False):
    """A file; its address is left out, for it expires."""

    name: str = ""


class Files(Property, tag="files"):
    """Files, uploaded or linked."""

    value: list[FileName] = field(name="files")

    def as_text(self) -> str | None:
        """The names, joined by ``, ``."""
        return _joined(file.name for file in self.value)


class Serial(Struct, gc=False):
    """A page's number in its database, with the database's prefix."""

    number: int | None = None
    prefix: str | None = None


class UniqueId(Property, tag="unique_id"):
    """``ST-3``, or ``3`` without a prefix."""

    value: Serial | None = field(name="unique_id")

    def as_text(self) -> str | None:
        """The number behind its prefix."""
        if self.value is None or self.value.number is None:
            return None
        return f"{self.value.prefix}-{self.value.number}" if self.value.prefix else str(self.value.number)


class Location(Struct, gc=False):
    """A place on the map."""

    name: str | None = None
    address: str | None = None


class Place(Property, tag="place"):
    """A place: its name, or else its address."""

    value: Location | None = field(name="place")

    def as_text(self) -> str | None:
        """The name, or else the address."""
        return self.value.name or self.value.address or None if self.value else None


class Button(Property, tag="button"):
    """A button; it has no value."""


class State(Struct, gc=False):
    """Whether a wiki page is verified."""

    state: str


class Verification(Property, tag="verification"):
    """``verified``, ``unverified`` or ``expired``."""

    value: State | None = field(name="verification")

    def as_text(self) -> str | None:
        """The state."""
        return self.value.state or None if self.value else None


class _Computed(Property):
    """A value around a value."""

    value: "AnyProperty | None"

    def as_text(self) -> str | None:
        return self.value.as_text() if self.value else None

    def as_decimal(self) -> Decimal | None:
        return self.value.as_decimal() if self.value else None

    def as_date(self) -> date | None:
        return self.value.as_date() if self.value else None

    def as_relation_ids(self) -> list[str]:
        return self.value.as_relation_ids() if self.value else []

    def as_bool(self) -> bool | None:
        return self.value.as_bool() if self.value else None


class Formula(_Computed, tag="formula"):
    """The result of a formula: string, number, boolean or date."""

    value: "AnyProperty | None" = field(name="formula")


class Rollup(_Computed, tag="rollup"):
    """What is gathered over a relation: number, date, or array of values."""

    value: "AnyProperty | None" = field(name="rollup")


class Array(Property, tag="array"):
    """The values a rollup shows: text and relations are joined; a number, date or bool must be the only one."""

    value: "list[AnyProperty]" = field(name="array")

    def as_text(self) -> str | None:
        """The texts, joined by ``, ``."""
        return _joined(item.as_text() or "" for item in self.value)

    def as_decimal(self) -> Decimal | None:
        """The one number; several are invalid."""
        return _only(item.as_decimal() for item in self.value)

    def as_date(self) -> date | None:
        """The one date; several are invalid."""
        return _only(item.as_date() for item in self.value)

    def as_relation_ids(self) -> list[str]:
        """The pages of all values, each once."""
        return list(dict.fromkeys(page for item in self.value for page in item.as_relation_ids()))

    def as_bool(self) -> bool | None:
        """The one answer; several are invalid."""
        return _only(item.as_bool() for item in self.value)


class Incomplete(Property, tag="incomplete"):
    """A rollup over more than Notion computes in one answer."""


class Unsupported(Property, tag="unsupported"):
    """A rollup of a kind the API does not offer."""


PropertyType = (
    Title
    | RichText
    | Number
    | Select
    | MultiSelect
    | Status
    | Date
    | People
    | Files
    | Checkbox
    | Url
    | Email
    | PhoneNumber
    | Formula
    | Relation
    | Rollup
    | CreatedTime
    | CreatedBy
    | LastEditedTime
    | LastEditedBy
    | UniqueId
    | Place
    | Button
    | Verification
)
"""The types a column of a database can have."""

ResultType = String | Boolean | Array | Incomplete | Unsupported
"""Types found only inside formulas and rollups, beside the others."""

AnyProperty = PropertyType | ResultType

PROPERTY_TYPES: Mapping[str, type[Property]] = {
    str(member.__struct_config__.tag): member for member in get_args(PropertyType)
}
"""Notion's name of each type a column of a database can have, to its class."""


def dashed(page_id: str) -> str:
    """``0123...`` of 32 characters as ``01234567-...``; anything else unchanged."""
    if len(page_id) != _UNDASHED_LENGTH or "-" in page_id:
        return page_id
    return "-".join((page_id[:8], page_id[8:12], page_id[12:16], page_id[16:20], page_id[20:]))


def _joined(texts: Iterable[str]) -> str | None:
    return ", ".join(text for text in texts if text) or None


def _only(values: Iterable[T | None]) -> T | None:
    found = [value for value in values if value is not None]
    if len(found) > 1:
        raise InvalidValueError(f"holds {len(found)} values where one is wanted")
    return found[0] if found else None


@lru_cache(maxsize=8192)
def _utc_day(text: str, zone: str | None) -> date:
    """A day as it stands; the UTC day of a time. A time without any zone is taken as UTC."""
    try:
        if len(text) == _DAY_LENGTH:
            return msgspec.convert(text, date)
        moment = msgspec.convert(text, datetime)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=ZoneInfo(zone) if zone else UTC)
        return moment.astimezone(UTC).date()
    except (msgspec.ValidationError, OverflowError):
        raise InvalidValueError("holds no valid date") from None
    except (ZoneInfoNotFoundError, ValueError):
        raise InvalidValueError(f"holds a time in an unknown time zone, {zone}") from None
