"""Sources that were not read for too long, by what the lake says of its last successful reads.

A read that fails materialises its tables all the same, so Dagster's freshness does not see this. A quiet source is no
stale one: what counts is the read, not the newest row.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

import polars as pl

from finance_ppm.alerting.alert import Kind, Severity
from finance_ppm.alerting.message import readable
from finance_ppm.automation.alerts.episodes import Condition, Survey
from finance_ppm.contracts.azure import AzureSnapshots
from finance_ppm.contracts.bronze import NotionSyncWatermarks
from finance_ppm.contracts.fx import FxRates
from finance_ppm.lakehouse.lake import Lake
from finance_ppm.settings import Config

PATIENCE = timedelta(hours=24)

ONCE_A_DAY = timedelta(hours=3)
"""What is read once a day is read within so long after that hour: without it, it would be late every day."""

RATES = timedelta(days=7)
"""No rates are published on days off. A rate that is older counts as stale: docs/decisions/money.md."""


def survey_sources(lake: Lake, config: Config, now: datetime) -> Survey:
    """Whether each source that is configured was read in time. One that was never tried is unclear."""
    active, well, unclear = [], set(), set()
    for name, table, patience, last, tried in _last_reads(lake, config):
        subject = f"source {name}"
        if last is None and not tried:
            unclear.add(subject)
        elif last is not None and now - last <= patience:
            well.add(subject)
        else:
            active.append(_condition(subject, name, table, patience, last))
    return Survey(now, tuple(active), frozenset(well), frozenset(unclear), covers=frozenset({Kind.SOURCE}))


Read = tuple[str, str, timedelta, datetime | None, bool]
"""Name of a source, its table, how long it may be unread, when it was read last, whether that was ever tried."""


def _last_reads(lake: Lake, config: Config) -> Iterator[Read]:
    yield from _notion(lake, config)
    if config.reads_azure:
        yield from _azure(lake)
    # A file of one's own is as old as it is.
    if config.ppm_fx_rates.strip().lower().startswith(("https://", "http://")):
        yield from _rates(lake)


def _notion(lake: Lake, config: Config) -> Iterator[Read]:
    marks = lake.scan(NotionSyncWatermarks).select("database_name", "database_id", "last_read_at", "last_attempt_at")
    stored = {(row["database_name"], row["database_id"]): row for row in marks.collect().iter_rows(named=True)}
    for name, identity in config.database_ids.items():
        row = stored.get((name, identity), {})
        tried = row.get("last_attempt_at") is not None
        yield f"Notion {name}", "bronze/notion_raw_pages", PATIENCE, row.get("last_read_at"), tried


def _azure(lake: Lake) -> Iterator[Read]:
    marks = lake.scan(AzureSnapshots).group_by("dataset")
    last = marks.agg(pl.col("captured_at").filter("complete").max()).collect()
    stored = dict(last.iter_rows())
    for dataset in ("resources", "advisor"):
        table = f"bronze/azure_{dataset}"
        yield f"Azure {dataset}", table, PATIENCE + ONCE_A_DAY, stored.get(dataset), dataset in stored


def _rates(lake: Lake) -> Iterator[Read]:
    newest = lake.scan(FxRates).select(pl.col("rate_date").max().cast(pl.Datetime("us", "UTC"))).collect().item()
    yield "exchange rates", "bronze/fx_rates", RATES + timedelta(days=1), newest, newest is not None


def _condition(subject: str, name: str, table: str, patience: timedelta, last: datetime | None) -> Condition:
    read = f"last read successfully at {readable(last)}" if last else "never read successfully"
    detail = f"{name} was {read}; every {patience.total_seconds() / 3600:.0f} hours is expected."
    if name == "exchange rates":
        detail = f"The newest exchange rates are of {last:%Y-%m-%d}."
    return Condition(
        kind=Kind.SOURCE,
        subject=subject,
        severity=Severity.WARN,
        title=f"{name}: no successful read for too long",
        detail=detail,
        remedy=f"Look at the last runs of {table} in Dagster, and mend the cause.",
        tables=(table,),
    )
