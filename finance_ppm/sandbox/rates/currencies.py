"""The currencies of the reference rates: in the order of the files, since when and until when.

Belongs here: what is quoted, about where it stands, and with how many digits. The days are those of the real files:
the rouble is suspended since March 2022, the króna was from 2008 to 2018, and who joins the euro is quoted no more.
https://www.ecb.europa.eu/stats/policy_and_exchange_rates/euro_reference_exchange_rates/html/index.en.html
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

FIRST_DAY: Final = date(1999, 1, 4)
"""The first day of the reference rates."""

_LIVELY: Final = 0.0045
_BOUND: Final = 0.00005
"""Of the krone, which is kept close to the euro."""
_FIXED: Final = 0.0


@dataclass(frozen=True)
class Currency:
    """A currency that is or was quoted, ``until`` its last day; ``gap`` is the first and last day of a suspension."""

    code: str
    level: float
    """Units for one euro, around which the rate walks."""
    digits: int
    """Digits behind the point."""
    since: date = FIRST_DAY
    until: date = date.max
    liveliness: float = _LIVELY
    """Standard deviation of a day's step, as a share of the rate."""
    gap: tuple[date, date] | None = None

    def quoted_on(self, day: date) -> bool:
        """Whether there is a rate of a business day."""
        suspended = self.gap is not None and self.gap[0] <= day <= self.gap[1]
        return self.since <= day <= self.until and not suspended


CURRENCIES: Final = (
    Currency("USD", 1.12, 4),
    Currency("JPY", 158.0, 2),
    Currency("BGN", 1.9558, 4, since=date(2000, 7, 19), until=date(2025, 12, 31), liveliness=_FIXED),
    Currency("CYP", 0.5842, 5, until=date(2007, 12, 31), liveliness=_BOUND),
    Currency("CZK", 25.0, 3),
    Currency("DKK", 7.46, 4, liveliness=_BOUND),
    Currency("EEK", 15.6466, 4, until=date(2010, 12, 31), liveliness=_FIXED),
    Currency("GBP", 0.86, 5),
    Currency("HUF", 391.0, 2),
    Currency("LTL", 3.4528, 4, until=date(2014, 12, 31), liveliness=_FIXED),
    Currency("LVL", 0.7028, 4, until=date(2013, 12, 31), liveliness=_BOUND),
    Currency("MTL", 0.4293, 4, until=date(2007, 12, 31), liveliness=_BOUND),
    Currency("PLN", 4.31, 4),
    Currency("ROL", 36_500.0, 0, until=date(2005, 6, 30)),
    Currency("RON", 4.97, 4, since=date(2005, 7, 1)),
    Currency("SEK", 11.2, 4),
    Currency("SIT", 239.5, 4, until=date(2006, 12, 29), liveliness=_BOUND),
    Currency("SKK", 38.5, 3, until=date(2008, 12, 31)),
    Currency("CHF", 0.955, 4),
    Currency("ISK", 146.0, 2, gap=(date(2008, 12, 10), date(2018, 1, 31))),
    Currency("NOK", 11.5, 4),
    Currency("HRK", 7.53, 4, since=date(2005, 4, 1), until=date(2022, 12, 30), liveliness=_BOUND),
    Currency("RUB", 82.0, 4, since=date(2005, 4, 1), until=date(2022, 3, 1)),
    Currency("TRL", 1_650_000.0, 0, until=date(2004, 12, 31)),
    Currency("TRY", 41.0, 4, since=date(2005, 1, 3)),
    Currency("AUD", 1.68, 4),
    Currency("BRL", 6.1, 4, since=date(2008, 1, 2)),
    Currency("CAD", 1.53, 4),
    Currency("CNY", 7.95, 4, since=date(2005, 4, 1)),
    Currency("HKD", 8.7, 4),
    Currency("IDR", 18_400.0, 2),
    Currency("ILS", 3.95, 4, since=date(2011, 1, 3)),
    Currency("INR", 95.0, 4, since=date(2009, 1, 2)),
    Currency("KRW", 1_560.0, 2),
    Currency("MXN", 21.2, 4, since=date(2008, 1, 2)),
    Currency("MYR", 4.95, 4),
    Currency("NZD", 1.87, 4),
    Currency("PHP", 64.0, 3),
    Currency("SGD", 1.48, 4),
    Currency("THB", 38.0, 3),
    Currency("ZAR", 20.3, 4),
)
"""In the order in which every file tells them."""
