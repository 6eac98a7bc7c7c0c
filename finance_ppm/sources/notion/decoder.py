"""The one decoder: a page's JSON text into its properties, whatever it holds.

Belongs here: from text to a page of typed properties, and what becomes of those that cannot be typed. Does not
belong here: the types (``properties``), nor which property feeds which column (``transforms.silver``).

A page is decoded in one typed pass. Where that fails, each property is decoded alone, so that a malformed one,
or one of a type not known here, becomes :class:`~finance_ppm.sources.notion.properties.Unread` and spoils
nothing else.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Generic, Literal, TypeVar

import msgspec
from msgspec import Meta, Raw, Struct, field

from finance_ppm.errors import FinancePpmError
from finance_ppm.sources.notion.properties import PROPERTY_TYPES, AnyProperty, Property, Unread

P_co = TypeVar("P_co", covariant=True)


class MalformedPageError(FinancePpmError):
    """The text is no page: invalid JSON, another object, or without an id or properties."""


class Page(Struct, Generic[P_co], gc=False):
    """A page: what a table needs of it. Its times come from bronze, where they are typed already."""

    kind: Literal["page"] = field(name="object")
    id: Annotated[str, Meta(min_length=1)]
    properties: Mapping[str, P_co]
    """Property name to value."""
    url: Any = None
    in_trash: Any = None
    archived: Any = None

    @property
    def link(self) -> str | None:
        """The page's address in Notion."""
        return self.url if isinstance(self.url, str) else None

    @property
    def is_trashed(self) -> bool:
        """In the trash: ``in_trash``, which older versions of the API call ``archived``."""
        return self.in_trash is True or self.archived is True


class _Head(Struct):
    id: str = ""
    type: str = ""


_page = msgspec.json.Decoder(Page[AnyProperty])
_envelope = msgspec.json.Decoder(Page[Raw])
_property = msgspec.json.Decoder(AnyProperty)
_head = msgspec.json.Decoder(_Head)

_ESCAPE = re.compile(rb"\\u[dD][89abAB]..\\u[dD][c-fC-F]..|(\\u[dD][89a-fA-F]..)|\\.", re.DOTALL)
"""A JSON escape; the group is half of a surrogate pair, without its other half."""


def decode_page(payload: bytes) -> Page[Property]:
    """Decode one page, as Notion sent it.

    Raises :class:`MalformedPageError` where the text is not a page; a malformed property is :class:`Unread`.
    """
    try:
        return _page.decode(payload)
    except (msgspec.DecodeError, RecursionError):
        return _property_by_property(payload)


def _property_by_property(payload: bytes) -> Page[Property]:
    # Text that was cut between the two halves of an emoji is not valid Unicode: the half becomes U+FFFD.
    whole = _ESCAPE.sub(lambda escape: rb"\ufffd" if escape[1] else escape[0], payload)
    try:
        page = _envelope.decode(whole)
    except (msgspec.DecodeError, RecursionError) as error:
        raise MalformedPageError(str(error)) from None
    properties = {name: decode_property(bytes(raw)) for name, raw in page.properties.items()}
    return Page(page.kind, page.id, properties, page.url, page.in_trash, page.archived)


def decode_property(payload: bytes) -> Property:
    """Decode one property; :class:`Unread` where its type is unknown or its value is not as documented."""
    try:
        found: Property = _property.decode(payload)
    except (msgspec.DecodeError, RecursionError):
        try:
            head = _head.decode(payload)
        except (msgspec.DecodeError, RecursionError):
            head = _Head()
        return Unread(id=head.id, kind=head.type, raw=payload)
    return found


def count_unknown_types(pages: Iterable[Page[Property]]) -> Counter[str]:
    """How many properties of each type that is not known here the pages hold."""
    return Counter(
        found.type
        for page in pages
        for found in page.properties.values()
        if isinstance(found, Unread) and found.type not in PROPERTY_TYPES
    )
