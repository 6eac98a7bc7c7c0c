"""Data-quality rules of a finance team's own, from one YAML file (PPM_RULES), without touching code.

Belongs here: the file's shape, and making rules of it. What a rule is, is ``rule``; ours are ``rules``.

A rule names a table, which of its rows it looks at (``where``, all live ones if nothing is said), and what must hold of
each of them (``must``)::

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
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from functools import reduce
from operator import and_, eq, ge, gt, le, lt, ne
from pathlib import Path
from typing import Annotated, Any, Literal

import dataframely as dy
import narwhals.stable.v2 as nw
from pydantic import BaseModel, ConfigDict, Field, StrictBool, ValidationError, model_validator

from finance_ppm.contracts import Layer, Table, full_name, stamp_columns
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
from finance_ppm.quality.rule import NOTHING, Identity, Rule, Rulebook, Severity, page_identity
from finance_ppm.quality.rules import EVERY_RULE
from finance_ppm.quality.vocabulary import broken, live, missing, text
from finance_ppm.settings import Config
from finance_ppm.transforms.portfolio import Frame, Portfolio

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

Text = Annotated[str, Field(pattern=r"\S")]


class OtherColumn(BaseModel):
    """A column of the same row, to compare with."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    column: Text


Value = OtherColumn | StrictBool | int | Decimal | date | str


class Condition(BaseModel):
    """What is asked of one cell; of several, all."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    present: StrictBool | None = None
    one_of: tuple[str, ...] | None = None
    none_of: tuple[str, ...] | None = None
    matches: str | None = None
    """A regular expression that is found in the text."""
    equals: Value | None = None
    differs_from: Value | None = None
    at_least: Value | None = None
    at_most: Value | None = None
    above: Value | None = None
    below: Value | None = None

    @model_validator(mode="after")
    def _asks_something(self) -> "Condition":
        if not self.model_fields_set:
            raise ValueError(f"it asks nothing: name one of {', '.join(type(self).model_fields)}")
        return self


_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "equals": eq,
    "differs_from": ne,
    "at_least": ge,
    "at_most": le,
    "above": gt,
    "below": lt,
}


class OwnRule(BaseModel):
    """One entry of the file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{2,60}$")]
    table: Text
    severity: Literal["ERROR", "WARN", "INFO"]
    asks: Text
    remedy: Text
    owner: Annotated[str, Field(pattern=r"^(team:[\w.-]+|[^@\s]+@[^@\s]+)$")] = "team:finance"
    where: dict[str, Condition] = Field(default_factory=dict)
    must: Annotated[dict[str, Condition], Field(min_length=1)]


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    rules: list[OwnRule] = Field(default_factory=list)


def own_rules(config: Config) -> tuple[Rule, ...]:
    """The rules in the file that the settings name; none where there is no ``rules.yaml``.

    Raises :class:`SettingsError` with one sentence: the file, the rule, and what to do.
    """
    path = config.ppm_rules
    try:
        content = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        if path == Config.model_fields["ppm_rules"].default:
            return ()
        raise SettingsError(f"{path} does not exist: write it, or remove PPM_RULES from .env.") from None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise SettingsError(f"{path} cannot be read ({reason}): mend the file, or set PPM_RULES to another.") from None
    return rules_in(content, path)


def rules_in(content: str, path: Path) -> tuple[Rule, ...]:
    """The rules of a file's text. Raises :class:`SettingsError`."""
    import yaml  # type: ignore[import-untyped]  # PyYAML carries no types

    try:
        told = yaml.safe_load(content)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark else ""
        raise SettingsError(f"{path} is not YAML{where}: mend it there.") from None
    try:
        file = _File.model_validate(told or {})
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise SettingsError(f"{path}: {_place(told, first['loc'])} {_reason(first)}; mend it there.") from None
    names = {rule.name for rule in EVERY_RULE}
    made = []
    for rule in file.rules:
        if rule.name in names:
            raise SettingsError(f"{path}: there is a rule {rule.name} already; give yours another name.")
        names.add(rule.name)
        made.append(_made(rule, path))
    return tuple(made)


def _place(told: Any, location: tuple[int | str, ...]) -> str:
    """``rule large_lines, must.amount``: where in the file."""
    if len(location) < 2 or location[0] != "rules" or not isinstance(location[1], int):
        return ".".join(map(str, location)) or "the file"
    entry = told["rules"][location[1]]
    name = entry.get("name") if isinstance(entry, dict) else None
    inner = [part for part in map(str, location[2:]) if not part.startswith("function-")]
    return ", ".join(part for part in (f"rule {name or location[1] + 1}", ".".join(inner)) if part)


def _reason(error: Any) -> str:
    if error["type"] == "missing":
        return "is missing"
    if error["type"] == "extra_forbidden":
        return "is nothing that a rule knows"
    return f"is wrong: {error['msg'].removeprefix('Value error, ')}"


