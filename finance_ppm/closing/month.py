"""Closing a month: recording its figures as they were reported, for ever, with who did it and when.

Belongs here: what may be closed, and writing it down. Does not belong here: what a figure is
(``transforms.restatement``), nor reading closes back (``closes``).
"""

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from importlib.metadata import version
from typing import Any

import narwhals.stable.v2 as nw
import polars as pl

from finance_ppm.clock import Clock
from finance_ppm.closing.closes import newest_closes
from finance_ppm.closing.reported import require_reported
from finance_ppm.closing.restatement import rates_for
from finance_ppm.contracts import Table, physical_columns
from finance_ppm.contracts.closes import PpmMonthCloseLines, PpmMonthCloses
from finance_ppm.contracts.ddl import sql_type
from finance_ppm.contracts.fx import FxRates
from finance_ppm.contracts.gold import PpmBudgetVsActual
from finance_ppm.contracts.silver import NotionBudgetLines, NotionPrograms, NotionProjects
from finance_ppm.errors import FinancePpmError, NeverCapturedError, SettingsError
from finance_ppm.lakehouse.conformity import dtypes
from finance_ppm.lakehouse.lake import Lake
from finance_ppm.lakehouse.locks import writer_lock
from finance_ppm.pipeline.point_in_time import PointInTime, first_capture
from finance_ppm.transforms.portfolio import Frame, Portfolio
from finance_ppm.transforms.restatement import METRICS, dated_in, figures_of, of_month

CLOSED_FROM = (NotionPrograms, NotionProjects, NotionBudgetLines, FxRates)
"""What the figures of a close are made from."""


class AlreadyClosedError(FinancePpmError):
    """The month was closed before, and nobody said that it is to be closed again."""


@dataclass(frozen=True)
class Closed:
    """A close that was recorded."""

    month: str
    """``2026-10``."""
    closed_at: datetime
    closed_by: str
    note: str | None
    as_of: date
    reporting_unit: str
    reporting: Mapping[str, Decimal]
    """Metric to amount in the reporting currency, without what had no rate."""
    native: Mapping[str, Mapping[str, Decimal]]
    """Currency to metric to amount."""
    line_count: int
    unconverted_count: int
    """Amounts that had no rate."""
    remark: str | None
    """What to know of it besides."""


def month_named(text: str) -> date:
    """The first day of the month that is written ``2026-10``. Raises :class:`SettingsError`."""
    try:
        if len(text) == len("2026-10"):
            return datetime.strptime(text, "%Y-%m").replace(tzinfo=UTC).date()
    except ValueError:
        pass
    raise SettingsError(f"{text!r} is not a month: write it as 2026-10.")


