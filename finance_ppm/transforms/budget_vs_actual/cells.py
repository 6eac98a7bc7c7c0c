"""Facts summed into cells.

Belongs here: grouping, what lines take of reserves, and the variance. Does not belong here: what an amount means
(``facts``), names and identifiers (``presentation``).

Every engine plans each use of a frame anew, so a frame is used once where that can be had: rows are multiplied by
``unpivot``, not by a union of several queries on one frame.
"""

import narwhals.stable.v2 as nw

from finance_ppm.transforms.budget_vs_actual.facts import (
    ACTUAL,
    BUDGET,
    COMMITTED,
    RESERVE,
    UNDATED,
    Kind,
)
from finance_ppm.transforms.budget_vs_actual.reporting import CONVERTED_STALE, REASONS
from finance_ppm.transforms.numeric import MONEY
from finance_ppm.transforms.portfolio import Frame
from finance_ppm.transforms.shares import NO_CURRENCY, ONCE, UNASSIGNED

PORTFOLIO, PROGRAM, PROJECT, CATEGORY, VENDOR = "portfolio", "program", "project", "category", "vendor"
VARIANCE = "variance"

VALUES = ("value", "reporting_value", "constant_value", "reporting_excluded_value")
"""Measures of a metric that are amounts: in variance that of the actual is taken from that of the budget."""
COUNTS = ("stale_rate_count", *REASONS.values())
"""Measures of a metric that count amounts: in variance they add up."""

_CELL = ("dimension", "dimension_id", "period", "unit")
KINDS_OF = {
    BUDGET: (Kind.BUDGET, Kind.TAKING),
    COMMITTED: (Kind.COMMITTED,),
    ACTUAL: (Kind.ACTUAL, Kind.MATCHED),
}
"""The kinds that make a metric's value."""
_MATCHED, _EXCLUDED = "matched", "excluded"
_LINES_OF = {**KINDS_OF, _MATCHED: (Kind.MATCHED,), _EXCLUDED: (Kind.EXCLUDED,)}
"""The kinds whose lines are counted together."""
_IN_UNIT = ONCE[-1:]
_SUMMED = ("value", "reporting_value", "constant_value")
_NOTHING = nw.lit(0).cast(MONEY)
_NONE = nw.lit(0, nw.Int64)


def _of(kind: str, measure: str) -> str:
    """The name of a measure of one metric, or kind, beside those of the others."""
    return f"{kind}_{measure}"


_AMOUNTS_BESIDE = (*(_of(metric, value) for metric in KINDS_OF for value in VALUES), _of(_EXCLUDED, "value"))
_COUNTS_BESIDE = (*(_of(metric, count) for metric in KINDS_OF for count in COUNTS), _of(BUDGET, "amounts"))


def cells_of(facts: Frame, homes: Frame) -> Frame:
    """The cells of every metric: metric, dimension, member, period and unit, :data:`VALUES`, :data:`COUNTS`,
    ``line_count``, ``excluded_value`` and ``excluded_count``.
    """
    names = homes.select("home", PROJECT, PROGRAM, "unit")
    by_project = (
        _side_by_side(facts, ("home",), ONCE)
        .join(names, on="home", how="left")
        .with_columns(
            nw.col(PROJECT, PROGRAM).fill_null(UNASSIGNED),
            nw.col("unit").fill_null(NO_CURRENCY),
            nw.lit(PORTFOLIO).alias(PORTFOLIO),
        )
    )
    by_sort = _side_by_side(facts, (CATEGORY, VENDOR, "unit"), _IN_UNIT).with_columns(
        _NONE.alias(name) for name in _lines_beside(ONCE[:-1])
    )
    members = nw.concat([_of_each(by_project, PORTFOLIO, PROGRAM, PROJECT), _of_each(by_sort, CATEGORY, VENDOR)])
    return _measured(_added(members, _CELL, ONCE))


def _summed(facts: Frame, bearers: tuple[str, ...], once: tuple[str, ...]) -> Frame:
    """Facts of the same month and kind, and of which the same became."""
    return facts.group_by(*bearers, "period", "kind", "verdict").agg(
        nw.col(*_SUMMED).sum().cast(MONEY), nw.col(*once).sum().cast(nw.Int64), amounts=nw.len().cast(nw.Int64)
    )


def _with_taken(sums: Frame, bearers: tuple[str, ...], once: tuple[str, ...]) -> Frame:
    """``sums``; and once more, with the opposite sign and of no line, those that take of a reserve."""
    is_taken, columns = nw.col("is_taken"), (*bearers, "period", "kind", "verdict", *_SUMMED, *once, "amounts")
    elsewhere = {CATEGORY: nw.lit(RESERVE), VENDOR: nw.lit(RESERVE), "period": nw.lit(UNDATED)}
    taken = elsewhere | {name: -nw.col(name) for name in _SUMMED} | dict.fromkeys((*once, "amounts"), _NONE)
    return (
        sums.with_columns(
            given=nw.lit(value=False), taken=nw.when(nw.col("kind") == Kind.TAKING).then(nw.lit(value=True))
        )
        .unpivot(on=["given", "taken"], index=list(columns), variable_name="side", value_name="is_taken")
        .filter(~is_taken.is_null())
        .with_columns(
            nw.when(is_taken).then(taken[name]).otherwise(nw.col(name)).alias(name) for name in columns if name in taken
        )
    )


