"""The commands that look after the lake: ``maintain``, ``restore`` and ``backup``. Each is a few lines.

Belongs here: arguments, their help, and what is shown. The work is in ``lakehouse``.
"""

import sys
from contextlib import suppress
from datetime import UTC, date, datetime, time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from finance_ppm import terminal
from finance_ppm.clock import Clock, SystemClock
from finance_ppm.errors import SettingsError
from finance_ppm.options import AsJson
from finance_ppm.settings import Config

if TYPE_CHECKING:
    from finance_ppm.lakehouse.lake import Lake
    from finance_ppm.lakehouse.maintenance import MaintenanceReport
    from finance_ppm.lakehouse.recovery import Verified
    from finance_ppm.lakehouse.restoring import Restoring

backup_app = typer.Typer(
    no_args_is_help=True,
    help="Copy the whole lake to another folder while work goes on, check a copy, put one back.",
)

DryRun = Annotated[bool, typer.Option("--dry-run", help="Look and tell, but change nothing.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
Source = Annotated[
    str, typer.Argument(metavar="SOURCE", help="A backup, or the folder that holds several: the newest is meant.")
]


def maintain(*, dry_run: DryRun = False, as_json: AsJson = False) -> None:
    """Keep the lake small and fast: old snapshots, small files, files of older versions, the log.

    Of gold's history the last 35 days, each month's last snapshot and the days of closes stay. Older versions of every
    table stay for 30 days. Safe at any time, beside runs and beside another `maintain`.
    """
    from finance_ppm.closing.closes import closed_days
    from finance_ppm.lakehouse.maintenance import maintain, stored_tables

    clock = SystemClock()
    lake = _lake(Config.from_env(), clock)
    with terminal.working("Maintaining", total=len(stored_tables(lake))) as step:
        report = maintain(lake, clock, closed_days=partial(closed_days, lake), dry_run=dry_run, progress=step)
    terminal.show_json(report) if as_json else _show_maintained(report)
    raise typer.Exit(0 if report.succeeded else terminal.FAILED)


def restore(
    table: Annotated[str, typer.Argument(metavar="TABLE", help="For example silver/notion_projects.")],
    *,
    as_of: Annotated[
        str,
        typer.Option(
            metavar="MOMENT",
            help="As it was then, in UTC: 2026-11-01T12:00, or 2026-11-01 for the end of that day. Versions are kept "
            "for 30 days.",
        ),
    ],
    dry_run: DryRun = False,
    yes: Yes = False,
) -> None:
    """Make a table again what it was at a moment of the last 30 days.

    Shows what changes and asks first. It is a new version: restoring it as of a moment ago takes it back. Nothing from
    before a page was forgotten can be restored.
    """
    from finance_ppm.lakehouse import restoring

    if not (dry_run or yes or sys.stdin.isatty()):
        raise SettingsError("Nobody is there to be asked whether to restore it: add --yes, or look with --dry-run.")
    moment, contract, clock = _moment(as_of), restoring.table_named(table), SystemClock()
    lake = _lake(Config.from_env(), clock)
    with terminal.working("Comparing"):
        found = restoring.look_back(lake, clock, contract, moment)
    _show_restoring(found)
    if dry_run or not found.changes:
        return
    if not yes:
        typer.confirm("Restore it?", abort=True)
    version = restoring.restore(lake, contract, found)
    terminal.out.print(f"{found.table_name} is restored, as version {version}.", highlight=False)


@backup_app.command("create")
def backup_create(
    destination: Annotated[str, typer.Argument(metavar="FOLDER", help="Folder that holds the backups of this lake.")],
) -> None:
    """Copy every table, each at one version, into a new folder in FOLDER. Nobody has to stop writing.

    What an earlier backup there has is linked, not copied, and takes no space again, once it is read and seen to be
    whole; every backup stands alone, so that old ones can be deleted. One that was cut short is gone on with.
    """
    from finance_ppm.lakehouse.backup import back_up
    from finance_ppm.lakehouse.maintenance import stored_tables

    clock = SystemClock()
    lake = _lake(Config.from_env(), clock)
    with terminal.working("Copying", total=len(stored_tables(lake))) as step:
        done = back_up(lake, clock, destination, progress=step)
    terminal.out.print(
        f"{terminal.counted(done.tables, 'table')} with {terminal.counted(done.rows, 'row')} are in "
        f"{escape(str(done.folder))}: "
        f"{terminal.counted(done.files_copied, 'file')} copied ({done.bytes_copied / 1e6:,.1f} MB), "
        f"{done.files_linked:,} there already.",
        highlight=False,
        soft_wrap=True,
    )
    if done.damaged:
        files = terminal.counted(len(done.damaged), "file")
        terminal.mention(
            f"No longer what was copied, and copied from the lake again: {files} of the backup before, such as "
            f"{done.damaged[0]}; see that the disk is sound, and delete that backup."
        )


@backup_app.command("verify")
def backup_verify(source: Source) -> None:
    """Read every file of a backup, and hold it and each table's rows against its manifest."""
    from finance_ppm.lakehouse.recovery import backup_at, verify

    with terminal.working("Reading", total=len(backup_at(source)[1].tables)) as step:
        found = verify(source, progress=step)
    for problem in found.problems:
        terminal.err.print(f"[bold red]✗ not well[/] {escape(problem)}", highlight=False, soft_wrap=True)
    _show_backup("is not whole: put another one back." if found.problems else "is whole.", found)
    raise typer.Exit(0 if found.well else terminal.FAILED)


@backup_app.command("restore")
def backup_restore(source: Source) -> None:
    """Put a backup back into a lake that holds nothing (PPM_LAKEHOUSE_URI).

    Pages that were forgotten after it was made are in it. Those that a later backup beside it knows of are forgotten
    again before the lake appears; any others must be by hand.
    """
    from finance_ppm.lakehouse.lake import Lake
    from finance_ppm.lakehouse.recovery import backup_at, forgotten_since, put_back
    from finance_ppm.pipeline.erasure import UnknownPageError, forget

    clock = SystemClock()
    lake = _lake(Config.from_env(), clock)
    again: list[str] = []

    def forget_again(folder: Path) -> None:
        there = Lake(str(folder), clock=clock)
        for page_id in forgotten_since(source):
            with suppress(UnknownPageError):  # the page came to the lake after the backup
                forget(there, clock, page_id, reason="forgotten before the backup was put back")
                again.append(page_id)

    with terminal.working("Copying back", total=len(backup_at(source)[1].tables)) as step:
        done = put_back(lake, source, progress=step, before_it_appears=forget_again)
    _show_backup(f"is the lake at {lake.uri} now.", done)
    if again:
        terminal.out.print(f"Forgotten again: {', '.join(again)}.", highlight=False, soft_wrap=True)
    terminal.out.print(
        f"Any other page that was forgotten after {done.manifest.begun_at:%Y-%m-%d %H:%M} UTC is in the lake again: "
        "run `finance-ppm forget` for each. Then `notion-sync sync --full-sync` reads what has changed since.",
        highlight=False,
        soft_wrap=True,
    )


def _lake(config: Config, clock: Clock) -> "Lake":
    from finance_ppm.lakehouse.lake import Lake

    return Lake(config.ppm_lakehouse_uri, clock=clock)


def _moment(text: str) -> datetime:
    """A moment in UTC; of a day its last, as everywhere a day is named."""
    text = text.strip()
    with suppress(ValueError):
        return datetime.combine(date.fromisoformat(text), time.max, UTC)
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise SettingsError(f"--as-of {text!r} is no moment: write it as 2026-11-01T12:00, in UTC.") from None


def _show_maintained(report: "MaintenanceReport") -> None:
    touched = [table for table in report.tables if table.touched]
    shown = Table(title="Dry run: nothing was changed" if report.dry_run else "Maintained")
    for heading in ("Table", "Snapshots let go", "Files before", "Files after", "Old files removed"):
        shown.add_column(heading, justify="left" if heading == "Table" else "right", no_wrap=heading == "Table")
    for table in touched:
        counts = (table.days_expired, table.files_before, table.files_after, table.files_removed)
        shown.add_row(table.table_name, *(f"{count:,}" for count in counts))
    if touched:
        terminal.out.print(shown)
    for table in touched:
        if told := table.error or table.note:
            colour = "red" if table.error else "yellow"
            terminal.out.print(f"[{colour}]{table.table_name}:[/] {escape(told)}", highlight=False, soft_wrap=True)
    rest = len(report.tables) - len(touched)
    terminal.out.print(f"Nothing to do for {terminal.counted(rest, 'table')}.", highlight=False)


def _show_restoring(found: "Restoring") -> None:
    def line(text: str) -> None:
        terminal.out.print(text, highlight=False, soft_wrap=True)

    line(
        f"{found.table_name} as of {found.as_of:%Y-%m-%d %H:%M:%S} UTC is version {found.version}, made on "
        f"{found.version_made_at:%Y-%m-%d at %H:%M:%S} UTC; it stands at version {found.present_version} now."
    )
    if not found.changes:
        line("Its rows are what they were: there is nothing to restore.")
        return
    line(f"Rows now: {found.rows_now:,}. Rows then: {found.rows_then:,}.")
    line(f"{found.returning:,} come back, {found.changing:,} are what they were, {found.leaving:,} leave.")
    line(found.consequence)


def _show_backup(what: str, found: "Verified") -> None:
    tables, rows = len(found.manifest.tables), sum(table.rows for table in found.manifest.tables)
    terminal.out.print(
        f"The backup of {found.manifest.begun_at:%Y-%m-%d %H:%M} UTC in {escape(str(found.folder))} "
        f"({terminal.counted(tables, 'table')}, {terminal.counted(rows, 'row')}) {escape(what)}",
        highlight=False,
        soft_wrap=True,
    )
