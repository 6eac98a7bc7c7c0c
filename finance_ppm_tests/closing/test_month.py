"""Closing a month of a real lake, editing what it consists of, and seeing it as a restatement."""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from getpass import getuser
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner

from finance_ppm import closing_commands, terminal
from finance_ppm.clock import FrozenClock
from finance_ppm.closing.closes import closed_days, newest_closes
from finance_ppm.closing.month import (
    CLOSED_FROM,
    AlreadyClosedError,
    Closed,
    close_month,
    month_named,
)
from finance_ppm.closing.reported import NotReportedError
from finance_ppm.closing.restatement import NotClosedError, Restatement, restatement, restatements
from finance_ppm.contracts import history_of
from finance_ppm.contracts.closes import PpmMonthCloseLines, PpmMonthCloses, PpmRestatements
from finance_ppm.contracts.gold import PpmBudgetVsActual
from finance_ppm.contracts.silver import NotionBudgetLines
from finance_ppm.errors import NeverCapturedError, SettingsError
from finance_ppm.lakehouse.lake import Lake
from finance_ppm.pipeline.engine import SyncEngine
from finance_ppm.pipeline.point_in_time import PointInTime
from finance_ppm.sandbox.notion.history import Change, Edit
from finance_ppm_tests.closing.books import history, line, page, text
from finance_ppm_tests.world import World, day, number, relation, title, world

TUESDAY = datetime(2026, 11, 3, 9, 30, tzinfo=UTC)
OCTOBER = date(2026, 10, 1)
Sums = dict[tuple[str, ...], tuple[Decimal, ...]]
"""Metric, member and currency to amount and converted amount; without what is nothing."""
METRICS = ("budget", "committed", "actual")


@dataclass(frozen=True)
class Books:
    """A lake with October in it, and a clock."""

    lake: Lake
    clock: FrozenClock

    @property
    def point_in_time(self) -> PointInTime:
        return PointInTime(self.lake, self.clock)

    def close(self, period: date = OCTOBER, **how: Any) -> Closed:
        told = {"closed_by": "Ada", "reporting": "USD"} | how
        return close_month(self.lake, self.clock, self.point_in_time, period, **told)

    def restatement(self, period: date | None = None) -> Restatement:
        closes, lines = self.lake.scan(PpmMonthCloses), self.lake.scan(PpmMonthCloseLines)
        return restatement(closes, lines, self.point_in_time.portfolio(of=CLOSED_FROM), period)

    def cells(
        self, dimension: str = "portfolio", as_of: date | None = None
    ) -> dict[tuple[str, ...], tuple[Decimal, ...]]:
        """October's cells of a day: metric, member and currency to value and converted value."""
        rows = self.lake.scan(history_of(PpmBudgetVsActual)).filter(
            pl.col("as_of_date") == (as_of or self.clock.today()),
            pl.col("period") == OCTOBER,
            pl.col("dimension") == dimension,
            pl.col("metric_name").is_in(METRICS),
        )
        wanted = rows.select("metric_name", "dimension_id", "unit", "value", "reporting_value").collect()
        return {row[:3]: row[3:] for row in wanted.iter_rows() if any(row[3:])}


