"""Rules of reading Azure: is every subscription read, read recently and whole, and is what was read plausible?

Belongs here: what the snapshots tell of themselves. What is in them is judged in ``azure``.
"""

from datetime import timedelta

import narwhals.stable.v2 as nw

from finance_ppm.contracts.azure import AzureSnapshots
from finance_ppm.quality.rule import Rulebook, Severity, plain_identity
from finance_ppm.quality.thresholds import THRESHOLDS
from finance_ppm.quality.vocabulary import any_of, broken, either, more_than, text
from finance_ppm.sources.azure.rows import Dataset
from finance_ppm.transforms.portfolio import Frame, Portfolio

SUBSCRIPTION = ("dataset", "subscription_id")


def _reads(portfolio: Portfolio) -> Frame:
    """The newest read of each dataset and subscription, when it was last ``complete_on``, and of ``what``, in words.

    A subscription that the newest read of the dataset does not speak of is forgotten: it was missed long enough.
    """
    snapshots = portfolio.azure_snapshots
    is_newest = nw.col("captured_on") == nw.col("captured_on").max().over("dataset")
    complete = snapshots.filter(nw.col("complete")).group_by(*SUBSCRIPTION).agg(complete_on=nw.col("captured_on").max())
    is_advisor = nw.col("dataset") == Dataset.ADVISOR.value
    named = snapshots.filter(is_newest).with_columns(
        what=nw.concat_str(
            nw.when(is_advisor).then(nw.lit("recommendations")).otherwise(nw.lit("resources")),
            nw.lit(" of the subscription "),
            nw.coalesce("subscription_name", "subscription_id"),
        )
    )
    return named.join(complete, on=list(SUBSCRIPTION), how="left")


book = Rulebook(
    AzureSnapshots,
    plain_identity(
        AzureSnapshots, nw.concat_str("dataset", "subscription_id", separator="|"), nw.col("subscription_name")
    ),
    checked=_reads,
)


@book.rule(
    Severity.ERROR,
    remedy="Do what the message says, and materialise the Azure tables of bronze again; meanwhile the last complete "
    "snapshot counts, and nothing is taken for resolved.",
)
def azure_snapshot_incomplete(portfolio: Portfolio) -> Frame:
    """The newest read of every subscription is complete, and holds as many rows as Azure counted."""
    reads = _reads(portfolio)
    cut = reads.filter(~nw.col("complete"))
    differing = reads.filter(nw.col("complete"), nw.col("row_count") != nw.col("expected_count"))
    return any_of(
        broken(
            cut,
            "complete",
            either(
                nw.col("row_count") != nw.col("expected_count"),
                "The {what} are not complete ({row_count} rows, where Azure counted {expected_count}): {reason}",
                "The {what} are not complete ({row_count} rows): {reason}",
            ),
            value=nw.col("reason"),
        ),
        broken(
            differing,
            "row_count",
            "The {what} passed for complete with {row_count} rows, where Azure counted {expected_count}.",
        ),
    )


@book.rule(
    Severity.WARN,
    remedy="Look at the last runs of bronze/azure_resources and bronze/azure_advisor in Dagster, mend the cause "
    "(`finance-ppm azure check` names it), and materialise them again.",
)
def azure_snapshot_stale(portfolio: Portfolio) -> Frame:
    """Every subscription was read completely, at the earliest {azure_read_within_days} day before the as-of day."""
    limit = portfolio.as_of - timedelta(days=THRESHOLDS.azure_read_within_days)
    complete_on = nw.col("complete_on")
    late = _reads(portfolio).filter(complete_on.is_null() | (complete_on < limit))
    return broken(
        late,
        "captured_on",
        either(
            complete_on.is_null(),
            "The {what} were never read completely.",
            "The {what} were last read completely on {complete_on}.",
        ),
        value=text("complete_on"),
    )


@book.rule(
    Severity.WARN,
    remedy="Ask who manages the subscription whether it is meant; if it is not, look whether the reader's access was "
    "narrowed (`finance-ppm azure check`).",
)
def azure_count_jump(portfolio: Portfolio) -> Frame:
    """The rows of a subscription change by no more than {azure_jump_share:.0%} from one complete snapshot to the next.

    A subscription with fewer than {azure_jump_rows} rows in both is not judged.
    """
    complete = portfolio.azure_snapshots.filter(nw.col("complete")).select(*SUBSCRIPTION, "captured_on", "row_count")
    reads = _reads(portfolio).select(*SUBSCRIPTION, "what", "subscription_name", captured_on="complete_on")
    latest = reads.join(complete, on=[*SUBSCRIPTION, "captured_on"])
    earlier = latest.select(*SUBSCRIPTION, latest_on="captured_on").join(complete, on=list(SUBSCRIPTION))
    before = (
        earlier.filter(nw.col("captured_on") < nw.col("latest_on"))
        .filter(nw.col("captured_on") == nw.col("captured_on").max().over(*SUBSCRIPTION))
        .select(*SUBSCRIPTION, before_on="captured_on", rows_before="row_count")
    )
    both = latest.join(before, on=list(SUBSCRIPTION))
    now, then = nw.col("row_count"), nw.col("rows_before")
    jumped = both.filter(
        (now >= THRESHOLDS.azure_jump_rows) | (then >= THRESHOLDS.azure_jump_rows),
        more_than((now - then).abs(), THRESHOLDS.azure_jump_share, then),
    )
    return broken(
        jumped,
        "row_count",
        "The {what} went from {rows_before} on {before_on} to {row_count} on {captured_on}.",
    )
