"""Rules that compare gold with the pages it is made from: nothing of theirs is lost, doubled, moved or renamed.

Sums are taken here from silver anew, and not by what gold is computed with. Does not belong here: how gold's own
tables agree.
"""

import narwhals.stable.v2 as nw

from finance_ppm.contracts.finance import PpmForecast
from finance_ppm.contracts.gold import PpmBudgetVsActual
from finance_ppm.quality.rule import Rule, Severity
from finance_ppm.quality.rules.reconciliation import (
    CENT,
    NONE,
    PORTFOLIO,
    REMEDY,
    UNDATED,
    differing,
    gold_book,
    groups,
    joined,
    told,
    unlike,
)
from finance_ppm.quality.vocabulary import broken, live
from finance_ppm.transforms.numeric import MONEY, from_cents, in_cents, quotient
from finance_ppm.transforms.portfolio import Frame, Portfolio
from finance_ppm.transforms.shares import NO_CURRENCY, UNASSIGNED

RESERVE = "(reserve)"
"""Where the cells hold what budgets keep in reserve: of no line, and of no month."""

_METRICS = {
    "budget": ("amount", ("committed_date", "invoice_date", "paid_date")),
    "actual": ("actual_amount", ("invoice_date", "paid_date")),
}
"""The amount of a line that each metric adds up, and the days of which the first that is known is its own."""
_AMOUNTS = {"amount": "amount", "actual": "actual_amount"}
_BOUNDS = tuple(f"{of}_{bound}" for of in _AMOUNTS for bound in ("least", "most"))
_ONE = nw.lit(1, nw.Int64)


def _of_lines(portfolio: Portfolio, column: str) -> Frame:
    """What the live lines plan and spent, by ``column`` and metric."""
    lines = live(portfolio.budget_lines)
    sums = (
        lines.select(column, value=nw.col(amount).cast(MONEY))
        .group_by(column)
        .agg(nw.col("value").sum())
        .select("value", metric_name=nw.lit(metric), member=_named(column))
        for metric, (amount, _) in _METRICS.items()
    )
    return nw.concat(list(sums))


def _of_months(portfolio: Portfolio, column: str) -> Frame:
    """The same by month, too. Summed by day first, since of days there are few."""
    lines = live(portfolio.budget_lines)
    sums = (
        lines.select(column, day=nw.coalesce(*days), value=nw.col(amount).cast(MONEY))
        .group_by(column, "day")
        .agg(nw.col("value").sum())
        .select(
            "value",
            metric_name=nw.lit(metric),
            member=_named(column),
            period=nw.col("day").dt.truncate("1mo").cast(nw.Date).fill_null(nw.lit(UNDATED)),
        )
        for metric, (amount, days) in _METRICS.items()
    )
    return nw.concat(list(sums))


def _named(column: str) -> nw.Expr:
    """A category or vendor as cells name it."""
    is_missing = nw.col(column).is_null() | (nw.col(column) == "")
    return nw.when(is_missing).then(nw.lit("(none)")).otherwise(nw.col(column))


def _of_cells(portfolio: Portfolio, dimension: str) -> Frame:
    """What the cells of a dimension hold or exclude, by metric and month."""
    wanted = (nw.col("dimension") == dimension) & nw.col("metric_name").is_in(["budget", "actual"])
    return portfolio.budget_vs_actual.filter(wanted).select(
        "metric_name",
        "period",
        member=nw.col("dimension_id"),
        value=(nw.col("value") + nw.col("excluded_value")).cast(MONEY),
    )


_OF_CATEGORY = ("metric_name", "member", "period")


def _categories(portfolio: Portfolio) -> tuple[Frame, Frame]:
    """What lines bring to each category in a month, and what its cells hold."""
    # A line of the category "(reserve)", undated too, cannot be told from what is in reserve.
    is_reserve = (nw.col("member") == RESERVE) & (nw.col("period") == UNDATED) & (nw.col("metric_name") == "budget")
    lines, cells = _of_months(portfolio, "category"), _of_cells(portfolio, "category")
    return lines.filter(~is_reserve), cells.filter(~is_reserve)


