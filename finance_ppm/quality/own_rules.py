"""Data-quality rules of a finance team's own, from one YAML file (PPM_RULES), without touching code.

Belongs here: the file's shape, and making rules of it. What may be asked of a cell is ``own_conditions``, and
what may not ``own_objections``; what a rule is, is ``rule``; ours are ``rules``.

A rule names a table, which of its rows it looks at (``where``; live ones, unless it names ``is_archived``), and what
must hold of each of them (``must``)::

    rules:
      - name: large_line_without_vendor
        table: silver/notion_budget_lines
        severity: WARN
        asks: A budget line of 10,000 or more names its vendor.
        remedy: Fill in Vendor in Notion.
        where:
          amount: {at_least: 10000}
        must:
          vendor: {present: true}
      - name: paid_before_invoiced
        table: silver/notion_budget_lines
        severity: ERROR
        asks: Nothing is paid before it is invoiced.
        remedy: Correct the dates in Notion.
        must:
          paid_date: {at_least: {column: invoice_date}}

Conditions of several columns, or several of one, must all hold. Of an empty cell only ``present`` asks anything: it
does not choose a row (``where``), and does not break a rule (``must``).

A rule that cannot be used is told and left out, and the others are asked (:func:`read_own_rules`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import narwhals.stable.v2 as nw
import polars as pl
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from finance_ppm.contracts import ALL_TABLES, Layer, Table, full_name
from finance_ppm.contracts.azure import (
    AdvisorSummary,
    AzureAdvisorAllocations,
    AzureAdvisorRecommendations,
    AzureAdvisorRecs,
    AzureResources,
)
from finance_ppm.contracts.finance import PpmForecast, PpmForecastMonthly, PpmProjectHealth
from finance_ppm.contracts.gold import PpmBudgetVsActual
from finance_ppm.contracts.silver import PAGE_TABLES
from finance_ppm.errors import SettingsError
from finance_ppm.quality.evaluation import evaluate
from finance_ppm.quality.own_conditions import Condition, Text, holds, shown
from finance_ppm.quality.own_objections import objections
from finance_ppm.quality.rule import NOTHING, Identity, Rule, Rulebook, Severity, page_identity
from finance_ppm.quality.rules import EVERY_RULE
from finance_ppm.quality.vocabulary import broken, live, text
from finance_ppm.settings import Config
from finance_ppm.transforms.portfolio import Frame, Portfolio
from finance_ppm.yaml_file import YamlFile, instead, text_of

_FRAME_OF: dict[str, type[Table]] = {
    **PAGE_TABLES,
    "azure_resources": AzureResources,
    "azure_recommendations": AzureAdvisorRecommendations,
    "budget_vs_actual": PpmBudgetVsActual,
    "forecast": PpmForecast,
    "forecast_monthly": PpmForecastMonthly,
    "project_health": PpmProjectHealth,
    "advisor_recs": AzureAdvisorRecs,
    "advisor_allocations": AzureAdvisorAllocations,
    "advisor_summary": AdvisorSummary,
}
_FRAMES = {full_name(table): (frame, table) for frame, table in _FRAME_OF.items()}
"""Tables that rules may look at: name to the portfolio's frame and the contract."""


class OwnRule(BaseModel):
    """One entry of the file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[
        str,
        Field(
            pattern=r"^[a-z][a-z0-9_]{2,60}$", description="3 to 61 signs of a-z, 0-9 and _, the first of them a letter"
        ),
    ]
    table: Text
    severity: Literal["ERROR", "WARN", "INFO"]
    asks: Text
    remedy: Text
    owner: Annotated[
        str, Field(pattern=r"^(team:[\w.-]+|[^@\s]+@[^@\s]+)$", description="an e-mail address, or team:NAME")
    ] = "team:finance"
    where: dict[str, Condition] = Field(default_factory=dict)
    must: Annotated[dict[str, Condition], Field(min_length=1)]


class RulesFile(BaseModel):
    """The file. Its entries are looked at one by one."""

    model_config = ConfigDict(extra="forbid")

    rules: Annotated[list[Any], BeforeValidator(lambda told: [] if told is None else told)] = Field(
        default_factory=list
    )


@dataclass(frozen=True)
class OwnRules:
    """What became of the file."""

    rules: tuple[Rule, ...] = ()
    """Those that can be asked."""
    mistakes: tuple[str, ...] = ()
    """Why others cannot: a sentence for each, with the file, the line, and what to do."""


def own_rules(config: Config) -> tuple[Rule, ...]:
    """The rules in the file that the settings name; none where there is no ``rules.yaml``.

    Raises :class:`SettingsError` with the first mistake.
    """
    return _sound(read_own_rules(config))


def rules_in(content: str, path: Path) -> tuple[Rule, ...]:
    """The rules of a file's text. Raises as :func:`own_rules`."""
    return _sound(_read(*_entries(content, path)))


def read_own_rules(config: Config) -> OwnRules:
    """The rules in the file that the settings name, and what is wrong with the others; it raises nothing.

    Of a file that is no YAML there are none.
    """
    try:
        return _read(*_told(config))
    except SettingsError as error:
        return OwnRules(mistakes=(str(error),))


