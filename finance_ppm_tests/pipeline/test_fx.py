"""Exchange rates into bronze: a log of versions, which loses nothing and doubles nothing."""

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import httpx
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finance_ppm.clock import FrozenClock
from finance_ppm.contracts.fx import FxRates
from finance_ppm.lakehouse.lake import Lake
from finance_ppm.pipeline.fx import Captured, capture_rates
from finance_ppm.sandbox.rates.faults import Fault
from finance_ppm.sandbox.rates.server import RatesSandbox, serve_rates
from finance_ppm.settings import Config
from finance_ppm.sources.fx.errors import FxError
from finance_ppm.sources.fx.reader import LocalRates, rates_reader

THURSDAY = datetime(2026, 11, 19, 0, 5, tzinfo=UTC)
SINCE = date(2026, 9, 1)
KILLED = -signal.SIGKILL


class Site:
    """A lake, a clock, and where rates are read."""

    def __init__(self, folder: Path, address: str = "", now: datetime = THURSDAY) -> None:
        self.clock = FrozenClock(now)
        self.lake = Lake(str(folder / "lake"), clock=self.clock)
        self.address = address or str(folder / "rates.csv")

    def capture(self) -> Captured:
        reader = rates_reader(Config(ppm_fx_rates=self.address))
        assert reader is not None
        with reader:
            return capture_rates(self.lake, self.clock, reader)

    def told(self, *lines: str) -> Captured:
        """Capture a CSV of one's own that holds these lines."""
        Path(self.address).write_text("\n".join(["date,currency,rate", *lines]))
        return self.capture()

    def versions(self, currency: str = "USD") -> list[Decimal | None]:
        """The versions of a currency's rates, the oldest first."""
        rows = self.lake.scan(FxRates).filter(pl.col("currency") == currency).sort("captured_at", "rate_date")
        return rows.collect()["rate"].to_list()

    def newest(self) -> dict[tuple[str, date], Decimal]:
        """The newest version of each rate that there is."""
        rows = self.lake.scan(FxRates).sort("captured_at").collect().unique(["currency", "rate_date"], keep="last")
        told = rows.drop_nulls("rate").select("currency", "rate_date", "rate").iter_rows()
        return {(currency, day): rate for currency, day, rate in told}


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


@pytest.fixture
def sandbox() -> Iterator[RatesSandbox]:
    with serve_rates(now=THURSDAY, since=SINCE) as served:
        yield served


def published(sandbox: RatesSandbox, until: date) -> dict[tuple[str, date], Decimal]:
    """All that the sandbox has told up to a day."""
    days = (SINCE + timedelta(days=number) for number in range((until - SINCE).days + 1))
    return {(currency, day): rate for day in days for currency, rate in sandbox.rates(day).items()}


# The log

DAY = "2026-11-18"


def test_a_rate_that_changes_and_changes_back_has_three_versions(site: Site) -> None:
    for rate, appended in (("1.10", 1), ("1.10", 0), ("1.11", 1), ("1.1", 1)):
        assert site.told(f"{DAY},USD,{rate}").appended == appended
        site.clock.moment += timedelta(hours=1)
    assert site.versions() == [Decimal("1.10"), Decimal("1.11"), Decimal("1.10")]


def test_a_second_read_of_the_same_makes_no_delta_version(site: Site) -> None:
    first = site.told(f"{DAY},USD,1.10", f"{DAY},PHP,64")
    assert (first.read, first.appended, first.written.changed) == (2, 2, True)
    version = site.lake.version(FxRates)
    second = site.told(f"{DAY},PHP,64.000", f"{DAY},USD,1.1")
    assert (second.read, second.appended, second.written.changed) == (2, 0, False)
    assert site.lake.version(FxRates) == version


def test_a_row_tells_where_and_when_it_was_read(site: Site) -> None:
    captured = site.told(f"{DAY},USD,1.0877")
    [row] = site.lake.scan(FxRates).collect().iter_rows(named=True)
    assert row == {
        "currency": "USD",
        "rate_date": date(2026, 11, 18),
        "captured_at": THURSDAY,
        "rate": Decimal("1.087700000000"),
        "source": "rates.csv",
        "_ingestion_timestamp": THURSDAY,
    }
    assert captured.sources == ("rates.csv",)
    assert captured.requests == 0
    assert captured.newest == date(2026, 11, 18)


