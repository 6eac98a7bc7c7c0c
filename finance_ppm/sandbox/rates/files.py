"""The files, as the European Central Bank publishes them.

Belongs here: their form. The history is a CSV in a zip, the newest day first, a comma at the end of each line, ``N/A``
where there is no rate, digits without zeros at their end. The day's CSV has a blank behind each comma, its date in
words, and only the currencies of that day. The XML has a ``Cube`` for each day and in it one for each rate.
https://www.ecb.europa.eu/stats/policy_and_exchange_rates/euro_reference_exchange_rates/html/index.en.html
"""

import io
import zipfile
from collections.abc import Iterable
from datetime import date
from typing import Final

from finance_ppm.sandbox.rates.currencies import CURRENCIES
from finance_ppm.sandbox.rates.walk import Rates

_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)

_XML: Final = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01" '
    'xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">\n'
    "\t<gesmes:subject>Reference rates</gesmes:subject>\n"
    "\t<gesmes:Sender>\n\t\t<gesmes:name>European Central Bank</gesmes:name>\n\t</gesmes:Sender>\n"
    "\t<Cube>\n{days}\t</Cube>\n</gesmes:Envelope>\n"
)


def history_csv(days: Iterable[tuple[date, Rates]]) -> str:
    """``eurofxref-hist.csv``: a line for each day, a column for each currency that ever was."""
    lines = [",".join(["Date", *(known.code for known in CURRENCIES), ""])]
    for day, rates in days:
        cells = (_short(rates[known.code]) if known.code in rates else "N/A" for known in CURRENCIES)
        lines.append(",".join([day.isoformat(), *cells, ""]))
    return "\n".join([*lines, ""])


def day_csv(day: date, rates: Rates) -> str:
    """``eurofxref.csv``: one day."""
    header = ", ".join(["Date", *rates, ""])
    return f"{header}\n{', '.join([f'{day.day:02} {_MONTHS[day.month - 1]} {day.year}', *rates.values(), ''])}\n"


def xml(days: Iterable[tuple[date, Rates]]) -> str:
    """``eurofxref-daily.xml`` and its like: the days in the order given."""
    told = []
    for day, rates in days:
        cubes = "".join(f"\t\t\t<Cube currency='{code}' rate='{rate}'/>\n" for code, rate in rates.items())
        told.append(f"\t\t<Cube time='{day}'>\n{cubes}\t\t</Cube>\n")
    return _XML.format(days="".join(told))


def zipped(name: str, text: str) -> bytes:
    """A zip that holds one file."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), text, zipfile.ZIP_DEFLATED)
    return held.getvalue()


def _short(rate: str) -> str:
    return rate.rstrip("0").rstrip(".") if "." in rate else rate
