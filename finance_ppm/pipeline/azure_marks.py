"""How each subscription of Azure was read, day by day: the marks by which a snapshot counts, or does not.

Belongs here: what today's marks are, given what was read now and what was marked before. Does not belong here: the rows
that they speak of (``azure_staging``), and when they are written (``azure``).
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta

import polars as pl

from finance_ppm.contracts.azure import AzureSnapshots
from finance_ppm.lakehouse.lake import Lake
from finance_ppm.sources.azure.rows import Dataset, Outcome

MISSED_FOR = timedelta(days=30)
"""How long after its last complete snapshot a subscription is missed."""

GONE = (
    "The subscription is not shown any more: it was deleted or moved, it is no longer among those that are to be read "
    "(AZURE_SUBSCRIPTIONS, AZURE_MANAGEMENT_GROUPS), or access to it was lost; where it still matters, give the reader "
    "its Reader role back."
)
"""Why there is no snapshot of a subscription that Azure did not name."""


class Marks:
    """The marks of a dataset as they stand, those of ``day`` and of the thirty days before it."""

    def __init__(self, lake: Lake, dataset: Dataset, day: date) -> None:
        self._dataset = dataset
        self._day = day
        every = lake.scan(AzureSnapshots).filter(
            pl.col("dataset") == dataset.value, pl.col("captured_on") <= pl.lit(day)
        )
        recent = every.filter(pl.col("captured_on") > pl.lit(day - MISSED_FOR)).collect().sort("captured_on")
        self._today = recent.filter(pl.col("captured_on") == day)
        self._recent = recent
        self._every = every
        self.complete = frozenset(self._today.filter("complete")["subscription_id"])
        """Subscriptions with a complete snapshot of the day."""

    def known(self) -> dict[str, str | None]:
        """Subscription to name, of those marked on the day, or on the newest day before it."""
        before = self._recent.filter(pl.col("captured_on") < self._day)
        newest = before.filter(pl.col("captured_on") == pl.col("captured_on").max())
        both = pl.concat([newest, self._today])
        return dict(both.select("subscription_id", "subscription_name").iter_rows())

    def missed(self, read: Collection[str]) -> list[Outcome]:
        """Known subscriptions that are not among those ``read``.

        For thirty days after the last complete snapshot; where there never was one, after the last day that Azure
        named it.
        """
        absent = {name: told for name, told in self.known().items() if name not in read}
        marks = self._recent.filter(pl.col("subscription_id").is_in(list(absent)))
        complete = set(marks.filter("complete")["subscription_id"])
        named = set(marks.filter(pl.col("reason").ne_missing(GONE))["subscription_id"]) - complete
        if named:
            once = self._every.filter("complete", pl.col("subscription_id").is_in(list(named))).collect()
            named -= set(once["subscription_id"])
        return [
            Outcome(name, told, complete=False, row_count=0, expected_count=None, reason=GONE)
            for name, told in absent.items()
            if name in complete | named
        ]

    def failed(self, reason: str) -> list[Outcome]:
        """Every known subscription, none of which could be read."""
        return [
            Outcome(name, told, complete=False, row_count=0, expected_count=None, reason=reason)
            for name, told in self.known().items()
        ]

    def news(
        self, outcomes: Iterable[Outcome], counts: Mapping[str, int], moment: datetime, *, rewritten: bool
    ) -> pl.DataFrame:
        """The day's marks that differ from those that stand. Of one that says the same, only the moment is older.

        ``counts`` is the rows stored by subscription, ``rewritten`` whether they were written anew. A complete snapshot
        stands against an incomplete read.
        """
        marks = pl.DataFrame(
            [
                {
                    "captured_on": self._day,
                    "dataset": self._dataset.value,
                    **_content(replace(outcome, row_count=counts.get(outcome.subscription_id, 0))),
                    "captured_at": moment,
                }
                for outcome in outcomes
                if outcome.complete or outcome.subscription_id not in self.complete
            ],
            schema=AzureSnapshots.create_empty().schema,
        )
        if rewritten:
            return marks
        content = [name for name in marks.columns if name != "captured_at"]
        return marks.join(self._today, on=content, how="anti", nulls_equal=True)


def _content(outcome: Outcome) -> dict[str, object]:
    return {name: getattr(outcome, name) for name in Outcome.__slots__}
