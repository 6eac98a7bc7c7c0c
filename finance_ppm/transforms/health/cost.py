"""What can be said of a project's money: its budget against its forecast, its commitments and its lines."""

import narwhals.stable.v2 as nw

from finance_ppm.transforms.forecast.run_rate import APART_PERCENT
from finance_ppm.transforms.health.condition import Colour, Condition, Dimension
from finance_ppm.transforms.health.figures import (
    beyond,
    exactly,
    in_words,
    money_in_words,
    percent_up,
    plain,
    said,
    tenths,
    tenths_up,
)
from finance_ppm.transforms.health.thresholds import CostThresholds
from finance_ppm.transforms.shares import NO_CURRENCY


def cost_conditions(thresholds: CostThresholds) -> list[Condition]:
    """Conditions of the cost. Amounts are compared with ``budget``, which only a known currency has."""
    budget, over = nw.col("budget"), -nw.col("vac")
    red, amber = thresholds.red_beyond, thresholds.amber_beyond
    is_far_over, is_over = beyond(over, red, budget), beyond(over, amber, budget)
    forecast = said(stands(), " ", percent_up(over, budget), " % over its budget of ", money_in_words(budget))
    excess = -nw.col("reserve")
    lines_over = (excess > exactly(thresholds.lines_tolerance)) & ~budget.is_null()
    lines_red, lines_amber = thresholds.lines_red_beyond, thresholds.lines_amber_beyond
    is_lines_far = lines_over & beyond(excess, lines_red, budget)
    is_lines_over = lines_over & beyond(excess, lines_amber, budget)
    lines = said(
        "its budget lines add up to ", money_in_words(excess), " more than its Budget Total of ", money_in_words(budget)
    )
    both = f"amber beyond {plain(lines_amber)} % and {thresholds.lines_tolerance:.2f}, red beyond {plain(lines_red)} %"
    available = nw.col("available")
    committed = nw.col("is_completed") & (nw.col("oc") > 0)
    return [
        Condition(
            "unbudgeted_spend",
            Dimension.COST,
            Colour.RED,
            nw.col("bac").is_null() & (nw.col("ac") > 0),
            said("there is unbudgeted spend: ", money_in_words(nw.col("ac")), ", and no budget (red beyond 0)"),
        ),
        Condition(
            "far_over_budget", Dimension.COST, Colour.RED, is_far_over, said(forecast, f" (red beyond {plain(red)} %)")
        ),
        Condition(
            "overcommitted",
            Dimension.COST,
            Colour.RED,
            (available < 0) & ~budget.is_null(),
            said(
                "what is spent and committed is ",
                money_in_words(-available),
                " more than its budget of ",
                money_in_words(budget),
                " (red where available is below 0)",
            ),
        ),
        Condition("lines_far_over_budget", Dimension.COST, Colour.RED, is_lines_far, said(lines, f" ({both})")),
        Condition(
            "unknown_currency",
            Dimension.COST,
            Colour.GREY,
            ~nw.col("knows_currency"),
            nw.when(nw.col("unit") == NO_CURRENCY)
            .then(nw.lit("the project names no currency"))
            .otherwise(said("the project's currency ", nw.col("unit"), " is not an active ISO 4217 code")),
        ),
        Condition(
            "no_budget",
            Dimension.COST,
            Colour.GREY,
            nw.col("bac").is_null(),
            nw.lit("the project has no budget, in Budget Total or in its lines"),
        ),
        Condition(
            "over_budget",
            Dimension.COST,
            Colour.AMBER,
            is_over & ~is_far_over,
            said(forecast, f" (amber beyond {plain(amber)} %, red beyond {plain(red)} %)"),
        ),
        Condition(
            "lines_over_budget", Dimension.COST, Colour.AMBER, is_lines_over & ~is_lines_far, said(lines, f" ({both})")
        ),
        Condition(
            "completed_with_commitments",
            Dimension.COST,
            Colour.AMBER,
            committed,
            said("it is completed, and ", money_in_words(nw.col("oc")), " is still committed (amber beyond 0)"),
        ),
        Condition(
            "methods_disagree",
            Dimension.COST,
            Colour.GREEN,
            nw.col("methods_disagree") & ~budget.is_null(),
            said(
                "at the rate of the last three months it would end at ",
                money_in_words(nw.col("run_rate_eac")),
                ", far from the forecast of ",
                money_in_words(nw.col("eac")),
                f" (told beyond {APART_PERCENT} % of its budget)",
            ),
        ),
        Condition(
            "unspent_planned",
            Dimension.COST,
            Colour.GREEN,
            nw.col("unspent_planned") > 0,
            said(
                "it is completed, and ", money_in_words(nw.col("unspent_planned")), " of what was planned is not spent"
            ),
        ),
    ]


def stands() -> nw.Expr:
    """``it is forecast to end``, and how far over or under its budget; of a completed project nothing is to come."""
    return nw.when(nw.col("is_completed")).then(nw.lit("it is completed,")).otherwise(nw.lit("it is forecast to end"))


def against_budget() -> nw.Expr:
    """``3.0 % over its budget of 1000.00 EUR``."""
    share = nw.col("margin") * 100
    under = (
        nw.when(share < 0)
        .then(said(in_words(tenths_up(-share)), " % over"))
        .otherwise(said(in_words(tenths(share)), " % under"))
    )
    return said(under, " its budget of ", money_in_words(nw.col("budget")))
