"""Small portfolios as plain rows, and budget against actual recomputed from them in plain Python.

Shares no code with the product: this is the other side of the comparison.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from random import Random
from typing import Any

import polars as pl

from finance_ppm.contracts import Table, content_columns
from finance_ppm.contracts.gold import PpmBudgetVsActual
from finance_ppm.contracts.silver import NotionBudgetLines, NotionPrograms, NotionProjects
from finance_ppm_tests.transforms.currency.rates_by_hand import Market, Published, Rate, random_rates, times

Row = dict[str, Any]
AS_OF = date(2026, 11, 20)
UNDATED = date(1900, 1, 1)

_PAGE: Row = {"is_archived": False, "created_quarter": "2026-Q1", "synced_at": datetime(2026, 11, 1, tzinfo=UTC)}


def program(program_id: str, name: str = "A program", **cells: Any) -> Row:
    return _PAGE | {"program_id": program_id, "name": name} | cells


def project(project_id: str, program_id: str | None = None, name: str = "A project", **cells: Any) -> Row:
    return _PAGE | {"project_id": project_id, "program_id": program_id, "name": name} | cells


def line(budget_line_id: str, *project_ids: str, **cells: Any) -> Row:
    first = project_ids[0] if project_ids else None
    own = {"budget_line_id": budget_line_id, "name": "A line", "project_id": first, "project_ids": list(project_ids)}
    return _PAGE | own | cells


@dataclass
class Rows:
    """A portfolio: the rows of three silver tables, and the rates that were published."""

    programs: list[Row] = field(default_factory=list)
    projects: list[Row] = field(default_factory=list)
    lines: list[Row] = field(default_factory=list)
    rates: list[Published] = field(default_factory=list)

    def __add__(self, other: "Rows") -> "Rows":
        return Rows(
            self.programs + other.programs,
            self.projects + other.projects,
            self.lines + other.lines,
            self.rates + other.rates,
        )

    def frames(self) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
        """Programs, projects and lines with every column of their contracts."""
        return (
            frame_of(NotionPrograms, self.programs),
            frame_of(NotionProjects, self.projects),
            frame_of(NotionBudgetLines, self.lines),
        )


def frame_of(table: type[Table], rows: list[Row]) -> pl.DataFrame:
    columns = {name: column.dtype for name, column in table.columns().items()}
    return pl.DataFrame({name: [row.get(name) for row in rows] for name in columns}, schema=columns)


_AMOUNTS = ["0.00", "0.01", "-0.01", "0.05", "-0.05", "10.01", "-10.01", "100.00", "9999999999999999.99", "-0.02"]
_DAYS = [
    *(date(2026, 11, 19), AS_OF, date(2026, 11, 21), date(2026, 11, 30), date(2026, 12, 1), date(2026, 10, 31)),
    *(date(2024, 2, 29), date(1900, 1, 15), date(2031, 7, 4), date(2026, 10, 1)),
]


def random_rows(random: Random, prefix: str = "") -> Rows:
    """A small portfolio with every kind of oddity in the mix; ``prefix`` keeps the ids of several apart."""

    def maybe(values: list[Any], chance: float = 0.75) -> Any:
        return random.choice(values) if random.random() < chance else None

    def money() -> Decimal | None:
        anything = Decimal(random.randint(-(10**7), 10**7)).scaleb(-2)
        amount: Decimal | None = maybe([anything, anything, Decimal(random.choice(_AMOUNTS))], 0.85)
        return amount

    programs = [
        program(f"{prefix}g{i}", random.choice(["Grow", "Run|%", "Grün"]), is_archived=random.random() < 0.25)
        for i in range(random.randint(0, 3))
    ]
    program_ids = [row["program_id"] for row in programs] + [f"{prefix}gone"]
    projects = [
        project(
            f"{prefix}p{i}",
            maybe(program_ids),
            random.choice(["Same name", "Same name", "Другой", "🚀"]),
            budget_total=money(),
            currency=maybe(["USD", "EUR", "P|P", "NOK"]),
            start_date=maybe(_DAYS),
            is_archived=random.random() < 0.25,
        )
        for i in range(random.randint(0, 4))
    ]
    project_ids = [row["project_id"] for row in projects] + [f"{prefix}missing", f"{prefix}lost"]
    lines = [
        line(
            f"{prefix}l{i}",
            *random.sample(project_ids, k=min(random.choice([0, 1, 1, 1, 1, 2, 2, 3, 5]), len(project_ids))),
            category=maybe(["CapEx", "OpEx", "", "(none)"]),
            vendor=maybe(["Acme", "A|B", "A%7CB", "50 %", "", " "]),
            amount=money(),
            actual_amount=money(),
            committed_date=maybe(_DAYS),
            invoice_date=maybe(_DAYS, 0.5),
            paid_date=maybe(_DAYS, 0.4),
            is_archived=random.random() < 0.1,
        )
        for i in range(random.randint(0, 8))
    ]
    return Rows(programs, projects, lines)


def random_market(random: Random) -> list[Published]:
    """Rates of some of the currencies of ``random_rows``, about the days of its lines; one of them buys next to nothing
    and one nearly everything, so that amounts come out too large.
    """
    extreme = [("P|P", day, random.choice([Decimal("0.0001"), Decimal(10**5)])) for day in random.sample(_DAYS, k=2)]
    return list({rate[:2]: rate for rate in [*random_rates(random, ["USD", "P|P"], _DAYS), *extreme]}.values())


def many_rows(portfolios: int, seed: int = 7) -> Rows:
    """One portfolio made of many random ones."""
    random = Random(seed)
    rows = sum((random_rows(random, f"{i}-") for i in range(portfolios)), Rows())
    return rows + Rows(rates=random_market(random))


@dataclass
class _Cell:
    """What one amount adds to a cell, or all of them together."""

    value: Decimal = Decimal("0.00")
    lines: set[str] = field(default_factory=set)
    excluded: Decimal = Decimal("0.00")
    excluded_lines: set[str] = field(default_factory=set)
    reporting: Decimal = Decimal("0.00")
    constant: Decimal = Decimal("0.00")
    left_out: Decimal = Decimal("0.00")
    left_out_for: list[str] = field(default_factory=list)
    stale: int = 0

    def add(self, other: "_Cell", sign: int = 1) -> None:
        self.value += sign * other.value
        self.reporting += sign * other.reporting
        self.constant += sign * other.constant
        self.left_out += sign * other.left_out
        self.lines |= other.lines
        self.left_out_for += other.left_out_for
        self.stale += other.stale


_LARGEST = Decimal(90) * 10**15
_REASONS = ("unknown_currency", "no_budget_rate", "no_rate", "too_large")


def _converted(value: Decimal, own: Rate | None, budget: Rate | None, *, is_known: bool, is_own: bool) -> _Cell:
    """A cell of one amount."""
    if is_own:
        return _Cell(value, reporting=value, constant=value)
    reason = (
        "unknown_currency" if not is_known else "no_budget_rate" if budget is None else "no_rate" if own is None else ""
    )
    if own and budget:
        reporting, constant = times(value, own), times(value, budget)
        if max(abs(reporting), abs(constant)) <= _LARGEST:
            return _Cell(value, reporting=reporting, constant=constant, stale=int(own.is_stale or budget.is_stale))
        reason = "too_large"
    return _Cell(value, left_out=value, left_out_for=[reason])


def recomputed(rows: Rows, as_of: date = AS_OF, *, reporting: str = "EUR", fiscal_year_start: int = 1) -> pl.DataFrame:
    """The gold table of ``rows``, sorted by its key."""
    market = Market(rows.rates, reporting, as_of)
    pages = {row["project_id"]: row for row in rows.projects}
    live = {row["project_id"]: row for row in rows.projects if not row["is_archived"]}
    live_programs = {row["program_id"]: row for row in rows.programs if not row["is_archived"]}
    cells: dict[tuple[str, str, str, date, str], _Cell] = defaultdict(_Cell)

    def book(metric: str, page: Row | None, category: str, vendor: str, day: date | None) -> list[_Cell]:
        found = page if page and page["project_id"] in live else None
        parent = found["program_id"] if found and found["program_id"] in live_programs else "(unassigned)"
        month = day.replace(day=1) if day else UNDATED
        members = {
            "portfolio": "portfolio",
            "program": parent,
            "project": found["project_id"] if found else "(unassigned)",
            "category": category,
            "vendor": vendor,
        }
        return [cells[metric, dimension, member, month, unit_of(page)] for dimension, member in members.items()]

    def unit_of(page: Row | None) -> str:
        return (page and page.get("currency")) or "XXX"

    def converted(value: Decimal, page: Row | None, own: Rate | None) -> _Cell:
        unit = unit_of(page)
        return _converted(value, own, budget_rate(page), is_known=unit in market.days, is_own=unit == reporting)

    def budget_rate(page: Row | None) -> Rate | None:
        start = page["start_date"] if page and page["project_id"] in live and page.get("start_date") else None
        return market.on(unit_of(page), min(start, as_of)) if start else None

    left: dict[str, _Cell] = {}
    for key, row in live.items():
        if (row.get("budget_total") or 0) > 0:
            left[key] = converted(row["budget_total"], row, budget_rate(row))
    for row in rows.lines:
        if row["is_archived"]:
            continue
        named: list[str | None] = row["project_ids"][:2] + sorted(row["project_ids"][2:]) or [None]
        amounts, actuals = _split(row.get("amount"), len(named)), _split(row.get("actual_amount"), len(named))
        committed, invoiced, paid = row.get("committed_date"), row.get("invoice_date"), row.get("paid_date")
        for key, amount, actual in zip(named, amounts, actuals, strict=True):
            page = pages.get(key or "")
            where = (page, row.get("category") or "(none)", row.get("vendor") or "(none)")
            closing = market.on(unit_of(page), as_of)
            if amount is not None:
                planned = converted(amount, page, budget_rate(page))
                if key is not None and key in left:
                    taken = converted(amount, page, budget_rate(page))
                    taken.left_out_for, taken.stale = [], 0
                    left[key].add(taken, sign=-1)
                planned.lines = {row["budget_line_id"]}
                for cell in book("budget", *where, committed or invoiced or paid):
                    cell.add(planned)
            state = (
                "settled"
                if (invoiced and invoiced <= as_of) or (paid and paid <= as_of)
                else "committed"
                if committed and committed <= as_of
                else "planned"
            )
            if state == "committed" and amount is not None and amount > 0:
                is_ahead = (invoiced or paid) is not None  # and after as_of, or it were settled
                spent_by_now = Decimal(0) if is_ahead else max(actual or Decimal(0), Decimal(0))
                still = max(amount - spent_by_now, Decimal(0))
                open_amount = converted(still, page, closing)
                open_amount.lines = {row["budget_line_id"]}
                for cell in book("committed", *where, committed):
                    cell.add(open_amount)
            if actual is not None:
                recognised = invoiced or paid
                month_rate = market.average(unit_of(page), recognised.replace(day=1)) if recognised else closing
                spent = converted(actual, page, month_rate)
                spent.lines = {row["budget_line_id"]}
                for cell in book("actual", *where, recognised):
                    if recognised and recognised > as_of:
                        cell.excluded += actual
                        cell.excluded_lines.add(row["budget_line_id"])
                    else:
                        cell.add(spent)
    for key, reserve in left.items():
        for cell in book("budget", live[key], "(reserve)", "(reserve)", None):
            cell.add(reserve)

    for _, dimension, member, month, unit in [key for key in cells if key[0] != "committed"]:
        both = _Cell()
        both.add(cells.get(("budget", dimension, member, month, unit), _Cell()))
        both.add(cells.get(("actual", dimension, member, month, unit), _Cell()), sign=-1)
        cells["variance", dimension, member, month, unit] = both
    names = {"(unassigned)": "Unassigned"} | {key: row["name"] for key, row in (live | live_programs).items()}
    table = [
        {
            "metric_id": "|".join([metric, dimension, _escaped(member), f"{month:%Y-%m-%d}", _escaped(unit)]),
            "metric_name": metric,
            "dimension": dimension,
            "dimension_id": member,
            "dimension_value": "Portfolio"
            if dimension == "portfolio"
            else names[member]
            if dimension in ("program", "project")
            else member,
            "period": month,
            "period_label": "undated" if month == UNDATED else f"{month:%Y-%m}",
            "value": cell.value,
            "unit": unit,
            "line_count": len(cell.lines),
            "excluded_value": cell.excluded,
            "excluded_count": len(cell.excluded_lines),
            "fiscal_year": None if month == UNDATED else month.year + (month.month >= fiscal_year_start > 1),
            "reporting_unit": reporting,
            "reporting_value": cell.reporting,
            "constant_value": cell.constant,
            "fx_value": cell.reporting - cell.constant,
            "reporting_excluded_value": cell.left_out,
            "reporting_excluded_count": len(cell.left_out_for),
            "reporting_excluded_reasons": ", ".join(why for why in _REASONS if why in cell.left_out_for) or None,
            "stale_rate_count": cell.stale,
            "as_of_date": as_of,
        }
        for (metric, dimension, member, month, unit), cell in cells.items()
    ]
    return frame_of(PpmBudgetVsActual, table).select(content_columns(PpmBudgetVsActual)).sort("metric_id")


def _split(amount: Decimal | None, parts: int) -> list[Decimal | None]:
    if amount is None:
        return [None] * parts
    each, extra = divmod(abs(int(amount.scaleb(2))), parts)
    sign = -1 if amount < 0 else 1
    return [Decimal(sign * (each + (i < extra))).scaleb(-2) for i in range(parts)]


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("|", "%7C")
