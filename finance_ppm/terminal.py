"""What people see in a terminal: progress while work goes on, tables when it is done, one sentence when it fails.

Belongs here: words and layout. Does not belong here: the work.
"""

import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from finance_ppm import logs
from finance_ppm.errors import FinancePpmError, SettingsError
from finance_ppm.masking import Masker

if TYPE_CHECKING:
    from finance_ppm.day import Consolidated, PortfolioSummary
    from finance_ppm.onboarding.health import Health
    from finance_ppm.onboarding.initialise import SetUp
    from finance_ppm.onboarding.mapping import MappingCheck, Proposal, Remark
    from finance_ppm.pipeline.engine import SyncSummary
    from finance_ppm.pipeline.erasure import Forgetting

out = Console()
"""Results, on standard output."""
err = Console(stderr=True)
"""Progress and complaints, on standard error, so that results can be piped."""

FAILED, WRONG_USE = 1, 2

logger = logging.getLogger(__name__)


def exit_code(error: FinancePpmError) -> int:
    """2 where the user must correct a setting first, 1 where the work itself failed."""
    return WRONG_USE if isinstance(error, SettingsError) else FAILED


def complain(error: FinancePpmError) -> None:
    """One sentence on standard error, as a record where the log is JSON."""
    if logs.writes_json():
        logger.error(str(error))
    else:
        err.print(f"[bold red]Error:[/] {escape(Masker()(str(error)))}", highlight=False, soft_wrap=True)


def mention(what: str) -> None:
    """A word on standard error beside the results, as a record where the log is JSON."""
    if logs.writes_json():
        logger.info(what)
    else:
        err.print(escape(what), highlight=False, soft_wrap=True)


def _shows_progress() -> bool:
    """Progress is for a person at a terminal: a file would keep each of its states, and JSON stands alone."""
    return err.is_terminal and not logs.writes_json()


@contextmanager
def reading_databases(names: Sequence[str], *, quiet: bool) -> Iterator[Callable[[str, int], None] | None]:
    """A line per database with the pages that have arrived; yields the function to tell, or None if none is shown."""
    if quiet or not _shows_progress():
        with logs.beside_display():
            yield None
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TextColumn("{task.completed} pages"))
    with logs.beside_display(), Progress(*columns, TimeElapsedColumn(), console=err) as progress:
        lines = {name: progress.add_task(f"Reading {name}", total=None) for name in names}
        yield lambda name, pages: progress.update(lines[name], completed=pages)