def test_versions_are_captured_one_after_the_other_even_where_the_clock_stands_or_goes_back(site: Site) -> None:
    for rate in ("1.1", "1.2", "1.3"):
        site.told(f"{DAY},USD,{rate}")
        site.clock.moment -= timedelta(minutes=10)
    assert site.versions() == [Decimal("1.1"), Decimal("1.2"), Decimal("1.3")]
    moments = site.lake.scan(FxRates).collect()["captured_at"].unique()
    assert len(moments) == 3


def test_a_withdrawn_rate_is_a_version_without_one_and_may_come_back(site: Site) -> None:
    site.told(f"{DAY},USD,1.1", f"{DAY},PHP,64")
    captured = site.told(f"{DAY},USD,N/A", f"{DAY},PHP,64", f"{DAY},GBP,")
    assert (captured.appended, captured.withdrawn) == (1, 1), "what was never told is not withdrawn"
    assert site.told(f"{DAY},USD,", f"{DAY},PHP,64").appended == 0
    assert site.told(f"{DAY},USD,1.1", f"{DAY},PHP,64").appended == 1
    assert site.versions() == [Decimal("1.1"), None, Decimal("1.1")]
    assert site.versions("PHP") == [Decimal(64)]


def test_what_is_missing_from_a_file_is_not_withdrawn(site: Site) -> None:
    site.told(f"{DAY},USD,1.1", f"{DAY},PHP,64", "2026-11-17,USD,1.2")
    captured = site.told(f"{DAY},PHP,64")
    assert captured.appended == 0
    assert captured.newest == date(2026, 11, 18)


def test_bad_rows_are_refused_and_the_others_are_appended(site: Site) -> None:
    captured = site.told(f"{DAY},USD,1.1", f"{DAY},PHP,-64", f"{DAY},U,1", "2026-11-20,GBP,0.8", f"{DAY},GBP,0.9")
    assert captured.appended == 2
    assert [str(one) for one in captured.refused] == [
        "line 3: the rate '-64' is not above zero",
        "line 4: 'U' is no code of a currency, which has three letters",
        "GBP on 2026-11-20: the day is yet to come",
    ]
    assert captured.newest == date(2026, 11, 18)


def test_a_contradiction_leaves_the_version_that_there_is(site: Site) -> None:
    site.told(f"{DAY},USD,1.1", f"{DAY},PHP,64")
    captured = site.told(f"{DAY},USD,1.2", f"{DAY},USD,1.3", f"{DAY},PHP,65")
    assert (captured.appended, len(captured.refused)) == (1, 1)
    assert site.versions() == [Decimal("1.1")]


def test_what_is_no_file_of_rates_writes_nothing(site: Site) -> None:
    Path(site.address).write_text("<!DOCTYPE html><html></html>")
    with pytest.raises(FxError, match="is a web page"):
        site.capture()
    assert not site.lake.exists(FxRates)


reads = st.dictionaries(
    st.tuples(st.sampled_from(["USD", "PHP"]), st.sampled_from([date(2026, 11, 17), date(2026, 11, 18)])),
    st.sampled_from([None, Decimal("1.1"), Decimal("1.2"), Decimal("0.000000000001")]),
    max_size=4,
)


@settings(deadline=None, max_examples=12)
@given(st.lists(reads, min_size=1, max_size=5))
def test_the_newest_versions_are_always_what_was_last_told(
    tmp_path_factory: pytest.TempPathFactory, told: list[dict[tuple[str, date], Decimal | None]]
) -> None:
    """Whatever is told in whatever order: and each version differs from the one before it."""
    site = Site(tmp_path_factory.mktemp("log"))
    known: dict[tuple[str, date], Decimal] = {}
    for number, read in enumerate(told):
        lines = [f"{day},{currency},{'' if rate is None else rate}" for (currency, day), rate in read.items()]
        captured = site.told("2026-11-02,GBP,0.9", *lines)
        before = dict(known)
        known |= {key: rate for key, rate in read.items() if rate is not None}
        known = {key: rate for key, rate in known.items() if read.get(key, rate) is not None}
        changed = sum(before.get(key) != known.get(key) for key in {*before, *known})
        assert captured.appended == changed + (number == 0), "the pound is new once"
        assert {key: rate for key, rate in site.newest().items() if key[0] != "GBP"} == known