def report(told: World) -> None:
    """Today's pages and rates are read, and gold is made of them."""
    SyncEngine(told.config, clock=told.clock, lake=told.lake).sync_all(full_sync=True)
    told.run(only=("bronze/fx_rates", "gold/ppm_budget_vs_actual"))


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The books as they were read on Monday, 2 November, and on Tuesday."""
    folder = tmp_path_factory.mktemp("closing")
    with world(folder, history(), now=TUESDAY - timedelta(days=1), with_rates=True) as made:
        report(made)
        made.go_to(TUESDAY)
        report(made)
        yield made


@pytest.fixture
def books(told: World, tmp_path: Path) -> Books:
    """A copy of the lake as it was reported."""
    shutil.copytree(told.lake.uri, tmp_path / "lake")
    clock = FrozenClock(TUESDAY)
    return Books(Lake(str(tmp_path / "lake"), clock=clock), clock)


def summed(rows: pl.DataFrame, member: str, value: str, converted: str) -> Sums:
    sums = rows.group_by("metric_name", member, "unit").agg(pl.col(value).sum(), pl.col(converted).fill_null(0).sum())
    return {row[:3]: row[3:] for row in sums.iter_rows() if any(row[3:])}


def test_a_close_holds_what_gold_reports_down_to_the_line(books: Books) -> None:
    """Actuals: 90 + 5.01 (of 10.01) + 30 USD; 44 + 5.00 + 7 EUR; 5100 PHP."""
    closed = books.close(note="October is done.")
    rows = books.lake.scan(PpmMonthCloseLines).collect()
    for dimension in ("project", "program", "category", "vendor"):
        member = dimension if dimension in ("category", "vendor") else f"{dimension}_id"
        assert summed(rows, member, "value", "reporting_value") == books.cells(dimension)
    (row,) = books.lake.scan(PpmMonthCloses).collect().to_dicts()
    assert (row["period"], row["closed_by"], row["note"]) == (OCTOBER, "Ada", "October is done.")
    assert (row["closed_at"], row["as_of_date"], row["period_label"]) == (TUESDAY, TUESDAY.date(), "2026-10")
    assert (row["figure_count"], row["line_count"]) == (rows.height, rows["budget_line_id"].n_unique())
    for metric in METRICS:
        converted = sum(value[1] for (name, *_), value in books.cells().items() if name == metric)
        assert closed.reporting[metric] == row[f"{metric}_reporting"] == converted
    assert closed.remark == "2026-10 lies before the first capture (2026-11-02): nobody saw it while it lasted."
    assert {unit: amounts["actual"] for unit, amounts in closed.native.items()} == {
        "EUR": Decimal("56.00"),
        "PHP": Decimal("5100.00"),
        "USD": Decimal("125.01"),
    }
    assert closed_days(books.lake) == {TUESDAY.date()}


def test_a_close_of_an_earlier_day_holds_that_day(books: Books) -> None:
    monday = TUESDAY.date() - timedelta(days=1)
    books.close(as_of=monday)
    rows = books.lake.scan(PpmMonthCloseLines).collect()
    assert set(rows["as_of_date"]) == {monday}
    assert summed(rows, "category", "value", "reporting_value") == books.cells("category", monday)
    assert closed_days(books.lake) == {monday}


def test_a_month_is_closed_once_unless_it_is_said_again(books: Books) -> None:
    books.close()
    with pytest.raises(AlreadyClosedError, match=r"2026-10 was closed on 2026-11-03 by Ada: .* --again closes it once"):
        books.close()
    books.clock.moment = TUESDAY + timedelta(hours=1)
    books.close(closed_by="Grace", again=True)
    assert books.lake.count(PpmMonthCloses) == 2
    assert [close.closed_by for close in newest_closes(books.lake.scan(PpmMonthCloses))] == ["Grace"]
    before = newest_closes(books.lake.scan(PpmMonthCloses), before=books.clock.now())
    assert [close.closed_by for close in before] == ["Ada"]


REFUSED: dict[str, tuple[date, dict[str, Any], type[Exception]]] = {
    "2026-11 is not over: it can be closed from 2026-12-01 on.": (date(2026, 11, 1), {}, SettingsError),
    "2027-01 lies in the future: it can be closed once it is over.": (date(2027, 1, 1), {}, SettingsError),
    "9999-12 lies in the future: it can be closed once it is over.": (date(9999, 12, 1), {}, SettingsError),
    "2026-10 was not over on 2026-10-30: name a day from 2026-10-31 on with --as-of.": (
        OCTOBER,
        {"as_of": date(2026, 10, 30)},
        SettingsError,
    ),
    "--as-of 2026-11-04 lies in the future: name a day until 2026-11-03.": (
        OCTOBER,
        {"as_of": date(2026, 11, 4)},
        SettingsError,
    ),
    "Nothing was captured on or before 2026-10-31: the first day there is, is 2026-11-02; ask for that day or a later "
    "one.": (OCTOBER, {"as_of": date(2026, 10, 31)}, NeverCapturedError),
    "1999-12 lies before the first capture (2026-11-02), and nothing is known of it: there is nothing to close.": (
        date(1999, 12, 1),
        {},
        NeverCapturedError,
    ),
}


@pytest.mark.parametrize("sentence", REFUSED)
def test_what_cannot_be_closed_is_refused_with_one_sentence(books: Books, sentence: str) -> None:
    period, how, error = REFUSED[sentence]
    with pytest.raises(error) as raised:
        books.close(period, **how)
    assert str(raised.value) == sentence
    assert not books.lake.exists(PpmMonthCloses)


def test_what_nobody_saw_is_not_closed(books: Books) -> None:
    """A day without gold; and gold that says a cent more than silver does."""
    books.clock.moment = TUESDAY + timedelta(days=1)
    remedy = "run `finance-ppm run --as-of 2026-11-04`.*, or close by the newest there is with `--as-of 2026-11-03`"
    with pytest.raises(NotReportedError, match=rf"no gold of 2026-11-04, .* {remedy}\.$"):
        books.close()
    books.clock.moment = TUESDAY
    gold = history_of(PpmBudgetVsActual)
    today = books.lake.scan(gold).filter(pl.col("as_of_date") == TUESDAY.date()).collect()
    of_october = (pl.col("period") == OCTOBER) & (pl.col("metric_name") == "actual") & (pl.col("unit") == "EUR")
    more = today.with_columns(
        value=pl.when(of_october).then(pl.col("value") + Decimal("0.01")).otherwise("value").cast(pl.Decimal(38, 2))
    )
    books.lake.replace_partition(gold, more, {"as_of_date": TUESDAY.date()})
    with pytest.raises(NotReportedError, match=r"Gold of 2026-11-03 reports .* EUR .* of actual in 2026-10"):
        books.close()


def test_what_counts_elsewhere_than_gold_says_is_not_closed(books: Books) -> None:
    """A line's category was changed after gold was made: the portfolio, the programs and projects are as reported."""
    lines = books.lake.scan(NotionBudgetLines).collect()
    is_cloud = pl.col("name") == "Cloud"
    moved = lines.with_columns(category=pl.when(is_cloud).then(pl.lit("CapEx")).otherwise("category"))
    books.lake.replace(NotionBudgetLines, moved)
    with pytest.raises(NotReportedError) as raised:
        books.close()
    assert str(raised.value).startswith(
        "Gold of 2026-11-03 reports 0.00 EUR (0.00 USD) of actual in 2026-10 of the category 'CapEx', and it comes to "
        "44.00 EUR ("
    )
    assert " USD) now (3 more cells differ): run `finance-ppm run --as-of 2026-11-03`" in str(raised.value)
    assert not books.lake.exists(PpmMonthCloses)


