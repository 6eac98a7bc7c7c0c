"""A small set of books in Notion: three projects of three currencies, one of which has a Budget Total, and what October
had of them.

Belongs here: the pages. Does not belong here: what they come to (the tests say it).
"""

from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from finance_ppm.sandbox.notion.history import Change, Edit, History
from finance_ppm_tests.world import choice, databases, day, number, relation, title

WRITTEN = datetime(2026, 10, 25, 8, tzinfo=UTC)


def page(name: str) -> str:
    """The id of the page of that name."""
    return str(uuid5(NAMESPACE_URL, name))


def text(content: str) -> dict[str, Any]:
    """A text property's value."""
    return {"rich_text": [{"text": {"content": content}}]}


def line(name: str, *projects: str, **cells: str) -> dict[str, Any]:
    """A line's properties: ``amount``, ``actual``, ``committed``, ``invoice``, ``paid``, ``category``, ``vendor``."""
    columns = {
        "amount": ("Amount", number),
        "actual": ("Actual Amount", number),
        "committed": ("Committed Date", day),
        "invoice": ("Invoice Date", day),
        "paid": ("Paid Date", day),
        "category": ("Category", choice),
        "vendor": ("Vendor", text),
    }
    own = {columns[cell][0]: columns[cell][1](value) for cell, value in cells.items()}
    return {"Line": title(name), "Project": relation(*map(page, projects)), **own}


def _project(name: str, currency: str) -> dict[str, Any]:
    own = {"Name": title(name), "Program": relation(page("Growth")), "Currency": choice(currency)}
    totals = {"Budget Total": number(_TOTALS[name])} if name in _TOTALS else {}
    return {**own, **totals, "Start Date": day("2026-03-02"), "End Date": day("2027-03-01")}


_CURRENCIES = {"Warehouse": "USD", "Shop": "EUR", "Plant": "PHP"}
_TOTALS = {"Warehouse": "1000"}
_LINES = (
    line("Cables", "Warehouse", amount="100", actual="90", committed="2026-10-05", invoice="2026-10-20"),
    line("Racks", "Warehouse", amount="50", committed="2026-10-07", vendor="Acme", category="CapEx"),
    line("Cloud", "Shop", amount="40", actual="44", invoice="2026-10-12", category="OpEx"),
    line("Design", "Warehouse", "Shop", actual="10.01", invoice="2026-10-15", vendor="Acme"),
    line("Licences", "Warehouse", amount="25", actual="30", paid="2026-10-28", vendor="Cumulus"),
    line("Audit", "Shop", amount="15", actual="12", invoice="2026-09-30"),
    line("Freight", "Plant", amount="5000", actual="5100", invoice="2026-10-22"),
    line("Travel", "Shop", actual="7", invoice="2026-10-16"),
)


def history() -> History:
    """The pages, all written on 25 October."""
    pages = [
        ("programs", page("Growth"), {"Name": title("Growth")}),
        *(("projects", page(name), _project(name, currency)) for name, currency in _CURRENCIES.items()),
        *(("budget_lines", page(_name(told)), told) for told in _LINES),
    ]
    edits = (Edit(WRITTEN, database, page_id, Change.CREATE, properties) for database, page_id, properties in pages)
    return History((), databases(), tuple(edits))


def _name(told: dict[str, Any]) -> str:
    return str(told["Line"]["title"][0]["text"]["content"])
