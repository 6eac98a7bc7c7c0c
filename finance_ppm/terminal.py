"""What people see in a terminal: progress while work goes on, tables when it is done, one sentence when it fails.

Belongs here: words and layout. Does not belong here: the work.
"""

import json
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

from finance_ppm.errors import FinancePpmError, SettingsError

if TYPE_CHECKING:
    from finance_ppm.day import PortfolioSummary
    from finance_ppm.onboarding.health import Health
    from finance_ppm.pipeline.engine import SyncSummary

out = Console()
"""Results, on standard output."""
err = Console(stderr=True)
"""Progress and complaints, on standard error, so that results can be piped."""

FAILED, WRONG_USE = 1, 2


def exit_code(error: FinancePpmError) -> int:
    """2 where the user must correct a setting first, 1 where the work itself failed."""
    return WRONG_USE if isinstance(error, SettingsError) else FAILED


def complain(error: FinancePpmError) -> None:
    """One sentence on standard error."""
    err.print(f"[bold red]Error:[/] {escape(str(error))}", highlight=False, soft_wrap=True)


@contextmanager
def reading_databases(names: Sequence[str], *, quiet: bool) -> Iterator[Callable[[str, int], None] | None]:
    """A line per database with the pages that have arrived; yields the function to tell, or None when quiet."""
    if quiet:
        yield None
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TextColumn("{task.completed} pages"))
    with Progress(*columns, TimeElapsedColumn(), console=err) as progress:
        lines = {name: progress.add_task(f"Reading {name}", total=None) for name in names}
        yield lambda name, pages: progress.update(lines[name], completed=pages)


@contextmanager
def working(title: str, total: int | None = None) -> Iterator[Callable[[str], None]]:
    """A line that shows the latest step done; a bar where the number of steps is known."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err) as progress:
        line = progress.add_task(title, total=total)
        yield lambda step: progress.update(line, description=f"{title}: {step}", advance=1)


def show_sync(summary: "SyncSummary") -> None:
    """What a sync did, a row per database."""
    table = Table(title="Dry run: nothing was written" if summary.dry_run else "Synced from Notion")
    for column in ("Database", "Read", "Pages read", "New versions"):
        table.add_column(column, justify="right" if "ages" in column or "versions" in column else "left")
    for database in summary.databases:
        how = (
            f"[red]failed: {escape(database.error)}"
            if database.error
            else "every page"
            if database.full
            else "what changed"
        )
        table.add_row(database.name, how, f"{database.pages_read:,}", f"{database.pages_synced:,}")
    out.print(table)
    verb = "would be added" if summary.dry_run else "added"
    seconds = (summary.finished_at - summary.started_at).total_seconds()
    out.print(f"{summary.total_pages_synced:,} page versions {verb}, {summary.requests} requests, {seconds:.1f} s.")


def show_portfolio(summary: "PortfolioSummary") -> None:
    """Budget against actuals, a row per currency, and what to know beside it."""
    table = Table(title=f"Portfolio as of {summary.as_of}, in each project's own currency")
    table.add_column("Currency")
    for metric in ("Budget", "Committed", "Actual", "Variance"):
        table.add_column(metric, justify="right")
    for unit, amounts in summary.totals.items():
        name = "unknown (XXX)" if unit == "XXX" else unit
        shown = (money(amounts[metric]) for metric in ("budget", "committed", "actual", "variance"))
        table.add_row(name, *shown)
    out.print(table)
    pages = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in summary.pages.items())
    findings = ", ".join(f"{count:,} {severity}" for severity, count in summary.findings.items()) or "none"
    out.print(f"Live pages: {pages}; {summary.quarantined:,} in quarantine.", highlight=False)
    out.print(f"Data-quality findings: {findings}. Days in the history: {summary.days}.", highlight=False)


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


def show_json(value: Any) -> None:
    """A dataclass as one JSON object on standard output."""
    print(json.dumps(asdict(value), default=_plain))  # noqa: T201 - this is the output


def money(amount: Decimal) -> str:
    """``-1,234.50``."""
    return f"{amount:,.2f}"


def _plain(value: object) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value)
