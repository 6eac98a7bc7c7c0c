"""Figures beyond a threshold: what the lake holds of what the user's file asks for (``thresholds``).

A figure is computed again only where its table has changed. A file that cannot be used is an alert itself; what it
asked for before is left as it was.
"""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from finance_ppm.alerting.alert import Kind, Severity
from finance_ppm.automation.alerts.episodes import Condition, Survey
from finance_ppm.automation.alerts.links import table_link
from finance_ppm.automation.alerts.thresholds import TABLES, Threshold, thresholds
from finance_ppm.errors import SettingsError
from finance_ppm.lakehouse.lake import Lake
from finance_ppm.settings import Config


@dataclass
class Figures:
    """The figures as last computed, each with the version of its table."""

    _known: dict[str, tuple[int | None, "Figure"]] = field(default_factory=dict)

    def of(self, lake: Lake, threshold: Threshold) -> "Figure":
        """The figure as the lake has it now."""
        table = TABLES[threshold.table]
        version, asked = lake.version(table), repr(threshold)
        known = self._known.get(asked)
        if known is None or known[0] != version:
            rows = lake.scan(table)
            figure = Figure(None if version is None else threshold.of(rows), threshold.is_clear(rows))
            known = self._known[asked] = (version, figure)
        return known[1]


@dataclass(frozen=True)
class Figure:
    """What a threshold is held against."""

    value: Decimal | None
    """None where no row has one."""
    is_clear: bool
    """Whether every rule that it is of was asked."""


def survey_metrics(lake: Lake, figures: Figures, config: Config, dagster_url: str, now: datetime) -> Survey:
    """Every threshold of the file that the settings name. A figure that there is none of is not watched; but that of a
    rule which was not asked is unclear.
    """
    path = config.ppm_alert_thresholds
    file = f"file {path}"
    try:
        watched = thresholds(config)
    except SettingsError as error:
        return Survey(now, (_broken(file, path, error),), covers=frozenset({Kind.SETTINGS}))
    active, well, unclear = [], {file}, set()
    for threshold in watched:
        figure = figures.of(lake, threshold)
        if not figure.is_clear:
            unclear.add(_subject(threshold))
        elif figure.value is not None and threshold.crossed_by(figure.value):
            active.append(_condition(threshold, figure.value, dagster_url))
        elif figure.value is not None:
            well.add(_subject(threshold))
    return Survey(
        now, tuple(active), frozenset(well), frozenset(unclear), covers=frozenset({Kind.METRIC, Kind.SETTINGS})
    )


def _condition(threshold: Threshold, figure: Decimal, dagster_url: str) -> Condition:
    what = "number of rows" if threshold.take == "count" else f"{threshold.take} of {threshold.column}"
    limit = f"above {threshold.above:,f}" if threshold.above is not None else f"below {threshold.below:,f}"
    return Condition(
        kind=Kind.METRIC,
        subject=_subject(threshold),
        severity=threshold.severity,
        title=f"{threshold.name}: {figure:,f} is {limit}",
        detail=f"The {what} in {threshold.table} is {figure:,f}, and that is {limit}.",
        remedy=threshold.remedy,
        tables=(threshold.table,),
        links=(table_link(dagster_url, threshold.table.split("/")),),
    )


def _broken(subject: str, path: Path, error: SettingsError) -> Condition:
    return Condition(
        kind=Kind.SETTINGS,
        subject=subject,
        severity=Severity.ERROR,
        title=f"{path} cannot be used",
        detail=str(error),
        remedy="Correct the file (PPM_ALERT_THRESHOLDS); until then its thresholds are not watched.",
    )


def _subject(threshold: Threshold) -> str:
    return f"threshold {threshold.name}"
