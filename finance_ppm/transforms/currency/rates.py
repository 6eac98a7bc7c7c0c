"""Which rate applies on a day and in a month, from the rates that were published.

Belongs here: cross rates by way of the euro, averages, and how old a rate may be. What is defined, and why:
docs/decisions/money.md. What does not belong here: multiplying (``conversion``).

Rates are few, so they are computed here by Polars and Python's decimals, whatever engine multiplies with them.
"""

from dataclasses import dataclass

from finance_ppm.transforms.portfolio import Frame


@dataclass(frozen=True)
class Rates:
    """Rates from every currency to the reporting one, as a day knew them. A rate is ``mantissa / 10^exponent``.

    ``mantissa`` is an ``Int64`` of nine digits, ``exponent`` an ``Int64``. The reporting currency itself is in
    neither frame: what is of it needs no rate.
    """

    reporting: str
    """ISO 4217 code of the reporting currency."""
    monthly: Frame
    """``unit``, ``period`` (first of a month), ``mantissa``, ``exponent``, ``is_stale``: averages, to T's month."""
    daily: Frame
    """``unit``, ``day``, ``mantissa``, ``exponent``, ``is_stale``: the rate of every day up to T that has one.
    T's own is the closing rate.
    """
