"""Pages that are known but were not among those read: whether they are gone, and how that is known.

Belongs here: asking for each. That a query does not show a page is no proof: only its own answer is.
"""

from collections.abc import Collection
from enum import Enum
from typing import Any

from finance_ppm.sources.notion.client import NotionClient
from finance_ppm.sources.notion.errors import NotionError
from finance_ppm.sources.notion.json_text import parse
from finance_ppm.sources.notion.pages import UNIDENTIFIED, RawPage, dashed_id
from finance_ppm.sources.notion.reader import all_of, whole_page
from finance_ppm.sources.notion.transport import Errand


class Absence(Enum):
    """How a page is absent from a database."""

    NOT_FOUND = "not found"
    """Notion does not find it: it was deleted for good, or is not shown to the integration any more."""
    ELSEWHERE = "elsewhere"
    """It lies in another database, or has no id by which it could be asked for."""


async def confirm_deletions(
    client: NotionClient,
    *,
    missing_ids: Collection[str],
    database_id: str | None = None,
    property_ids: Collection[str] = (),
    errand: Errand,
) -> dict[str, RawPage | Absence | NotionError]:
    """What became of pages that are known but were not in a complete read of the whole database.

    How the page is absent from ``database_id``, or else the page itself: in the trash (``is_deleted``), or alive
    after all, with the values of ``property_ids`` whole. Where Notion does not tell, its error.
    """
    ordered = sorted(missing_ids)
    found = await all_of(_confirmed(client, page_id, database_id, property_ids, errand) for page_id in ordered)
    return dict(zip(ordered, found, strict=True))


async def _confirmed(
    client: NotionClient, page_id: str, database_id: str | None, property_ids: Collection[str], errand: Errand
) -> RawPage | Absence | NotionError:
    if page_id.startswith(UNIDENTIFIED):
        return Absence.ELSEWHERE
    one = Errand(f"page {page_id} of {errand.about}")
    try:
        payload = bytes(await client.retrieve_page(page_id, one)).decode()
        page = parse(payload)
        if database_id is not None and not _lies_in(page, database_id):
            return Absence.ELSEWHERE
        return await whole_page(client, (payload, page), property_ids, one)
    except NotionError as error:
        return Absence.NOT_FOUND if error.code == "object_not_found" else error
    finally:
        errand.requests += one.requests


def _lies_in(page: Any, database_id: str) -> bool:
    """False where the page says that it is elsewhere. Before data sources, ``parent`` names the database as well."""
    parent = page.get("parent") if isinstance(page, dict) else None
    if not isinstance(parent, dict) or ("database_id" not in parent and parent.get("type") == "data_source_id"):
        return True
    return dashed_id(parent.get("database_id")) == dashed_id(database_id)
