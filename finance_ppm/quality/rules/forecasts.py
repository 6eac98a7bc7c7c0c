"""Rules of the forecast of each project: its own figures agree, and they are those of its cells.

Does not belong here: its months (``months``), and the pages it is made from (``counted``).
"""

from datetime import date

import narwhals.stable.v2 as nw

from finance_ppm.contracts.finance import PpmForecast
from finance_ppm.contracts.gold import PpmBudgetVsActual
from finance_ppm.quality.rule import Rule, Severity
from finance_ppm.quality.rules.reconciliation import (
    CONVERTED,
    NONE,
    PORTFOLIO,
    REMEDY,
    UNDATED,
    differing,
    far,
    gold_book,
    groups,
    joined,
    projects_with,
    told,
    unlike,
    unmatched,
)
from finance_ppm.quality.vocabulary import broken, live
from finance_ppm.transforms.calendar import ordinal
from finance_ppm.transforms.numeric import MONEY, multiple, ratio
from finance_ppm.transforms.portfolio import Frame, Portfolio
from finance_ppm.transforms.shares import UNASSIGNED

_KEY = ("project_id", "unit")

alone = gold_book(PpmForecast, joined(*_KEY), checked=lambda portfolio: portfolio.forecast)
compared = gold_book(
    PpmForecast,
    joined(*_KEY),
    checked=lambda portfolio: groups(_KEY, portfolio.forecast, _cells(portfolio)),
    beside=(PpmBudgetVsActual,),
    made_from=PORTFOLIO,
)
converted = gold_book(
    PpmForecast,
    joined(*_KEY),
    checked=lambda portfolio: portfolio.forecast,
    beside=(PpmBudgetVsActual,),
    made_from=CONVERTED,
)
projects = gold_book(
    PpmForecast,
    joined(*_KEY),
    checked=lambda portfolio: projects_with(portfolio, portfolio.forecast),
    made_from=PORTFOLIO,
)


def _cells(portfolio: Portfolio, **figures: tuple[str, str]) -> Frame:
    """The cells of projects, each as a figure of theirs: the metric, and which of its values."""
    metric = nw.col("metric_name")
    return portfolio.budget_vs_actual.filter(nw.col("dimension") == "project").select(
        "unit",
        "period",
        project_id=nw.col("dimension_id"),
        **{
            name: nw.when(metric == of).then(nw.col(value)).otherwise(NONE).cast(MONEY).fill_null(NONE)
            for name, (of, value) in figures.items()
        },
    )


def _but_january_1900(portfolio: Portfolio, rows: Frame) -> Frame:
    """``rows`` without what is undated where a project has actuals of January 1900: in cells both are of one month."""
    recognised = nw.coalesce("invoice_date", "paid_date")
    dated_so = live(portfolio.budget_lines).filter(recognised >= nw.lit(UNDATED), recognised < nw.lit(date(1900, 2, 1)))
    named = dated_so.select(project_id=nw.col("project_ids")).explode("project_id").unique()
    # Which of them have no live project is not looked up: then nothing that is unassigned is compared.
    theirs = nw.concat([named, named.select(project_id=nw.lit(UNASSIGNED)).unique()]).with_columns(
        is_mixed=nw.lit(True)
    )
    mixed = rows.join(theirs, on="project_id", how="left")
    undated = nw.when(nw.col("is_mixed").is_null()).then(nw.col("undated_actual")).otherwise(NONE)
    return mixed.with_columns(undated_actual=undated.cast(MONEY))


@compared.rule(Severity.ERROR, remedy=REMEDY)
def forecast_agrees_with_cells(portfolio: Portfolio) -> Frame:
    """A project's actual cost, undated and future actuals, and open commitments are those of its cells."""
    figures = ("ac", "oc", "undated_actual", "future_actual")
    cells = _cells(
        portfolio, ac=("actual", "value"), oc=("committed", "value"), future_actual=("actual", "excluded_value")
    )
    is_undated = nw.col("period") == nw.lit(UNDATED)
    rows = cells.with_columns(undated_actual=nw.when(is_undated).then(nw.col("ac")).otherwise(NONE))
    forecast, rows = (_but_january_1900(portfolio, each) for each in (portfolio.forecast, rows))
    wrong = differing(forecast, rows, _KEY, figures)
    return told(wrong, figures, "The forecast of {project_id} starts from other figures than its cells.")


