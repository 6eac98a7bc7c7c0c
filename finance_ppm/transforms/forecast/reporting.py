"""The forecast in the reporting currency: each part at its rate, and why a part has none.

Belongs here: which rate converts which part. Does not belong here: the rates (``currency.rates``), the multiplication
(``currency.conversion``), what a part is (``states``, ``placing``).

A part is an amount (``value``) of a ``kind``: an actual of a share, its open commitment, a budget, what is to come in a
month. Each is converted by itself, at its own rate and at the budget rate, and summed after that. A part whose project
has no budget rate is not converted at all, so that every reporting figure has its counterpart at constant currency.
"""

from datetime import date

import narwhals.stable.v2 as nw

from finance_ppm.transforms.calendar import UNDATED, month_of
from finance_ppm.transforms.currency.conversion import with_converted
from finance_ppm.transforms.currency.rates import Rates
from finance_ppm.transforms.forecast.states import KEY, NOTHING, is_true, unspent
from finance_ppm.transforms.numeric import MONEY
from finance_ppm.transforms.portfolio import Frame

AC, OC, BAC = "ac", "oc", "bac"
REASONS = ("too_large", "no_rate", "no_budget_rate", "unknown_currency")
"""Why a part is not converted, the least of reasons first. What a part ``lacks`` is the place of its reason, or 0."""
_TOO_LARGE, _NO_RATE, _NO_BUDGET_RATE, _UNKNOWN_CURRENCY = range(1, len(REASONS) + 1)

_RATE = ("mantissa", "exponent", "is_stale")
_BUDGET, _CLOSING, _OWN = "budget", "closing", "own"
_CONVERTED = ("reporting", "constant", "lacks", "stale")
_NONE = nw.lit(0, nw.Int64)


def terms_of(pages: Frame, members: Frame, rates: Rates, as_of: date) -> Frame:
    """The ``unit`` of each bearer, and its rates: at the start of the project, or on ``as_of`` where that is earlier;
    and on ``as_of``. ``is_known`` where there are any of its currency.
    """
    start, today = nw.col("start_date"), nw.lit(as_of)
    closing = rates.daily.filter(nw.col("day") == today).select("unit", *_named(_CLOSING))
    known = rates.daily.select("unit").unique().with_columns(is_known=nw.lit(True))
    return (
        members.join(pages.select(KEY, "start_date"), on=KEY, how="left")
        .select(KEY, "unit", day=nw.when(start > today).then(today).otherwise(start))
        .join(rates.daily.select("unit", "day", *_named(_BUDGET)), on=["unit", "day"], how="left")
        .join(closing, on="unit", how="left")
        .join(known, on="unit", how="left")
        .drop("day")
    )


def parts_of(shares: Frame, pages: Frame, terms: Frame, rates: Rates) -> Frame:
    """By project, month and kind what is spent, open and budgeted: ``value``, the same converted, and what that lacks.

    An actual of no month, and all that is no actual, is of :data:`~.calendar.UNDATED`.
    """
    parts = _shared(shares, pages).join(terms, on=KEY, how="left")
    averages = rates.monthly.select("unit", "period", *_named(_OWN))
    is_dated, is_budget = ~nw.col("period").is_null(), nw.col("kind") == BAC
    rated = parts.join(averages, on=["unit", "period"], how="left").with_columns(
        nw.when(is_dated)
        .then(nw.col(f"{_OWN}_{cell}"))
        .when(is_budget)
        .then(nw.col(f"{_BUDGET}_{cell}"))
        .otherwise(nw.col(f"{_CLOSING}_{cell}"))
        .alias(f"{_OWN}_{cell}")
        for cell in _RATE
    )
    return (
        _judged(rated, rates)
        .select(KEY, "month", "kind", "value", *_CONVERTED)
        .group_by(KEY, "month", "kind")
        .agg(nw.col("value", "reporting", "constant").sum().cast(MONEY), nw.col("lacks", "stale").max())
    )


def _shared(shares: Frame, pages: Frame) -> Frame:
    """The parts of shares and of Budget Totals, with the ``period`` of those at an average rate."""
    recognised, amount = nw.col("recognised"), nw.col("amount")
    of_shares = (
        shares.select(
            KEY,
            "recognised",
            ac=nw.col("counted"),
            oc=nw.when(nw.col("is_committed") & (amount > 0)).then(unspent()),
            bac=nw.when(~nw.col("has_total")).then(amount),
        )
        .unpivot(on=[AC, OC, BAC], index=[KEY, "recognised"], variable_name="kind", value_name="value")
        .filter(~nw.col("value").is_null())
    )
    totals = pages.filter(nw.col("total") > 0).select(
        KEY, recognised=nw.lit(None, nw.Date), kind=nw.lit(BAC), value=nw.col("total")
    )
    parts = nw.concat([of_shares.select(KEY, "recognised", "kind", nw.col("value").cast(MONEY)), totals])
    is_dated = nw.col("kind") == AC
    return parts.select(
        KEY,
        "kind",
        "value",
        month=nw.when(is_dated).then(month_of(recognised)).fill_null(UNDATED),
        period=nw.when(is_dated).then(recognised.dt.truncate("1mo").cast(nw.Date)),
    )