def test_gold_of_another_reporting_currency_is_not_closed(books: Books) -> None:
    with pytest.raises(NotReportedError) as raised:
        books.close(reporting="EUR")
    assert str(raised.value) == (
        "The reporting currency of gold of 2026-11-03 is USD, and PPM_REPORTING_CURRENCY is EUR: set it to USD, or run "
        "`finance-ppm run --as-of 2026-11-03`, look at it, and close the month then."
    )


def test_a_close_that_is_cut_short_is_none(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    append = Lake.append

    def die(lake: Lake, table: Any, rows: pl.DataFrame) -> Any:
        if table is PpmMonthCloses:
            raise KeyboardInterrupt
        return append(lake, table, rows)

    with monkeypatch.context() as patched:
        patched.setattr(Lake, "append", die)
        with pytest.raises(KeyboardInterrupt):
            books.close()
    with pytest.raises(NotClosedError, match="2026-10 was never closed"):
        books.restatement(OCTOBER)
    books.clock.moment = TUESDAY + timedelta(minutes=1)
    books.close()
    (month,) = books.restatement().months
    assert month.lines == ()
    assert all(amount.difference == 0 for amount in (*month.native, *month.reporting))


# --- what becomes of a closed month ------------------------------------------------------------------


@pytest.fixture(scope="module")
def story(told: World) -> Books:
    """October was closed on Tuesday; on Wednesday every second page of it is edited, and a line is new."""
    books = Books(told.lake, told.clock)
    books.close()
    told.go_to(TUESDAY + timedelta(days=1))
    told.edit("budget_lines", page("Cables"), Actual_Amount=number("91.23"))
    told.edit("budget_lines", page("Racks"), Invoice_Date=day("2026-11-04"))
    told.edit("budget_lines", page("Cloud"), Invoice_Date=day("2026-09-12"))
    told.edit("budget_lines", page("Design"), Vendor=text("Another"))
    told.edit("budget_lines", page("Licences"), Project=relation(page("Plant")))
    told.edit("budget_lines", page("Audit"), Invoice_Date=day("2026-10-01"))
    told.edit("budget_lines", page("Travel"), Change.TRASH)
    told.edit("projects", page("Warehouse"), Name=title("Depot"))
    late = line("Late", "Warehouse", actual="77", invoice="2026-10-30")
    told.sandbox.edit(Edit(told.clock.now(), "budget_lines", page("Late"), Change.CREATE, late))
    report(told)
    return books


def test_edits_of_a_closed_month_are_its_restatement(story: Books) -> None:
    """Racks was open on the day of the close, whatever is invoiced later. Cloud's budget moves with its invoice."""
    (month,) = story.restatement(OCTOBER).months
    found = {
        (one["line_name"], one["project_name"], one["metric_name"], one["presence"]): (
            f"{one['reported']} {one['current']} {one['unit']}",
            one["reason"],
        )
        for one in month.lines
    }
    assert found == {
        ("Cables", "Depot", "actual", "both"): ("90.00 91.23 USD", "amount"),
        ("Cloud", "Shop", "budget", "reported"): ("40.00 0.00 EUR", "month"),
        ("Cloud", "Shop", "actual", "reported"): ("44.00 0.00 EUR", "month"),
        ("Design", "Warehouse", "actual", "reported"): ("5.01 0.00 USD", "vendor"),
        ("Design", "Depot", "actual", "current"): ("0.00 5.01 USD", "vendor"),
        ("Design", "Shop", "actual", "reported"): ("5.00 0.00 EUR", "vendor"),
        ("Design", "Shop", "actual", "current"): ("0.00 5.00 EUR", "vendor"),
        ("Licences", "Warehouse", "budget", "reported"): ("25.00 0.00 USD", "project"),
        ("Licences", "Warehouse", "actual", "reported"): ("30.00 0.00 USD", "project"),
        ("Licences", "Plant", "budget", "current"): ("0.00 25.00 PHP", "project"),
        ("Licences", "Plant", "actual", "current"): ("0.00 30.00 PHP", "project"),
        ("Audit", "Shop", "budget", "current"): ("0.00 15.00 EUR", "entered"),
        ("Audit", "Shop", "actual", "current"): ("0.00 12.00 EUR", "entered"),
        ("Travel", "Shop", "actual", "reported"): ("7.00 0.00 EUR", "archived"),
        ("Late", "Depot", "actual", "current"): ("0.00 77.00 USD", "new_line"),
    }
    actual = {
        of.unit: (f"{of.reported}", f"{of.difference}", f"{of.current}") for of in month.native if of.metric == "actual"
    }
    assert actual == {
        "EUR": ("56.00", "-39.00", "17.00"),
        "PHP": ("5100.00", "30.00", "5130.00"),
        "USD": ("125.01", "48.23", "173.24"),
    }


def test_what_was_reported_and_the_differences_are_what_gold_says_now(story: Books) -> None:
    """By project, category and vendor. Commitments are those of the day of the close: gold's of today are not."""
    closes, lines = (story.lake.scan(table) for table in (PpmMonthCloses, PpmMonthCloseLines))
    reported, found = lines.collect(), restatements(closes, lines, story.point_in_time.portfolio(of=CLOSED_FROM))
    for dimension in ("project", "program", "category", "vendor"):
        member = dimension if dimension in ("category", "vendor") else f"{dimension}_id"
        was = summed(reported, member, "value", "reporting_value")
        more = summed(found, member, "difference", "difference_reporting")
        nothing = (Decimal(0), Decimal(0))
        is_now = {
            cell: tuple(a + b for a, b in zip(was.get(cell, nothing), more.get(cell, nothing), strict=True))
            for cell in was.keys() | more.keys()
            if cell[0] != "committed"
        }
        now = {cell: values for cell, values in story.cells(dimension).items() if cell[0] != "committed"}
        assert {cell: values for cell, values in is_now.items() if any(values)} == now
    assert set(now) != {cell for cell in was if cell[0] != "committed"}


def test_the_restatement_keeps_its_contract_and_can_be_stored(story: Books, tmp_path: Path) -> None:
    closes, lines = (story.lake.scan(table) for table in (PpmMonthCloses, PpmMonthCloseLines))
    found = restatements(closes, lines, story.point_in_time.portfolio(of=CLOSED_FROM))
    lake = Lake(str(tmp_path), clock=story.clock)
    stored = found.with_columns(computed_at=pl.lit(story.clock.now()))
    assert lake.replace(PpmRestatements, stored).rows == found.height > 0
    yesterday = story.point_in_time.portfolio(TUESDAY.date(), of=CLOSED_FROM)
    assert restatements(closes, lines, yesterday).is_empty()
    assert restatements(closes.clear(), lines, yesterday).is_empty()


def test_a_month_that_was_never_closed_is_told(story: Books) -> None:
    with pytest.raises(NotClosedError, match="2026-09 was never closed: `finance-ppm close MONTH` closes one"):
        story.restatement(date(2026, 9, 1))


@pytest.mark.parametrize("text", ["2026", "2026-13", "26-10", "2026-1", "October", "2026-10-01", ""])
def test_no_month(text: str) -> None:
    with pytest.raises(SettingsError, match="is not a month: write it as 2026-10"):
        month_named(text)


# --- the commands -------------------------------------------------------------------------------------

app = typer.Typer()
closing_commands.register(app)


@pytest.fixture
def call(story: Books, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Runs a command on a copy of the story's lake."""
    shutil.copytree(story.lake.uri, tmp_path / "lake")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PPM_LAKEHOUSE_URI", "lake")
    monkeypatch.setattr(closing_commands, "SystemClock", lambda: story.clock)
    monkeypatch.setattr(terminal, "out", Console(width=160))
    return lambda *arguments: CliRunner().invoke(app, arguments)


def test_the_restatement_shows_the_sums_and_the_lines_behind_them(call: Callable[..., Any]) -> None:
    shown = call("restatement", "2026-10").stdout
    assert "2026-11-03 by Ada" in shown
    assert "actual, all in USD" in shown
    assert "Moved to 2026-09." in shown
    months = json.loads(call("restatement", "--json").stdout)["months"]
    assert [month["month"] for month in months] == ["2026-10"]
    assert isinstance(call("restatement", "2026-09").exception, NotClosedError)


def test_a_month_is_closed_by_whoever_runs_the_command(call: Callable[..., Any]) -> None:
    assert isinstance(call("close", "2026-10").exception, AlreadyClosedError)
    again = json.loads(call("close", "2026-10", "--again", "--json").stdout)
    assert (again["month"], again["closed_by"]) == ("2026-10", getuser())
    shown = call("close", "2026-09", "--by", "Grace", "--as-of", "2026-11-03").stdout
    assert "2026-09 is closed, as of 2026-11-03" in shown
    assert "1 budget line, closed by Grace." in shown
    assert "Nothing of 2026-10 is otherwise" in call("restatement", "2026-10").stdout
    assert "Moved to 2026-10." in call("restatement", "2026-09").stdout


def test_an_amount_that_left_a_closed_month_is_told_where_it_came_to(call: Callable[..., Any], story: Books) -> None:
    """Audit went from September into October; both were closed before."""
    call("close", "2026-09", "--as-of", "2026-11-03")
    _, october = json.loads(call("restatement", "--json").stdout)["months"]
    audit = [one["explanation"] for one in october["lines"] if one["budget_line_id"] == page("Audit")]
    assert audit == ["Moved here from 2026-09."] * 2


def test_a_ledger_is_reconciled(call: Callable[..., Any], tmp_path: Path) -> None:
    """One actual as the ledger has it, one that it has alone, and a row without a date."""
    ledger, out = tmp_path / "ledger.csv", tmp_path / "out.csv"
    ledger.write_text("date;project;account;amount\n2026-10-29;depot;6100;77,00\n2026-10-29;X;6100;1,00\n;X;6100;1\n")
    asked = ("reconcile", str(ledger), "--month", "2026-10", "--csv", str(out))
    told = call(*asked)
    assert told.exit_code == 1
    assert "no project of that name or id" in told.stdout
    assert "Row 4 was kept aside: It has no date." in told.stdout
    found = json.loads(call(*asked, "--json").stdout)
    assert [pair["actual"]["budget_line_id"] for pair in found["matched"]] == [page("Late")]
    assert [lone["reason"] for lone in found["only_there"]] == ["unknown_project"]
    assert out.read_text("utf-8-sig").count("\n") == 1 + 3 + len(found["only_here"])
    assert isinstance(call("reconcile", str(ledger), "--csv", str(ledger)).exception, SettingsError)
    assert "77,00" in ledger.read_text()


def test_a_difference_can_be_a_failure(call: Callable[..., Any], tmp_path: Path) -> None:
    """October as the actuals have it, with the opposite sign; then as it is; then without its last row."""
    empty, ledger = tmp_path / "empty.csv", tmp_path / "ledger.csv"
    head = "date,project,account,amount,currency"
    empty.write_text(f"{head}\n")
    here = json.loads(call("reconcile", str(empty), "--month", "2026-10", "--json").stdout)["only_here"]
    rows = [
        f"{one['day']},{one['project_id']},6100,-{one['amount']},{one['unit']}"
        for one in (lone["actual"] for lone in here)
    ]
    ledger.write_text("\n".join([head, *rows]))
    asked = ("reconcile", str(ledger), "--month", "2026-10")
    turned = call(*asked, "--fail-on-difference")
    assert turned.exit_code == 1
    assert f"With the opposite sign {len(rows)} pairs would match: add --flip-sign." in turned.stdout
    assert call(*asked).exit_code == 0
    assert call(*asked, "--flip-sign", "--fail-on-difference").exit_code == 0
    ledger.write_text("\n".join([head, *rows[:-1]]))
    assert call(*asked, "--flip-sign", "--fail-on-difference").exit_code == 1


def test_a_csv_that_cannot_be_written_is_named(call: Callable[..., Any], tmp_path: Path) -> None:
    """Where nothing has room: https://man7.org/linux/man-pages/man4/full.4.html."""
    ledger = tmp_path / "ledger.csv"
    ledger.write_text("date,project,account,amount\n2026-10-29,Depot,6100,77.00\n")
    done = call("reconcile", str(ledger), "--csv", "/dev/full")
    assert isinstance(done.exception, SettingsError)
    assert str(done.exception) == "--csv /dev/full cannot be written (No space left on device): name another file."


def test_a_month_that_no_calendar_ends_is_told(call: Callable[..., Any]) -> None:
    assert str(call("close", "9999-12").exception) == "9999-12 lies in the future: it can be closed once it is over."
    assert "9999-12 was never closed" in str(call("restatement", "9999-12").exception)
