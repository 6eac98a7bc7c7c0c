"""A closed month as it was reported, beside the same month by what is known now: what differs, and why.

Belongs here: the comparison, and the reason of each difference. Does not belong here: what a figure is (``figures``).

Both are as of the close's day, so that time alone changes nothing: a commitment that is invoiced a month later was
open on that day all the same. What differs was written, or learnt, since.
"""

from datetime import date, datetime
from decimal import Decimal

import narwhals.stable.v2 as nw

from finance_ppm.transforms.budget_vs_actual.facts import BUDGET, COMMITTED, UNDATED
from finance_ppm.transforms.numeric import MONEY
from finance_ppm.transforms.portfolio import Frame
from finance_ppm.transforms.restatement.figures import KEY, MEMBERS, NAMES, dated_in, of_month
from finance_ppm.transforms.shares import UNASSIGNED

BOTH, REPORTED, CURRENT = "both", "reported", "current"
"""Where a figure is: in both tellings under the same members, or in one of them alone."""

_LINE = ["metric_name", "budget_line_id"]
_NOTHING = nw.lit(Decimal(0)).cast(MONEY)

_EXPLAINED = {
    "amount": "The amount was changed.",
    "spending": "What is open was changed: its dates or its actual amount were.",
    "split": "The line was split anew among its projects.",
    "rate": "The exchange rate was corrected or came late, or the project's start date was changed.",
    "project": "Moved to another project.",
    "project_gone": "The project was archived, is in quarantine, or was forgotten.",
    "currency": "The project's currency was changed.",
    "category": "The category was changed.",
    "vendor": "The vendor was changed.",
    "program": "The project moved to another program.",
    "archived": "The line was archived.",
    "absent": "The line is in quarantine, or was forgotten.",
    "removed": "The amount was taken away.",
    "settled": "By its dates it was not open any more.",
    "new_line": "The line is new.",
    "entered": "Its amount or date was entered, or the line restored, after the close.",
}
"""Reason to words. No word of a page is quoted."""


def concerned(budget_lines: Frame, reported: Frame, period: date) -> Frame:
    """The lines that can be in the month which begins on ``period``, or that were ``reported`` in it: the others need
    not be looked at.
    """
    marks = reported.select("budget_line_id").unique().with_columns(was_reported=nw.lit(value=True))
    marked = budget_lines.join(marks, on="budget_line_id", how="left")
    return marked.filter(dated_in(period) | ~nw.col("was_reported").is_null()).drop("was_reported")


def restated(
    reported: Frame,
    figures: Frame,
    budget_lines: Frame,
    elsewhere: Frame,
    *,
    period: date,
    as_of: date,
    captured_until: datetime,
) -> Frame:
    """Every difference between ``reported`` and ``figures`` in the month that begins on ``period``.

    - ``reported``: the rows of ``PpmMonthCloseLines`` of one close;
    - ``figures``: ``figures_of`` what is known now, as of the close's day ``as_of``, with every line of either;
    - ``budget_lines``: silver as it is now, archived lines and all;
    - ``elsewhere``: ``metric_name``, ``budget_line_id`` and ``period`` of figures reported in other months;
    - ``captured_until``: a line that was created later is new.

    Gives ``KEY``, ``presence``, ``MEMBERS``, ``NAMES``, the six amounts, ``reason`` and ``explanation``.
    """
    sides = _with_differences(_side_by_side(reported, of_month(figures, period)))
    # Lines that are as they were are most of them, and tell nothing of the others.
    changed = sides.filter(_differs()).select(*_LINE).unique()
    rebudgeted = _rebudgeted(sides)
    sides, figures, elsewhere = (frame.join(changed, on=_LINE, how="semi") for frame in (sides, figures, elsewhere))
    known = _located(_neighbours(sides), figures, budget_lines, elsewhere, rebudgeted)
    differing = known.filter(_differs()).with_columns(
        nw.coalesce(nw.col(name), _NOTHING).alias(name) for name in (REPORTED, CURRENT)
    )
    return differing.with_columns(reason=_reason(as_of, captured_until)).select(
        *KEY,
        "presence",
        *NAMES,
        *MEMBERS,
        *(nw.col(name).cast(MONEY) for name in (REPORTED, CURRENT, "difference")),
        *(nw.col(name).cast(MONEY) for name in ("reported_reporting", "current_reporting", "difference_reporting")),
        "reason",
        _explanation().alias("explanation"),
    )