def in_reporting(months: Frame, terms: Frame, rates: Rates) -> Frame:
    """``months`` (of ``months.months_of``) with ``etc_reporting`` and ``etc_constant``; ``lacks`` and ``stale`` speak
    of these too.
    """
    etc = nw.col("etc")
    rated = (
        months.rename({"lacks": "others_lack", "stale": "others_stale"})
        .join(terms, on=KEY, how="left")
        .with_columns(
            *(nw.col(f"{_CLOSING}_{cell}").alias(f"{_OWN}_{cell}") for cell in _RATE),
            value=nw.when(etc != 0).then(etc),
        )
    )
    return _judged(rated, rates).with_columns(
        etc_reporting=nw.col("reporting").fill_null(NOTHING),
        etc_constant=nw.col("constant").fill_null(NOTHING),
        lacks=nw.max_horizontal("others_lack", "lacks"),
        stale=nw.max_horizontal("others_stale", "stale"),
    )


def with_reporting(projects: Frame, months: Frame, *, reporting: str) -> Frame:
    """``projects`` in the reporting currency, from ``months`` in it.

    All of a project's figures are null where one part of one of them lacks a rate.
    """
    sums = ("ac_reporting", "ac_constant", "oc_reporting", "bac_reporting", "etc_reporting", "etc_constant")
    signs = ("lacks", "stale", "bac_lacks", "bac_stale")
    of_months = months.group_by(KEY).agg(nw.col(*sums).sum().cast(MONEY), nw.col(*signs).max())
    has_bac, lacks = ~nw.col("bac").is_null(), nw.col("lacks")
    found = (
        projects.join(of_months, on=KEY, how="left")
        .with_columns(nw.col(*sums).fill_null(NOTHING), nw.col(*signs).fill_null(_NONE))
        .with_columns(
            bac_reporting=nw.when(has_bac).then(nw.col("bac_reporting")),
            lacks=nw.when(has_bac).then(nw.max_horizontal(lacks, nw.col("bac_lacks"))).otherwise(lacks),
            stale=nw.when(has_bac)
            .then(nw.max_horizontal(nw.col("stale"), nw.col("bac_stale")))
            .otherwise(nw.col("stale")),
        )
    )
    bac, ac, etc = nw.col("bac_reporting"), nw.col("ac_reporting"), nw.col("etc_reporting")
    constant = nw.col("ac_constant") + nw.col("etc_constant")
    figures = {
        "bac_reporting": bac,
        "ac_reporting": ac,
        "oc_reporting": nw.col("oc_reporting"),
        "etc_reporting": etc,
        "eac_reporting": ac + etc,
        "vac_reporting": bac - ac - etc,
        "eac_constant": constant,
        "fx_variance": constant - ac - etc,
    }
    return found.with_columns(
        reporting_unit=nw.lit(reporting),
        stale_rate=nw.col("stale") > 0,
        unconverted_reason=_reason(lacks),
        **{name: nw.when(lacks == 0).then(figure).cast(MONEY) for name, figure in figures.items()},
    )


def is_told() -> nw.Expr:
    """Of ``months`` in the reporting currency: whether no part of their project lacks a rate."""
    has_bac = nw.col("bac_of_parts").sum().over(KEY) > 0
    lacks, bac_lacks = (nw.col(name).max().over(KEY) > 0 for name in ("lacks", "bac_lacks"))
    return ~lacks & ~(has_bac & bac_lacks)


def _reason(lacks: nw.Expr) -> nw.Expr:
    """The name of what is lacking; null where nothing is."""
    named = nw.when(lacks == _TOO_LARGE).then(nw.lit(REASONS[_TOO_LARGE - 1]))
    for place in (_NO_RATE, _NO_BUDGET_RATE, _UNKNOWN_CURRENCY):
        named = named.when(lacks == place).then(nw.lit(REASONS[place - 1]))
    return named.otherwise(nw.lit(None, nw.String))


def _judged(parts: Frame, rates: Rates) -> Frame:
    """``parts`` with their terms and a rate of their ``own``, with :data:`_CONVERTED`. Where ``value`` is null there is
    no part, and nothing lacking.
    """
    value = nw.col("value")
    converted = with_converted(parts, "value", {"at_own": _OWN, "at_budget": _BUDGET}).with_columns(
        is_free=is_true(nw.col("unit") == rates.reporting) | value.is_null()
    )
    lacks = (
        nw.when(nw.col("is_free"))
        .then(nw.lit(0))
        .when(nw.col("is_known").is_null())
        .then(nw.lit(_UNKNOWN_CURRENCY))
        .when(nw.col(f"{_BUDGET}_mantissa").is_null())
        .then(nw.lit(_NO_BUDGET_RATE))
        .when(nw.col(f"{_OWN}_mantissa").is_null())
        .then(nw.lit(_NO_RATE))
        .when(nw.col("at_own").is_null() | nw.col("at_budget").is_null())
        .then(nw.lit(_TOO_LARGE))
        .otherwise(nw.lit(0))
    )
    is_stale = is_true(nw.col(f"{_OWN}_is_stale") | nw.col(f"{_BUDGET}_is_stale"))
    is_converted = ~nw.col("is_free") & (nw.col("lacks") == 0)
    return converted.with_columns(lacks=lacks.cast(nw.Int64)).with_columns(
        reporting=nw.when(nw.col("is_free")).then(value).when(is_converted).then(nw.col("at_own")),
        constant=nw.when(nw.col("is_free")).then(value).when(is_converted).then(nw.col("at_budget")),
        stale=(is_converted & is_stale).cast(nw.Int64),
    )


def _named(rate: str) -> list[nw.Expr]:
    """The columns of a rate, told apart from those of others."""
    return [nw.col(cell).alias(f"{rate}_{cell}") for cell in _RATE]
