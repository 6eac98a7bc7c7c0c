"""``finance-ppm rules`` and ``thresholds``: how each data-quality rule fares from day to day, and what colours go by.

Belongs here: arguments, their help, and what is shown. What the rules are is ``quality``.
"""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

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


@dataclass(frozen=True)
class History:
    """What ``--json`` prints."""

    history: list[dict[str, Any]]
    """How each rule fared on each day."""


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
    from finance_ppm.quality.own_rules import read_own_rules
    from finance_ppm.quality.rules import EVERY_RULE

    config = Config.from_env()
    own = read_own_rules(config)
    known = {rule.name: rule for rule in (*EVERY_RULE, *own.rules)}
    history = _history(config)
    wanted = history if name is None else history.filter(rule=name)
    if name is not None and name not in known and wanted.is_empty():
        unknown = f"There is no rule {name!r}{_close(name, known)}; `finance-ppm rules` lists them all."
        raise SettingsError(" ".join((unknown, *own.mistakes)))
    if as_json:
        terminal.show_json(History(wanted.to_dicts()))
    elif name is None:
        _show_all(known, history, broken=broken)
    else:
        _show_one(_told(known[name]) if name in known else _told_of_old(wanted), wanted)
    if own.mistakes:  # the others are shown all the same
        raise SettingsError(" ".join(own.mistakes))


def thresholds(
    *,
    default: Annotated[
        bool,
        typer.Option(
            "--default",
            help="Print ours instead, as a file to start from: save it as health.yaml, and keep the lines you change.",
        ),
    ] = False,
) -> None:
    """Print the thresholds of project health that are in force, with what each is for.

    They are ours, but for what the file says that PPM_HEALTH_THRESHOLDS names (health.yaml). Exit code 2 says that it
    cannot be used.
    """
    from finance_ppm.health_thresholds import default_thresholds_yaml, thresholds_in_force_yaml

    text = default_thresholds_yaml() if default else thresholds_in_force_yaml(Config.from_env())
    terminal.out.print(text, highlight=False, markup=False, soft_wrap=True, end="")


def _history(config: Config) -> "pl.DataFrame":
    """Rows of every day's ``data_quality_metrics``, the oldest first."""
    from finance_ppm.contracts import history_of
    from finance_ppm.contracts.gold import DataQualityMetrics
    from finance_ppm.lakehouse.lake import Lake

    columns = ("as_of_date", "rule", "severity", "owner", "description", "rows_checked", "rows_failing", "passed")
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
    table.add_column("Rule", no_wrap=True, min_width=max(map(len, known), default=0))  # what `finance-ppm rules` takes
    for column in ("Severity", "Table"):
        table.add_column(column)
    table.add_column("Failing", justify="right", no_wrap=True)
    table.add_column(f"Last {len(days)} days", no_wrap=True)
    for rule in sorted(known.values(), key=lambda each: (-(failing.get((each.name, newest)) or 0), each.name)):
        now = failing.get((rule.name, newest)) if newest else None
        if broken and not now:
            continue
        counts = [failing.get((rule.name, day)) for day in days]
        shown = "not asked" if now is None else f"{now:,}"
        table_name = "/".join((rule.table.info.layer.value, rule.table.info.name))
        table.add_row(rule.name, rule.severity.value, table_name, shown, _sparkline(counts))
    terminal.out.print(table)


def _told(rule: "Rule") -> tuple[str, ...]:
    """What a rule is: its name, who is concerned, what it asks, and what to do."""
    return rule.name, f"({rule.severity.value}, {rule.owner})", rule.description, rule.remedy


def _told_of_old(history: "pl.DataFrame") -> tuple[str, ...]:
    """The same of a rule that is no more, as it was when it was last asked."""
    last = history.row(-1, named=True)
    over = f"It is no longer asked, as it was last on {last['as_of_date']}."
    return last["rule"], f"({last['severity']}, {last['owner']})", last["description"], over


def _show_one(told: tuple[str, ...], history: "pl.DataFrame") -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    name, concerned, *sentences = told
    for line in (Text.assemble((name, "bold"), f" {concerned}"), *map(Text, sentences)):  # as written: no markup
        terminal.out.print(line, soft_wrap=True)
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
