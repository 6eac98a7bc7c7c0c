"""Runs the sandbox: a web server on loopback in a thread of its own, and the handle by which tests hold it.

Belongs here: starting, stopping, and the handle. What is served is ``app``'s.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from finance_ppm.sandbox.clock import SandboxClock
from finance_ppm.sandbox.orders import Orders
from finance_ppm.sandbox.rates.app import FOLDER, Shelf, build_app
from finance_ppm.sandbox.rates.currencies import FIRST_DAY
from finance_ppm.sandbox.rates.faults import Fault
from finance_ppm.sandbox.rates.walk import Published
from finance_ppm.sandbox.request_log import RecordedRequest, RequestLog
from finance_ppm.sandbox.serving import listening, running


@dataclass
class RatesSandbox:
    """A running sandbox."""

    base_url: str
    _published: Published
    _clock: SandboxClock
    _faults: Orders[Fault]
    _log: RequestLog

    @property
    def folder(self) -> str:
        """The address of the folder that holds the files."""
        return self.base_url + FOLDER

    def rates(self, day: date) -> dict[str, Decimal]:
        """What is told now of a day, by currency: empty before it is published, and on days without rates."""
        told = dict(self._published.days(self._clock.now(), since=day)).get(day, {})
        return {currency: Decimal(rate) for currency, rate in told.items()}

    def requests(self) -> list[RecordedRequest]:
        """The requests since the last reset, control requests excluded, in the order of their answers."""
        return self._log.all()

    def reset_requests(self) -> None:
        """Forget the requests so far."""
        self._log.reset()

    def set_clock(self, moment: datetime) -> None:
        """Put the clock forward. Raises ValueError for a moment that has passed."""
        self._clock.put_forward(moment)

    def correct(self, currency: str, day: date, rate: Decimal) -> None:
        """The rate of a business day is another one from now on, in every file that tells of the day."""
        self._published.correct(currency, day, rate)

    def withdraw(self, currency: str, day: date) -> None:
        """There is no rate of a business day from now on: ``N/A`` in the history, left out of XML."""
        self._published.correct(currency, day, None)

    def add_fault(self, fault: Fault) -> None:
        """Order a fault; it counts requests from now on."""
        self._faults.add(fault)

    def clear_faults(self) -> None:
        """Cancel the faults that have not happened yet."""
        self._faults.clear()

    def environment(self) -> dict[str, str]:
        """The setting that points the product here, as in a ``.env`` file."""
        return {"PPM_FX_RATES": self.folder}


@contextmanager
def serve_rates(
    *, now: datetime, port: int = 0, moving: bool = False, seed: int = 7, since: date = FIRST_DAY
) -> Iterator[RatesSandbox]:
    """Serve the rates from ``since`` up to ``now`` (aware), until the context ends; the real ones begin in 1999.

    ``port`` 0 takes a free one. The clock stands at ``now`` until it is put forward; with ``moving`` it runs on from
    there. Another ``seed`` walks another way. A business day's rates are there from 15:00 UTC on.
    """
    published, clock = Published(seed, since), SandboxClock(now, moving=moving)
    faults, log = Orders[Fault](), RequestLog()
    app = build_app(Shelf(published), clock, faults, log)
    with listening(port) as (listener, address), running(app, listener):
        yield RatesSandbox(address, published, clock, faults, log)