@contextmanager
def working(title: str, total: int | None = None) -> Iterator[Callable[[str], None]]:
    """A line that shows the latest step done; a bar where the number of steps is known."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with logs.beside_display(), Progress(*columns, console=err, disable=not _shows_progress()) as progress:
        line = progress.add_task(title, total=total)
        yield lambda step: progress.update(line, description=f"{title}: {step}", advance=1)


def show_sync(summary: "SyncSummary") -> None:
    """What a sync did, a row per database."""
    table = Table(title="Dry run: nothing was written" if summary.dry_run else "Synced from Notion")
    for column in ("Database", "Read", "Pages read", "New versions"):
        table.add_column(column, justify="right" if "ages" in column or "versions" in column else "left")
    for database in summary.databases:
        how = ("every page" if database.full else "what changed") + (", taken up again" if database.resumed else "")
        how = "[red]failed" if database.error else how
        table.add_row(database.name, how, f"{database.pages_read:,}", f"{database.pages_synced:,}")
    out.print(table)
    for error in dict.fromkeys(database.error for database in summary.databases if database.error):
        names = ", ".join(database.name for database in summary.databases if database.error == error)
        out.print(f"[red]{names}:[/] {escape(error)}", highlight=False, soft_wrap=True)
    for database in summary.databases:
        for told in (*database.drift, *([f"Nothing was taken for deleted. {database.note}"] if database.note else [])):
            out.print(f"[yellow]{database.name}:[/] {escape(told)}", highlight=False, soft_wrap=True)
    verb = "would be added" if summary.dry_run else "added"
    seconds = (summary.finished_at - summary.started_at).total_seconds()
    versions, requests = counted(summary.total_pages_synced, "page version"), counted(summary.requests, "request")
    out.print(f"{versions} {verb}, {requests}, {seconds:.1f} s.")


def show_portfolio(summary: "PortfolioSummary") -> None:
    """Budget against actuals, a row per currency, and what to know beside it."""
    metrics = ("Budget", "Committed", "Actual", "Variance")
    table = _of_figures(f"Portfolio as of {summary.as_of}, in each project's own currency", "Currency", *metrics)
    for unit, amounts in summary.totals.items():
        name = "unknown (XXX)" if unit == "XXX" else unit
        shown = (money(amounts[metric]) for metric in ("budget", "committed", "actual", "variance"))
        table.add_row(name, *shown)
    if summary.consolidated:
        whole = summary.consolidated
        table.add_section()
        table.add_row(f"all in {whole.currency}", *(money(whole.amounts[metric.lower()]) for metric in metrics))
    out.print(table)
    if summary.consolidated:
        _show_consolidated(summary.consolidated)
    if summary.health:
        colours = ", ".join(f"{count:,} {_COLOURS.get(colour, colour)}" for colour, count in summary.health.items())
        out.print(f"Projects: {colours}.", highlight=False)
    if summary.savings:
        _show_savings(summary)
    pages = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in summary.pages.items())
    findings = ", ".join(f"{count:,} {severity}" for severity, count in summary.findings.items()) or "none"
    out.print(f"Live pages: {pages}; {summary.quarantined:,} in quarantine.", highlight=False)
    out.print(f"Data-quality findings: {findings}. Days in the history: {summary.days}.", highlight=False)


_COLOURS = {"red": "[red]red[/]", "amber": "[yellow]amber[/]", "green": "[green]green[/]", "grey": "grey"}


def _show_consolidated(whole: "Consolidated") -> None:
    """What of the consolidated figures is to be known beside them."""
    left_out = f" ({', '.join(reason.replace('_', ' ') for reason in whole.reasons)})" if whole.reasons else ""
    for line in (
        f"Exchange rates did {money(whole.fx_variance)} to the variance. Left out for want of a rate: "
        f"{whole.excluded:,} amounts{left_out}.",
        f"Forecast at completion: {money(whole.eac)} {whole.currency}, {money(whole.vac)} below budget."
        if whole.vac >= 0
        else f"Forecast at completion: {money(whole.eac)} {whole.currency}, {money(-whole.vac)} above budget.",
    ):
        out.print(line, highlight=False, soft_wrap=True)


def _show_savings(summary: "PortfolioSummary") -> None:
    """What Azure Advisor's recommendations can save, a row per currency, beside the sum that cannot be had."""
    columns = ("Currency", "Open", "Unknown", "Conservative", "Maximum", "Of no project", "All rows")
    table = _of_figures("Azure Advisor: savings a year that add up", *columns)
    for row in summary.savings:
        name = "none told" if row.currency == "XXX" else row.currency
        amounts = (money(amount) for amount in (row.conservative, row.maximum, row.unallocated))
        table.add_row(name, f"{row.recommendations:,}", f"{row.unknown:,}", *amounts, f"[dim]{money(row.gross)}[/]")
    out.print(table)
    for line in (
        "Open and unknown: recommendations, and those whose savings are not told.",
        "Conservative: of commitments, one-year terms by 30 days of usage alone.",
        "Of no project: of the maximum. All rows: their sum, which cannot be had.",
    ):
        out.print(line, style="dim", soft_wrap=True)


def _of_figures(title: str, first: str, *figures: str) -> Table:
    """A table whose figures are never cut short, however narrow the terminal: a part of a figure is another figure."""
    from rich import box

    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False, pad_edge=False, title=title)
    table.add_column(first)
    for figure in figures:
        table.add_column(figure, justify="right", overflow="fold")
    return table


