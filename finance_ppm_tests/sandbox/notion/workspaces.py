"""A small workspace with a property of every type, and a plain client to ask it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import httpx

from finance_ppm.sandbox.notion.history import Change, Database, Edit, History, Person
from finance_ppm.sandbox.notion.server import NotionSandbox, serve_notion

V2022, V2025, V2026 = "2022-06-28", "2025-09-03", "2026-03-11"
VERSIONS = (V2022, V2025, V2026)
START = datetime(2026, 1, 5, 9, 0, 42, tzinfo=UTC)
NOW = datetime(2026, 6, 15, 12, 30, 15, tzinfo=UTC)


def uid(name: str) -> str:
    return str(uuid5(NAMESPACE_URL, name))


def text(content: str) -> list[dict[str, Any]]:
    return [{"text": {"content": content}}]


ANN = Person(uid("ann"), "Ann Reyes", "ann@example.com")
BOB = Person(uid("bob"), "Bob Stern", "bob@example.com")
PEOPLE = (ANN, BOB)

PROJECTS = Database(
    "projects",
    "Projects",
    {
        "Name": {"title": {}},
        "Stage": {
            "status": {"options": [{"name": "Planned"}, {"name": "Running"}, {"name": "Done", "color": "green"}]}
        },
        "Spent": {"rollup": {"relation_property_name": "Lines", "rollup_property_name": "Amount", "function": "sum"}},
        "Amounts": {
            "rollup": {"relation_property_name": "Lines", "rollup_property_name": "Amount", "function": "show_original"}
        },
        "First": {
            "rollup": {"relation_property_name": "Lines", "rollup_property_name": "Due", "function": "earliest_date"}
        },
        "Count": {"rollup": {"relation_property_name": "Lines", "rollup_property_name": "Line", "function": "count"}},
    },
)
LINES = Database(
    "budget_lines",
    "Budget Lines",
    {
        "Line": {"title": {}},
        "Amount": {"number": {"format": "dollar"}},
        "Actual": {"number": {}},
        "Variance": {"formula": {"expression": 'prop("Amount") - prop("Actual")'}},
        "Label": {"formula": {"expression": '"Line: " + prop("Line")'}},
        "Over": {"formula": {"expression": 'prop("Actual") > prop("Amount")'}},
        "Deadline": {"formula": {"expression": 'prop("Due")'}},
        "Project": {"relation": {"database": "projects", "dual_property": {"synced_property_name": "Lines"}}},
        "Alternatives": {"relation": {"database": "projects"}},
        "Category": {"select": {"options": [{"name": "Hardware", "color": "blue"}, {"name": "Services"}]}},
        "Tags": {"multi_select": {"options": [{"name": "capex"}, {"name": "opex"}]}},
        "Notes": {"rich_text": {}},
        "Due": {"date": {}},
        "Owner": {"people": {}},
        "Approved": {"checkbox": {}},
        "Link": {"url": {}},
        "Mail": {"email": {}},
        "Phone": {"phone_number": {}},
        "Papers": {"files": {}},
        "Code": {"unique_id": {"prefix": "BL"}},
        "Made": {"created_time": {}},
        "Made by": {"created_by": {}},
        "Changed": {"last_edited_time": {}},
        "Changed by": {"last_edited_by": {}},
        "Where": {"place": {}},
        "Press": {"button": {}},
        "Verification": {"verification": {}},
    },
)
BERLIN = {
    "lat": Decimal("52.52"),
    "lon": Decimal("13.405"),
    "name": None,
    "address": "Berlin",
    "aws_place_id": "a1",
    "google_place_id": "g1",
}
ALPHA, BETA = uid("alpha"), uid("beta")


def project(page_id: str, name: str, at: datetime = START) -> Edit:
    stage = {"status": {"name": "Running"}}
    return Edit(at, "projects", page_id, Change.CREATE, {"Name": {"title": text(name)}, "Stage": stage})


def line(number: int, at: datetime, **properties: Any) -> Edit:
    named = {"Line": {"title": text(f"Line {number}")}, **properties}
    return Edit(at, "budget_lines", uid(f"line {number}"), Change.CREATE, named)


def full_line(number: int, at: datetime) -> Edit:
    """A line with every writable property filled."""
    return line(
        number,
        at,
        Amount={"number": Decimal("90071992547409.93")},
        Actual={"number": Decimal("0.10")},
        Project={"relation": [{"id": ALPHA}]},
        Alternatives={"relation": [{"id": ALPHA}, {"id": BETA}]},
        Category={"select": {"name": "Hardware"}},
        Tags={"multi_select": [{"name": "capex"}, {"name": "rush"}]},
        Notes={"rich_text": [{"text": {"content": "see ", "link": None}}, {"text": {"content": "here"}}]},
        Due={"date": {"start": "2026-03-31"}},
        Owner={"people": [{"id": ANN.id}]},
        Approved={"checkbox": True},
        Link={"url": "https://example.com/1"},
        Mail={"email": "a@example.com"},
        Phone={"phone_number": "+1 555 0100"},
        Papers={
            "files": [
                {"name": "po.pdf", "external": {"url": "https://example.com/po.pdf"}},
                {"name": "own.pdf", "file": {"url": "https://files.example.com/own.pdf"}},
            ]
        },
        Where={"place": BERLIN},
    )


def history(*edits: Edit) -> History:
    told = (project(ALPHA, "Alpha"), project(BETA, "Beta"), *edits)
    return History(PEOPLE, (PROJECTS, LINES), tuple(sorted(told, key=lambda edit: edit.at)))


def lines(count: int, gap: timedelta = timedelta(seconds=30), **properties: Any) -> list[Edit]:
    return [line(number, START + gap * number, **properties) for number in range(count)]


def headers(sandbox: NotionSandbox, version: str = V2022) -> dict[str, str]:
    return {"Authorization": f"Bearer {sandbox.token.get_secret_value()}", "Notion-Version": version}


class Asking:
    """An HTTP client of one version that returns decoded answers with exact numbers."""

    def __init__(self, sandbox: NotionSandbox, version: str = V2022) -> None:
        self.sandbox, self.version = sandbox, version
        self.http = httpx.Client(
            base_url=sandbox.base_url,
            headers=headers(sandbox, version),
            timeout=10,
            verify=False,  # loopback speaks no TLS, and reading the certificates takes longer than a test
        )

    def __call__(self, method: str, path: str, json: Any = None, expect: int = 200, **options: Any) -> Any:
        answer = self.http.request(method, path, json=json, **options)
        assert answer.status_code == expect, answer.text
        return answer.json(parse_float=Decimal)

    def query_path(self, name: str) -> str:
        database_id = self.sandbox.database_ids[name]
        if self.version == V2022:
            return f"/v1/databases/{database_id}/query"
        return f"/v1/data_sources/{self.source_id(name)}/query"

    def source_id(self, name: str) -> str:
        return self.sandbox.workspace.databases[self.sandbox.database_ids[name]].sources[0].id

    def query(self, name: str, **body: Any) -> Any:
        return self("POST", self.query_path(name), body)

    def all(self, name: str, **body: Any) -> list[Any]:
        """Every result of a query, page after page."""
        found: list[Any] = []
        while True:
            answer = self.query(name, **body)
            found += answer["results"]
            if not answer["has_more"]:
                assert answer["next_cursor"] is None
                return found
            body["start_cursor"] = answer["next_cursor"]

    def refused(self, method: str, path: str, json: Any = None, status: int = 400, **options: Any) -> tuple[str, str]:
        """Code and message of an error answer, once its body has been found to be Notion's."""
        answer = self(method, path, json, expect=status, **options)
        assert answer["object"] == "error"
        assert answer["status"] == status
        assert answer["request_id"]
        return answer["code"], answer["message"]


@contextmanager
def asking(*edits: Edit, version: str = V2022, now: datetime = NOW, **options: Any) -> Iterator[Asking]:
    with serve_notion(history(*edits), now=now, **options) as sandbox:
        ask = Asking(sandbox, version)
        with ask.http:
            yield ask
