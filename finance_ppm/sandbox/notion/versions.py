"""The versions of the Notion API that the sandbox speaks, and what differs between them.

https://developers.notion.com/reference/versioning
"""

from enum import StrEnum


class Version(StrEnum):
    """A value of the ``Notion-Version`` header."""

    V2022_06_28 = "2022-06-28"
    V2025_09_03 = "2025-09-03"
    V2026_03_11 = "2026-03-11"

    @property
    def has_data_sources(self) -> bool:
        """Whether a database is a container of data sources, which hold the properties and the rows."""
        return self is not Version.V2022_06_28

    @property
    def has_archived(self) -> bool:
        """Whether ``archived`` stands beside ``in_trash``."""
        return self is not Version.V2026_03_11
