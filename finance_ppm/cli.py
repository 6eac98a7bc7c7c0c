"""The commands: ``finance-ppm`` for the product, ``notion-sync`` for the sync alone. Each is a few lines.

Belongs here: arguments and their help. The work is in the rooms; how it looks is in ``terminal``.
"""

import logging
import signal
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Annotated

import typer

from finance_ppm import backtest_command, closing_commands, lake_commands, logs, quality_commands, terminal
from finance_ppm.alert_commands import alerts_app
from finance_ppm.azure_commands import azure_app
from finance_ppm.clock import SystemClock
from finance_ppm.errors import FinancePpmError, SettingsError
from finance_ppm.options import AsJson
from finance_ppm.sandbox.embedded import reachable
from finance_ppm.settings import DATABASES, Config

EXIT_CODES = "Exit codes: 0 all went well; 1 part or all of the work failed; 2 wrong use or a wrong setting."

logger = logging.getLogger(__name__)

product = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="A finance team's project portfolio, from Notion and Azure to numbers it can trust.\n\n"
    "Begin with `finance-ppm demo`: a portfolio without any account. With NOTION_TOKEN and the database ids in .env "
    f"(.env.example explains each) the same command reads your own Notion.\n\n{EXIT_CODES}",
)
notion_app = typer.Typer(
    no_args_is_help=True,
    help="Set up your own Notion: what is done once, before the first sync.",
)
product.add_typer(notion_app, name="notion")
product.add_typer(azure_app, name="azure")
product.add_typer(alerts_app, name="alerts")
product.add_typer(lake_commands.backup_app, name="backup")
sync_app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help=f"Sync Notion databases into the lake: bronze (every version as it came) and silver (typed).\n\n{EXIT_CODES}",
)