def day_named(text: str) -> date:
    """The day that is written ``2026-10-31``. Raises :class:`SettingsError`."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError:
        raise SettingsError(f"--as-of {text!r} is not a day: write it as YYYY-MM-DD.") from None


def last_day(period: date) -> date:
    """The last day of the month that begins on ``period``."""
    return period.replace(day=monthrange(period.year, period.month)[1])


def close_month(
    lake: Lake,
    clock: Clock,
    point_in_time: PointInTime,
    period: date,
    *,
    closed_by: str,
    reporting: str,
    note: str | None = None,
    as_of: date | None = None,
    again: bool = False,
) -> Closed:
    """Record the figures of the month that begins on ``period``, as of a day, today by default.

    Gold of that day must be there and say the same, since it is what was reported. Two closes at once wait for each
    other. Cut short, nothing is closed, and the same call closes it.

    Raises :class:`SettingsError` for a month that was not over by then, :class:`AlreadyClosedError`,
    :class:`~finance_ppm.closing.reported.NotReportedError`, :class:`~finance_ppm.errors.NeverCapturedError`, and what a
    write raises.
    """
    as_of = as_of or clock.today()
    _require_over(period, as_of, clock.today())
    with writer_lock(lake.uri, "month-close"):
        if not again:
            _require_open(lake, period)
        portfolio = point_in_time.portfolio(as_of, of=CLOSED_FROM)
        figures = _figures(portfolio, period, reporting)
        remark = _remark(lake, period, figures)
        require_reported(lake, period, figures, as_of=as_of, reporting=reporting, not_before=last_day(period))
        moment = clock.now()
        closed = Closed(
            month=f"{period:%Y-%m}",
            closed_at=moment,
            closed_by=closed_by,
            note=note,
            as_of=as_of,
            reporting_unit=reporting,
            reporting=_by_metric(figures, "reporting_value"),
            native={str(unit): _by_metric(some, "value") for (unit,), some in sorted(figures.group_by("unit"))},
            line_count=figures["budget_line_id"].n_unique(),
            unconverted_count=figures["reporting_value"].null_count(),
            remark=remark,
        )
        known = {
            "captured_until": _captured_until(portfolio) or moment,
            "rates_until": _newest(portfolio.fx_rates, "rate_date"),
        }
        _record(lake, period, closed, figures, known)
    return closed


def _record(lake: Lake, period: date, closed: Closed, figures: pl.DataFrame, known: Mapping[str, Any]) -> None:
    """The figures first: a close is there once its own row is. ``known`` is what was known when it was made."""
    of_close = {
        "period": period,
        "closed_at": closed.closed_at,
        "reporting_unit": closed.reporting_unit,
        "as_of_date": closed.as_of,
    }
    lake.append(PpmMonthCloseLines, figures.with_columns(_literals(PpmMonthCloseLines, of_close)))
    close = of_close | {
        "period_label": closed.month,
        "closed_by": closed.closed_by,
        "note": closed.note,
        **known,
        **{f"{metric}_reporting": closed.reporting[metric] for metric in METRICS},
        "figure_count": figures.height,
        "line_count": closed.line_count,
        "unconverted_count": closed.unconverted_count,
        "product_version": version("finance-ppm"),
        "contract_version": _contract_version(),
    }
    lake.append(PpmMonthCloses, pl.DataFrame([close], schema=dtypes(PpmMonthCloses)))


def _literals(table: type[Table], cells: Mapping[str, Any]) -> list[pl.Expr]:
    columns = dtypes(table)
    return [pl.lit(value, columns[name]).alias(name) for name, value in cells.items()]


def _require_over(period: date, as_of: date, today: date) -> None:
    end = last_day(period)
    if period > today:
        raise SettingsError(f"{period:%Y-%m} lies in the future: it can be closed once it is over.")
    if end >= today:
        raise SettingsError(f"{period:%Y-%m} is not over: it can be closed from {end + timedelta(days=1)} on.")
    if as_of > today:
        raise SettingsError(f"--as-of {as_of} lies in the future: name a day until {today}.")
    if as_of < end:
        raise SettingsError(f"{period:%Y-%m} was not over on {as_of}: name a day from {end} on with --as-of.")


def _require_open(lake: Lake, period: date) -> None:
    before = next((close for close in newest_closes(lake.scan(PpmMonthCloses)) if close.period == period), None)
    if before is not None:
        raise AlreadyClosedError(
            f"{period:%Y-%m} was closed on {before.closed_at:%Y-%m-%d} by {before.closed_by}: `finance-ppm restatement "
            f"{period:%Y-%m}` shows what changed since, and --again closes it once more."
        )


def _figures(portfolio: Portfolio, period: date, reporting: str) -> pl.DataFrame:
    """The month's figures, down to the line."""
    figures = figures_of(
        portfolio.programs,
        portfolio.projects,
        portfolio.budget_lines.filter(dated_in(period)),
        rates_for(portfolio, reporting, portfolio.as_of),
        as_of=portfolio.as_of,
    )
    collected: pl.DataFrame = nw.to_native(of_month(figures, period)).collect()
    return collected.drop("period", "is_future")


def _remark(lake: Lake, period: date, figures: pl.DataFrame) -> str | None:
    first = first_capture(lake)
    if first is None or first.date() <= last_day(period):
        return None
    if figures.is_empty():
        raise NeverCapturedError(
            f"{period:%Y-%m} lies before the first capture ({first.date()}), and nothing is known of it: there is "
            "nothing to close."
        )
    return f"{period:%Y-%m} lies before the first capture ({first.date()}): nobody saw it while it lasted."


def _by_metric(figures: pl.DataFrame, measure: str) -> dict[str, Decimal]:
    sums = dict(figures.group_by("metric_name").agg(pl.col(measure).sum()).iter_rows())
    return {metric: sums.get(metric, Decimal("0.00")) for metric in METRICS}


def _captured_until(portfolio: Portfolio) -> datetime | None:
    """The newest capture among the pages behind the figures."""
    frames = (portfolio.programs, portfolio.projects, portfolio.budget_lines)
    return max(filter(None, (_newest(frame, "synced_at") for frame in frames)), default=None)


def _newest(frame: Frame, column: str) -> Any:
    return nw.to_native(frame.select(nw.col(column).max())).collect().item()


def _contract_version() -> str:
    columns = "\n".join(f"{name} {sql_type(PpmBudgetVsActual, name)}" for name in physical_columns(PpmBudgetVsActual))
    return sha256(columns.encode()).hexdigest()[:12]
