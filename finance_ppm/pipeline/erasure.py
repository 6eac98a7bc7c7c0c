"""Forgetting a page: every version of it leaves the lake, with every row that quotes it, and the audit says so.

Gold goes first and bronze last: what the page says, by which the rows that quote it are found, is read from bronze, so
that an erasure that was cut short can always be gone through again. See docs/decisions/forgetting.md.

Belongs here: the order of things, and the audit. Does not belong here: which rows (``traces``), how bytes leave a table
(``lakehouse.erase``), nor the page in Notion, which only its people delete.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import polars as pl

from finance_ppm.clock import Clock
from finance_ppm.contracts import PAGE_TABLES, Table, full_name
from finance_ppm.contracts.bronze import Erasures, NotionRawPages
from finance_ppm.contracts.silver import Quarantine
from finance_ppm.errors import FinancePpmError
from finance_ppm.lakehouse.erase import (
    begin_log_anew,
    dead_files,
    remove_dead_files,
    remove_leftovers,
    remove_rows,
    rewrite_rows,
)
from finance_ppm.lakehouse.lake import Lake
from finance_ppm.lakehouse.locks import writer_lock
from finance_ppm.pipeline.silver import page_key
from finance_ppm.pipeline.traces import Trace, traces
from finance_ppm.pipeline.words import words_of

PASSES = 3
"""Times the traces are gone through where a writer that should not have been there puts some back."""


class UnknownPageError(FinancePpmError):
    """Nothing of the page is in the lake."""


class AlreadyForgottenError(UnknownPageError):
    """Nothing of the page is in the lake, because it was forgotten."""


class StillThereError(FinancePpmError):
    """Somebody puts the page back while it is being erased."""


@dataclass(frozen=True)
class TableErased:
    """What was, or would be, erased of one table."""

    table_name: str
    rows_erased: int
    """Rows of the page itself, which leave the table."""
    rows_blanked: int
    """Rows that quote it, which stay without its words."""


@dataclass(frozen=True)
class Forgetting:
    """What there is to erase of a page, or what was erased."""

    page_id: str
    database_name: str | None
    title: str | None
    """The page's present title, for whoever is asked whether it is the right one; the audit has none."""
    tables: tuple[TableErased, ...]
    """The tables that hold something of it."""
    begun: datetime | None = None
    """When an erasure of it began that never came to its end."""
    files: int = 0
    """Data files of older versions that were erased."""


def find(lake: Lake, page_id: str) -> Forgetting:
    """What the lake holds of a page, now. Writes nothing.

    Raises :class:`UnknownPageError` where that is nothing, and no erasure of it is unfinished.
    """
    return _look(lake, page_id, traces(page_id, words_of(lake, page_id)))


def _look(lake: Lake, page_id: str, steps: list[Trace]) -> Forgetting:
    begun, found = _unfinished(lake, page_id), _found(lake, steps)
    if not found and begun is None and not _dead(lake, steps):
        raise _unknown(lake, page_id)
    return Forgetting(
        page_id=page_id,
        database_name=_database(lake, page_id) or (begun["database_name"] if begun else None),
        title=_title(lake, page_id),
        tables=tuple(found),
        begun=begun["requested_at"] if begun else None,
    )


def forget(
    lake: Lake,
    clock: Clock,
    page_id: str,
    *,
    reason: str | None = None,
    require_quiet: Callable[[], None] = lambda: None,
) -> Forgetting:
    """Erase a page from the lake, and leave one row in ``bronze/erasures``.

    Syncs are kept off meanwhile. Nothing else may write to the lake either: ``require_quiet`` is asked once no sync can
    begin, and raises where something does. Cut short at any point, the same call again completes it.

    Raises :class:`UnknownPageError`, :class:`StillThereError`, and what ``require_quiet`` and every write raises.
    """
    with writer_lock(lake.uri, "notion-sync"):
        require_quiet()
        steps, files = traces(page_id, words_of(lake, page_id)), 0
        there = _look(lake, page_id, steps)
        audit = _begin(lake, clock, there, reason)
        for _ in range(PASSES):
            files += sum(_erase(lake, page_id, step) for step in steps) + remove_leftovers(lake)
            if not _found(lake, steps) and not _dead(lake, steps):
                break
        else:
            raise StillThereError(
                f"Page {page_id} comes back while it is being erased: something else writes to {lake.uri}; stop every "
                "run of Dagster, and forget it again."
            )
        _record(lake, {**audit, "forgotten_at": clock.now()})
    tables = tuple(TableErased(**told) for told in audit["erased"])
    return replace(there, database_name=audit["database_name"], tables=tables, files=files)