@compared.rule(Severity.ERROR, remedy=REMEDY)
def forecast_budget_agrees_with_cells(portfolio: Portfolio) -> Frame:
    """A project's budget, be it its Budget Total or what its lines add up to, is what its cells come to."""
    known = portfolio.forecast.with_columns(bac=nw.coalesce("bac", "line_total"))
    wrong = differing(known, _cells(portfolio, bac=("budget", "value")), _KEY, ("bac",))
    return told(wrong, ("bac",), "The budget of {project_id} is not what its cells come to.")


@converted.rule(Severity.ERROR, remedy=REMEDY)
def forecast_is_converted_as_cells(portfolio: Portfolio) -> Frame:
    """What a project spent, has open and is budgeted comes to the same in the reporting currency as in its cells."""
    figures = {"ac_reporting": "actual", "oc_reporting": "committed", "bac_reporting": "budget"}
    whole = portfolio.forecast.filter(nw.col("unconverted_reason").is_null())
    cells = _cells(portfolio, **{name: (metric, "reporting_value") for name, metric in figures.items()})
    told_of = whole.select(*_KEY, has_bac=~nw.col("bac").is_null())
    of_whole = cells.join(told_of, on=list(_KEY), how="inner").with_columns(
        bac_reporting=nw.when(nw.col("has_bac")).then(nw.col("bac_reporting")).otherwise(NONE)
    )
    wrong = differing(
        whole.with_columns(nw.col(*figures).fill_null(NONE)), of_whole, _KEY, tuple(figures)
    )  # that none is missing is asked by itself
    return told(wrong, tuple(figures), "The forecast of {project_id} is converted otherwise than its cells.")


@alone.rule(Severity.ERROR, remedy=REMEDY)
def forecast_is_complete(portfolio: Portfolio) -> Frame:
    """EAC is AC and ETC, VAC is BAC less EAC, and nothing that was spent or committed is missing from EAC."""
    bac, eac, ac, etc, oc = (nw.col(name) for name in ("bac", "eac", "ac", "etc", "oc"))
    wrong = portfolio.forecast.filter(
        unlike(eac, ac + etc) | unlike(nw.col("vac"), bac - eac) | (eac < ac + oc).fill_null(True)
    )
    return broken(wrong, "eac", "EAC {eac} does not go with AC {ac}, OC {oc}, ETC {etc}, BAC {bac} and VAC {vac}.")


@alone.rule(Severity.ERROR, remedy=REMEDY)
def forecast_parts_add_up(portfolio: Portfolio) -> Frame:
    """What is available, in reserve, paid and accrued, and EAC with the reserve used, follow from the other amounts."""
    bac, ac, reserve = nw.col("bac"), nw.col("ac"), nw.col("reserve")
    with_reserve = nw.col("eac") + nw.when(reserve > NONE).then(reserve).when(~reserve.is_null()).then(NONE)
    wrong = portfolio.forecast.filter(
        unlike(nw.col("available"), bac - ac - nw.col("oc"))
        | unlike(reserve, bac - nw.col("line_total"))
        | unlike(ac, nw.col("paid") + nw.col("accrued"))
        | unlike(nw.col("eac_if_reserve_used"), with_reserve)
    )
    return broken(
        wrong,
        "available",
        "Available {available}, reserve {reserve}, paid {paid}, accrued {accrued} or {eac_if_reserve_used} with the "
        "reserve used does not go with BAC {bac}, AC {ac}, OC {oc} and EAC {eac}.",
    )