def _made(own: OwnRule, path: Path) -> Rule:
    if own.table not in _FRAMES:
        raise SettingsError(f"{path}: rule {own.name} looks at {own.table}; {_instead(own.table, _FRAMES)}.")
    frame, table = _FRAMES[own.table]
    for column in _columns(own):
        if column not in table.columns():
            raise SettingsError(
                f"{path}: rule {own.name} asks for {column}, which {own.table} does not have; "
                f"{_instead(column, table.columns())}."
            )
    for column, condition in (*own.where.items(), *own.must.items()):
        _require_comparable(own, path, column, condition, table)

    def looked_at(portfolio: Portfolio) -> Frame:
        rows: Frame = getattr(portfolio, frame)
        rows = live(rows) if "is_archived" in table.columns() else rows
        return rows.filter(_holds(own.where, table, of_nothing=False)) if own.where else rows

    def breaking(portfolio: Portfolio) -> Frame:
        wrong = looked_at(portfolio).filter(~_holds(own.must, table, of_nothing=True))
        column = next(iter(own.must))
        return broken(wrong, column, nw.lit(f"Asked is: {own.asks}"), value=text(column))

    book = Rulebook(table, _identity(table), checked=looked_at)
    declare = book.rule(Severity(own.severity), remedy=own.remedy, name=own.name, description=own.asks, owner=own.owner)
    rule = declare(breaking)
    return rule if table.info.layer is Layer.SILVER else rule.reading(table)


def _columns(own: OwnRule) -> Iterator[str]:
    for column, condition in (*own.where.items(), *own.must.items()):
        yield column
        for name in _COMPARISONS:
            if isinstance(value := getattr(condition, name), OtherColumn):
                yield value.column


def _instead(told: str, known: Mapping[str, Any]) -> str:
    close = get_close_matches(told, known, n=1)
    return f"did you mean {close[0]}?" if close else f"name one of {', '.join(known)}"


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


def _holds(conditions: Mapping[str, Condition], table: type[Table], *, of_nothing: bool) -> nw.Expr:
    """Whether a row meets all conditions; ``of_nothing`` is what is said of an empty cell."""
    met = (each.fill_null(of_nothing) for column, told in conditions.items() for each in _met(column, told, table))
    return reduce(and_, met)


def _met(column: str, condition: Condition, table: type[Table]) -> Iterator[nw.Expr]:
    cell, is_text = nw.col(column), isinstance(table.columns()[column], dy.String)
    if condition.present is not None:
        empty = missing(column) if is_text else cell.is_null()
        yield ~empty if condition.present else empty
    for told, negate in ((condition.one_of, False), (condition.none_of, True)):
        if told is not None:
            listed = cell.is_in(told)
            yield ~listed if negate else listed
    if condition.matches is not None:
        yield cell.str.contains(condition.matches)
    for name, compare in _COMPARISONS.items():
        value = getattr(condition, name)
        if value is not None:
            other = nw.col(value.column) if isinstance(value, OtherColumn) else _literal(value, table, column)
            yield compare(cell, other)


def _literal(value: Any, table: type[Table], column: str) -> nw.Expr:
    """The value as one of the column's kind."""
    if isinstance(table.columns()[column], dy.Decimal):
        return nw.lit(Decimal(str(value)))
    return nw.lit(value)


_KINDS: tuple[tuple[type[dy.Column], tuple[type, ...], str], ...] = (
    (dy.Decimal, (int, Decimal), "a number"),
    (dy.Float64, (int, Decimal), "a number"),
    (dy.Int64, (int,), "a whole number"),
    (dy.Int32, (int,), "a whole number"),
    (dy.Date, (date,), "a day (2026-11-01)"),
    (dy.Bool, (bool,), "true or false"),
    (dy.String, (str,), "a text"),
)
"""Columns that can be compared with a value, and with what."""


def _require_comparable(own: OwnRule, path: Path, column: str, condition: Condition, table: type[Table]) -> None:
    """Raise where a condition asks of a column what none of its cells could ever answer."""
    kind = table.columns()[column]
    words = [name for name in ("one_of", "none_of", "matches") if getattr(condition, name) is not None]
    if words and not isinstance(kind, dy.String):
        raise SettingsError(f"{path}: rule {own.name} asks {words[0]} of {column}, which holds no text.")
    for name in _COMPARISONS:
        value = getattr(condition, name)
        if value is None:
            continue
        if isinstance(value, OtherColumn):
            if type(table.columns()[value.column]) is not type(kind):
                raise SettingsError(f"{path}: rule {own.name} compares {column} with {value.column}: different kinds.")
            continue
        fitting = next((fits for column_kind, fits, _ in _KINDS if isinstance(kind, column_kind)), ())
        noun = next((noun for column_kind, _, noun in _KINDS if isinstance(kind, column_kind)), "nothing")
        if not isinstance(value, fitting) or (isinstance(value, bool) and bool not in fitting):
            raise SettingsError(f"{path}: rule {own.name} compares {column} with {value!r}; write {noun}.")
    if condition.matches is not None:
        _require_pattern(own, path, condition.matches)
    if column in stamp_columns(table):
        raise SettingsError(f"{path}: rule {own.name} asks for {column}, which says only when the row was written.")


def _require_pattern(own: OwnRule, path: Path, pattern: str) -> None:
    import polars as pl

    try:
        pl.select(pl.lit("").str.contains(pattern))
    except pl.exceptions.ComputeError:
        raise SettingsError(f"{path}: rule {own.name} matches {pattern!r}, which is no regular expression.") from None
