"""The user's file of thresholds (PPM_ALERT_THRESHOLDS), and the figures that it asks for.

A figure is one number of one table: the sum, smallest, largest or mean of a column, or the number of rows, of the rows
that are as the threshold says. What could never be so is refused.

Belongs here: the file's shape, and what one threshold means. What columns can hold is ``cell_values``.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

import dataframely as dy
import polars as pl
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, ValidationError

from finance_ppm.alerting.alert import Severity
from finance_ppm.cell_values import never
from finance_ppm.contracts import ALL_TABLES, Table, full_name
from finance_ppm.contracts.gold import DataQualityIssues, DataQualityMetrics
from finance_ppm.errors import SettingsError
from finance_ppm.quality.own_rules import own_names
from finance_ppm.quality.rules import EVERY_RULE
from finance_ppm.settings import Config
from finance_ppm.yaml_file import DECIMALS, WHOLE_DIGITS, Place, YamlFile, closest, instead, text_of

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

    def of(self, rows: pl.LazyFrame) -> Decimal | None:
        """The figure; None where no row has one."""
        chosen = rows.filter(*(_is(name, dtype, self.where[name]) for name, dtype in self._chosen_by()))
        what = pl.len() if self.take == "count" else getattr(pl.col(self.column or ""), self.take)()
        counted = chosen.select(figure=what, rows=pl.len()).collect().row(0, named=True)
        has_none = counted["figure"] is None or (self.take != "count" and counted["rows"] == 0)
        return None if has_none else Decimal(str(counted["figure"]))

    def is_clear(self, rows: pl.LazyFrame) -> bool:
        """Whether each rule that is named has a row: there is none in the metrics of one that could not be asked."""
        if TABLES[self.table] is not DataQualityMetrics or "rule" not in self.where:
            return True
        return {*self.where["rule"]} <= {*rows.select("rule").collect()["rule"]}

    def crossed_by(self, figure: Decimal) -> bool:
        """Whether the figure is beyond; at the threshold it is not."""
        if self.above is not None:
            return figure > self.above
        return self.below is not None and figure < self.below

    def _chosen_by(self) -> list[tuple[str, pl.DataType]]:
        columns = TABLES[self.table].columns()
        return [(name, columns[name].dtype) for name in self.where]


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    thresholds: Annotated[list[Threshold], BeforeValidator(lambda told: [] if told is None else told)] = []


def thresholds(config: Config) -> list[Threshold]:
    """What the file that the settings name asks for; nothing where there is no ``alerts.yaml``.

    Raises :class:`~finance_ppm.errors.SettingsError`.
    """
    path = config.ppm_alert_thresholds
    text = text_of(path, "PPM_ALERT_THRESHOLDS")
    if text is None:
        if path != Config.model_fields["ppm_alert_thresholds"].default:
            raise SettingsError(f"{path} does not exist: write it, or remove PPM_ALERT_THRESHOLDS from .env.")
        return []
    file = YamlFile(text, path)
    try:
        found = _File.model_validate({} if file.told is None else file.told).thresholds
    except ValidationError as error:
        raise file.mistake(error, _File) from None
    names: set[str] = set()
    for index, threshold in enumerate(found):
        if threshold.name in names:
            raise file.wrong(
                ("thresholds", index, "name"), f"two thresholds are named {threshold.name}; give one another name"
            )
        names.add(threshold.name)
        for place, reason in _objections(threshold, config):
            raise file.wrong(("thresholds", index, *place), reason)
    return found


def _objections(threshold: Threshold, config: Config) -> Iterator[tuple[Place, str]]:
    """Why a threshold could never be watched, each with the part of it that it is about."""
    if threshold.table not in TABLES:
        yield ("table",), f"there is no table {threshold.table}; {instead(threshold.table, TABLES)}"
        return
    table = TABLES[threshold.table]
    columns = {name: kind for name, kind in table.columns().items() if not kind.dtype.is_nested()}
    for name, values in threshold.where.items():
        if name not in columns:
            yield ("where", name), f"{threshold.table} has no column {name} to choose rows by; {instead(name, columns)}"
            return
        is_of_day = isinstance(columns[name], dy.Date | dy.Datetime)
        for value in values:
            told = (_day(value) or value) if is_of_day else value
            if reason := never(table, name, told) or _no_rule(table, name, told, config):
                yield ("where", name), reason
    if threshold.take != "count":
        kind = columns.get(threshold.column or "")
        if kind is None or not kind.dtype.is_numeric():
            yield ("column",), f"column is to name a column of numbers of {threshold.table}, or take is to be count"
    if (threshold.above is None) == (threshold.below is None):
        yield (), "one of above and below is to be told, and only one"


def _no_rule(table: type[Table], column: str, told: Value, config: Config) -> str | None:
    """Why no row is of a rule of this name; None where one may be, or where it is not about rules."""
    if table not in (DataQualityIssues, DataQualityMetrics) or column != "rule":
        return None
    known = {rule.name: full_name(rule.table) for rule in EVERY_RULE}
    if told not in known:
        own = own_names(config)
        if own is None:  # which is told by itself; what it would name is not known
            return None
        known |= own
    if told not in known:
        likely = closest(str(told), known)
        advice = f"did you mean {likely}?" if likely else "`finance-ppm rules` lists them all"
        return f"there is no rule {told}; {advice}"
    if table is DataQualityIssues and known[str(told)].startswith("gold/"):
        metrics = full_name(DataQualityMetrics)
        return f"what {told} finds in gold is not in {full_name(table)}; watch its rows_failing in {metrics}"
    return None


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
