"""Azure into bronze: a dataset is read whole, and is the day's snapshot in one commit, or nothing has changed.

Belongs here: the order of things. Which rows make up the day is in ``azure_staging``, which subscriptions count as
complete in ``azure_marks``, what is asked of Azure in ``sources.azure``.

Rows are written first, in one commit that replaces the day; then the marks, with the number of rows that are there. So
killed anywhere, or read in between,

- the rows are those of the earlier snapshot of the day or those of the new one, never a part;
- a subscription marked complete has all rows of a complete read, because no write of rows takes any away from it but
  one that puts another complete read of it in their place. Its mark may still have the number of the earlier one;
- what is new is not marked yet, and so resolves nothing. The next read finds the rows as they are, and marks them.

In a local folder one capture at a time writes. Beyond it two at once keep all of this; at worst the one that writes its
marks last withdraws a mark of completeness, which the next read gives back.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import Protocol

import polars as pl
from deltalake.exceptions import DeltaError

from finance_ppm.clock import Clock
from finance_ppm.contracts import full_name
from finance_ppm.contracts.azure import AzureSnapshots
from finance_ppm.errors import FinancePpmError
from finance_ppm.lakehouse.lake import Lake, Written
from finance_ppm.lakehouse.locks import writer_lock
from finance_ppm.masking import Masker
from finance_ppm.pipeline.azure_marks import Marks
from finance_ppm.pipeline.azure_staging import TABLES, Staging
from finance_ppm.sources.azure.rows import Batch, Dataset, Outcome

logger = logging.getLogger(__name__)

Progress = Callable[[int], None]
"""Told how many rows have arrived so far."""


class Reader(Protocol):
    """What reads Azure: :class:`~finance_ppm.sources.azure.reader.AzureReader`."""

    @property
    def queries(self) -> int:
        """Requests sent so far."""
        ...

    def snapshot(self, dataset: Dataset, *, progress: Progress | None = None) -> Iterator[Batch]:
        """Every subscription, batch by batch."""
        ...


@dataclass(frozen=True)
class Capture:
    """What one capture did."""

    dataset: Dataset
    subscriptions: int
    """Those that were read, and those that are missed."""
    complete: int
    """Those of them that were read to their end."""
    rows: int
    """Rows of the day, afterwards."""
    queries: int
    written: Written
    """What became of the rows."""
    incomplete: tuple[Outcome, ...]
    """The others, each with its reason."""


class StagingError(FinancePpmError):
    """What was read cannot be kept until it is written into the lake."""


def capture_azure(
    reader: Reader,
    lake: Lake,
    clock: Clock,
    dataset: Dataset,
    *,
    day: date | None = None,
    progress: Progress | None = None,
) -> Capture:
    """Read a dataset, and make it the snapshot of ``day``: the one on which the read begins, unless it is part of what
    began before midnight.

    What was read of a subscription is kept whether the read of it is complete or not, but an incomplete one leaves a
    complete snapshot of the same day as it is. The same content once more writes nothing. Known subscriptions that were
    not met are marked as missed, for thirty days.

    Raises what ``reader`` raises where Azure cannot be read at all, and :class:`StagingError`: the rows of the day
    stay, and every known subscription without a complete snapshot of the day is marked with the reason.
    """
    day, asked = day or clock.today(), reader.queries
    with TemporaryDirectory(prefix="finance-ppm-azure-") as folder:
        staging = Staging(Path(folder), dataset, day)
        try:
            outcomes = _read(reader, staging, clock, progress)
        except FinancePpmError as error:
            reason = Masker()(str(error))
            try:
                _mark_failed(lake, clock, dataset, day, reason)
            except (FinancePpmError, OSError, DeltaError) as second:
                logger.error("The failed read of Azure could not be marked: %s", second)  # noqa: TRY400 - it says all
            raise
        capture = replace(_store(lake, clock, staging, outcomes), queries=reader.queries - asked)
    _log(capture)
    return capture


def _read(reader: Reader, staging: Staging, clock: Clock, progress: Progress | None) -> dict[str, Outcome]:
    """How each subscription was read. Where one was asked for twice, a complete answer counts."""
    outcomes: dict[str, Outcome] = {}
    for batch in reader.snapshot(staging.dataset, progress=progress):
        try:
            staging.add(batch.source, batch.rows, clock.now())
        except (OSError, pl.exceptions.ComputeError) as error:
            raise StagingError(
                f"What is read of Azure cannot be kept in {gettempdir()} until it is whole ({error}): make room there, "
                "or set TMPDIR to a folder that has some."
            ) from error
        for outcome in batch.outcomes:
            before = outcomes.get(outcome.subscription_id)
            if not (before and before.complete):
                outcomes[outcome.subscription_id] = outcome
    for subscription_id, types in staging.unknown_types.items():
        outcome = outcomes.get(subscription_id) or Outcome(
            subscription_id, subscription_name=None, complete=False, row_count=0, expected_count=None
        )
        unknown = (
            f"Rows of types that this version does not know came ({types.total():,}: {', '.join(sorted(types))}) and "
            "were not stored: update Finance PPM, or report this."
        )
        reason = f"{outcome.reason} {unknown}" if outcome.reason else unknown
        outcomes[subscription_id] = replace(outcome, complete=False, reason=reason)
    return outcomes


def _store(lake: Lake, clock: Clock, staging: Staging, outcomes: dict[str, Outcome]) -> Capture:
    dataset, day, table = staging.dataset, staging.day, TABLES[staging.dataset]
    complete = {outcome.subscription_id for outcome in outcomes.values() if outcome.complete}
    with writer_lock(lake.uri, full_name(table)):
        marks = Marks(lake, dataset, day)
        rows = partial(staging.day_rows, complete=complete, standing=marks.complete - complete)
        written = lake.replace_partition_from(table, rows, {"captured_on": day})
        told = [*outcomes.values(), *marks.missed(outcomes)]
        counts = _counts(lake, dataset, day)
        lake.merge(AzureSnapshots, marks.news(told, counts, clock.now(), rewritten=written.changed))
    return Capture(
        dataset,
        subscriptions=len(told),
        complete=len(complete),
        rows=written.rows,
        queries=0,
        written=written,
        incomplete=tuple(outcome for outcome in told if not outcome.complete),
    )


def _mark_failed(lake: Lake, clock: Clock, dataset: Dataset, day: date, reason: str) -> None:
    with writer_lock(lake.uri, full_name(TABLES[dataset])):
        marks = Marks(lake, dataset, day)
        counts = _counts(lake, dataset, day)
        lake.merge(AzureSnapshots, marks.news(marks.failed(reason), counts, clock.now(), rewritten=False))


def _counts(lake: Lake, dataset: Dataset, day: date) -> dict[str, int]:
    """Rows stored of the day, by subscription."""
    rows = lake.scan(TABLES[dataset]).filter(pl.col("captured_on") == day)
    return dict(rows.group_by("subscription_id").len().collect().iter_rows())


def _log(capture: Capture) -> None:
    told = {"dataset": capture.dataset.value, "changed": capture.written.changed}
    logger.info(
        "Read %s of %s subscriptions of Azure completely; the day has %s rows of %s",
        f"{capture.complete:,}",
        f"{capture.subscriptions:,}",
        f"{capture.rows:,}",
        capture.dataset.value,
        extra=told,
    )
    if capture.incomplete:
        first = capture.incomplete[0]
        logger.warning(
            "The %s of %s subscriptions are not complete, for example of %s: %s",
            capture.dataset.value,
            f"{len(capture.incomplete):,}",
            first.subscription_name or first.subscription_id,
            first.reason,
            extra=told,
        )
