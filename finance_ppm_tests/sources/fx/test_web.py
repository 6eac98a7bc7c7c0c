"""What is asked for again and what is not, over real connections to a sandbox that fails on order."""

import logging
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import partial

import httpx
import pytest

from finance_ppm.sandbox.rates.faults import Fault, FaultKind
from finance_ppm.sandbox.rates.server import RatesSandbox, serve_rates
from finance_ppm.sources.fx.download import Downloads
from finance_ppm.sources.fx.errors import FxError
from finance_ppm.sources.fx.place import Web
from finance_ppm.sources.fx.reader import File, WebRates
from finance_ppm.sources.fx.retry import ATTEMPTS

NOW = datetime(2026, 11, 20, 16, tzinfo=UTC)


@pytest.fixture(scope="module")
def served() -> Iterator[RatesSandbox]:
    with serve_rates(now=NOW, since=date(2026, 10, 1)) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(served: RatesSandbox) -> RatesSandbox:
    served.clear_faults()
    served.reset_requests()
    return served


class Reading:
    """A reader whose waits are noted and not waited for."""

    def __init__(self, address: str, *, is_folder: bool = True, timeout: float = 30.0, **options: float) -> None:
        self.slept: list[float] = []
        downloads = Downloads(address, timeout=timeout, **options)  # type: ignore[arg-type]  # deadline and limit
        self.reader = WebRates(Web(address, is_folder), downloads=downloads, sleep=self.slept.append)

    def day(self) -> File:
        with self.reader:
            return self.reader.newest_day()

    def history(self) -> File:
        with self.reader:
            return self.reader.history()

    def fails(self) -> FxError:
        with pytest.raises(FxError) as raised:
            self.day()
        return raised.value


def test_a_folder_has_the_newest_day_and_the_history(sandbox: RatesSandbox) -> None:
    day, history = Reading(sandbox.folder).day(), Reading(sandbox.folder).history()
    assert day.source == f"{sandbox.folder}/eurofxref-daily.xml"
    assert history.source == f"{sandbox.folder}/eurofxref-hist.zip"
    assert {(one.currency, one.rate) for one in day.content.quotes} == set(sandbox.rates(date(2026, 11, 20)).items())
    assert set(day.content.quotes) <= set(history.content.quotes)
    assert min(one.rate_date for one in history.content.quotes) == date(2026, 10, 1)


@pytest.mark.parametrize("name", ["eurofxref.zip", "eurofxref-hist-90d.xml", "eurofxref-hist.xml"])
def test_a_file_is_read_whatever_is_asked_for(sandbox: RatesSandbox, name: str) -> None:
    read = Reading(f"{sandbox.folder}/{name}", is_folder=False).day()
    assert read.source == f"{sandbox.folder}/{name}"
    assert read.content.newest == date(2026, 11, 20)
    assert [request.path for request in sandbox.requests()] == [f"/stats/eurofxref/{name}"]


CURED_BY_TRYING_AGAIN = {
    "408": Fault.error(408),
    "429": Fault.error(429),
    "500": Fault.error(500),
    "502": Fault.error(502),
    "503": Fault.unavailable(),
    "504": Fault.error(504),
    "HTML 200": Fault.html(),
    "HTML 502": Fault.html(502),
    "half of a file": Fault(FaultKind.TRUNCATED),
    "dropped": Fault(FaultKind.DROP),
    "timeout": Fault(FaultKind.DELAY, delay=2.0),
}


@pytest.mark.parametrize("fault", CURED_BY_TRYING_AGAIN.values(), ids=CURED_BY_TRYING_AGAIN.keys())
def test_a_disturbance_is_outlived(sandbox: RatesSandbox, fault: Fault) -> None:
    sandbox.add_fault(replace(fault, times=2))
    reading = Reading(sandbox.folder, timeout=1.0 if fault.kind is FaultKind.DELAY else 30.0)
    assert reading.day().content.newest == date(2026, 11, 20)
    assert reading.reader.requests == 3
    assert len(reading.slept) == 2
    assert 0.25 <= reading.slept[0] <= 0.5 <= reading.slept[1] <= 1.0


def test_a_history_that_breaks_off_is_fetched_again(sandbox: RatesSandbox) -> None:
    sandbox.add_fault(Fault(FaultKind.TRUNCATED))
    reading = Reading(sandbox.folder)
    assert reading.history().content.newest == date(2026, 11, 20)
    assert reading.reader.requests == 2


def test_a_pause_that_is_asked_for_is_kept(sandbox: RatesSandbox) -> None:
    sandbox.add_fault(Fault.unavailable(retry_after=17))
    reading = Reading(sandbox.folder)
    reading.day()
    assert reading.slept == [17.0]


def test_a_pause_of_hours_is_told_and_not_waited_for(sandbox: RatesSandbox) -> None:
    sandbox.add_fault(Fault.unavailable(retry_after=7200))
    reading = Reading(sandbox.folder)
    error = reading.fails()
    assert "to be tried again after 120 minutes" in str(error)
    assert (error.retryable, reading.slept) == (False, [])