# Which file is read

DAILY, HIST = "eurofxref-daily.xml", "eurofxref-hist.zip"


def files(captured: Captured) -> list[str]:
    return [source.rpartition("/")[2] for source in captured.sources]


def test_the_history_comes_first_and_then_the_day_and_the_history_once_a_week(
    tmp_path: Path, sandbox: RatesSandbox
) -> None:
    """Each day at five past midnight, from a Thursday on: on a Tuesday the first day after the weekend is there."""
    site, read = Site(tmp_path, sandbox.folder), []
    for number in range(13):
        moment = THURSDAY + timedelta(days=number)
        sandbox.set_clock(moment)
        site.clock.moment = moment
        captured = site.capture()
        assert captured.requests == len(captured.sources)
        assert captured.refused == ()
        assert site.newest() == published(sandbox, moment.date())
        read.append(f"{moment:%a} {'+'.join(files(captured))} {captured.appended}")
    assert read == [
        f"Thu {HIST} {len(published(sandbox, date(2026, 11, 18)))}",
        *(f"Fri {DAILY} 29", f"Sat {DAILY} 29", f"Sun {DAILY} 0", f"Mon {DAILY} 0", f"Tue {DAILY}+{HIST} 29"),
        *(f"Wed {DAILY} 29", f"Thu {DAILY} 29", f"Fri {DAILY} 29", f"Sat {DAILY} 29", f"Sun {DAILY} 0"),
        *(f"Mon {DAILY} 0", f"Tue {DAILY}+{HIST} 29"),
    ]


def test_days_on_which_nothing_ran_are_made_up_for(tmp_path: Path, sandbox: RatesSandbox) -> None:
    """Captured on Tuesday afternoon and not again before Thursday afternoon: Wednesday is not lost."""
    tuesday = datetime(2026, 11, 24, 16, tzinfo=UTC)
    sandbox.set_clock(tuesday)
    site = Site(tmp_path, sandbox.folder, tuesday)
    site.capture()
    site.clock.moment += timedelta(days=2)
    sandbox.set_clock(site.clock.moment)
    assert files(site.capture()) == [DAILY, HIST]
    assert site.newest() == published(sandbox, date(2026, 11, 26))


def test_a_correction_and_a_withdrawal_of_an_old_day_arrive_within_a_week(
    tmp_path: Path, sandbox: RatesSandbox
) -> None:
    site = Site(tmp_path, sandbox.folder)
    site.capture()
    sandbox.correct("PHP", date(2026, 10, 1), Decimal("70.5"))
    sandbox.withdraw("USD", date(2026, 10, 1))
    arrived = []
    for number in range(1, 8):
        site.clock.moment = THURSDAY + timedelta(days=number)
        sandbox.set_clock(site.clock.moment)
        captured = site.capture()
        arrived.append((captured.appended, captured.withdrawn))
    assert arrived == [(29, 0), (29, 0), (0, 0), (0, 0), (31, 1), (29, 0), (29, 0)]
    assert site.newest() == published(sandbox, date(2026, 11, 26))


def test_a_correction_of_the_newest_day_arrives_at_once(tmp_path: Path, sandbox: RatesSandbox) -> None:
    site = Site(tmp_path, sandbox.folder)
    site.capture()
    sandbox.correct("PHP", date(2026, 11, 18), Decimal("70.5"))
    captured = site.capture()
    assert (files(captured), captured.appended) == ([DAILY], 1)


def test_another_place_is_read_whole_whatever_is_stored_of_the_first(tmp_path: Path, sandbox: RatesSandbox) -> None:
    """A few rates of one's own, up to yesterday, do not stand for the history of all currencies."""
    site = Site(tmp_path)
    site.told(f"{DAY},USD,1.5")
    site.address = sandbox.folder
    assert files(site.capture()) == [HIST]
    assert site.newest() == published(sandbox, date(2026, 11, 18))