def _side_by_side(reported: Frame, current: Frame) -> Frame:
    """One row per figure under its members, with what either telling says of it; null where it has none."""
    amounts = (REPORTED, CURRENT, "reported_reporting", "current_reporting")
    names = [f"{side}_{name}" for side in (REPORTED, CURRENT) for name in NAMES]

    def telling(figures: Frame, side: str) -> Frame:
        own = {side: "value", f"{side}_reporting": "reporting_value", **{f"{side}_{name}": name for name in NAMES}}
        kinds = dict.fromkeys(amounts, MONEY) | dict.fromkeys(names, nw.String())
        return figures.select(
            *KEY,
            *MEMBERS,
            *(
                nw.col(own[name]).cast(kind).alias(name) if name in own else nw.lit(None).cast(kind).alias(name)
                for name, kind in kinds.items()
            ),
        )

    sides = nw.concat([telling(reported, REPORTED), telling(current, CURRENT)])
    # A figure is there once in a telling, so that the largest of one value, and of nulls, is that value.
    together = sides.group_by(*KEY, *MEMBERS).agg(nw.col(*amounts, *names).max())
    was, is_now = ~nw.col(REPORTED).is_null(), ~nw.col(CURRENT).is_null()
    return together.select(
        *KEY,
        *MEMBERS,
        *amounts,
        *(nw.coalesce(nw.col(f"{CURRENT}_{name}"), nw.col(f"{REPORTED}_{name}")).alias(name) for name in NAMES),
        presence=nw.when(was & is_now).then(nw.lit(BOTH)).when(was).then(nw.lit(REPORTED)).otherwise(nw.lit(CURRENT)),
    )


def _with_differences(sides: Frame) -> Frame:
    def less(current: str, reported: str) -> nw.Expr:
        return nw.coalesce(nw.col(current), _NOTHING) - nw.coalesce(nw.col(reported), _NOTHING)

    return sides.with_columns(
        difference=less(CURRENT, REPORTED), difference_reporting=less("current_reporting", "reported_reporting")
    )


def _differs() -> nw.Expr:
    return (nw.col("difference") != 0) | (nw.col("difference_reporting") != 0)


def _rebudgeted(sides: Frame) -> Frame:
    """The shares whose budget in the month is another one. A budget bears no date of spending and no actual amount."""
    changed = sides.filter((nw.col("metric_name") == BUDGET) & (nw.col("difference") != 0))
    sums = changed.group_by(*KEY[1:]).agg(nw.col("difference").sum())
    return sums.filter(nw.col("difference") != 0).select(*KEY[1:], is_rebudgeted=nw.lit(value=True))


def _neighbours(sides: Frame) -> Frame:
    """What each row has beside it: under other members, in another currency, in another project of its line."""
    share, project, line = KEY, KEY[:3], _LINE
    marked = sides.with_columns(
        was=(~nw.col(REPORTED).is_null()).cast(nw.Int64), is_now=(~nw.col(CURRENT).is_null()).cast(nw.Int64)
    )
    both = [
        ((nw.col("was").max().over(*scope) + nw.col("is_now").max().over(*scope)) == 2).alias(f"both_in_{name}")
        for name, scope in (("share", share), ("project", project), ("line", line))
    ]
    changed = [
        (nw.col(name).min().over(*share) != nw.col(name).max().over(*share)).alias(f"{name}_changed")
        for name in MEMBERS
    ]
    same_total = nw.col(REPORTED).sum().over(*line) == nw.col(CURRENT).sum().over(*line)
    stays = nw.col("both_in_project")
    moves = {"stays": stays, "leaves": ~stays & (nw.col("was") == 1), "comes": ~stays & (nw.col("is_now") == 1)}
    return marked.with_columns(*both, *changed, same_total=same_total).with_columns(
        (move.cast(nw.Int64).max().over(*line) == 1).alias(f"some_share_{name}") for name, move in moves.items()
    )