categories = gold_book(
    PpmBudgetVsActual,
    joined(*_OF_CATEGORY),
    checked=lambda portfolio: groups(_OF_CATEGORY, *_categories(portfolio)),
    made_from=PORTFOLIO,
)


@categories.rule(Severity.ERROR, remedy=REMEDY)
def every_amount_is_counted(portfolio: Portfolio) -> Frame:
    """What the live budget lines of a category plan and spent in a month is in its cells or counted as excluded."""
    rows = differing(*_categories(portfolio), _OF_CATEGORY, ("value",))
    return told(rows, ("value",), "Of the {metric_name} of {member} in {period} {value} did not reach the cells.")


_OF_VENDOR = ("metric_name", "member")


def _vendors(portfolio: Portfolio) -> tuple[Frame, Frame]:
    """What lines bring to each vendor, and what its cells hold."""
    is_reserve = (nw.col("member") == RESERVE) & (nw.col("metric_name") == "budget")
    return _of_lines(portfolio, "vendor").filter(~is_reserve), _of_cells(portfolio, "vendor").filter(~is_reserve)


vendors = gold_book(
    PpmBudgetVsActual,
    joined(*_OF_VENDOR),
    checked=lambda portfolio: groups(_OF_VENDOR, *_vendors(portfolio)),
    made_from=PORTFOLIO,
)


@vendors.rule(Severity.ERROR, remedy=REMEDY)
def every_vendor_is_counted(portfolio: Portfolio) -> Frame:
    """What the live budget lines of a vendor plan and spent is in its cells or counted as excluded."""
    rows = differing(*_vendors(portfolio), _OF_VENDOR, ("value",))
    return told(rows, ("value",), "Of the {metric_name} of {member} {value} did not reach the cells.")


projects = gold_book(
    PpmForecast,
    joined("project_id", "unit"),
    checked=lambda portfolio: groups(("project_id", "unit"), _sides(portfolio)),
    beside=(PpmBudgetVsActual,),
    made_from=PORTFOLIO,
)


@projects.rule(Severity.ERROR, remedy=REMEDY)
def lines_count_in_their_project(portfolio: Portfolio) -> Frame:
    """What the live budget lines of a project plan and spent counts in it, in its currency, each of them once."""
    sums = (
        _sides(portfolio).group_by("project_id", "unit").agg(nw.col(*_BOUNDS).sum().cast(MONEY), nw.col("lines").sum())
    )
    is_outside = [(nw.col(f"{of}_least") > NONE) | (nw.col(f"{of}_most") < NONE) for of in _AMOUNTS]
    wrong = sums.filter(nw.any_horizontal(*is_outside, nw.col("lines") != 0, ignore_nulls=True))
    return told(wrong, (*_BOUNDS, "lines"), "What the lines of {project_id} say in {unit} is not what counts in it.")


def _sides(portfolio: Portfolio) -> Frame:
    """What lines bring to each project, and the opposite of what counts in it."""
    table, planned, spent = portfolio.budget_vs_actual, nw.col("line_total"), nw.col("value") + nw.col("excluded_value")
    cells = table.filter(nw.col("dimension") == "project", nw.col("metric_name") == "actual")
    return nw.concat(
        [
            *_borne(portfolio),
            _side(portfolio.forecast, amount_least=-planned, amount_most=-planned, lines=-nw.col("line_count")),
            _side(cells, project_id=nw.col("dimension_id"), actual_least=-spent, actual_most=-spent),
        ]
    )


def _borne(portfolio: Portfolio) -> list[Frame]:
    """What lines bring to each project, and to nobody's, at least and at most: which of the projects that share a line
    bear its odd cents is not asked.
    """
    lines = live(portfolio.budget_lines).with_columns(parts=nw.col("project_ids").list.len().cast(nw.Int64))
    whole = (
        lines.filter(nw.col("parts").fill_null(0) <= 1)
        .select("project_id", *(nw.col(column).cast(MONEY).fill_null(NONE) for column in _AMOUNTS.values()))
        .group_by("project_id")
        .agg(nw.col(*_AMOUNTS.values()).sum(), lines=nw.len())
    )
    alone = {f"{of}_{bound}": nw.col(column) for of, column in _AMOUNTS.items() for bound in ("least", "most")}
    shared = _at_home(
        portfolio, _split(lines.filter(nw.col("parts") > 1)).drop("project_id").rename({"project_ids": "project_id"})
    )
    once = shared.group_by("budget_line_id", "project_id", "unit").agg(nw.col(*_BOUNDS).sum())
    return [
        _side(_at_home(portfolio, whole), **alone, lines=nw.col("lines")),
        _side(once, **{bound: nw.col(bound) for bound in _BOUNDS}, lines=_ONE),
    ]


