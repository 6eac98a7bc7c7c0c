"""One page as it came: who it is, when it changed, and its text, untouched.

Belongs here: what is known of a page without knowing its properties. Nothing here fails on a broken page: what
cannot be read is None, and the text is kept.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from finance_ppm.sources.notion.content_hash import hash_of_page

_UUID = re.compile(r"([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})", re.IGNORECASE)

UNIDENTIFIED = "unidentified:"
"""What the id of a page without a usable one begins with; the first 32 digits of its content hash follow."""


@dataclass(frozen=True)
class RawPage:
    """One page as captured. Times are UTC and, by Notion's custom, whole minutes."""

    page_id: str
    """Lower case, with dashes; ``unidentified:`` and 32 hex digits where the page has no usable id."""
    created_time: datetime | None
    last_edited_time: datetime | None
    content_hash: str
    payload: str
    """The page's JSON text as it came; values that Notion had cut short are complete."""
    is_deleted: bool


def raw_page(payload: str, page: Any) -> RawPage:
    """The page whose JSON text is ``payload``, parsed as ``page`` by ``json_text.parse``."""
    told: dict[str, Any] = page if isinstance(page, dict) else {}
    try:
        digest = hash_of_page(page) if page is not None else hashlib.sha256(payload.encode()).hexdigest()
    except RecursionError:
        digest = hashlib.sha256(payload.encode()).hexdigest()
    return RawPage(
        page_id=dashed_id(told.get("id")) or f"{UNIDENTIFIED}{digest[:32]}",
        created_time=created_time(page),
        last_edited_time=_moment(told.get("last_edited_time")),
        content_hash=digest,
        payload=payload,
        is_deleted=told.get("in_trash", told.get("archived")) is True,
    )


def created_time(page: Any) -> datetime | None:
    """When a parsed page was created."""
    return _moment(page.get("created_time")) if isinstance(page, dict) else None


def dashed_id(told: object) -> str | None:
    """A Notion id in its one form, ``01234567-89ab-...``; None where ``told`` is none."""
    found = _UUID.fullmatch(told) if isinstance(told, str) else None
    return "-".join(found.groups()).lower() if found else None


def page_id_of(told: str) -> str | None:
    """The page that a person names by its id, with or without dashes, or by a link to it; None where it is neither.

    A link to a page that is open beside a database names the database first and the page as ``p``. A page without an
    id of its own goes by what stands for one, :data:`UNIDENTIFIED` and its digits.
    """
    told = told.strip()
    if told.startswith(UNIDENTIFIED):
        return told
    parts = urlsplit(told)
    last = parts.path.rstrip("/").rsplit("/", 1)[-1]
    candidates = (*parse_qs(parts.query).get("p", ()), last, last[-32:], last[-36:])
    return next((found for candidate in candidates if (found := dashed_id(candidate))), None)


def _moment(told: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(told) if isinstance(told, str) else None
        return moment.astimezone(UTC) if moment and moment.tzinfo else None
    except (ValueError, OverflowError):
        return None