def _located(sides: Frame, figures: Frame, budget_lines: Frame, elsewhere: Frame, rebudgeted: Frame) -> Frame:
    """With what became of each row's line, the month its amount is in now, and the one it was reported in besides.

    What was committed and is not open as of the day is in no month as such: it is where its budget is.
    """
    budgets = figures.filter(nw.col("metric_name") == BUDGET)
    planned_in = budgets.group_by("budget_line_id").agg(nw.col("period").max().alias("planned_in"))
    now_in = figures.group_by(*_LINE).agg(nw.col("period").max().alias("now_in"))
    then_in = elsewhere.group_by(*_LINE).agg(nw.col("period").max().alias("then_in"))
    lines = budget_lines.select(
        *("budget_line_id", "is_archived", "created_time"), *("amount", "invoice_date", "paid_date")
    )
    named = budget_lines.select("budget_line_id", project_id=nw.col("project_ids")).explode("project_id").unique()
    return (
        sides.join(now_in, on=_LINE, how="left")
        .join(planned_in, on="budget_line_id", how="left")
        .join(then_in, on=_LINE, how="left")
        .join(rebudgeted, on=list(KEY[1:]), how="left")
        .join(lines, on="budget_line_id", how="left")
        .join(named.with_columns(is_named=nw.lit(value=True)), on=["budget_line_id", "project_id"], how="left")
        .with_columns(
            now_in=nw.coalesce(
                nw.col("now_in"), nw.when(nw.col("metric_name") == COMMITTED).then(nw.col("planned_in"))
            ),
            is_gone=((nw.col("presence") == REPORTED) & _is_true(nw.col("is_named"))).cast(nw.Int64),
        )
        .with_columns(lost_project=nw.col("is_gone").max().over(*_LINE) == 1)
    )


def _is_of_lost_project() -> nw.Expr:
    """Whether the row is of a project that the line still names, and that is not there; or of what came of that."""
    return (nw.col("is_gone") == 1) | (nw.col("lost_project") & (nw.col("project_id") == UNASSIGNED))


def _is_split() -> nw.Expr:
    """Whether the line stays in a project, and only came into others besides, or only left others."""
    return nw.col("some_share_stays") & ~(nw.col("some_share_leaves") & nw.col("some_share_comes"))


def _is_settled(as_of: date) -> nw.Expr:
    by_then = [nw.col(name) <= as_of for name in ("invoice_date", "paid_date")]
    return _is_true(nw.col("amount") > 0) & nw.any_horizontal(*by_then, ignore_nulls=True)


def _reason(as_of: date, captured_until: datetime) -> nw.Expr:
    presence, reported, current = nw.col("presence"), nw.col(REPORTED), nw.col(CURRENT)
    stays, came = presence == BOTH, presence == CURRENT
    amount = reported != current
    is_committed = nw.col("metric_name") == COMMITTED
    spending = is_committed & nw.col("is_rebudgeted").is_null()
    reasons = [
        (stays & amount & spending, "spending"),
        (stays & amount & nw.col("same_total"), "split"),
        (stays & amount, "amount"),
        (stays, "rate"),
        (nw.col("both_in_share") & nw.col("category_changed"), "category"),
        (nw.col("both_in_share") & nw.col("vendor_changed"), "vendor"),
        (nw.col("both_in_share"), "program"),
        (nw.col("both_in_project"), "currency"),
        (nw.col("both_in_line") & _is_of_lost_project(), "project_gone"),
        (nw.col("both_in_line") & _is_split(), "split"),
        (nw.col("both_in_line"), "project"),
        (came & _is_true(nw.col("created_time") > nw.lit(captured_until)), "new_line"),
        (came & ~nw.col("then_in").is_null(), "month"),
        (came & spending, "spending"),
        (came, "entered"),
        (nw.col("is_archived").is_null(), "absent"),
        (nw.col("is_archived"), "archived"),
        (is_committed & _is_settled(as_of), "settled"),
        (is_committed & _is_true(nw.col("amount") <= 0), "amount"),
        (~nw.col("now_in").is_null(), "month"),
    ]
    return _first_true(reasons, otherwise=nw.lit("removed"))


def _explanation() -> nw.Expr:
    reason, now_in, came = nw.col("reason"), nw.col("now_in"), nw.col("presence") == CURRENT
    sentence = [(reason == code, words) for code, words in _EXPLAINED.items() if code != "month"]
    left, month = (reason == "month") & ~came, now_in.dt.to_string("%Y-%m")
    return (
        nw.when(left & (now_in == nw.lit(UNDATED)))
        .then(nw.lit("Moved to no month: its date was taken away."))
        .when(left)
        .then(nw.concat_str([nw.lit("Moved to "), month, nw.lit(".")]))
        .when(reason == "month")
        .then(nw.concat_str([nw.lit("Moved here from "), nw.col("then_in").dt.to_string("%Y-%m"), nw.lit(".")]))
        .otherwise(_first_true(sentence, otherwise=nw.lit(None).cast(nw.String())))
    )


def _first_true(cases: list[tuple[nw.Expr, str]], *, otherwise: nw.Expr) -> nw.Expr:
    for condition, word in reversed(cases):
        otherwise = nw.when(condition).then(nw.lit(word)).otherwise(otherwise)
    return otherwise


def _is_true(condition: nw.Expr) -> nw.Expr:
    return condition.fill_null(False)
