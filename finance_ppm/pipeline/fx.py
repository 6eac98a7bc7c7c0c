"""Exchange rates into bronze: what is new is appended, and what differs from its newest version, in one commit.

Belongs here: which file has to be read, and what of it is news. How a file is read is ``sources.fx``'s, which rate
applies when is ``transforms.currency``'s. Why it is done so: docs/decisions/exchange-rates.md.

A rate is withdrawn where a file says so (``N/A``) and for no other reason: what is missing from a file stays as it is.
"""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import cast

import polars as pl

from finance_ppm.clock import Clock
from finance_ppm.contracts import full_name
from finance_ppm.contracts.fx import FxRates
from finance_ppm.lakehouse.conformity import dtypes
from finance_ppm.lakehouse.lake import Lake, Written
from finance_ppm.lakehouse.locks import writer_lock
from finance_ppm.sources.fx.reader import File, RatesReader
from finance_ppm.sources.fx.rows import Refused

logger = logging.getLogger(__name__)

_KEY = ["currency", "rate_date"]


@dataclass(frozen=True)
class Captured:
    """What one capture did."""

    sources: tuple[str, ...]
    """The files that were read."""
    requests: int
    read: int
    """Rates that came, each currency and day once, those that are told to be missing included."""
    withdrawn: int
    """Of the appended: rates that there were before and that the source says there are no more."""
    refused: tuple[Refused, ...]
    """Rows that tell no rate that can be believed."""
    newest: date | None
    """The newest day that has a rate, afterwards."""
    written: Written
    """What became of the table; ``inserted`` is the number of appended versions."""

    @property
    def appended(self) -> int:
        """Versions added to the table."""
        return self.written.inserted


def capture_rates(lake: Lake, clock: Clock, reader: RatesReader) -> Captured:
    """Read what may be new, and append to ``bronze/fx_rates`` what is. The same content once more writes nothing.

    The whole history is read where nothing is stored yet, and where the newest day is not the one that follows the
    newest stored: after each weekend, then, and whenever a day was missed. Else the file of the newest day is enough.
    One capture at a time reads and writes, so that none stores what another has found outdated.

    Raises what ``reader`` raises (:class:`~finance_ppm.sources.fx.errors.FxError`), and
    :class:`~finance_ppm.lakehouse.errors.LakeBusyError`; then nothing is written.
    """
    asked = reader.requests
    with writer_lock(lake.uri, full_name(FxRates)):
        files = list(_files(reader, _newest_told(lake, reader.folder)))
        told, to_come = _told(files, clock.today())
        news = _news(lake, told, clock.now())
        written = lake.append(FxRates, news)
        newest = lake.scan(FxRates).filter(pl.col("rate").is_not_null()).select(pl.col("rate_date").max())
        captured = Captured(
            sources=tuple(file.source for file in files),
            requests=reader.requests - asked,
            read=told.height,
            withdrawn=news["rate"].null_count(),
            refused=(*(one for file in files for one in file.content.refused), *to_come),
            newest=newest.collect().item(),
            written=written,
        )
    _log(captured)
    return captured


def _files(reader: RatesReader, newest: date | None) -> Iterator[File]:
    """The files to be read. ``newest`` is the newest day stored that came from the same place."""
    if newest is not None and reader.folder is not None:
        file = reader.newest_day()
        yield file
        if file.content.newest is not None and file.content.newest - newest <= timedelta(days=1):
            return
    yield reader.history()


def _newest_told(lake: Lake, folder: str | None) -> date | None:
    """The newest day of a rate that is stored and came out of ``folder``."""
    if folder is None:
        return None
    theirs = lake.scan(FxRates).filter(pl.col("source").str.starts_with(folder), pl.col("rate").is_not_null())
    newest: date | None = theirs.select(pl.col("rate_date").max()).collect().item()
    return newest


def _told(files: Iterable[File], today: date) -> tuple[pl.DataFrame, list[Refused]]:
    """Each currency and day once, as the last of the files tells it; and the rates of days to come, one by one."""
    types = dtypes(FxRates)
    frames = []
    to_come: list[Refused] = []
    for file in files:
        quotes = [quote for quote in file.content.quotes if quote.rate_date <= today]
        to_come += (
            Refused(f"{quote.currency} on {quote.rate_date}", "the day is yet to come")
            for quote in file.content.quotes
            if quote.rate_date > today
        )
        frames.append(
            pl.DataFrame(
                {
                    "currency": pl.Series([quote.currency for quote in quotes], dtype=types["currency"]),
                    "rate_date": pl.Series([quote.rate_date for quote in quotes], dtype=types["rate_date"]),
                    "rate": pl.Series([quote.rate for quote in quotes], dtype=types["rate"]),
                }
            ).with_columns(source=pl.lit(file.source))
        )
    return pl.concat(frames).unique(_KEY, keep="last", maintain_order=True), to_come


def _news(lake: Lake, told: pl.DataFrame, now: datetime) -> pl.DataFrame:
    """The versions to append. They are younger than any other, whatever the clock says."""
    stored = lake.scan(FxRates).select(*_KEY, "captured_at", "rate")
    newest = stored.filter(pl.col("captured_at") == pl.col("captured_at").max().over(_KEY)).collect()
    latest = cast("datetime | None", newest["captured_at"].max())
    moment = now if latest is None else max(now, latest + timedelta(microseconds=1))
    compared = told.join(newest, on=_KEY, how="left", suffix="_before", maintain_order="left")
    differs = pl.col("rate").ne_missing(pl.col("rate_before"))  # where nothing was before, that is: there is a rate
    return compared.filter(differs).select(
        *_KEY, "rate", "source", captured_at=pl.lit(moment, dtypes(FxRates)["captured_at"])
    )


def _log(captured: Captured) -> None:
    logger.info(
        "Read %s exchange rates of %s; appended %s, of which %s were withdrawn; the newest are of %s",
        f"{captured.read:,}",
        " and ".join(captured.sources),
        f"{captured.appended:,}",
        f"{captured.withdrawn:,}",
        captured.newest,
        extra={"sources": captured.sources, "requests": captured.requests, "appended": captured.appended},
    )
    if captured.refused:
        logger.warning(
            "%s rows of exchange rates were refused, for example %s", f"{len(captured.refused):,}", captured.refused[0]
        )
