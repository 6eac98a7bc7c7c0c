"""The portfolio as of one day: the lazy frames that every gold table and every rule is computed from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import narwhals.stable.v2 as nw

Frame = nw.LazyFrame[Any]


@dataclass(frozen=True)
class Portfolio:
    """Silver as of ``as_of``, the bronze it was made from, and gold where it is asked for; columns: ``contracts``."""

    as_of: date
    programs: Frame
    projects: Frame
    budget_lines: Frame
    risks: Frame
    actions: Frame
    quarantine: Frame
    raw_pages: Frame
    """Every page version captured until the end of ``as_of``, without its payload."""
    watermarks: Frame
    azure_resources: Frame
    azure_recommendations: Frame
    azure_snapshots: Frame
    """How each subscription was read, on each day until ``as_of``."""
    fx_rates: Frame
    """One row per currency and day until ``as_of``: the rate as it was known then (contract ``FxRates``)."""
    budget_vs_actual: Frame
    forecast: Frame
    forecast_monthly: Frame
    project_health: Frame
    issues: Frame
    """Findings of the rules of bronze and silver (contract ``DataQualityIssues``)."""
    advisor_recs: Frame
    advisor_allocations: Frame
    advisor_summary: Frame


def held(frames: Sequence[Frame]) -> list[Frame]:
    """The same frames, for several uses: those of Polars computed now, together; other engines compute each use."""
    if not all(frame.implementation.is_polars() for frame in frames):
        return [*frames]
    import polars as pl

    return [nw.from_native(frame.lazy()) for frame in pl.collect_all([frame.to_native() for frame in frames])]