def show_addresses(addresses: Mapping[str, str]) -> None:
    """Where to look, a line each."""
    width = max(map(len, addresses))
    for what, where in addresses.items():
        out.print(f"  [bold]{what:<{width}}[/]  {where}", highlight=False, soft_wrap=True)
    out.print("Press Ctrl+C to stop.")


def show_health(health: "Health") -> None:
    """Each thing that was looked at, with a word and a mark."""
    for finding in health.findings:
        mark = "[green]✓ well[/]   " if finding.well else "[bold red]✗ not well[/]"
        out.print(f"{mark} [bold]{finding.what}[/]: {escape(finding.told)}", highlight=False, soft_wrap=True)


class SetUpLines:
    """A line for the step a set-up is at, and a bar for the pages of its sample."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._line = progress.add_task("Setting up", total=None)

    def step(self, what: str) -> None:
        """This is done next."""
        self._progress.update(self._line, description=f"Setting up: {what}")

    def sample_begins(self, total: int, requests_per_minute: int) -> None:
        """So many pages are made from here on; each takes a request."""
        self._progress.console.print(
            f"{total:,} sample pages are to be made, at {requests_per_minute:,} requests a minute: "
            f"{duration(total, requests_per_minute)}.",
            highlight=False,
        )
        self._progress.update(self._line, description="Making sample pages", total=total, completed=0)

    def sample_grows(self, made: int) -> None:
        """So many of them are made."""
        self._progress.update(self._line, completed=made)


@contextmanager
def setting_up(*, quiet: bool) -> Iterator[SetUpLines]:
    """Yields what is told the steps of a set-up; it shows them unless ``quiet``."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    silent = quiet or not _shows_progress()
    console = Console(stderr=True, quiet=True) if silent else err
    with logs.beside_display(), Progress(*columns, console=console, transient=True, disable=silent) as progress:
        yield SetUpLines(progress)


def show_set_up(done: "SetUp") -> None:
    """What became of each database, what was written, and what is left to do."""
    would = "would be " if done.dry_run else ""
    table = Table(title="Dry run: nothing was made or written" if done.dry_run else "Your Notion")
    for column in ("Database", "What became of it", "Id"):
        table.add_column(column)
    for database in done.databases:
        added = f"{would}completed: {', '.join(database.added)}" if database.added else "stands as it should"
        how = f"{would}made" if database.made else added
        table.add_row(database.title, escape(how), database.database_id or "")
    out.print(table)
    for name, before in done.written.items():
        was = f" (was {before})" if before else ""
        out.print(f"{name} {would or 'was '}written to {done.env_file}{was}.", highlight=False, soft_wrap=True)
    if done.sample is not None:
        pages = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in done.sample.items() if count)
        out.print(f"Sample pages {would}made: {pages or 'none, all are there'}.", highlight=False)
        out.print("Owner and Assignee stay empty: the people of the story are no members of your workspace.")
    for problem in (*done.problems, *(problem for database in done.databases for problem in database.problems)):
        err.print(f"[bold red]✗ not well[/] {escape(problem)}", highlight=False, soft_wrap=True)
    if done.succeeded and not done.dry_run:
        out.print("Next: `notion-sync health` looks whether all is well, `notion-sync sync` reads your Notion.")