def _side_by_side(facts: Frame, bearers: tuple[str, ...], once: tuple[str, ...]) -> Frame:
    """A row for each month of ``bearers``, with every measure of each metric side by side.

    Facts are summed before: a measure for each kind and verdict is computed of the sums, which are few.
    """
    sums = _with_taken(_summed(facts, bearers, once), bearers, once)
    kind, verdict, amounts = nw.col("kind"), nw.col("verdict"), nw.col("amounts")
    is_left_out, is_stale = verdict.is_in(list(REASONS)), verdict == CONVERTED_STALE
    measures: dict[str, nw.Expr] = {}
    for metric, kinds in KINDS_OF.items():
        held = kind.is_in(kinds)
        measures |= {
            _of(metric, "value"): _amount(held, "value"),
            _of(metric, "reporting_value"): _amount(held & ~is_left_out, "reporting_value"),
            _of(metric, "constant_value"): _amount(held & ~is_left_out, "constant_value"),
            _of(metric, "reporting_excluded_value"): _amount(held & is_left_out, "value"),
            _of(metric, "stale_rate_count"): _count(held & is_stale, amounts),
            **{_of(metric, reason): _count(held & (verdict == why), amounts) for why, reason in REASONS.items()},
        }
    measures |= {
        _of(BUDGET, "amounts"): _count(kind.is_in(KINDS_OF[BUDGET]), amounts),
        _of(_EXCLUDED, "value"): _amount(kind == Kind.EXCLUDED, "value"),
        **{_of(of, each): _count(kind.is_in(kinds), nw.col(each)) for of, kinds in _LINES_OF.items() for each in once},
    }
    key = (*bearers, "period")
    return _added(sums.select(*key, **measures), key, once)


def _of_each(sums: Frame, *dimensions: str) -> Frame:
    """``sums`` once for each dimension, with the member they belong to."""
    index = ["period", "unit", *_AMOUNTS_BESIDE, *_COUNTS_BESIDE, *_lines_beside(ONCE)]
    return sums.unpivot(on=list(dimensions), index=index, variable_name="dimension", value_name="dimension_id")


def _added(rows: Frame, key: tuple[str, ...], once: tuple[str, ...]) -> Frame:
    """One row for each ``key``, with the sum of every measure."""
    return rows.group_by(*key).agg(
        nw.col(*_AMOUNTS_BESIDE).sum().cast(MONEY), nw.col(*_COUNTS_BESIDE, *_lines_beside(once)).sum().cast(nw.Int64)
    )


def _lines_beside(once: tuple[str, ...]) -> list[str]:
    return [_of(of, each) for of in _LINES_OF for each in once]


def _measured(sums: Frame) -> Frame:
    """The four metrics of each row of ``sums``: a cell of each that a line's amount, or a reserve, is in."""
    metric, dimension = nw.col("metric_name"), nw.col("dimension")

    def lines(kind: str) -> nw.Expr:
        in_project, in_program, in_unit = (nw.col(_of(kind, once)) for once in ONCE)
        inner = nw.when(dimension == PROGRAM).then(in_program).otherwise(in_unit)
        return nw.when(dimension == PROJECT).then(in_project).otherwise(inner)

    line_count = {kind: nw.col(_of(kind, "line_count")) for kind in _LINES_OF}
    counted = {_of(kind, "line_count"): lines(kind) for kind in _LINES_OF}
    has_budget = nw.col(_of(BUDGET, "amounts")) > 0
    has_actual = lines(ACTUAL) + lines(_EXCLUDED) > 0
    is_there = {
        BUDGET: has_budget,
        COMMITTED: lines(COMMITTED) > 0,
        ACTUAL: has_actual,
        VARIANCE: has_budget | has_actual,
    }
    cells = (
        sums.with_columns(
            **counted, **{name: nw.when(there).then(nw.lit(value=True)) for name, there in is_there.items()}
        )
        .unpivot(
            on=list(is_there),
            index=[*_CELL, *_AMOUNTS_BESIDE, *_COUNTS_BESIDE, *counted],
            variable_name="metric_name",
            value_name="is_there",
        )
        .filter(~nw.col("is_there").is_null())
    )

    def of_metric(budget: nw.Expr, committed: nw.Expr, actual: nw.Expr, variance: nw.Expr) -> nw.Expr:
        rest = nw.when(metric == ACTUAL).then(actual).otherwise(variance)
        return nw.when(metric == BUDGET).then(budget).when(metric == COMMITTED).then(committed).otherwise(rest)

    def of_each(measure: str) -> tuple[nw.Expr, nw.Expr, nw.Expr]:
        return nw.col(_of(BUDGET, measure)), nw.col(_of(COMMITTED, measure)), nw.col(_of(ACTUAL, measure))

    measures: dict[str, nw.Expr] = {}
    for measure in (*VALUES, *COUNTS, "line_count"):
        budget, committed, actual = of_each(measure)
        measures[measure] = of_metric(
            budget, committed, actual, budget - actual if measure in VALUES else budget + actual
        )
    return cells.select(
        "metric_name",
        *_CELL,
        *(measures[measure].cast(MONEY).alias(measure) for measure in VALUES),
        *(measures[measure].alias(measure) for measure in COUNTS),
        line_count=measures["line_count"] - nw.when(metric == VARIANCE).then(line_count[_MATCHED]).otherwise(_NONE),
        excluded_value=nw.when(metric == ACTUAL).then(nw.col(_of(_EXCLUDED, "value"))).otherwise(_NOTHING),
        excluded_count=nw.when(metric == ACTUAL).then(line_count[_EXCLUDED]).otherwise(_NONE),
    )


def _amount(held: nw.Expr, measure: str) -> nw.Expr:
    return nw.when(held).then(nw.col(measure)).otherwise(_NOTHING).cast(MONEY)


def _count(held: nw.Expr, measure: nw.Expr) -> nw.Expr:
    return nw.when(held).then(measure).otherwise(_NONE)