def _erase(lake: Lake, page_id: str, trace: Trace) -> int:
    """Erase what one table holds, in every version; returns the number of files that went.

    No maintenance meanwhile: files that it wrote and could not commit would hold the page unseen.
    """
    with writer_lock(lake.uri, full_name(trace.table)):
        return _erase_alone(lake, page_id, trace)


def _erase_alone(lake: Lake, page_id: str, trace: Trace) -> int:
    if trace.rewrite and _count(lake, trace.table, trace.quoting):
        rewrite_rows(lake, trace.table, trace.apart, trace.rewrite)
    if trace.column:
        remove_rows(lake, trace.table, trace.column, page_id)
    # The log goes before the files: while they are there, an erasure that was cut short knows that it must.
    if trace.in_log is not None and dead_files(lake, trace.table, trace.in_log):
        begin_log_anew(lake, trace.table)
    return remove_dead_files(lake, trace.table, trace.holds)


def _found(lake: Lake, steps: list[Trace]) -> list[TableErased]:
    """The tables that hold something, with how much."""
    counted = [
        TableErased(full_name(step.table), _count(lake, step.table, step.own), _count(lake, step.table, step.quoting))
        for step in steps
    ]
    return [table for table in counted if table.rows_erased or table.rows_blanked]


def _dead(lake: Lake, steps: list[Trace]) -> bool:
    """Whether an older version of a table, or a writer that died, has left something."""
    return any(dead_files(lake, step.table, step.holds) for step in steps)


def _count(lake: Lake, table: type[Table], rows: pl.Expr) -> int:
    return int(lake.scan(table).filter(rows).select(pl.len()).collect().item())


def _database(lake: Lake, page_id: str) -> str | None:
    rows = lake.scan(NotionRawPages).filter(pl.col("page_id") == page_id).select("database_name").unique().collect()
    return ", ".join(rows["database_name"].sort()) or None


def _title(lake: Lake, page_id: str) -> str | None:
    places: dict[type[Table], str] = {table: page_key(table) for table in PAGE_TABLES.values()}
    for table, key in (places | {Quarantine: "page_id"}).items():
        column = "title" if "title" in table.column_names() else "name"
        titles = lake.scan(table).filter(pl.col(key) == page_id).select(pl.col(column).drop_nulls()).collect()[column]
        if len(titles):
            return str(titles[0])
    return None


def _begin(lake: Lake, clock: Clock, there: Forgetting, reason: str | None) -> dict[str, Any]:
    """The audit row, stored before anything goes: what is there now, or was when an unfinished erasure began."""
    audit = _unfinished(lake, there.page_id) or {
        "page_id": there.page_id,
        "requested_at": clock.now(),
        "forgotten_at": None,
        "database_name": there.database_name,
        "reason": None,
        "erased": [],
    }
    told = {table["table_name"]: TableErased(**table) for table in audit["erased"]}
    for now in there.tables:
        before = told.get(now.table_name, now)
        told[now.table_name] = TableErased(
            now.table_name,
            max(now.rows_erased, before.rows_erased),
            max(now.rows_blanked, before.rows_blanked),
        )
    audit |= {"reason": reason or audit["reason"], "erased": [vars(table) for table in told.values()]}
    _record(lake, audit)
    return audit


def _record(lake: Lake, audit: dict[str, Any]) -> None:
    lake.merge(Erasures, pl.DataFrame([audit], schema=Erasures.create_empty().schema))


def _unfinished(lake: Lake, page_id: str) -> dict[str, Any] | None:
    """The audit row of an erasure of the page that was begun and never completed."""
    begun = (pl.col("page_id") == page_id) & pl.col("forgotten_at").is_null()
    rows = lake.scan(Erasures).filter(begun).collect().to_dicts()
    return rows[0] if rows else None


def _unknown(lake: Lake, page_id: str) -> UnknownPageError:
    done = lake.scan(Erasures).filter(pl.col("page_id") == page_id).select(pl.col("forgotten_at").max())
    moment: datetime | None = done.collect().item()
    if moment:
        return AlreadyForgottenError(
            f"Page {page_id} was forgotten on {moment:%Y-%m-%d at %H:%M} UTC; nothing of it is in {lake.uri}."
        )
    return UnknownPageError(
        f"Nothing of page {page_id} is in {lake.uri}: check the id (in Notion: ... > Copy link) and PPM_LAKEHOUSE_URI."
    )