def test_a_capture_that_fails_in_its_second_file_writes_nothing(tmp_path: Path, sandbox: RatesSandbox) -> None:
    """Were the day stored alone, nobody would see that days before it are missing."""
    site = Site(tmp_path, sandbox.folder)
    site.capture()
    before = site.newest()
    site.clock.moment = datetime(2026, 11, 24, 0, 5, tzinfo=UTC)
    sandbox.set_clock(site.clock.moment)
    sandbox.add_fault(Fault.error(403, path=HIST))
    with pytest.raises(FxError, match="may not be read"):
        site.capture()
    assert site.newest() == before
    assert files(site.capture()) == [DAILY, HIST]
    assert site.newest() == published(sandbox, date(2026, 11, 23))


# Two at once, and killed

CAPTURE = """
import os, signal, sys
from datetime import datetime
from finance_ppm.clock import FrozenClock
from finance_ppm.lakehouse import lake
from finance_ppm.pipeline.fx import capture_rates
from finance_ppm.settings import Config
from finance_ppm.sources.fx.reader import rates_reader

uri, address, moment, where = sys.argv[1:]
append = lake.append_rows

def dying(*arguments):
    if where == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    append(*arguments)
    if where == "after":
        os.kill(os.getpid(), signal.SIGKILL)

lake.append_rows = dying
clock = FrozenClock(datetime.fromisoformat(moment))
with rates_reader(Config(ppm_fx_rates=address)) as reader:
    capture_rates(lake.Lake(uri, clock=clock), clock, reader)
"""


def in_a_process(site: Site, where: str = "") -> "subprocess.Popen[bytes]":
    arguments = [site.lake.uri, site.address, site.clock.now().isoformat(), where]
    return subprocess.Popen([sys.executable, "-c", CAPTURE, *arguments], stderr=subprocess.PIPE)


@pytest.mark.parametrize("where", ["before", "after"])
def test_killed_before_or_after_its_commit_nothing_is_lost_or_doubled(
    tmp_path: Path, sandbox: RatesSandbox, where: str
) -> None:
    site = Site(tmp_path, sandbox.folder)
    process = in_a_process(site, where)
    _, said = process.communicate(timeout=120)
    assert process.returncode == KILLED, said.decode()
    expected = published(sandbox, date(2026, 11, 18))
    assert site.lake.count(FxRates) == (len(expected) if where == "after" else 0)
    site.capture()
    assert site.newest() == expected
    assert site.lake.count(FxRates) == len(expected)


def test_captures_at_once_store_every_rate_once(tmp_path: Path, sandbox: RatesSandbox) -> None:
    """Two processes and, in this one, three threads."""
    site = Site(tmp_path, sandbox.folder)
    processes = [in_a_process(site) for _ in range(2)]
    with ThreadPoolExecutor(3) as pool:
        appended = [done.result().appended for done in [pool.submit(site.capture) for _ in range(3)]]
    for process in processes:
        _, said = process.communicate(timeout=120)
        assert process.returncode == 0, said.decode()
    expected = published(sandbox, date(2026, 11, 18))
    assert site.newest() == expected
    assert site.lake.count(FxRates) == len(expected)
    assert sum(appended) in {0, len(expected)}


def test_a_copy_of_the_history_gives_what_the_history_gives(tmp_path: Path, sandbox: RatesSandbox) -> None:
    """Read from a local copy first, and over HTTP after that: nothing is appended twice."""
    site = Site(tmp_path, sandbox.folder)
    first = site.capture()
    copied = Site(tmp_path / "copy")
    shutil.copytree(tmp_path / "lake", tmp_path / "copy" / "lake")
    content = httpx.get(f"{sandbox.folder}/{HIST}", trust_env=False).content
    (tmp_path / "copy" / HIST).write_bytes(content)
    with LocalRates(tmp_path / "copy" / HIST) as reader:
        second = capture_rates(copied.lake, copied.clock, reader)
    assert (second.read, second.appended) == (first.read, 0)
