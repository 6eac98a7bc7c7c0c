"""Figures beyond a threshold: what the user's file asks for, and what the lake holds.

A figure is one number of one table: the sum, smallest, largest or mean of a column, or the number of rows, of the rows
that are as the threshold says. It is computed again only where the table has changed. A file that cannot be used is an
alert itself; what it asked for before is left as it was.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import polars as pl
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, ValidationError, model_validator

from finance_ppm.alerting.alert import Kind, Severity
from finance_ppm.automation.alerts.episodes import Condition, Survey
from finance_ppm.automation.alerts.links import table_link
from finance_ppm.automation.alerts.words import WORDS
from finance_ppm.contracts import ALL_TABLES, Table, full_name
from finance_ppm.errors import SettingsError
from finance_ppm.lakehouse.conformity import dtypes
from finance_ppm.lakehouse.lake import Lake
from finance_ppm.settings import Config
from finance_ppm.yaml_file import DECIMALS, NUMBER, WHOLE_DIGITS, YamlFile, instead, text_of

Value = bool | int | Decimal | date | str


def _values(told: Any) -> tuple[Any, ...]:
    """One value, or those of a list."""
    values = tuple(told) if isinstance(told, list) else (told,)
    if not values or any(value is None or isinstance(value, dict | list) for value in values):
        raise ValueError("write a value, or a list of some")
    return values


Limit = Annotated[Decimal, Field(max_digits=WHOLE_DIGITS + DECIMALS, decimal_places=DECIMALS)]
Values = Annotated[tuple[Value, ...], PlainValidator(_values)]

TABLES: Mapping[str, type[Table]] = {full_name(table): table for table in ALL_TABLES}


class Threshold(BaseModel):
    """One entry of the file."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    name: Annotated[str, Field(pattern=r"^\S[^\n]*$", description="a name on one line")]
    table: str
    column: str | None = None
    take: Literal["sum", "min", "max", "mean", "count"] = "sum"
    where: dict[str, Values] = {}
    above: Limit | None = None
    below: Limit | None = None
    severity: Severity = Severity.WARN
    remedy: str | None = None

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.table not in TABLES:
            raise ValueError(f"there is no table {self.table}; {instead(self.table, TABLES)}")
        table, columns = TABLES[self.table], dtypes(TABLES[self.table])
        for name, values in self.where.items():
            if name not in columns or columns[name].is_nested():
                flat = (column for column, dtype in columns.items() if not dtype.is_nested())
                raise ValueError(f"{self.table} has no column {name} to choose rows by; {instead(name, flat)}")
            for value in values:
                if reason := _never(columns[name], value, WORDS.get((table, name))):
                    raise ValueError(f"where asks for {name} {value}, which there never is; {reason}")
        if self.take != "count" and (self.column not in columns or not columns[self.column].is_numeric()):
            raise ValueError(f"column is to name a column of numbers of {self.table}, or take is to be count")
        if (self.above is None) == (self.below is None):
            raise ValueError("one of above and below is to be told")
        return self

    def of(self, rows: pl.LazyFrame) -> Decimal | None:
        """The figure; None where no row has one."""
        chosen = rows.filter(*(_is(name, dtype, self.where[name]) for name, dtype in self._chosen_by()))
        what = pl.len() if self.take == "count" else getattr(pl.col(self.column or ""), self.take)()
        counted = chosen.select(figure=what, rows=pl.len()).collect().row(0, named=True)
        has_none = counted["figure"] is None or (self.take != "count" and counted["rows"] == 0)
        return None if has_none else Decimal(str(counted["figure"]))

    def crossed_by(self, figure: Decimal) -> bool:
        """Whether the figure is beyond; at the threshold it is not."""
        if self.above is not None:
            return figure > self.above
        return self.below is not None and figure < self.below

    def _chosen_by(self) -> list[tuple[str, pl.DataType]]:
        columns = dtypes(TABLES[self.table])
        return [(name, columns[name]) for name in self.where]


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    thresholds: Annotated[list[Threshold], BeforeValidator(lambda told: [] if told is None else told)] = []

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        names = [threshold.name for threshold in self.thresholds]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise ValueError(f"two thresholds are named {twice}; give one another name")
        return self