DryRun = Annotated[bool, typer.Option("--dry-run", help="Read and compare, but write nothing.")]
AcceptDeletions = Annotated[
    bool,
    typer.Option(
        "--accept-deletions", help="With --full-sync: take pages for deleted however many Notion does not find."
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", help="Show no progress.")]


def main() -> None:
    """Entry point of ``finance-ppm``."""
    _run(product)


def notion_sync() -> None:
    """Entry point of ``notion-sync``."""
    _run(sync_app)


def _run(app: Callable[[], None]) -> None:
    # Asked to end, by Ctrl+C or by whoever started us, we end what we started.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    _log()
    with logs.correlated():
        try:
            app()
        except FinancePpmError as error:
            terminal.complain(error)
            raise SystemExit(terminal.exit_code(error)) from None
        except OSError as error:
            terminal.complain(
                SettingsError(
                    f"{error.filename or 'A file or an address'} cannot be used ({error.strerror or error}): check "
                    "PPM_LAKEHOUSE_URI and DAGSTER_HOME in the environment and in .env."
                )
            )
            raise SystemExit(terminal.WRONG_USE) from None
        except KeyboardInterrupt:
            raise SystemExit(130) from None
        except Exception:
            logger.critical("This should not happen; please report it with what follows.", exc_info=True)
            raise SystemExit(terminal.FAILED) from None


def _log() -> None:
    try:
        logs.set_up(Config.from_env())
    except SettingsError:
        logs.set_up()  # the command itself says what is wrong, and `--help` needs no settings


# --- finance-ppm -----------------------------------------------------------------------------------


@product.command()
def demo(
    once: Annotated[bool, typer.Option("--once", help="Fill the lake, print the summary, and exit.")] = False,
    pages: Annotated[
        int | None, typer.Option(min=50, max=200_000, help="Size of the sandbox's portfolio.", show_default="2000")
    ] = None,
    port: Annotated[int, typer.Option(help="Port of the Dagster web server.")] = 3000,
) -> None:
    """Show the product: fill the lake and open Dagster on it.

    Without NOTION_TOKEN it serves a sandbox with a believable portfolio in it and replays its last six month ends;
    with it, it reads your own Notion. A second start takes seconds.
    """
    from finance_ppm.demo import run_demo

    run_demo(once=once, pages=pages, port=port)


@product.command()
def run(
    as_of: Annotated[str | None, typer.Option(help="The day, YYYY-MM-DD; today by default.", metavar="DATE")] = None,
) -> None:
    """Materialise every table for a day, without a server.

    Today reads Notion, and Azure where it is configured. A past day makes gold again from what had been captured by
    then.
    """
    from finance_ppm.day import materialise_day

    materialise_day(Config.from_env(), _day(as_of) if as_of else None)


@product.command()
def sandbox(
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 7788,
    pages: Annotated[
        int | None, typer.Option(min=50, max=200_000, help="Size of the portfolio.", show_default="2000")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Another number tells another story.", show_default="7")] = None,
) -> None:
    """Serve the sandbox alone: a Notion and an Azure on loopback, with a portfolio in them, until interrupted.

    Its address, token and database ids are written to .ppm/sandbox.env, where every command finds them as long as
    no NOTION_TOKEN is set.
    """
    from finance_ppm.demo import serve_sandbox

    serve_sandbox(port=port, pages=pages, seed=seed)


@product.command()
def bench(
    rows: Annotated[int, typer.Option(min=1000, help="Budget lines; pages or resources.")] = 1_000_000,
    notion: Annotated[
        bool,
        typer.Option("--notion", help="Measure reading Notion instead: 20,000 pages at its pace, and ROWS at none."),
    ] = False,
    azure: Annotated[
        bool,
        typer.Option(
            "--azure", help="Measure reading Azure instead: ROWS resources, and a recommendation for every fifth."
        ),
    ] = False,
) -> None:
    """Measure decode, silver and budget_vs_actual: rows a second and peak memory, beside the floors."""
    from finance_ppm.benchmarks import run_all, run_azure, run_notion

    if notion and azure:
        raise typer.BadParameter("name one of --notion and --azure.")
    if notion:
        run_notion(min(rows, 20_000), rows)
    elif azure:
        run_azure(rows, rows // 5, max(1, rows // 500))
    else:
        run_all(rows)


@product.command()
def forget(
    page: Annotated[str, typer.Argument(metavar="PAGE_ID", help="The page's Notion id, or its link.")],
    *,
    reason: Annotated[
        str | None, typer.Option(help="Why, for the audit, which keeps it for ever: name no person.", metavar="TEXT")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be erased, but erase nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Erase every version of a Notion page from the lake for good, with all that quotes it.

    Figures of past days stay, without its name. One row in bronze/erasures says that it was done, and never what the
    page said. Delete the page in Notion first, or a sync brings it back.
    """
    from finance_ppm.forgetting import forget_page

    forget_page(Config.from_env(), page, reason=reason, dry_run=dry_run, yes=yes)


@product.command()
def docs() -> None:
    """Write the pages that are derived from the code: data dictionary, rules, DDL."""
    from finance_ppm.documents import write_documents

    for path in write_documents():
        terminal.out.print(str(path))


closing_commands.register(product)
backtest_command.register(product)
quality_commands.register(product)
product.command()(lake_commands.maintain)
product.command()(lake_commands.restore)


# --- finance-ppm notion ---------------------------------------------------------------------------


@notion_app.command("init")
def notion_init(
    *,
    parent_page: Annotated[
        str, typer.Option(metavar="PAGE", help="Id or link of the page that the databases are to lie on.")
    ],
    sample: Annotated[
        int | None, typer.Option(min=20, max=10_000, help="Add a sample portfolio of about so many pages.")
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Let .env name these databases, not others.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Look and tell, but make and write nothing.")] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Make the five databases on a page of your Notion, and write their ids into .env.

    Needs NOTION_TOKEN, and the page shared with the integration (in Notion: ... > Connections). What is there already
    is completed, never changed; a second run makes nothing twice.
    """
    import anyio

    from finance_ppm.onboarding.initialise import initialise

    with terminal.setting_up(quiet=quiet or as_json) as watcher:
        done = anyio.run(
            lambda: initialise(
                Config.from_env(), parent_page, watcher=watcher, sample=sample, replace_ids=replace, dry_run=dry_run
            )
        )
    terminal.show_json(done) if as_json else terminal.show_set_up(done)
    raise typer.Exit(0 if done.succeeded else terminal.FAILED)


@notion_app.command("map")
def notion_map(
    *,
    write: Annotated[bool, typer.Option("--write", help="Write the file; what stands in it stays.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Check the file against your Notion, and propose nothing.")] = (
        False
    ),
    as_json: AsJson = False,
) -> None:
    """Propose which of your Notion columns feeds which of ours, where yours have other names or words.

    Prints the mapping file (PPM_NOTION_MAPPING) and what speaks for each line; changes nothing in Notion. Reads every
    configured database's properties, and no page.
    """
    from finance_ppm.onboarding import mapping

    if write and check:
        raise SettingsError("--write and --check exclude each other: write first, then check.")
    config = Config.from_env()
    with reachable(config, SystemClock().now()):
        checked = mapping.check(config) if check else None
        found = None if check else mapping.propose(config)
    if checked:
        terminal.show_json(checked) if as_json else terminal.show_mapping_check(checked)
        raise typer.Exit(0 if checked.well else terminal.FAILED)
    if found and write:
        mapping.write(found)
    if found:
        terminal.show_json(found) if as_json else terminal.show_mapping(found, written=write)


# --- notion-sync -----------------------------------------------------------------------------------


@sync_app.command()
def sync(
    *,
    full_sync: Annotated[bool, typer.Option("--full-sync", help="Read every page; look for deletions.")] = False,
    full_refresh: Annotated[
        bool, typer.Option("--full-refresh", help="As --full-sync, and rebuild silver from all of bronze.")
    ] = False,
    accept_deletions: AcceptDeletions = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Sync every configured database: what changed since the watermark, or everything.

    Once a day every page is read anyway. A read that was cut short goes on where it had come to.
    """
    how = {"full_sync": full_sync, "full_refresh": full_refresh, "accept_deletions": accept_deletions}
    _sync(None, how, dry_run=dry_run, as_json=as_json, quiet=quiet)


@sync_app.command("sync-database")
def sync_database(
    name: Annotated[str, typer.Argument(help=", ".join(DATABASES))],
    *,
    full_sync: Annotated[bool, typer.Option("--full-sync", help="Read every page; look for deletions.")] = False,
    accept_deletions: AcceptDeletions = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Sync one database."""
    database = name.strip().lower().replace("-", "_").replace(" ", "_")
    if database not in DATABASES:
        raise SettingsError(f"There is no database {name!r}: name one of {', '.join(DATABASES)}.")
    how = {"full_sync": full_sync, "accept_deletions": accept_deletions}
    _sync(database, how, dry_run=dry_run, as_json=as_json, quiet=quiet)


@sync_app.command()
def health(as_json: AsJson = False) -> None:
    """Check settings, token, sharing, properties and the lake, and say what to do about each."""
    from finance_ppm.onboarding.health import examine

    config = Config.from_env()
    with reachable(config, SystemClock().now()):
        found = examine(config)
    terminal.show_json(found) if as_json else terminal.show_health(found)
    raise typer.Exit(0 if found.well else terminal.FAILED)


def _sync(only: str | None, how: dict[str, bool], *, dry_run: bool, as_json: bool, quiet: bool) -> None:
    from finance_ppm.pipeline.engine import SyncEngine

    config = Config.from_env()
    config.require_notion()
    names = [name for name in config.database_ids if only is None or name == only]
    if not names:
        raise SettingsError(f"NOTION_{only.upper() if only else ''}_DB_ID is not set: write it into .env.")
    with reachable(config, SystemClock().now()), terminal.reading_databases(names, quiet=quiet or as_json) as progress:
        summary = SyncEngine(config).sync_all(**how, dry_run=dry_run, only=names, progress=progress)
    terminal.show_json(summary) if as_json else terminal.show_sync(summary)
    raise typer.Exit(0 if summary.succeeded else terminal.FAILED)


def _day(text: str) -> date:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError:
        raise SettingsError(f"--as-of {text!r} is not a day: write it as YYYY-MM-DD.") from None
