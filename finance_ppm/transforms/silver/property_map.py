"""How each silver column is read from a page: the ids of its Notion property, the name it goes by, and its words.

Belongs here: the answer that typing reads by. Does not belong here: finding it out (``sources.notion.schema``), nor
where it is kept (``bronze/notion_sync_watermarks``).
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from finance_ppm.sources.notion.properties import Property


@dataclass(frozen=True)
class PropertyMap:
    """Silver column to Notion property, of one database. Empty, every column goes by its contract's name."""

    ids: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Column to property ids, one for each data source that has the property. Of two on one page the first counts."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Column to the property's configured name: in messages, and to find a property whose id is not known."""

    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Column to a team's words, folded, to ours."""
    gone: Mapping[str, datetime] = field(default_factory=dict)
    """Property id to the moment since which its database may have no such property.

    A page captured since may show one all the same, and empty: a relation to a database that is not shared any more
    (https://developers.notion.com/reference/page-property-values#relation).
    """

    @property
    def digest(self) -> str:
        """A short digest of what cells are read by: rows that were read otherwise are read again."""
        read_by: list[object] = [sorted(self.ids.items())]
        read_by += (
            [sorted((column, sorted(words.items())) for column, words in self.words.items())] if self.words else []
        )
        read_by += [sorted(self.gone)] if self.gone else []
        return hashlib.sha256(repr(read_by).encode()).hexdigest()[:16]

    def shown(self, properties: Mapping[str, Property], captured_at: datetime) -> Mapping[str, Property]:
        """The properties of a page captured then, without empty ones that its database may not have had any more."""
        if not self.gone:
            return properties
        return {
            name: found
            for name, found in properties.items()
            if (since := self.gone.get(found.id)) is None or captured_at < since or found.as_text()
        }
