"""Budget lines whose columns come and go, and what their cells must be, told in plain Python.

A history is a list of versions, oldest first, one a day from :data:`FIRST_DAY` on.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from finance_ppm.transforms.silver import PropertyMap
from finance_ppm_tests.transforms.silver import given as g

FIRST_DAY = date(2026, 6, 1)
COLUMNS = {"amount": "Amount", "paid_date": "Paid Date", "notes": "Notes", "project_id": "Project"}
"""The columns that drift. ``project_ids`` drifts with ``project_id``, and says nothing of it."""
OPTIONAL = {"notes"}
STATES = ("value", "empty", "absent", "stranger", "retyped", "unreadable", "rounded")
"""``stranger``: the name is there, on a property with another id. ``unreadable``: the type fits, the value does not."""


@dataclass(frozen=True)
class Version:
    """What a page is on a day: the state of each column, which is also what its value is made of."""

    day: int
    states: dict[str, str]
    malformed: bool = False
    deleted: bool = False

    @property
    def captured_at(self) -> datetime:
        return datetime.combine(FIRST_DAY + timedelta(days=self.day), time(23, 59, 59), UTC)

    @property
    def payload(self) -> str:
        """The page as Notion sent it."""
        if self.malformed:
            return "{"
        return g.budget_line(
            **{
                name.replace(" ", "_"): _property(column, self.states[column], self.day)
                for column, name in COLUMNS.items()
            }
        )


History = Sequence[Version]


@dataclass(frozen=True)
class Expected:
    """What becomes of a page: its cells, (rule, column) of each issue, and the day each kept value is from."""

    cells: dict[str, Any]
    issues: set[tuple[str, str | None]]
    kept: dict[str, date]
    refused: bool


@st.composite
def histories(draw: st.DrawFn, days: int = 6) -> History:
    """A page's versions, on some of the days."""
    on = draw(st.lists(st.integers(0, days - 1), min_size=1, unique=True).map(sorted))
    flag = st.sampled_from([False] * 5 + [True])
    return [
        Version(
            day,
            {column: draw(st.sampled_from(STATES if column == "amount" else STATES[:-1])) for column in COLUMNS},
            malformed=draw(flag),
            deleted=draw(flag),
        )
        for day in on
    ]


known = st.sets(st.sampled_from(sorted(COLUMNS)))
"""Columns whose property's id is known."""


def property_map(known: set[str]) -> PropertyMap:
    """Of these columns the ids; the second of a line's two projects columns has that of the first."""
    columns = {column: column for column in known} | ({"project_ids": "project_id"} if "project_id" in known else {})
    return PropertyMap({column: ("other source", f"id of {found}") for column, found in columns.items()})


def expected(history: History, known: set[str]) -> Expected:
    """What becomes of the newest version of a page with this history."""
    *earlier, newest = history
    cells: dict[str, Any] = dict.fromkeys((*COLUMNS, "project_ids"))
    if newest.malformed:
        return Expected(cells, {("page_malformed", None)}, {}, refused=True)
    issues: set[tuple[str, str | None]] = set()
    kept: dict[str, date] = {}
    for column in COLUMNS:
        state = newest.states[column]
        gone = column in known and state in {"absent", "stranger"}
        if _readable(column, state, known):
            cells[column] = _value(column, state, newest.day)
            if state == "rounded":
                issues.add(("amount_rounded", column))
            continue
        if gone or state == "retyped":
            good = [each for each in earlier if not each.malformed and _readable(column, each.states[column], known)]
            if good:
                cells[column] = _value(column, good[-1].states[column], good[-1].day)
                issues.add(("last_good_value_kept", column))
                kept[column] = good[-1].captured_at.date()
                continue
        if state in {"absent", "stranger"}:
            issues |= {("property_missing", column)} if column not in OPTIONAL else set()
        elif column == "amount":
            issues.add(("amount_not_a_number", column))
        elif column == "paid_date" and state == "unreadable":
            issues.add(("date_invalid", column))
        else:
            issues.add(("property_type_changed", column))
    cells["project_ids"] = [cells["project_id"]] if cells["project_id"] else []
    return Expected(cells, issues, kept, refused=("amount_not_a_number", "amount") in issues)


def _readable(column: str, state: str, known: set[str]) -> bool:
    """By today's ids: where the id is known, a stranger of the same name is not the property."""
    return state in {"value", "empty", "rounded"} or (state == "stranger" and column not in known)


def _value(column: str, state: str, day: int) -> Any:
    if state == "empty":
        return None
    return {
        "amount": Decimal(day) + (Decimal("0.01") if state == "rounded" else 0),
        "paid_date": date(2026, 1, 1 + day),
        "notes": f"note {day}",
        "project_id": f"project {day}",
    }[column]


FITTING: dict[str, Callable[[Any], g.Json]] = {
    "amount": lambda value: g.number(value if value is None else str(value)),
    "paid_date": lambda value: g.day(value and value.isoformat()),
    "notes": lambda value: g.text(value or ""),
    "project_id": lambda value: g.relation(*([value] if value else [])),
}
ROUNDED = "{}.005"
RETYPED: dict[str, g.Json] = {
    "amount": g.text("12"),
    "paid_date": g.text("2026-01-01"),
    "notes": g.number("7"),
    "project_id": g.text("P1"),
}
UNREADABLE: dict[str, g.Json] = {
    "amount": g.number('"12"'),
    "paid_date": g.day("2026-02-30"),
    "notes": {"type": "rich_text"},
    "project_id": {"type": "relation"},
}


def _property(column: str, state: str, day: int) -> Any:
    """A column's property on a page."""
    match state:
        case "absent":
            return ...
        case "retyped":
            found = RETYPED[column]
        case "unreadable":
            found = UNREADABLE[column]
        case "rounded":
            found = g.number(ROUNDED.format(day))
        case _:
            found = FITTING[column](_value(column, state, day))
    return found | {"id": "stranger" if state == "stranger" else f"id of {column}"}