def duration(requests: int, requests_per_minute: int) -> str:
    """How long so many requests take at least, in words."""
    minutes = -(-requests // requests_per_minute)
    if minutes <= 1:
        return "about a minute at most"
    return f"about {minutes} minutes" if minutes < 120 else f"about {minutes // 60} hours"


def show_traces(found: "Forgetting") -> None:
    """What the lake holds of a page, a row per table, before it is erased."""
    name = f"{found.title!r} " if found.title else ""
    out.print(
        f"Page {escape(name)}({found.page_id}) of {found.database_name or 'an unknown database'}, in the lake:",
        highlight=False,
        soft_wrap=True,
    )
    _show_erased(found, "Rows to erase", "Rows to blank")
    if found.begun:
        out.print(f"An erasure of it began on {found.begun:%Y-%m-%d at %H:%M} UTC and was cut short.", highlight=False)


def show_forgotten(done: "Forgetting", *, dagster_home: str) -> None:
    """What was erased, what follows by itself, and what is out of reach."""
    _show_erased(done, "Rows erased", "Rows blanked")
    out.print(
        f"Page {done.page_id} is forgotten: {done.files:,} data files of older versions went with it. The next run "
        "computes today's gold without it: Dagster by itself, or `finance-ppm run`.",
        highlight=False,
        soft_wrap=True,
    )
    out.print(
        f"Out of reach are backups, exports, and Dagster's own history in {dagster_home}, which may quote the page in "
        f"check results: to purge that, stop Dagster and run `DAGSTER_HOME={dagster_home} dagster run wipe`, which "
        "forgets past runs and no table.",
        highlight=False,
        soft_wrap=True,
    )


def _show_erased(forgetting: "Forgetting", *headings: str) -> None:
    table = Table()
    table.add_column("Table")
    for heading in headings:
        table.add_column(heading, justify="right")
    for erased in forgetting.tables:
        table.add_row(erased.table_name, f"{erased.rows_erased:,}", f"{erased.rows_blanked:,}")
    out.print(table if forgetting.tables else "No rows; only files of older versions.")


def show_mapping(proposal: "Proposal", *, written: bool) -> None:
    """What speaks for each column's property, what stands in the way, and the file."""
    table = Table(title="Which of your columns feeds which of ours")
    for heading in ("Database", "Ours", "Yours", "How sure", "Why"):
        table.add_column(heading)
    above = ""
    for column in proposal.columns:
        if column.database != above:
            table.add_section()
        sure = f"[yellow]{column.confidence}" if column.confidence == "doubtful" else str(column.confidence)
        database = "" if column.database == above else column.database
        table.add_row(database, column.ours, escape(column.theirs), sure, escape(column.reason))
        above = column.database
    out.print(table)
    _remarks("Of a type that cannot be read", proposal.unfit)
    _remarks("Not found", proposal.missing)
    for column in proposal.columns:
        if column.unknown_words:
            words = ", ".join(map(repr, column.unknown_words))
            told = f"[bold]{column.database}, {column.ours}[/]: no word of ours is known for {escape(words)}."
            out.print(told, highlight=False, soft_wrap=True)
    _remarks("Not needed", proposal.unread)
    if not proposal.additions:
        out.print(f"Nothing is to be added to {escape(proposal.path)}.", highlight=False, soft_wrap=True)
        return
    columns = ", ".join(f"{new.database} > {new.ours}" for new in proposal.additions)
    if written:
        out.print(f"Added to {escape(proposal.path)}: {escape(columns)}.", highlight=False, soft_wrap=True)
    else:
        out.print(f"{proposal.path} as `finance-ppm notion map --write` would write it:\n", markup=False)
        out.print(proposal.text, markup=False, highlight=False, soft_wrap=True)


def show_mapping_check(check: "MappingCheck") -> None:
    """Each entry that does not fit, with what to do."""
    _remarks("Not well", check.problems)
    _remarks("To look at", check.notes)
    verdict = f"{len(check.problems)} to be mended" if check.problems else "all fit"
    out.print(f"{check.path}: {check.entries} entries, {verdict}.", markup=False, highlight=False, soft_wrap=True)


def _remarks(title: str, remarks: "Sequence[Remark]") -> None:
    if remarks:
        out.print(f"[bold]{title}[/]")
    for remark in remarks:
        where = ", ".join(filter(None, (remark.database, remark.column)))
        out.print(f"  [bold]{escape(where)}[/]: {escape(remark.told)}", highlight=False, soft_wrap=True)


def show_json(value: Any) -> None:
    """A dataclass as one JSON object on standard output."""
    print(json.dumps(asdict(value), default=_plain))  # noqa: T201 - this is the output


def counted(count: int, what: str) -> str:
    """``1 request``, ``2,000 requests``."""
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def money(amount: Decimal) -> str:
    """``-1,234.50``."""
    return f"{amount:,.2f}"


def _plain(value: object) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value)
