"""Between which amounts a project will end, judged by how far off the forecasts of completed projects were.

Belongs here: which errors bound an interval, and saying why there is none. Does not belong here: the errors
(``stages``), how often intervals held (``transforms.accuracy``). Why it is done so:
docs/decisions/forecast-accuracy.md.

An interval is that of split conformal prediction (https://arxiv.org/abs/2107.07511, section 1): if the next project is
one like those before it, its error is as likely to fall into any of the n + 1 gaps between their n errors in order.
Between the k-th smallest and the k-th largest it falls with a probability of at least 1 - 2k / (n + 1), whatever the
errors' distribution. So k = (n + 1) / 10, rounded down, gives 80 %, and there is such a k from 9 errors on; for 90 % it
is (n + 1) / 20, from 19 on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import narwhals.stable.v2 as nw

from finance_ppm.contracts import content_columns
from finance_ppm.contracts.finance import PpmForecast
from finance_ppm.transforms.forecast.stages import (
    FROM,
    SHARE,
    UNTIL,
    errors_at_stages,
    has_scale,
    is_completed,
    last_of_months,
    stage,
)
from finance_ppm.transforms.numeric import MONEY, Digits, cents, product
from finance_ppm.transforms.portfolio import Frame


@dataclass(frozen=True)
class Level:
    """How sure an interval is."""

    percent: int
    """Of projects in which it is to hold."""
    one_in: int
    """One project in so many lies below it, and as many above."""

    @property
    def needed(self) -> int:
        """So many errors must be known."""
        return self.one_in - 1

    @property
    def low(self) -> str:
        """Name of the error at the lower bound."""
        return f"low_{self.percent}"

    @property
    def high(self) -> str:
        """Name of the error at the upper bound."""
        return f"high_{self.percent}"


LEVELS = (Level(80, 10), Level(90, 20))
_SCALE = Digits(17, 2)
_SHARE = Digits(10, 6)


def with_intervals(rows: Frame, snapshots: Frame, *, as_of: date) -> Frame:
    """``rows`` (of ``forecast()``, as of the day) with their intervals: the content columns of ``PpmForecast``.

    ``snapshots`` are earlier ones (contract ``PpmForecast``); of later days none is looked at. A bound is never below
    AC: what is spent is spent. Bounds are each project's own and never add up.
    """
    bounds = error_bounds(errors_at_stages(rows, last_of_months(snapshots, as_of)))
    is_assessable = ~is_completed() & has_scale()
    found = rows.with_columns(stage=nw.when(is_assessable).then(stage())).join(bounds, on="stage", how="left")
    errors = [name for level in LEVELS for name in (level.low, level.high)]
    return (
        found.with_columns(nw.col("n").fill_null(nw.lit(0, nw.Int64)))
        .with_columns(*(_bound(name).alias(f"eac_{name}") for name in errors), interval_n=nw.col("n"))
        .with_columns(interval_reason=_reason(as_of))
        .select(content_columns(PpmForecast))
    )


def error_bounds(errors: Frame) -> Frame:
    """By ``stage`` the number ``n`` of its ``errors`` (of ``stages.errors_at_stages``), and of each level the lower and
    the upper one (``low_80``, ...), null where there are too few.
    """
    error, rank, n = nw.col("error"), nw.col("_rank"), nw.col("_n")
    ranked = errors.with_columns(
        _rank=error.cum_count().over("stage", order_by=["error", "project_id", "unit"]),
        _n=error.count().over("stage").cast(nw.Int64),
    )
    return (
        ranked.with_columns(
            **{level.low: nw.when(rank == (n + 1) // level.one_in).then(error) for level in LEVELS},
            **{level.high: nw.when(rank == n + 1 - (n + 1) // level.one_in).then(error) for level in LEVELS},
        )
        .group_by("stage")
        .agg(
            n=error.count().cast(nw.Int64),
            **{name: nw.col(name).max() for level in LEVELS for name in (level.low, level.high)},
        )
        .with_columns(nw.col(name).cast(SHARE) for level in LEVELS for name in (level.low, level.high))
    )


def too_few(n: nw.Expr, of_stage: nw.Expr, percent: nw.Expr, needed: nw.Expr) -> nw.Expr:
    """Why there is no interval of so many percent with only ``n`` errors, in words; null where there are enough."""
    at = _words("from about ", of_stage, " % of ")
    told = (
        nw.when(n == 0)
        .then(_words("No completed project has a forecast ", at, "its time"))
        .when(n == 1)
        .then(_words("1 completed project has a forecast ", at, "its time"))
        .otherwise(_words(n, " completed projects have a forecast ", at, "their time"))
    )
    return nw.when(n < needed).then(_words(told, "; an interval of ", percent, " % needs ", needed, "."))


def _bound(error: str) -> nw.Expr:
    """EAC and the error that is expected of it, to the cent; at least AC."""
    bac, spent = nw.col("bac"), nw.col("ac")
    expected = cents(
        product(nw.when(has_scale()).then(bac), nw.col(error), left_digits=_SCALE, right_digits=_SHARE), scale=8
    )
    bound = (nw.col("eac") + expected).cast(MONEY)
    return nw.when(bound < spent).then(spent).otherwise(bound).cast(MONEY)


def _reason(as_of: date) -> nw.Expr:
    permille = (nw.col("elapsed") * 1000).floor().cast(nw.Int64)
    passed = _words(permille // 10, ".", permille % 10)
    reasons: Sequence[tuple[nw.Expr, nw.Expr | str]] = (
        (is_completed(), "The project is completed: there is nothing left to expect."),
        (nw.col("bac").is_null(), "There is no budget at completion by which errors could be measured."),
        (~has_scale(), "The budget at completion is too large for errors to be measured by."),
        (nw.col("elapsed").is_null(), "Without a start date and an end date after it nobody knows how far it is."),
        (nw.col("end_date") < nw.lit(as_of), "It is past its end date, where no earlier forecast tells how it ends."),
        (
            nw.col("stage").is_null(),
            _words(passed, f" % of its time has passed; intervals are known from {FROM} to below {UNTIL} % only."),
        ),
    )
    found = nw.when(nw.lit(False)).then(nw.lit(None, nw.String))  # so that all reasons read alike
    for condition, reason in reasons:
        found = found.when(condition).then(_words(reason))
    return found.otherwise(nw.coalesce(*(too_few(nw.col("n"), nw.col("stage"), *_told(level)) for level in LEVELS)))


def _told(level: Level) -> tuple[nw.Expr, nw.Expr]:
    return nw.lit(level.percent, nw.Int64), nw.lit(level.needed, nw.Int64)


def _words(*parts: nw.Expr | str) -> nw.Expr:
    """The parts as one text; whole numbers among them are written out."""
    texts = [nw.lit(part) if isinstance(part, str) else part.cast(nw.String) for part in parts]
    return nw.concat_str(texts)
