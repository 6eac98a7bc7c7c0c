"""The sandbox is like the European Central Bank: in its files, in when they change, and in what goes wrong."""

import io
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import httpx
import pytest

from finance_ppm.sandbox.rates.currencies import CURRENCIES
from finance_ppm.sandbox.rates.faults import Fault, FaultKind
from finance_ppm.sandbox.rates.server import RatesSandbox, serve_rates
from finance_ppm.sources.fx.files import parse_file
from finance_ppm.sources.fx.rows import Quote

FRIDAY = datetime(2026, 11, 20, 14, 59, tzinfo=UTC)


@pytest.fixture
def sandbox() -> Iterator[RatesSandbox]:
    with serve_rates(now=FRIDAY, since=date(2026, 6, 1)) as served:
        yield served


def fetched(sandbox: RatesSandbox, name: str) -> bytes:
    return httpx.get(f"{sandbox.folder}/{name}", trust_env=False).raise_for_status().content


def quotes(sandbox: RatesSandbox, name: str) -> dict[tuple[str, date], Decimal | None]:
    parsed = parse_file(fetched(sandbox, name), about=name)
    assert parsed.refused == ()
    return {(quote.currency, quote.rate_date): quote.rate for quote in parsed.quotes}


def newest(sandbox: RatesSandbox) -> set[date]:
    """The newest day, as each file tells it."""
    names = ("eurofxref-daily.xml", "eurofxref.zip", "eurofxref-hist-90d.xml", "eurofxref-hist.zip")
    return {max(day for _, day in quotes(sandbox, name)) for name in names}


def test_the_files_have_the_form_of_the_real_ones(sandbox: RatesSandbox) -> None:
    history = zipfile.ZipFile(io.BytesIO(fetched(sandbox, "eurofxref-hist.zip"))).read("eurofxref-hist.csv").decode()
    first, second, *_, last = history.splitlines()
    assert first == (
        "Date,USD,JPY,BGN,CYP,CZK,DKK,EEK,GBP,HUF,LTL,LVL,MTL,PLN,ROL,RON,SEK,SIT,SKK,CHF,ISK,NOK,HRK,RUB,TRL,TRY,AUD,"
        "BRL,CAD,CNY,HKD,IDR,ILS,INR,KRW,MXN,MYR,NZD,PHP,SGD,THB,ZAR,"
    )
    assert second.startswith("2026-11-19,")
    assert second.endswith(",")
    assert second.count("N/A") == 12, "the currencies that have gone over to the euro, or are suspended"
    assert last.startswith("2026-06-01,")
    day = zipfile.ZipFile(io.BytesIO(fetched(sandbox, "eurofxref.zip"))).read("eurofxref.csv").decode()
    assert day.startswith("Date, USD, JPY, CZK, ")
    assert day.splitlines()[1].startswith("19 November 2026, ")
    xml = fetched(sandbox, "eurofxref-daily.xml").decode()
    assert "<Cube time='2026-11-19'>" in xml
    assert xml.count("currency=") == 29


def test_all_files_tell_the_same_rates(sandbox: RatesSandbox) -> None:
    history = {key: rate for key, rate in quotes(sandbox, "eurofxref-hist.zip").items() if rate is not None}
    assert history == quotes(sandbox, "eurofxref-hist.xml")
    ninety = quotes(sandbox, "eurofxref-hist-90d.xml")
    assert ninety == {key: rate for key, rate in history.items() if key[1] >= date(2026, 11, 19) - timedelta(days=90)}
    day = quotes(sandbox, "eurofxref-daily.xml")
    assert day == quotes(sandbox, "eurofxref.zip")
    assert day == {key: rate for key, rate in history.items() if key[1] == date(2026, 11, 19)}
    assert sandbox.rates(date(2026, 11, 19)) == {currency: rate for (currency, _), rate in day.items()}


def test_a_day_is_published_at_three_in_the_afternoon_and_weekends_are_not(sandbox: RatesSandbox) -> None:
    assert newest(sandbox) == {date(2026, 11, 19)}
    assert sandbox.rates(date(2026, 11, 20)) == {}
    for moment in (FRIDAY + timedelta(minutes=1), datetime(2026, 11, 23, 14, 59, tzinfo=UTC)):
        sandbox.set_clock(moment)
        assert newest(sandbox) == {date(2026, 11, 20)}
    sandbox.set_clock(datetime(2026, 11, 23, 15, tzinfo=UTC))
    assert newest(sandbox) == {date(2026, 11, 23)}
    assert "PHP" in sandbox.rates(date(2026, 11, 23))


