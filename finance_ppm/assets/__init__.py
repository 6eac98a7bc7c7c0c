"""One thin Dagster asset per table: the rooms below, joined.

Belongs here: which table is made from which, and what a step says about itself. Does not belong here: logic
longer than a screen, or how a table is stored (the IO manager reads that from the contract).
"""

import warnings

import dagster as dg

# Backfill policies and data versions are chosen knowingly (docs/decisions/one-daily-partition.md); every other
# warning is left to speak.
warnings.filterwarnings(
    "ignore",
    message=r"Parameter `(backfill_policy|data_version|include_sources|freshness_policy)`",
    category=dg.BetaWarning,
)