@dataclass
class Figures:
    """The figures as last computed, each with the version of its table."""

    _known: dict[str, tuple[int | None, Decimal | None]] = field(default_factory=dict)

    def of(self, lake: Lake, threshold: Threshold) -> Decimal | None:
        """The figure as the lake has it now."""
        table = TABLES[threshold.table]
        version, asked = lake.version(table), repr(threshold)
        known = self._known.get(asked)
        if known is None or known[0] != version:
            known = (version, None if version is None else threshold.of(lake.scan(table)))
            self._known[asked] = known
        return known[1]


def thresholds(path: Path) -> list[Threshold]:
    """What the file asks for; nothing where there is none.

    Raises :class:`~finance_ppm.errors.SettingsError`.
    """
    text = text_of(path, "PPM_ALERT_THRESHOLDS")
    if text is None:
        if path != Config.model_fields["ppm_alert_thresholds"].default:
            raise SettingsError(f"{path} does not exist: write it, or remove PPM_ALERT_THRESHOLDS from .env.")
        return []
    file = YamlFile(text, path)
    try:
        return _File.model_validate({} if file.told is None else file.told).thresholds
    except ValidationError as error:
        raise file.mistake(error, _File) from None


def survey_metrics(lake: Lake, figures: Figures, path: Path, dagster_url: str, now: datetime) -> Survey:
    """Every threshold of the file. A figure that there is none of is not watched."""
    file = f"file {path}"
    try:
        watched = thresholds(path)
    except SettingsError as error:
        return Survey(now, (_broken(file, path, error),), covers=frozenset({Kind.SETTINGS}))
    active, well = [], {file}
    for threshold in watched:
        figure = figures.of(lake, threshold)
        if figure is not None and threshold.crossed_by(figure):
            active.append(_condition(threshold, figure, dagster_url))
        elif figure is not None:
            well.add(_subject(threshold))
    return Survey(now, tuple(active), frozenset(well), covers=frozenset({Kind.METRIC, Kind.SETTINGS}))


def _never(dtype: pl.DataType, value: Value, words: Collection[str] | None) -> str | None:
    """What to write instead of a value that no cell of the column is ever like; None where one may be."""
    if dtype.is_numeric():
        fits, noun = not isinstance(value, bool) and isinstance(value, int | Decimal), f"{NUMBER}, without quotes"
    elif dtype == pl.Boolean:
        fits, noun = isinstance(value, bool), "true or false, without quotes"
    elif dtype.is_temporal():
        fits, noun = _day(value) is not None, "a day (2026-11-01)"
    else:
        fits, noun = isinstance(value, str), "a text, in quotes where it looks like a number, a day, true or null"
        if fits and words is not None and value not in words:
            return instead(str(value), words)
    return None if fits else f"write {noun}"


def _day(value: Value) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else value if isinstance(value, date) else None
    except ValueError:
        return None


def _is(name: str, dtype: pl.DataType, values: tuple[Value, ...]) -> pl.Expr:
    """Whether the column is one of ``values``; of a moment, whether it is on such a day in UTC."""
    cell = pl.col(name)
    if dtype.is_numeric():
        return pl.any_horizontal(cell == pl.lit(Decimal(str(value))) for value in values)
    if dtype.is_temporal():
        return cell.dt.date().is_in([_day(value) for value in values])
    return cell.is_in(values)


def _condition(threshold: Threshold, figure: Decimal, dagster_url: str) -> Condition:
    what = "number of rows" if threshold.take == "count" else f"{threshold.take} of {threshold.column}"
    limit = f"above {threshold.above:,f}" if threshold.above is not None else f"below {threshold.below:,f}"
    return Condition(
        kind=Kind.METRIC,
        subject=_subject(threshold),
        severity=threshold.severity,
        title=f"{threshold.name}: {figure:,f} is {limit}",
        detail=f"The {what} in {threshold.table} is {figure:,f}, and that is {limit}.",
        remedy=threshold.remedy,
        tables=(threshold.table,),
        links=(table_link(dagster_url, threshold.table.split("/")),),
    )


def _broken(subject: str, path: Path, error: SettingsError) -> Condition:
    return Condition(
        kind=Kind.SETTINGS,
        subject=subject,
        severity=Severity.ERROR,
        title=f"{path} cannot be used",
        detail=str(error),
        remedy="Correct the file (PPM_ALERT_THRESHOLDS); until then its thresholds are not watched.",
    )


def _subject(threshold: Threshold) -> str:
    return f"threshold {threshold.name}"