def own_names(config: Config) -> Mapping[str, str] | None:
    """Every rule that the file names, usable or not, and its table as told; None where the file cannot be read."""
    try:
        _, entries = _told(config)
    except SettingsError:
        return None
    return {str(entry.get("name")): str(entry.get("table")) for entry in entries if isinstance(entry, dict)}


def _sound(found: OwnRules) -> tuple[Rule, ...]:
    if found.mistakes:
        raise SettingsError(found.mistakes[0])
    return found.rules


def _told(config: Config) -> tuple[YamlFile, list[Any]]:
    """The file that the settings name, with its entries; none where there is no ``rules.yaml``."""
    path = config.ppm_rules
    content = text_of(path, "PPM_RULES")
    if content is None and path != Config.model_fields["ppm_rules"].default:
        raise SettingsError(f"{path} does not exist: write it, or remove PPM_RULES from .env.")
    return _entries(content or "", path)


def _entries(content: str, path: Path) -> tuple[YamlFile, list[Any]]:
    file = YamlFile(content, path)
    try:
        return file, RulesFile.model_validate({} if file.told is None else file.told).rules
    except ValidationError as error:
        raise file.mistake(error, RulesFile) from None


def _read(file: YamlFile, entries: Iterable[Any]) -> OwnRules:
    ours = {rule.name for rule in EVERY_RULE}
    rules: dict[str, Rule] = {}
    mistakes = []
    for index, entry in enumerate(entries):
        try:
            rule = _Entry(file, index, entry).rule(ours | rules.keys())
        except SettingsError as error:
            mistakes.append(str(error))
        else:
            rules[rule.name] = rule
    return OwnRules(tuple(rules.values()), tuple(mistakes))


class _Entry:
    """One entry of a file on its way to a rule. Whatever cannot be asked raises :class:`SettingsError`."""

    def __init__(self, file: YamlFile, index: int, told: Any) -> None:
        self._file = file
        self._place = ("rules", index)
        try:
            self._own = OwnRule.model_validate(told)
        except ValidationError as error:
            raise file.mistake(error, OwnRule, self._place) from None

    def rule(self, taken: Iterable[str]) -> Rule:
        """The rule, whose name is none of those ``taken``; it was asked once, of nothing."""
        own = self._own
        if own.name in taken:
            raise self._wrong(f"there is a rule {own.name} already; give this one another name", "name")
        if own.table not in _FRAMES:
            raise self._wrong(_not_looked_at(own.table), "table")
        frame, table = _FRAMES[own.table]
        for part, conditions in (("where", own.where), ("must", own.must)):
            for column, condition in conditions.items():
                for place, reason in objections(table, column, condition):
                    raise self._wrong(reason, part, column, *place)
        rule = _made(own, frame, table)
        try:
            evaluate(_nothing(), [rule])
        except (nw.exceptions.NarwhalsError, pl.exceptions.PolarsError, TypeError, ValueError, OverflowError) as error:
            reason = str(error).strip().partition("\n")[0]
            raise self._wrong(f"it cannot be computed ({reason}); ask it in another way") from None
        return rule

    def _wrong(self, reason: str, *place: str | int) -> SettingsError:
        return self._file.wrong((*self._place, *place), reason)


def _not_looked_at(told: str) -> str:
    if told in map(full_name, ALL_TABLES):
        return f"rules of your own cannot look at {told}; they can look at {', '.join(_FRAMES)}"
    return f"there is no table {told}; {instead(told, _FRAMES)}"


@cache
def _nothing() -> Portfolio:
    """Every table that a rule may look at, without a row."""
    none: Frame = nw.from_native(pl.LazyFrame())
    empty = {frame: nw.from_native(table.create_empty().lazy()) for frame, table in _FRAME_OF.items()}
    frames = {field.name: empty.get(field.name, none) for field in fields(Portfolio) if field.name != "as_of"}
    return Portfolio(as_of=date.min, **frames)


def _made(own: OwnRule, frame: str, table: type[Table]) -> Rule:
    def looked_at(portfolio: Portfolio) -> Frame:
        rows: Frame = getattr(portfolio, frame)
        if "is_archived" in table.columns() and "is_archived" not in own.where:
            rows = live(rows)
        return rows.filter(holds(own.where, table, of_nothing=False)) if own.where else rows

    def breaking(portfolio: Portfolio) -> Frame:
        wrong = looked_at(portfolio).filter(~holds(own.must, table, of_nothing=True))
        column = next(iter(own.must))
        return broken(wrong, column, nw.lit(f"Asked is: {own.asks}"), value=shown(column, table))

    book = Rulebook(table, _identity(table), checked=looked_at)
    declare = book.rule(Severity(own.severity), remedy=own.remedy, name=own.name, description=own.asks, owner=own.owner)
    rule = declare(breaking)
    return rule if table.info.layer is Layer.SILVER else rule.reading(table)


def _identity(table: type[Table]) -> Identity:
    columns = table.columns()
    if "notion_url" in columns and ("name" in columns or "title" in columns):
        return page_identity(table)
    key = nw.concat_str([text(column) for column in table.primary_key()], separator=" | ")
    named = next((name for name in ("project_name", "name", "dimension_value") if name in columns), None)
    return Identity(
        table_name=nw.lit(full_name(table)),
        row_id=key,
        row_name=nw.col(named) if named else key,
        project_id=nw.col("project_id") if "project_id" in columns else NOTHING,
        notion_url=NOTHING,
    )
