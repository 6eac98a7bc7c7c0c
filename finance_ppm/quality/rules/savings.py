"""Rules of Azure's savings: shares and sums are those of the recommendations."""

import narwhals.stable.v2 as nw

from finance_ppm.contracts import Table
from finance_ppm.contracts.azure import AdvisorSummary, AzureAdvisorAllocations, AzureAdvisorRecs, AzureSnapshots
from finance_ppm.contracts.silver import NotionProjects
from finance_ppm.quality.rule import Rule, Severity
from finance_ppm.quality.rules.reconciliation import NONE, REMEDY, differing, filled, gold_book, groups, joined, told
from finance_ppm.quality.vocabulary import broken
from finance_ppm.transforms.numeric import MONEY
from finance_ppm.transforms.portfolio import Frame, Portfolio
from finance_ppm.transforms.savings.active import OPEN_STATES
from finance_ppm.transforms.shares import NO_CURRENCY

MADE_FROM: tuple[type[Table], ...] = (AzureSnapshots, NotionProjects)

_AMOUNTS = ("annual_savings", "achievable_conservative", "achievable_maximum")
_SUMS = ("gross_annual_savings", "achievable_conservative", "achievable_maximum")
_COUNTS = ("open_count", "new_count", "suppressed_count", "resolved_count")
_SHARED = ("recommendation_id", "currency")
_TOTAL = ("dimension", "currency")
_MEMBER = ("dimension", "dimension_id", "currency")
_OF_RECOMMENDATIONS = ("category", "impact", "subscription")

shares = gold_book(
    AzureAdvisorAllocations,
    joined(*_SHARED),
    checked=lambda portfolio: groups(_SHARED, portfolio.advisor_allocations, portfolio.advisor_recs),
    beside=(AzureAdvisorRecs,),
    made_from=MADE_FROM,
)
summaries = gold_book(
    AdvisorSummary, joined(*_TOTAL), checked=lambda portfolio: groups(_TOTAL, portfolio.advisor_summary)
)
members = gold_book(
    AdvisorSummary,
    joined(*_MEMBER),
    checked=lambda portfolio: groups(_MEMBER, portfolio.advisor_summary, _summed(portfolio)),
    beside=(AzureAdvisorRecs, AzureAdvisorAllocations),
    made_from=MADE_FROM,
)


@shares.rule(Severity.ERROR, remedy=REMEDY)
def savings_are_allocated_whole(portfolio: Portfolio) -> Frame:
    """The shares of projects and of nobody add up to each recommendation's savings, in its currency."""
    rows = differing(
        filled(portfolio.advisor_allocations, _AMOUNTS),
        filled(portfolio.advisor_recs, _AMOUNTS),
        _SHARED,
        _AMOUNTS,
    )
    return told(rows, _AMOUNTS, "The shares of {recommendation_id} do not add up to its savings.")


@shares.rule(Severity.ERROR, remedy=REMEDY)
def every_recommendation_is_allocated(portfolio: Portfolio) -> Frame:
    """Every recommendation is some project's or nobody's, and nothing else is allocated."""
    by, recs, allocations = "recommendation_id", portfolio.advisor_recs, portfolio.advisor_allocations
    unmatched = [
        rows.select(by, "currency").join(others.select(by), on=by, how="anti")
        for rows, others in ((recs, allocations), (allocations, recs))
    ]
    return broken(
        nw.concat(unmatched), by, "The recommendation {recommendation_id} is allocated to none, or is not there."
    )


@summaries.rule(Severity.ERROR, remedy=REMEDY)
def savings_dimensions_agree(portfolio: Portfolio) -> Frame:
    """By category, impact, project and subscription the savings add up to the same total, in every currency."""
    dimension, figures = nw.col("dimension"), (*_SUMS, "unknown_count")
    counted = nw.when(dimension != "project").then(nw.col("unknown_count")).otherwise(nw.lit(0, nw.Int64))
    parts = portfolio.advisor_summary.filter(dimension != "all")
    total = portfolio.advisor_summary.filter(dimension == "all").drop("dimension")
    expected = parts.select("dimension", "currency").unique().join(total, on="currency", how="left")
    of_parts, of_all = (filled(rows.with_columns(unknown_count=counted), figures) for rows in (parts, expected))
    rows = differing(of_parts, of_all, _TOTAL, figures)
    return told(rows, figures, "Savings by {dimension} in {currency} do not add up to the total.")


@members.rule(Severity.ERROR, remedy=REMEDY)
def savings_are_those_of_recommendations(portfolio: Portfolio) -> Frame:
    """What is summed up of savings is there once, and is what the recommendations and their shares come to."""
    figures, one = (*_SUMS, *_COUNTS, "rows"), nw.lit(1, nw.Int64)
    summary, expected = portfolio.advisor_summary, _summed(portfolio)
    rows = differing(summary.with_columns(rows=one), expected.with_columns(rows=one), _MEMBER, figures)
    return told(rows, figures, "Savings by {dimension} of {dimension_id} are not those of the recommendations.")


def _summed(portfolio: Portfolio) -> Frame:
    """What the recommendations and their shares come to, by member of each dimension."""
    recs = portfolio.advisor_recs
    of_recs = _told(
        recs.with_columns(
            all=nw.lit("all"),
            subscription=nw.col("subscription_id"),
            category=_named("category"),
            impact=_named("impact"),
        )
    ).unpivot(
        on=["all", *_OF_RECOMMENDATIONS],
        index=["currency", *_SUMS, *_COUNTS],
        variable_name="dimension",
        value_name="dimension_id",
    )
    states = recs.select("recommendation_id", "state")
    of_shares = _told(
        portfolio.advisor_allocations.join(states, on="recommendation_id", how="inner").with_columns(
            dimension=nw.lit("project"), dimension_id=nw.col("project_id")
        )
    )
    columns = (*_MEMBER, *_SUMS, *_COUNTS)
    both = nw.concat([of_recs.select(*columns), of_shares.select(*columns)])
    return both.group_by(*_MEMBER).agg(nw.col(*_SUMS, *_COUNTS).sum())


def _told(rows: Frame) -> Frame:
    """``rows`` with what each of them adds to a sum."""
    state, annual = nw.col("state"), nw.col("annual_savings")
    is_open = state.is_in(OPEN_STATES)
    gross = nw.when(is_open & (nw.col("currency") != NO_CURRENCY)).then(annual.cast(MONEY)).fill_null(NONE)
    counted = {"open_count": is_open, **{f"{name}_count": state == name for name in ("new", "suppressed", "resolved")}}
    return rows.with_columns(
        gross.alias(_SUMS[0]),
        *(nw.col(name).cast(MONEY) for name in _SUMS[1:]),
        **{name: holds.cast(nw.Int64) for name, holds in counted.items()},
    )


def _named(column: str) -> nw.Expr:
    is_missing = nw.col(column).is_null() | (nw.col(column) == "")
    return nw.when(is_missing).then(nw.lit("(none)")).otherwise(nw.col(column))


RULES: tuple[Rule, ...] = (*shares.rules, *summaries.rules, *members.rules)