def test_the_same_seed_walks_the_same_way_whenever_it_is_served() -> None:
    day = date(2024, 2, 29)
    told = []
    for seed, now in ((7, FRIDAY), (7, FRIDAY.replace(year=2024)), (8, FRIDAY)):
        with serve_rates(now=now, seed=seed) as served:
            told.append(served.rates(day))
    assert told[0] == told[1]
    assert told[0] != told[2]
    assert len(told[0]) == 30, "the lev was still quoted"


def test_rates_are_believable(sandbox: RatesSandbox) -> None:
    """Not far from their level, and without leaps; the history begins in 1999."""
    with serve_rates(now=FRIDAY) as served:
        history = quotes(served, "eurofxref-hist.zip")
    days = sorted({day for _, day in history})
    assert (days[0], days[-1]) == (date(1999, 1, 4), date(2026, 11, 19))
    assert 7_100 < len(days) < 7_300
    assert all(day.weekday() < 5 for day in days)
    for known in CURRENCIES:
        walked = [history[known.code, day] for day in days]
        assert all(known.level / 1.5 < rate < known.level * 1.5 for rate in walked if rate)
        steps = [later / earlier for earlier, later in pairwise(walked) if earlier and later]
        assert all(Decimal("0.95") < step < Decimal("1.05") for step in steps)


def test_a_correction_and_a_withdrawal_are_in_every_file_from_then_on(sandbox: RatesSandbox) -> None:
    day = date(2026, 11, 19)
    before = quotes(sandbox, "eurofxref-hist.zip")
    sandbox.correct("PHP", day, Decimal("70.125"))
    sandbox.withdraw("USD", day)
    after = quotes(sandbox, "eurofxref-hist.zip")
    assert {key for key in after if after[key] != before[key]} == {("PHP", day), ("USD", day)}
    assert (after["PHP", day], after["USD", day]) == (Decimal("70.125"), None)
    told = quotes(sandbox, "eurofxref-daily.xml")
    assert told["PHP", day] == Decimal("70.125")
    assert ("USD", day) not in told


def test_what_is_never_published_cannot_be_corrected(sandbox: RatesSandbox) -> None:
    with pytest.raises(ValueError, match="XYZ is not among the currencies"):
        sandbox.correct("XYZ", date(2026, 11, 19), Decimal(1))
    with pytest.raises(ValueError, match="it is no business day"):
        sandbox.withdraw("USD", date(2026, 11, 21))


def test_faults_befall_the_requests_they_were_ordered_for(sandbox: RatesSandbox) -> None:
    sandbox.add_fault(Fault.unavailable(retry_after=9, path="hist"))
    sandbox.add_fault(Fault.html(path="daily"))
    sandbox.add_fault(Fault(FaultKind.TRUNCATED, path="hist", nth=2))
    day = httpx.get(f"{sandbox.folder}/eurofxref-daily.xml", trust_env=False)
    assert (day.status_code, day.text[:15]) == (200, "<!DOCTYPE html>")
    busy = httpx.get(f"{sandbox.folder}/eurofxref-hist.zip", trust_env=False)
    assert (busy.status_code, busy.headers["retry-after"]) == (503, "9")
    half = fetched(sandbox, "eurofxref-hist.zip")
    whole = fetched(sandbox, "eurofxref-hist.zip")
    assert half == whole[: len(whole) // 2]
    assert [request.status for request in sandbox.requests()] == [200, 503, 200, 200]


def test_it_is_controlled_over_http_as_well(sandbox: RatesSandbox) -> None:
    control = f"{sandbox.base_url}/_sandbox"
    httpx.put(f"{control}/clock", json={"now": "2026-11-20T15:00:00+00:00"}, trust_env=False).raise_for_status()
    assert newest(sandbox) == {date(2026, 11, 20)}
    httpx.post(f"{control}/faults", json={"kind": "error", "status": 500}, trust_env=False).raise_for_status()
    assert httpx.get(f"{sandbox.folder}/eurofxref.zip", trust_env=False).status_code == 500
    assert httpx.get(f"{control}/requests", trust_env=False).json()["count"] == 5


def test_its_setting_leads_to_its_folder(sandbox: RatesSandbox) -> None:
    assert sandbox.environment() == {"PPM_FX_RATES": f"{sandbox.base_url}/stats/eurofxref"}
    assert httpx.get(f"{sandbox.folder}/another.csv", trust_env=False).status_code == 404
    assert (
        Quote("USD", date(2026, 11, 19), sandbox.rates(date(2026, 11, 19))["USD"])
        in parse_file(fetched(sandbox, "eurofxref-daily.xml"), about="the day").quotes
    )