@alone.rule(Severity.ERROR, remedy=REMEDY)
def forecast_ratios_follow(portfolio: Portfolio) -> Frame:
    """Ratios, the planned value and the factor k of a project follow from its amounts and dates."""
    bac, ac, elapsed, burn = nw.col("bac"), nw.col("ac"), nw.col("elapsed"), nw.col("burn")
    lines, settled, spent = nw.col("line_total"), nw.col("ev_line"), nw.col("ac_settled")
    has_spent = ~burn.is_null()  # nothing was spent where there is no burn, not even 0
    first, last = ordinal(nw.col("start_date")), ordinal(nw.col("end_date"))
    passed = (nw.lit(portfolio.as_of.toordinal(), nw.Int64) - first + 1) / (last - first + 1)
    is_telling = (lines > NONE) & (spent > NONE) & (multiple(settled, 10) >= lines)
    ratios = {
        "spent_ratio": nw.when(has_spent).then(ratio(ac, bac)),
        "consumed_ratio": nw.when(has_spent).then(ratio(ac + nw.col("oc"), bac)),
        "elapsed": nw.when(last >= first).then(passed.clip(0.0, 1.0)),
        "settled_coverage": nw.when(lines > NONE).then(ratio(settled, lines)),
        "cpi_line_proxy": nw.when(is_telling).then(ratio(settled, spent)),
        "runway_months": nw.when(burn > NONE).then(ratio(nw.col("available"), burn)),
    }
    # five times both, so that they are whole
    settled_at, settled_for = multiple(spent, 5) + bac, multiple(settled, 5) + bac
    is_large = (_double(settled_for) > _LARGEST) | (_double(settled_at).abs() > _LARGEST)
    quotient = ratio(settled_at, settled_for).clip(0.8, 1.5)
    k = nw.when(is_large).then(_double("k")).when(settled_for > NONE).then(quotient).otherwise(nw.lit(1.0))
    wrong = portfolio.forecast.filter(
        nw.any_horizontal(
            *(far(nw.col(name), expected) for name, expected in ratios.items()),
            far(_double("pv"), _double("bac") * elapsed, digits=0.0051),
            far(_double("k"), k, digits=1e-5),
            ignore_nulls=True,
        )
    )
    return broken(wrong, "spent_ratio", "A ratio, PV {pv} or the factor {k} does not go with BAC {bac} and AC {ac}.")


@alone.rule(Severity.ERROR, remedy=REMEDY)
def forecast_is_converted_whole(portfolio: Portfolio) -> Frame:
    """A project has all its reporting figures or, with a reason, none, and they add up as its own do."""
    amounts = ("ac", "oc", "etc", "eac", "bac", "vac")
    of_project = {name: nw.col(name) for name in amounts}
    reporting = {name: nw.col(f"{name}_reporting") for name in amounts}
    constant, fx = nw.col("eac_constant"), nw.col("fx_variance")
    is_told, is_own = nw.col("unconverted_reason").is_null(), nw.col("unit") == nw.col("reporting_unit")
    is_missing = [reporting[name].is_null() != (~is_told | of_project[name].is_null()) for name in amounts]
    wrong = portfolio.forecast.filter(
        nw.any_horizontal(
            *is_missing,
            *(column.is_null() == is_told for column in (constant, fx)),
            unlike(reporting["eac"], reporting["ac"] + reporting["etc"]),
            unlike(reporting["vac"], reporting["bac"] - reporting["eac"]),
            unlike(reporting["eac"], constant - fx),
            *(is_own & (reporting[name] != of_project[name]) for name in amounts),
            is_own & ((fx != NONE) | ~is_told),
            ignore_nulls=True,
        )
    )
    return broken(
        wrong, "eac_reporting", "{eac} {unit} are told as {eac_reporting} {reporting_unit}, which does not add up."
    )


@projects.rule(Severity.ERROR, remedy=REMEDY)
def every_project_has_a_forecast(portfolio: Portfolio) -> Frame:
    """Every live project has one forecast, and no other one has."""
    return unmatched(portfolio, portfolio.forecast, "forecast")


_LARGEST = 4.9e13
"""Amounts about as large as this are not divided for k, which is 1 then."""


def _double(amount: str | nw.Expr) -> nw.Expr:
    return (nw.col(amount) if isinstance(amount, str) else amount).cast(nw.Float64)


RULES: tuple[Rule, ...] = (*compared.rules, *converted.rules, *alone.rules, *projects.rules)
