"""Pages of Resource Graph that go wrong in ways of its own: each looks like a good one.

Belongs here: what is changed in a page. When it is changed is ``faults``' and ``wire``'s.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Self

import msgspec

from finance_ppm.sandbox.azure.faults import FaultKind
from finance_ppm.sandbox.azure.graph import LIMIT_HIT, MOST_ROWS, token_to


@dataclass
class Page:
    """A page that was answered; ``rows`` are its own, in either format, and may be changed in place."""

    told: dict[str, Any]
    rows: list[Any]

    @classmethod
    def read(cls, body: bytes) -> Self | None:
        """The page in an answer; None where it is an error."""
        told = msgspec.json.decode(body) if body else {}
        if "data" not in told:
            return None
        data = told["data"]
        return cls(told, data["rows"] if isinstance(data, dict) else data)


Headers = dict[str, str]
Spoil = Callable[[Page, Any, Any], Headers | None]
"""Changes a page, given what was asked and the last row of the page before; headers it adds."""


def _repeated_token(page: Page, asked: Any, _: Any) -> None:
    options = asked.get("options") or {}
    token = options.get("$skipToken")
    if token or page.told.get("$skipToken"):
        page.told["$skipToken"] = token or token_to(options.get("$skip") or 0, options.get("$top") or MOST_ROWS)


def _lost_token(page: Page, _: Any, __: Any) -> None:
    page.told.pop("$skipToken", None)


def _unpaged(page: Page, _: Any, __: Any) -> None:
    page.told.pop("$skipToken", None)
    page.told["resultTruncated"] = "true"


def _short_page(page: Page, _: Any, __: Any) -> None:
    del page.rows[-1:]


def _duplicate_row(page: Page, asked: Any, before: Any) -> None:
    if (asked.get("options") or {}).get("$skipToken") and before is not None:
        place = 1 if page.rows[0] == before else 0  # a page may overlap the one before
        page.rows[place : place + 1] = [before]
    elif len(page.rows) > 1:
        page.rows[-1] = page.rows[0]


def _changed_total(page: Page, _: Any, __: Any) -> None:
    page.told["totalRecords"] += 1


def _limit_hit(_: Page, __: Any, ___: Any) -> Headers:
    return {LIMIT_HIT: "true"}


SPOILT_PAGES: Final[dict[FaultKind, Spoil]] = {
    FaultKind.REPEATED_TOKEN: _repeated_token,
    FaultKind.LOST_TOKEN: _lost_token,
    FaultKind.UNPAGED: _unpaged,
    FaultKind.SHORT_PAGE: _short_page,
    FaultKind.DUPLICATE_ROW: _duplicate_row,
    FaultKind.CHANGED_TOTAL: _changed_total,
    FaultKind.LIMIT_HIT: _limit_hit,
}
