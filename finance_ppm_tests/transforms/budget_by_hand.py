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
    """A portfolio: the rows of three silver tables."""

    programs: list[Row] = field(default_factory=list)
    projects: list[Row] = field(default_factory=list)
    lines: list[Row] = field(default_factory=list)

    def __add__(self, other: "Rows") -> "Rows":
        return Rows(self.programs + other.programs, self.projects + other.projects, self.lines + other.lines)

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
            currency=maybe(["USD", "EUR", "P|P"]),
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


def many_rows(portfolios: int, seed: int = 7) -> Rows:
    """One portfolio made of many random ones."""
    random = Random(seed)
    return sum((random_rows(random, f"{i}-") for i in range(portfolios)), Rows())


@dataclass
class _Cell:
    value: Decimal = Decimal("0.00")
    lines: set[str] = field(default_factory=set)
    excluded: Decimal = Decimal("0.00")
    excluded_lines: set[str] = field(default_factory=set)

    def __bool__(self) -> bool:
        return bool(self.value or self.lines or self.excluded or self.excluded_lines)


def recomputed(rows: Rows, as_of: date = AS_OF) -> pl.DataFrame:
    """The gold table of ``rows``, sorted by its key."""
    pages = {row["project_id"]: row for row in rows.projects}
    live = {row["project_id"]: row for row in rows.projects if not row["is_archived"]}
    live_programs = {row["program_id"]: row for row in rows.programs if not row["is_archived"]}
    cells: dict[tuple[str, str, str, date, str], _Cell] = defaultdict(_Cell)

    def book(metric: str, page: Row | None, category: str, vendor: str, day: date | None) -> list[_Cell]:
        found = page if page and page["project_id"] in live else None
        parent = found["program_id"] if found and found["program_id"] in live_programs else "(unassigned)"
        unit = (page and page.get("currency")) or "XXX"
        month = day.replace(day=1) if day else UNDATED
        members = {
            "portfolio": "portfolio",
            "program": parent,
            "project": found["project_id"] if found else "(unassigned)",
            "category": category,
            "vendor": vendor,
        }
        return [cells[metric, dimension, member, month, unit] for dimension, member in members.items()]

    left = {key: row["budget_total"] for key, row in live.items() if (row.get("budget_total") or 0) > 0}
    for row in rows.lines:
        if row["is_archived"]:
            continue
        named: list[str | None] = row["project_ids"][:2] + sorted(row["project_ids"][2:]) or [None]
        amounts, actuals = _split(row.get("amount"), len(named)), _split(row.get("actual_amount"), len(named))
        committed, invoiced, paid = row.get("committed_date"), row.get("invoice_date"), row.get("paid_date")
        for key, amount, actual in zip(named, amounts, actuals, strict=True):
            where = (pages.get(key or ""), row.get("category") or "(none)", row.get("vendor") or "(none)")
            if amount is not None:
                for cell in book("budget", *where, committed or invoiced or paid):
                    cell.value += amount
                    cell.lines.add(row["budget_line_id"])
                if key is not None and key in left:
                    left[key] -= amount
            state = (
                "settled"
                if (invoiced and invoiced <= as_of) or (paid and paid <= as_of)
                else "committed"
                if committed and committed <= as_of
                else "planned"
            )
            if state == "committed" and amount is not None and amount > 0:
                for cell in book("committed", *where, committed):
                    cell.value += max(amount - max(actual or Decimal(0), Decimal(0)), Decimal(0))
                    cell.lines.add(row["budget_line_id"])
            if actual is not None:
                recognised = invoiced or paid
                for cell in book("actual", *where, recognised):
                    if recognised and recognised > as_of:
                        cell.excluded += actual
                        cell.excluded_lines.add(row["budget_line_id"])
                    else:
                        cell.value += actual
                        cell.lines.add(row["budget_line_id"])
    for key, reserve in left.items():
        for cell in book("budget", live[key], "(reserve)", "(reserve)", None):
            cell.value += reserve

    cells = {key: cell for key, cell in cells.items() if cell}
    for _, dimension, member, month, unit in [key for key in cells if key[0] != "committed"]:
        planned = cells.get(("budget", dimension, member, month, unit), _Cell())
        spent = cells.get(("actual", dimension, member, month, unit), _Cell())
        both = _Cell(planned.value - spent.value, planned.lines | spent.lines)
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
