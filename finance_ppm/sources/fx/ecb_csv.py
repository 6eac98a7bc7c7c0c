"""The European Central Bank's CSV: a line for each day, a column for each currency.

Belongs here: ``eurofxref-hist.csv`` (``2026-11-20,1.0877,N/A,``) and ``eurofxref.csv``, which holds one day
(``20 November 2026, 1.0877, ``). Rates are units of the currency for one euro.
https://www.ecb.europa.eu/stats/policy_and_exchange_rates/euro_reference_exchange_rates/html/index.en.html
"""

from collections.abc import Iterable, Sequence

from finance_ppm.sources.fx.csv_rows import Line, without_empty_end
from finance_ppm.sources.fx.rows import Gathering, Parsed, UnsoundError, currency_of, day_of, rate_of


def is_ecb_header(header: Sequence[str]) -> bool:
    """Whether it begins with the date and names a currency."""
    return bool(header) and header[0].lower() == "date" and any(_is_currency(cell) for cell in header[1:])


def parse_ecb_csv(header: Sequence[str], lines: Iterable[Line]) -> Parsed:
    """The rates below the header. Each cell stands for itself: a bad one leaves the others of its day alone."""
    header, gathering = without_empty_end(header), Gathering()
    columns: list[tuple[int, str]] = []
    for place, told in enumerate(header[1:], 1):
        try:
            columns.append((place, currency_of(told)))
        except UnsoundError as error:
            gathering.refuse(f"column {place + 1}", str(error))
    for line in lines:
        try:
            cells = line.cells_below(header)
            day = day_of(cells[0])
        except UnsoundError as error:
            gathering.refuse(line.where, str(error))
            continue
        for place, currency in columns:
            try:
                gathering.add(currency, day, rate_of(cells[place]))
            except UnsoundError as error:
                gathering.refuse(f"{line.where}, {currency}", str(error))
    return gathering.parsed()


def _is_currency(told: str) -> bool:
    try:
        currency_of(told)
    except UnsoundError:
        return False
    return True
