"""``finance-ppm rules`` and ``thresholds``: how each data-quality rule fares from day to day, and what colours go by.

Belongs here: arguments, their help, and what is shown. What the rules are is ``quality``.
"""

from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from finance_ppm import terminal
from finance_ppm.errors import SettingsError
from finance_ppm.options import AsJson
from finance_ppm.settings import Config

if TYPE_CHECKING:
    import polars as pl

    from finance_ppm.quality.rule import Rule

DAYS_SHOWN = 14
BARS = " ▁▂▃▄▅▆▇█"


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    app.command()(rules)
    app.command()(thresholds)


def rules(
    name: Annotated[str | None, typer.Argument(metavar="RULE", help="One rule: its history, day by day.")] = None,
    *,
    broken: Annotated[bool, typer.Option("--broken", help="Only rules that something breaks now.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the data-quality rules and how they fare, or the history of one.

    Ours and your own (PPM_RULES) alike. The rows that break a rule are in gold/data_quality_issues, and beside its
    check in Dagster.
    """
    from finance_ppm.quality.own_rules import own_rules
    from finance_ppm.quality.rules import EVERY_RULE

    config = Config.from_env()
    known = {rule.name: rule for rule in (*EVERY_RULE, *own_rules(config))}
    if name is not None and name not in known:
        raise SettingsError(f"There is no rule {name!r}{_close(name, known)}; `finance-ppm rules` lists them all.")
    history = _history(config)
    if as_json:
        wanted = history if name is None else history.filter(rule=name)
        terminal.show_json(wanted.to_dicts())
    elif name is None:
        _show_all(known, history, broken=broken)
    else:
        _show_one(known[name], history.filter(rule=name))


def thresholds() -> None:
    """Print the thresholds of project health, with what each is for, as a file to start from.

    Save it as health.yaml (PPM_HEALTH_THRESHOLDS) and keep the lines you change.
    """
    from finance_ppm.health_thresholds import default_thresholds_yaml

    terminal.out.print(default_thresholds_yaml(), highlight=False, markup=False, soft_wrap=True, end="")


def _history(config: Config) -> "pl.DataFrame":
    """Rows of every day's ``data_quality_metrics``, the oldest first."""
    from finance_ppm.contracts import history_of
    from finance_ppm.contracts.gold import DataQualityMetrics
    from finance_ppm.lakehouse.lake import Lake

    columns = ("as_of_date", "rule", "rows_checked", "rows_failing", "passed")
    scanned = Lake(config.ppm_lakehouse_uri).scan(history_of(DataQualityMetrics))
    return scanned.select(columns).sort("as_of_date", "rule").collect()


def _show_all(known: "dict[str, Rule]", history: "pl.DataFrame", *, broken: bool) -> None:
    from rich import box
    from rich.table import Table

    newest: date | None = history["as_of_date"].max()  # type: ignore[assignment]  # of dates it is one
    if newest is None:
        terminal.out.print("No rule was asked yet: `finance-ppm run` asks them all.")
    days = history["as_of_date"].unique().sort().tail(DAYS_SHOWN)
    failing = {
        (rule, day): count for rule, day, count in history.select("rule", "as_of_date", "rows_failing").iter_rows()
    }
    title = f"{len(known)} rules, as of {newest}" if newest else f"{len(known)} rules"
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False, pad_edge=False, title=title)
    for column in ("Rule", "Severity", "Table"):
        table.add_column(column)
    table.add_column("Failing", justify="right")
    table.add_column(f"Last {len(days)} days kept", no_wrap=True)
    for rule in sorted(known.values(), key=lambda each: (-(failing.get((each.name, newest)) or 0), each.name)):
        now = failing.get((rule.name, newest)) if newest else None
        if broken and not now:
            continue
        counts = [failing.get((rule.name, day)) for day in days]
        shown = "not asked" if now is None else f"{now:,}"
        table_name = "/".join((rule.table.info.layer.value, rule.table.info.name))
        table.add_row(rule.name, rule.severity.value, table_name, shown, _sparkline(counts))
    terminal.out.print(table)


def _show_one(rule: "Rule", history: "pl.DataFrame") -> None:
    from rich import box
    from rich.table import Table

    for line in (f"[bold]{rule.name}[/] ({rule.severity.value}, {rule.owner})", rule.description, rule.remedy):
        terminal.out.print(line, highlight=False, soft_wrap=True)
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False, pad_edge=False)
    table.add_column("As of")
    table.add_column("Rows looked at", justify="right")
    table.add_column("Rows failing", justify="right")
    table.add_column("")
    most = max(history["rows_failing"].to_list(), default=0)
    for day, looked_at, failing in history.select("as_of_date", "rows_checked", "rows_failing").iter_rows():
        table.add_row(str(day), f"{looked_at:,}", f"{failing:,}", "█" * round(20 * failing / most) if most else "")
    terminal.out.print(table)


def _sparkline(counts: list[int | None]) -> str:
    """A bar for each day; a dot where the rule was not asked."""
    most = max((count for count in counts if count), default=0)
    return "".join("·" if count is None else BARS[-(-8 * count // most) if most else 0] for count in counts)


def _close(name: str, known: "dict[str, Rule]") -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, known, n=1)
    return f"; did you mean {close[0]}?" if close else ""
