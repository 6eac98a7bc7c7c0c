"""``finance-ppm azure``: what is done with Azure by hand. Each command is a few lines.

Belongs here: arguments, their help, and what is shown. The work is in the rooms.
"""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from finance_ppm import terminal
from finance_ppm.clock import SystemClock
from finance_ppm.options import AsJson
from finance_ppm.sandbox.embedded import reachable
from finance_ppm.settings import Config

if TYPE_CHECKING:
    from finance_ppm.onboarding.azure_refresh import Refreshed

azure_app = typer.Typer(
    no_args_is_help=True,
    help="Look at your own Azure, and have Advisor recommend anew. Reading it is the pipeline's work.",
)


@azure_app.command()
def check(as_json: AsJson = False) -> None:
    """Check sign-in, scope, access, earlier reads and tags, and say what to do about each.

    One subscription is read for trial, and nothing of it is kept.
    """
    from finance_ppm.onboarding.azure_health import examine_azure

    config = Config.from_env()
    with reachable(config, SystemClock().now()):
        found = examine_azure(config)
    terminal.show_json(found) if as_json else terminal.show_health(found)
    raise typer.Exit(0 if found.well else terminal.FAILED)


@azure_app.command()
def refresh(
    *,
    subscription: Annotated[
        list[str] | None,
        typer.Option(help="Only this one, by its id or name; may be given several times.", metavar="SUBSCRIPTION"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Have Advisor recommend anew, in each subscription that is read, and wait for it.

    Asks for the action Microsoft.Advisor/generateRecommendations/action, which the role Reader does not have.
    """
    from finance_ppm.onboarding.azure_refresh import refresh_advisor

    config = Config.from_env()
    with reachable(config, SystemClock().now()), terminal.working("Advisor recommends anew") as step:
        done = refresh_advisor(config, subscription or (), progress=step)
    terminal.show_json(done) if as_json else _show_refreshed(done)
    raise typer.Exit(0 if done.succeeded else terminal.FAILED)


def _show_refreshed(done: "Refreshed") -> None:
    for failed in done.failed:
        terminal.out.print(f"[red]{escape(failed.name)}:[/] {escape(failed.reason)}", highlight=False, soft_wrap=True)
    subscriptions = terminal.counted(len(done.refreshed) + len(done.failed), "subscription")
    told = f"Advisor recommends anew in {len(done.refreshed):,} of {subscriptions}"
    next_step = ": `finance-ppm run` reads it." if done.refreshed else "."
    terminal.out.print(f"{told}{next_step}", highlight=False, soft_wrap=True)
