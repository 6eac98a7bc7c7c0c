"""``finance-ppm close``, ``restatement`` and ``reconcile``: the month end by hand. Each command is a few lines.

Belongs here: arguments and their help. The work is in ``closing``; how it looks is in ``closing_tables``.
"""

from getpass import getuser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from finance_ppm import closing_tables, terminal
from finance_ppm.clock import SystemClock
from finance_ppm.closing.ledger.notation import DayOrder, Mark
from finance_ppm.errors import SettingsError
from finance_ppm.options import AsJson
from finance_ppm.settings import Config

if TYPE_CHECKING:
    from finance_ppm.lakehouse.lake import Lake
    from finance_ppm.pipeline.point_in_time import PointInTime


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    for command in (close, restatement, reconcile):
        app.command()(command)


def close(
    month: Annotated[str, typer.Argument(metavar="MONTH", help="The month, YYYY-MM.")],
    *,
    note: Annotated[
        str | None, typer.Option(help="A word on it, kept for ever: name no person.", metavar="TEXT")
    ] = None,
    by: Annotated[str | None, typer.Option(help="Who closes it; you by default.", metavar="NAME")] = None,
    as_of: Annotated[
        str | None, typer.Option(help="The day whose figures are closed, YYYY-MM-DD; today by default.", metavar="DATE")
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Close a month that was closed before once more.")] = False,
    as_json: AsJson = False,
) -> None:
    """Close a month: record its figures as they were reported, for ever, with who did it and when.

    Gold of the day must say the same. What is edited later shows in `finance-ppm restatement`.
    """
    from finance_ppm.closing.month import close_month, day_named, month_named

    config, clock = Config.from_env(), SystemClock()
    lake, point_in_time = _lake(config)
    closed = close_month(
        lake,
        clock,
        point_in_time,
        month_named(month),
        closed_by=by or _user(),
        reporting=config.ppm_reporting_currency,
        note=note,
        as_of=day_named(as_of) if as_of else None,
        again=again,
    )
    terminal.show_json(closed) if as_json else closing_tables.show_closed(closed)


def restatement(
    month: Annotated[
        str | None, typer.Argument(metavar="MONTH", help="The month, YYYY-MM; all closed ones by default.")
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Show what closed months were reported as, what they come to now, and the lines behind the difference."""
    from finance_ppm.closing.month import CLOSED_FROM, month_named
    from finance_ppm.closing.restatement import restatement as restate
    from finance_ppm.contracts.closes import PpmMonthCloseLines, PpmMonthCloses

    lake, point_in_time = _lake(Config.from_env())
    period = month_named(month) if month else None
    closes, close_lines = lake.scan(PpmMonthCloses), lake.scan(PpmMonthCloseLines)
    found = restate(closes, close_lines, point_in_time.portfolio(of=CLOSED_FROM), period)
    terminal.show_json(found) if as_json else closing_tables.show_restated(found, with_lines=period is not None)


def reconcile(
    ledger: Annotated[
        Path,
        typer.Argument(
            metavar="LEDGER.csv",
            exists=True,
            dir_okay=False,
            help="CSV with the columns date, project, account, amount.",
        ),
    ],
    *,
    month: Annotated[
        str | None, typer.Option(help="Only what is of this month, YYYY-MM; everything by default.", metavar="MONTH")
    ] = None,
    days: Annotated[
        int, typer.Option(min=0, max=31, help="Days that a pair of one month may lie apart; 0: the same day only.")
    ] = 31,
    decimal: Annotated[
        Mark | None, typer.Option(help="What stands before the cents, where the file does not tell by itself.")
    ] = None,
    dates: Annotated[
        DayOrder | None, typer.Option(help="What comes first in 03/04/2026, where the file does not tell by itself.")
    ] = None,
    flip_sign: Annotated[
        bool,
        typer.Option("--flip-sign", help="Read the ledger's amounts with the opposite sign: its costs are credits."),
    ] = False,
    fail_on_difference: Annotated[
        bool,
        typer.Option("--fail-on-difference", help="Exit with 1 unless all of both sides is matched, for use in CI."),
    ] = False,
    csv: Annotated[Path | None, typer.Option("--csv", dir_okay=False, help="Write every row there, as a CSV.")] = None,
    as_json: AsJson = False,
) -> None:
    """Lay a CSV of the ledger beside today's actuals: matched, only in the ledger, only here.

    A project is told by its name or its page id, an amount in the project's currency (or by a column `currency`).

    Exit code 1 says that rows of the file could not be read; with --fail-on-difference also that something is only in
    the ledger, or only here.
    """
    from finance_ppm.closing.ledger.export import write_csv
    from finance_ppm.closing.ledger.file import read_ledger
    from finance_ppm.closing.ledger.reconciliation import RECONCILED_WITH
    from finance_ppm.closing.ledger.reconciliation import reconcile as lay_beside
    from finance_ppm.closing.month import month_named

    period = month_named(month) if month else None
    if csv is not None and (csv.resolve() == ledger.resolve() or not csv.resolve().parent.is_dir()):
        raise SettingsError(f"--csv {csv} cannot be written: name a file beside the ledger, in a folder that is there.")
    read = read_ledger(ledger, mark=decimal, order=dates)
    if flip_sign:
        read = read.negated()
    _, point_in_time = _lake(Config.from_env())
    found = lay_beside(read, point_in_time.portfolio(of=RECONCILED_WITH), month=period, days=days)
    if csv is not None:
        try:
            write_csv(found, csv)
        except OSError as error:
            raise SettingsError(f"--csv {csv} cannot be written ({error.strerror}): name another file.") from None
    terminal.show_json(found) if as_json else closing_tables.show_reconciled(found, sign_is_flipped=flip_sign)
    differs = fail_on_difference and not found.agrees
    raise typer.Exit(terminal.FAILED if found.unreadable or differs else 0)


def _lake(config: Config) -> "tuple[Lake, PointInTime]":
    from finance_ppm.lakehouse.lake import Lake
    from finance_ppm.pipeline.point_in_time import PointInTime

    clock = SystemClock()
    lake = Lake(config.ppm_lakehouse_uri, clock=clock)
    return lake, PointInTime(lake, clock, project_tag=config.ppm_azure_project_tag)


def _user() -> str:
    """Who runs the command, as the operating system knows them."""
    try:
        return getuser()
    except (KeyError, OSError):  # a container's user may have no name
        raise SettingsError("Nobody says who closes the month: add --by NAME.") from None
