"""The five databases of the sandbox workspace: their titles and properties.

Property names and types are those the contracts in ``contracts.silver`` read.
"""

from typing import Any

from finance_ppm.sandbox.notion.history import Database

PROGRAMS, PROJECTS, BUDGET_LINES, RISKS, ACTIONS = "programs", "projects", "budget_lines", "risks", "actions"

_AMOUNT: dict[str, Any] = {"number": {"format": "number_with_commas"}}


def _choice(**colors: str) -> dict[str, Any]:
    return {"select": {"options": [{"name": name.replace("_", " "), "color": color} for name, color in colors.items()]}}


def _relation(database: str) -> dict[str, Any]:
    return {"relation": {"database": database, "single_property": {}}}


DATABASES: tuple[Database, ...] = (
    Database(
        PROGRAMS,
        "Programs",
        {
            "Name": {"title": {}},
            "Owner": {"people": {}},
            "Start Date": {"date": {}},
            "End Date": {"date": {}},
            "Status": _choice(Active="green", On_Hold="yellow", Completed="gray"),
            "Description": {"rich_text": {}},
        },
    ),
    Database(
        PROJECTS,
        "Projects",
        {
            "Name": {"title": {}},
            "Program": _relation(PROGRAMS),
            "Budget Total": _AMOUNT,
            "Currency": _choice(USD="green", EUR="blue", PHP="orange"),
            "Status": _choice(Planning="yellow", In_Progress="blue", Completed="gray"),
            "Priority": _choice(High="red", Medium="yellow", Low="gray"),
            "Owner": {"people": {}},
            "Start Date": {"date": {}},
            "End Date": {"date": {}},
        },
    ),
    Database(
        BUDGET_LINES,
        "Budget Lines",
        {
            "Line": {"title": {}},
            "Project": _relation(PROJECTS),
            "Category": _choice(CapEx="purple", OpEx="blue"),
            "Vendor": {"rich_text": {}},
            "Amount": _AMOUNT,
            "Actual Amount": _AMOUNT,
            "Committed Date": {"date": {}},
            "Invoice Date": {"date": {}},
            "Paid Date": {"date": {}},
            "Notes": {"rich_text": {}},
        },
    ),
    Database(
        RISKS,
        "Risks",
        {
            "Title": {"title": {}},
            "Project": _relation(PROJECTS),
            "Severity": _choice(Critical="red", High="orange", Medium="yellow", Low="gray"),
            "Probability": _choice(High="red", Medium="yellow", Low="gray"),
            "Status": _choice(Open="red", Mitigating="yellow", Closed="green"),
        },
    ),
    Database(
        ACTIONS,
        "Actions",
        {
            "Action": {"title": {}},
            "Project": _relation(PROJECTS),
            "Assignee": {"people": {}},
            "Due Date": {"date": {}},
            "Source": _choice(advisor="blue", dq="orange", manual="gray"),
            "Source ID": {"rich_text": {}},
            # Notion gives a new status property its own options: Not started, In progress, Done.
            "Status": {"status": {}},
        },
    ),
)
