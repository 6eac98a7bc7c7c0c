"""A CSV of one's own: a line for each rate, with the columns ``date``, ``currency``, ``rate`` and perhaps ``base``.

``rate`` is what one unit of ``base`` costs in ``currency``; a base that is not told is the euro. Where it is another
one, the same day must tell what that base is against the euro, in a line of either direction, and the rate is crossed:

    date,currency,rate,base
    2026-11-20,PHP,56.00,USD
    2026-11-20,EUR,0.92,USD

is 1 / 0.92 dollars and 56 / 0.92 pesos for one euro. What is told against the euro comes before what is told of the
euro against a base, and that before what is crossed. An empty rate, or ``N/A``, says that there is none.
Columns may stand in any order; others are passed over.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal, localcontext
from typing import NamedTuple

from finance_ppm.sources.fx.csv_rows import Line
from finance_ppm.sources.fx.rows import EURO, Gathering, Parsed, Quote, UnsoundError, currency_of, day_of, rate_of

_COLUMNS = ("date", "currency", "rate")
_PRECISION = 60
"""Digits with which rates are crossed, before they are rounded to what is kept."""


class _Told(NamedTuple):
    where: str
    day: date
    currency: str
    base: str
    rate: Decimal | None


def is_own_header(header: Sequence[str]) -> bool:
    """Whether the columns are there, each once: of two nobody can say which is meant."""
    names = [cell.lower() for cell in header]
    return all(names.count(name) == 1 for name in _COLUMNS) and names.count("base") <= 1


def parse_own_csv(header: Sequence[str], lines: Iterable[Line]) -> Parsed:
    """The rates below the header, each against the euro."""
    names, gathering = [cell.lower() for cell in header], Gathering()
    inverse: list[_Told] = []
    crossed: list[_Told] = []
    for line in lines:
        try:
            told = _told(line, names)
            if told.base == EURO:
                gathering.add(told.currency, told.day, told.rate)
            elif told.currency == EURO:
                inverse.append(told)
            else:
                crossed.append(told)
        except UnsoundError as error:
            gathering.refuse(line.where, str(error))
    for group, against_euro in ((inverse, _inverted), (crossed, _crossed)):
        gathering.settle()
        for told in group:
            try:
                gathering.add(*against_euro(told, gathering))
            except UnsoundError as error:
                gathering.refuse(told.where, str(error))
    return gathering.parsed()


def _told(line: Line, names: Sequence[str]) -> _Told:
    cells = dict(zip(names, line.cells_below(names), strict=True))
    base = cells.get("base")
    return _Told(
        line.where,
        day_of(cells["date"]),
        currency_of(cells["currency"]),
        currency_of(base) if base else EURO,
        rate_of(cells["rate"]),
    )


def _inverted(told: _Told, _: Gathering) -> Quote:
    with localcontext(prec=_PRECISION):
        return Quote(told.base, told.day, told.rate and 1 / told.rate)


def _crossed(told: _Told, known: Gathering) -> Quote:
    base = known.rate(told.base, told.day)
    if told.rate and not base:
        raise UnsoundError(f"no line of {told.day} tells what {told.base} is against the euro")
    with localcontext(prec=_PRECISION):
        return Quote(told.currency, told.day, told.rate and base and told.rate * base)
