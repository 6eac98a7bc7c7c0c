"""Alerts and deliveries in the lake: the two tables are all the state there is.

What concerns the present is read once, at the beginning, and kept up to date with what is written; a write that changes
nothing commits nothing.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

import polars as pl

from finance_ppm.alerting.alert import Alert, Event, Kind, Link, Outcome, Severity
from finance_ppm.alerting.outbox import Delivery, Status
from finance_ppm.contracts import Table
from finance_ppm.contracts.alerts import AlertDeliveries, Alerts
from finance_ppm.lakehouse.lake import Lake

Key = tuple[str, Event, str]

LOCK = "alerts"
"""Held by whoever reads the two tables in order to write them."""


class Records:
    """The alerts that are open, ended at or after ``since``, or not told to the end; and their deliveries."""

    def __init__(self, lake: Lake, *, since: datetime, receivers: Collection[str]) -> None:
        self._lake = lake
        alerts, deliveries = lake.scan(Alerts), lake.scan(AlertDeliveries)
        waiting = deliveries.filter(pl.col("status") == Status.WAITING).select("alert_id")
        recent = alerts.filter(pl.col("ended_at").is_null() | (pl.col("ended_at") >= since)).select("alert_id")
        concerned = pl.concat([recent, waiting, _half_told(alerts, deliveries, receivers)]).unique()
        rows, queued = pl.collect_all(
            [
                alerts.join(concerned, on="alert_id", how="semi"),
                deliveries.join(concerned, on="alert_id", how="semi"),
            ]
        )
        self.alerts: dict[str, Alert] = {row["alert_id"]: _alert(row) for row in rows.iter_rows(named=True)}
        known = (_delivery(row) for row in queued.iter_rows(named=True) if row["alert_id"] in self.alerts)
        self._deliveries: dict[Key, Delivery] = {_key(each): each for each in known}

    @property
    def deliveries(self) -> list[Delivery]:
        """Those of the alerts concerned."""
        return list(self._deliveries.values())

    def note_alerts(self, changed: Mapping[str, Alert]) -> None:
        """Write alerts that started or ended."""
        if changed:
            self._lake.merge(Alerts, frame(Alerts, changed.values()))
            self.alerts |= changed

    def note_deliveries(self, changed: Iterable[Delivery]) -> None:
        """Write deliveries that are new or went on."""
        news = {_key(each): each for each in changed}
        note_deliveries(self._lake, news.values())
        self._deliveries |= news


def every_alert(lake: Lake) -> list[Alert]:
    """All there ever was, the newest first."""
    rows = lake.scan(Alerts).sort("started_at", "alert_id", descending=True).collect()
    return [_alert(row) for row in rows.iter_rows(named=True)]


def oldest_open(lake: Lake, kind: Kind) -> datetime | None:
    """When the oldest open alert of a kind began."""
    still_open = lake.scan(Alerts).filter(pl.col("ended_at").is_null() & (pl.col("kind") == kind))
    found: datetime | None = still_open.select(pl.col("started_at").min()).collect().item()
    return found


def outstanding(lake: Lake) -> list[Delivery]:
    """What has not arrived, the oldest first."""
    rows = lake.scan(AlertDeliveries).filter(pl.col("status") != Status.SENT)
    told = rows.sort("queued_at", "receiver", "alert_id", "event").collect()
    return [_delivery(row) for row in told.iter_rows(named=True)]


def note_deliveries(lake: Lake, changed: Collection[Delivery]) -> None:
    """Write deliveries that are new or went on."""
    if changed:
        lake.merge(AlertDeliveries, frame(AlertDeliveries, changed))


def frame(table: type[Table], rows: Iterable[Alert] | Iterable[Delivery]) -> pl.DataFrame:
    """The rows, as the contract has them, without its stamp."""
    return pl.DataFrame([asdict(row) for row in rows], schema=_schema(table))


def _half_told(alerts: pl.LazyFrame, deliveries: pl.LazyFrame, receivers: Collection[str]) -> pl.LazyFrame:
    """Ended alerts of whose start a receiver was told, and whose end is not queued for it."""
    known = deliveries.filter(pl.col("receiver").is_in(list(receivers))).select("alert_id", "receiver", "event")
    started, ended = (known.filter(pl.col("event") == event) for event in Event)
    missing = started.join(ended, on=["alert_id", "receiver"], how="anti").select("alert_id")
    return alerts.filter(pl.col("ended_at").is_not_null()).select("alert_id").join(missing, on="alert_id", how="semi")


def _schema(table: type[Table]) -> dict[str, Any]:
    columns = table.columns()
    names = (field.name for field in fields(Alert if table is Alerts else Delivery))
    return {name: columns[name].dtype for name in names}


def _key(delivery: Delivery) -> Key:
    return delivery.alert_id, delivery.event, delivery.receiver


def _alert(row: Mapping[str, Any]) -> Alert:
    told = {name: value for name, value in row.items() if name != "written_at"}
    return Alert(
        **{
            **told,
            "kind": Kind(row["kind"]),
            "severity": Severity(row["severity"]),
            "tables": tuple(row["tables"]),
            "links": tuple(Link(**link) for link in row["links"]),
            "outcome": Outcome(row["outcome"]) if row["outcome"] else None,
        }
    )


def _delivery(row: Mapping[str, Any]) -> Delivery:
    told = {name: value for name, value in row.items() if name != "written_at"}
    return Delivery(**{**told, "event": Event(row["event"]), "status": Status(row["status"])})