def _split(lines: Frame) -> Frame:
    """A row for each project a line names, with its share of each amount, at least and at most: they are a cent apart
    where it does not divide.
    """
    rows, parts = lines.explode("project_ids"), nw.col("parts")
    for of, column in _AMOUNTS.items():
        whole = in_cents(nw.col(column))
        each = from_cents(quotient(whole.abs(), parts))
        more = nw.when(in_cents(each) * parts == whole.abs()).then(each).otherwise(each + CENT)
        rows = rows.with_columns(
            nw.when(whole < 0).then(-more).otherwise(each).cast(MONEY).fill_null(NONE).alias(f"{of}_least"),
            nw.when(whole < 0).then(-each).otherwise(more).cast(MONEY).fill_null(NONE).alias(f"{of}_most"),
        )
    return rows


def _at_home(portfolio: Portfolio, rows: Frame) -> Frame:
    """``rows`` of pages by ``project_id``, as gold names them: what is of no live project is nobody's."""
    pages = portfolio.projects.select("project_id", "is_archived", "currency")
    is_live = ~nw.col("is_archived").fill_null(True)
    return (
        rows.drop("is_archived", strict=False)
        .join(pages, on="project_id", how="left")
        .with_columns(
            project_id=nw.when(is_live).then(nw.col("project_id")).otherwise(nw.lit(UNASSIGNED)),
            unit=nw.col("currency").fill_null(NO_CURRENCY),
        )
    )


def _side(rows: Frame, **figures: nw.Expr) -> Frame:
    """One side of the comparison: what it does not tell is nothing."""
    return rows.select(
        figures.get("project_id", nw.col("project_id")).alias("project_id"),
        "unit",
        *(figures.get(bound, NONE).cast(MONEY).alias(bound) for bound in _BOUNDS),
        figures.get("lines", nw.lit(0)).cast(nw.Int64).alias("lines"),
    )


pages = gold_book(
    PpmForecast, joined("project_id", "unit"), checked=lambda portfolio: portfolio.forecast, made_from=PORTFOLIO
)


@pages.rule(Severity.ERROR, remedy=REMEDY)
def forecast_is_of_its_page(portfolio: Portfolio) -> Frame:
    """A project's forecast has the name, program, currency, status, dates and Budget Total of its page."""
    known = live(portfolio.programs).select("program_id", program=nw.col("program_id"))
    of_page = {
        "page_name": nw.col("name"),
        "page_program": nw.col("program").fill_null(UNASSIGNED),
        "page_unit": nw.col("currency").fill_null(NO_CURRENCY),
        "page_status": nw.col("status"),
        "page_start": nw.col("start_date"),
        "page_end": nw.col("end_date"),
        "page_total": nw.col("budget_total").cast(MONEY),
    }
    told_by_pages = live(portfolio.projects).join(known, on="program_id", how="left").select("project_id", **of_page)
    total = nw.col("page_total")
    has_total = (total > NONE).fill_null(False)
    is_told = (nw.col("bac_source") == "budget_total").fill_null(False)
    departs = [
        unlike(nw.col(figure), nw.col(page))
        for figure, page in zip(
            ("project_name", "program_id", "unit", "status", "start_date", "end_date"), of_page, strict=False
        )
    ]
    rows = portfolio.forecast.join(told_by_pages, on="project_id", how="inner")
    wrong = rows.filter(
        nw.any_horizontal(*departs, has_total != is_told, has_total & unlike(nw.col("bac"), total), ignore_nulls=True)
    )
    return broken(wrong, "project_id", "The forecast of {project_name} ({bac} {unit}) is not of its page as it stands.")


RULES: tuple[Rule, ...] = (*categories.rules, *vendors.rules, *projects.rules, *pages.rules)
