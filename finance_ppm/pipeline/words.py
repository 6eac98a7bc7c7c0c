"""What a page says that other rows repeat, in every version of it: its titles, and names of vendors and categories.

Gold's past was written by the property maps of its days, which nobody keeps. So any property that may feed such a
column counts, whichever does today.

Belongs here: reading those words from bronze, and who else tells them. Does not belong here: where they are repeated
(``traces``).
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from finance_ppm.column_mapping import fold_word
from finance_ppm.contracts import notion_properties
from finance_ppm.contracts.bronze import NotionRawPages, NotionSyncWatermarks
from finance_ppm.contracts.silver import NotionBudgetLines
from finance_ppm.lakehouse.lake import Lake
from finance_ppm.pipeline.silver import GROUP, raw_pages
from finance_ppm.sources.notion.decoder import MalformedPageError, decode_page
from finance_ppm.sources.notion.properties import PROPERTY_TYPES, Property, Title

_LINES = "budget_lines"
_NAMING = ("category", "vendor")
"""Columns whose values are members of gold's cells."""

_FITTING = tuple(
    {PROPERTY_TYPES[kind] for name in _NAMING for kind in notion_properties(NotionBudgetLines)[name].types}
)

_PIECED = r"\}\s*,\s*\{"
"""What a page holds where a text of it is joined from several pieces, which alone are no name."""


@dataclass(frozen=True)
class Words:
    """What a page says of itself that other rows repeat."""

    titles: frozenset[str] = frozenset()
    """Its titles, in any version."""
    names: Mapping[str, date | None] = field(default_factory=dict)
    """What it may have named as vendor or category in any version, and the first day on which another budget line had
    told that too; None where none ever did."""


def words_of(lake: Lake, page_id: str) -> Words:
    """What every version of the page says that is still in bronze."""
    own = lake.scan(NotionRawPages).filter(pl.col("page_id") == page_id)
    versions = own.select("database_name", "raw_payload").collect()
    ours = _in_our_words(lake)
    titles = {
        text
        for payload in versions["raw_payload"]
        for found in _properties(payload)
        if isinstance(found, Title) and (text := found.as_text())
    }
    names: set[str] = set()
    for payload in versions.filter(database_name=_LINES)["raw_payload"]:
        names |= _names(payload, ours)
    return Words(frozenset(titles), dict.fromkeys(names) | _told_by_others(lake, page_id, names, ours))


def _told_by_others(lake: Lake, page_id: str, names: set[str], ours: Mapping[str, set[str]]) -> dict[str, date | None]:
    """Those of ``names`` that another budget line has ever told, and the day on which the first of them was captured.

    Versions are looked at a group after the other, in the order in which they were captured, and no more of them once
    every name was met.
    """
    told: dict[str, date | None] = {}
    captured_at = pl.col("captured_at")
    others = raw_pages(lake, _LINES).filter(pl.col("page_id") != page_id)
    moments = others.select(captured_at.sort()).collect()["captured_at"] if names else pl.Series()
    for start in range(0, len(moments), GROUP):
        sought = names - told.keys()
        if not sought:
            break
        group = captured_at.is_between(moments[start], moments[min(start + GROUP, len(moments)) - 1])
        telling = others.filter(group, _may_tell(sought, ours)).select("captured_at", "raw_payload").collect()
        for moment, payload in telling.sort("captured_at").iter_rows():
            for name in _names(payload, ours) & sought:
                told.setdefault(name, moment.date())
    return told


def _may_tell(names: set[str], ours: Mapping[str, set[str]]) -> pl.Expr:
    """True of every version that tells one of ``names``, and of others: no more than a look at the text."""
    if any(names & meant for meant in ours.values()):  # a team's word for it may be written in any letters
        return pl.lit(value=True)
    text = pl.col("raw_payload")
    escaped = text.str.contains("\\", literal=True)
    return text.str.contains_any(sorted(names)) | escaped | text.str.contains(_PIECED)


def _in_our_words(lake: Lake) -> dict[str, set[str]]:
    """A team's words, folded, to ours, of either column and of every database that was ever read by this name."""
    stored = lake.scan(NotionSyncWatermarks).filter(pl.col("database_name") == _LINES)
    ours: dict[str, set[str]] = {}
    for told in stored.select(pl.col("property_words").drop_nulls()).collect()["property_words"]:
        words = json.loads(told)
        for theirs, meant in (pair for column in _NAMING for pair in words.get(column, {}).items()):
            ours.setdefault(theirs, set()).add(meant)
    return ours


def _names(payload: str, ours: Mapping[str, set[str]]) -> set[str]:
    """Every text of a version that may have been read as a vendor or category, as it stands and in our words."""
    texts = {text for found in _properties(payload) if isinstance(found, _FITTING) and (text := found.as_text())}
    return texts.union(*(ours.get(fold_word(text), ()) for text in texts))


def _properties(payload: str) -> Iterator[Property]:
    try:
        yield from decode_page(payload.encode()).properties.values()
    except MalformedPageError:
        return
