"""An amount times a rate, to the cent, and the same cents on every engine.

Belongs here: the multiplication. What does not belong here: which rate applies (``rates``).

The engines part over division, and over decimals with digits after the point; whole decimals they multiply and
subtract alike. So everything is whole here, and a double only guesses quotients: what a guess misses is computed
exactly, and made good.
"""

from collections.abc import Callable, Mapping

import narwhals.stable.v2 as nw

from finance_ppm.transforms.numeric import MONEY, from_cents
from finance_ppm.transforms.portfolio import Frame

MOST = 9 * 10**16
"""The largest amount that is converted, and that is converted to: its cents fit an ``Int64``."""

PLACES = 18
"""The most places after the point of a rate: its ``exponent`` is 0 to 18."""


def with_converted(frame: Frame, amount: str, rates: Mapping[str, str]) -> Frame:
    """``frame`` with a column for each of ``rates``: ``amount`` at that rate, rounded half away from zero to cents.

    ``amount`` names a column of :data:`MONEY`, as the new ones are. ``rates`` gives each of these a rate, which
    names two columns: ``<rate>_mantissa``, an ``Int64`` of nine digits, and ``<rate>_exponent``, one of 0 to
    :data:`PLACES`; the rate is mantissa / 10^exponent. Null where any of the three is, and where the amount or the
    exact product is beyond :data:`MOST`.
    """
    given = {
        into: {"amount": amount, "mantissa": f"{rate}_mantissa", "exponent": f"{rate}_exponent"}
        for into, rate in rates.items()
    }
    made = {into: {step: f"_{into}_{step}" for level in _LEVELS for step in level} for into in rates}
    cells = {into: {cell: nw.col(name) for cell, name in (given[into] | made[into]).items()} for into in rates}
    for level in _LEVELS:  # columns, not one expression: the engines compute again what occurs in it twice
        frame = frame.with_columns(
            compute(cells[into]).alias(made[into][step]) for into in rates for step, compute in level.items()
        )
    return frame.with_columns(_converted(cells[into]).alias(into) for into in rates).drop(
        *(name for names in made.values() for name in names.values())
    )


Cells = Mapping[str, nw.Expr]


def _cents(of: Cells) -> nw.Expr:
    size = of["amount"].abs()
    return _whole(nw.when(size <= _whole(nw.lit(MOST))).then(size).cast(MONEY) * nw.lit(100))


def _unit(of: Cells) -> nw.Expr:
    """A cent, as the product counts: a double holds such powers of ten exactly."""
    return (nw.lit(10.0) ** of["exponent"]).cast(nw.Int64)


def _product(of: Cells) -> nw.Expr:
    """Null where its cents would be more than an ``Int64`` holds."""
    product = of["cents"] * _whole(of["mantissa"])
    return nw.when(product <= _whole(nw.lit(MOST * 100)) * _whole(of["unit"])).then(product)


def _missed(of: Cells) -> nw.Expr:
    """What the first guess leaves, some thousands of cents at worst: an ``Int64`` holds them again."""
    return (of["product"] - _whole(of["guess"]) * _whole(of["unit"])).cast(nw.Int64)


def _converted(of: Cells) -> nw.Expr:
    """The second guess is one cent off at worst, and then what it leaves says so."""
    left = of["missed"] - of["second_guess"] * of["unit"]
    odd = nw.when(left * 2 >= of["unit"]).then(nw.lit(1)).otherwise(nw.lit(0))
    sign = nw.when(of["amount"] < 0).then(nw.lit(-1)).otherwise(nw.lit(1))
    return from_cents((of["guess"] + of["second_guess"] + odd) * sign)


def _guess(of: str) -> Callable[[Cells], nw.Expr]:
    def guess(cells: Cells) -> nw.Expr:
        return (cells[of].cast(nw.Float64) / cells["unit"].cast(nw.Float64)).floor().cast(nw.Int64)

    return guess


def _whole(number: nw.Expr) -> nw.Expr:
    return number.cast(nw.Decimal(19, 0))


_LEVELS: tuple[dict[str, Callable[[Cells], nw.Expr]], ...] = (
    {"cents": _cents, "unit": _unit},
    {"product": _product},
    {"guess": _guess("product")},
    {"missed": _missed},
    {"second_guess": _guess("missed")},
)
"""What is computed on the way, and from what is above it."""