def test_a_disturbance_that_lasts_is_told_after_five_attempts(
    sandbox: RatesSandbox, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.add_fault(Fault.unavailable(times=100))
    reading = Reading(sandbox.folder)
    with caplog.at_level(logging.INFO, "finance_ppm"):
        error = reading.fails()
    address = f"{sandbox.folder}/eurofxref-daily.xml"
    assert str(error) == f"{address} cannot be read at the moment (status 503): try again later."
    assert (error.status, error.retryable) == (503, True)
    assert reading.reader.requests == ATTEMPTS
    assert sum("the next comes in" in message for message in caplog.messages) == ATTEMPTS - 1


NOT_CURED = {
    400: "cannot be read (status 400): check the address in PPM_FX_RATES.",
    401: "asks for a login (status 401): check the address",
    403: "may not be read from here (status 403)",
    404: "is not there (status 404): check the address in PPM_FX_RATES; it is that of a folder with",
    407: "A proxy asks for a login (status 407)",
    410: "cannot be read (status 410)",
    501: "cannot be read (status 501)",
}


@pytest.mark.parametrize(("status", "sentence"), NOT_CURED.items(), ids=str)
def test_what_another_attempt_cannot_cure_is_told_at_once(sandbox: RatesSandbox, status: int, sentence: str) -> None:
    sandbox.add_fault(Fault.error(status, times=100))
    reading = Reading(sandbox.folder)
    error = reading.fails()
    assert sentence in str(error)
    assert (error.status, error.retryable) == (status, False)
    assert len(sandbox.requests()) == 1


def test_an_address_without_such_files_is_told(sandbox: RatesSandbox) -> None:
    assert "eurofxref-daily.xml is not there (status 404)" in str(Reading(sandbox.base_url).fails())


def test_a_redirect_is_followed(sandbox: RatesSandbox) -> None:
    sandbox.add_fault(Fault(FaultKind.MOVED, location=f"{sandbox.folder}/eurofxref.zip"))
    reading = Reading(sandbox.folder)
    assert reading.day().content.newest == date(2026, 11, 20)
    assert reading.reader.requests == 2


def test_redirects_without_end_are_told(sandbox: RatesSandbox) -> None:
    sandbox.add_fault(Fault(FaultKind.MOVED, location=f"{sandbox.folder}/eurofxref-daily.xml", times=100))
    error = Reading(sandbox.folder).fails()
    assert "leads nowhere" in str(error)
    assert not error.retryable


@pytest.mark.parametrize("location", ["ftp://example.com/rates.csv", "//"])
def test_a_redirect_to_what_is_no_address_is_told(sandbox: RatesSandbox, location: str) -> None:
    sandbox.add_fault(Fault(FaultKind.MOVED, location=location, times=100))
    assert "leads nowhere" in str(Reading(sandbox.folder).fails())


def test_nothing_is_taken_from_where_https_was_left(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.scheme == "https":
            return httpx.Response(302, headers={"location": str(request.url.copy_with(scheme="http"))})
        return httpx.Response(200, content=b"date,currency,rate\n2026-11-20,USD,9.99\n")

    monkeypatch.setattr(httpx, "Client", partial(httpx.Client, transport=httpx.MockTransport(answer)))
    assert "leads from https to http" in str(Reading("https://rates.example").fails())


def test_where_nothing_listens_is_told(sandbox: RatesSandbox) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        reading = Reading(f"http://127.0.0.1:{held.getsockname()[1]}/rates.csv", is_folder=False)
        error = reading.fails()
    assert "Nothing answers where http://127.0.0.1:" in str(error)
    assert error.retryable
    assert reading.reader.requests == ATTEMPTS


def test_no_more_is_taken_than_a_file_of_rates_holds(sandbox: RatesSandbox) -> None:
    error = Reading(sandbox.folder, limit=1000).fails()
    assert "holds more than 0 MiB" in str(error)
    assert not error.retryable


def test_a_file_that_drips_is_given_up(sandbox: RatesSandbox) -> None:
    """The clock runs an hour between any two looks at it."""
    hours = iter(range(0, 10**9, 3600))
    downloads = Downloads(sandbox.folder, clock=lambda: float(next(hours)))
    reader = WebRates(Web(sandbox.folder, is_folder=True), downloads=downloads, sleep=lambda seconds: None)
    with reader, pytest.raises(FxError, match=r"did not arrive whole \(it was not whole after 120 seconds"):
        reader.newest_day()
    assert reader.requests == ATTEMPTS


def test_neither_login_nor_query_is_told_or_kept(sandbox: RatesSandbox) -> None:
    address = sandbox.folder.replace("http://", "http://ann:hunter2@") + "?sig=s3cret"
    assert Reading(address).day().source == f"{sandbox.folder}/eurofxref-daily.xml"
    assert sandbox.requests()[0].query == "sig=s3cret"
    sandbox.add_fault(Fault.error(403, times=9))
    told = str(Reading(address).fails())
    assert "hunter2" not in told
    assert "s3cret" not in told
