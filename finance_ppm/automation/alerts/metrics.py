"""Figures beyond a threshold: what the user's file asks for, and what the lake holds.

A figure is one number of one table: the sum, smallest, largest or mean of a column, or the number of rows, of the rows
that are as the threshold says. It is computed again only where the table has changed. A file that cannot be used is an
alert itself; what it asked for before is left as it was.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from finance_ppm.alerting.alert import Kind, Severity
from finance_ppm.automation.alerts.episodes import Condition, Survey
from finance_ppm.automation.alerts.links import table_link
from finance_ppm.contracts import ALL_TABLES, Table, full_name
from finance_ppm.errors import SettingsError
from finance_ppm.lakehouse.conformity import dtypes
from finance_ppm.lakehouse.lake import Lake

Value = bool | int | Decimal | date | str

TABLES: Mapping[str, type[Table]] = {full_name(table): table for table in ALL_TABLES}


class Threshold(BaseModel):
    """One entry of the file."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    name: Annotated[str, Field(min_length=1)]
    table: str
    column: str | None = None
    take: Literal["sum", "min", "max", "mean", "count"] = "sum"
    where: dict[str, Value | list[Value]] = {}
    above: Decimal | None = None
    below: Decimal | None = None
    severity: Severity = Severity.WARN
    remedy: str | None = None

    @field_validator("above", "below", mode="before")
    @classmethod
    def _exact(cls, value: Any) -> Any:
        """``0.1`` is a tenth, not the nearest number of another kind."""
        return str(value) if isinstance(value, float) else value

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.table not in TABLES:
            raise ValueError(f"there is no table {self.table}")
        columns = dtypes(TABLES[self.table])
        for name, wanted in self.where.items():
            if name not in columns or columns[name].is_nested():
                raise ValueError(f"{self.table} has no column {name} to choose rows by")
            if not _may_be(columns[name], wanted):
                raise ValueError(f"where is to name a value of the column {name}, or a list of some")
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

    thresholds: list[Threshold] = []

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        names = [threshold.name for threshold in self.thresholds]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise ValueError(f"two thresholds are named {twice}")
        return self


@dataclass
class Figures:
    """The figures as last computed, each with the version of its table."""

    _known: dict[str, tuple[int | None, Decimal | None]] = field(default_factory=dict)

    def of(self, lake: Lake, threshold: Threshold) -> Decimal | None:
        """The figure as the lake has it now."""
        table = TABLES[threshold.table]
        version, asked = lake.version(table), threshold.model_dump_json()
        known = self._known.get(asked)
        if known is None or known[0] != version:
            known = (version, None if version is None else threshold.of(lake.scan(table)))
            self._known[asked] = known
        return known[1]


def thresholds(path: Path) -> list[Threshold]:
    """What the file asks for; nothing where there is none.

    Raises :class:`~finance_ppm.errors.SettingsError`.
    """
    import yaml  # type: ignore[import-untyped]  # PyYAML carries no types

    if not path.exists():
        return []
    try:
        told = yaml.safe_load(path.read_text(encoding="utf-8"))
        return _File.model_validate(told or {}).thresholds
    except ValidationError as error:
        raise SettingsError(f"{path}: {' '.join(map(_sentence, error.errors()))}") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" (line {mark.line + 1})" if mark else ""
        raise SettingsError(f"{path} is not YAML{where}: correct it.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read ({type(error).__name__}): make it a file in UTF-8.") from None


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


def _values(wanted: Value | list[Value]) -> list[Value]:
    return wanted if isinstance(wanted, list) else [wanted]


def _may_be(dtype: pl.DataType, wanted: Value | list[Value]) -> bool:
    """Whether there is something to look for, and where the column holds numbers it is numbers."""
    values = _values(wanted)
    return bool(values) and (not dtype.is_numeric() or all(_is_number(value) for value in values))


def _is_number(value: Value) -> bool:
    try:
        return Decimal(str(value)).is_finite()
    except InvalidOperation:
        return False


def _is(name: str, dtype: pl.DataType, wanted: Value | list[Value]) -> pl.Expr:
    """Whether the column is as the file says, or one of what it says."""
    values = _values(wanted)
    if dtype.is_numeric():
        return pl.any_horizontal(pl.col(name) == pl.lit(Decimal(str(value))) for value in values)
    if dtype == pl.Boolean:
        return pl.any_horizontal(pl.col(name) == pl.lit(str(value).lower() == "true") for value in values)
    return pl.col(name).cast(pl.String).is_in([str(value) for value in values])


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


def _sentence(error: Any) -> str:
    place = " ".join(str(part + 1) if isinstance(part, int) else str(part) for part in error["loc"])
    return f"{place or 'the file'}: {error['msg'].removeprefix('Value error, ')}."
