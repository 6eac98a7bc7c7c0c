"""The life of what Advisor tells: seen, missing, gone, back again.

Belongs here: the state machine, as a fold over days in their order. Does not belong here: what a record holds
(``recommendations``), and where the days come from (``pipeline.azure_silver``).

A record counts as seen in any snapshot it is in, whether the subscription was read completely or not, unless Advisor
marks it completed there. It counts as missing only from a snapshot that is complete: a row that was not read is no row
that is gone.
"""

from datetime import date

import polars as pl

LIVES = pl.Schema(
    {
        "record_id": pl.String(),
        "subscription_id": pl.String(),
        "first_seen": pl.Date(),
        "last_seen": pl.Date(),
        "resolved_on": pl.Date(),
        "reopened_on": pl.Date(),
        "completed_on": pl.Date(),
    }
)
"""The life of each record until the end of a day: ``first_seen`` and ``last_seen``; ``resolved_on``, the first complete
snapshot it was missing from since it was last seen, null while it stands; ``reopened_on``, the day on which it came
back, the last time that it did; ``completed_on``, the first snapshot that marks it completed since it was last seen.
"""


def no_lives() -> pl.DataFrame:
    """Before the first day."""
    return pl.DataFrame(schema=LIVES)


def lived_on(
    lives: pl.DataFrame, day: date, seen: pl.DataFrame, complete: pl.Series, completed: pl.Series
) -> pl.DataFrame:
    """The lives at the end of ``day``, from those at the end of the snapshot before it.

    ``seen`` are the records of the day's snapshot (record_id, subscription_id) but for those ``completed``, of which
    these are the ids; ``complete`` are the subscriptions of which it is complete. Days are told in ascending order,
    each once. A record that was never seen has no life, however often it is completed.
    """
    on_day, never = pl.lit(day, pl.Date), pl.lit(None, pl.Date)
    told = lives.join(seen.rename({"subscription_id": "seen_in"}), on="record_id", how="full", coalesce=True)
    is_seen = pl.col("seen_in").is_not_null()
    is_resolved = pl.col("resolved_on").is_not_null()
    is_missing = ~is_seen & pl.col("subscription_id").is_in(complete.implode())
    return told.select(
        "record_id",
        subscription_id=pl.coalesce("seen_in", "subscription_id"),
        first_seen=pl.col("first_seen").fill_null(on_day),
        last_seen=pl.when(is_seen).then(on_day).otherwise("last_seen"),
        resolved_on=pl.when(is_seen).then(never).when(is_missing & ~is_resolved).then(on_day).otherwise("resolved_on"),
        reopened_on=pl.when(is_seen & is_resolved).then(on_day).otherwise("reopened_on"),
        completed_on=pl.when(is_seen)
        .then(never)
        .when(pl.col("record_id").is_in(completed.implode()))
        .then(pl.col("completed_on").fill_null(on_day))
        .otherwise("completed_on"),
    )


def state(*, suppressed: pl.Expr) -> pl.Expr:
    """resolved, suppressed, reopened, new or active, the first that is true of a life.

    What was seen on one day alone is new: a complete snapshot without it would have resolved it, and one that is not
    complete cannot make it older.
    """
    return (
        pl.when(pl.col("resolved_on").is_not_null())
        .then(pl.lit("resolved"))
        .when(suppressed)
        .then(pl.lit("suppressed"))
        .when(pl.col("reopened_on").is_not_null())
        .then(pl.lit("reopened"))
        .when(pl.col("first_seen") == pl.col("last_seen"))
        .then(pl.lit("new"))
        .otherwise(pl.lit("active"))
    )
