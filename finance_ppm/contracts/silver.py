"""Silver: the present, typed. One row per page that passes every hard rule; the rest is in quarantine.

Money is ``DECIMAL(18, 2)`` in the project's own currency. Times are UTC. A column read from Notion names its
property in its metadata; the decoder reads the mapping from here.
"""

from datetime import timedelta

import dataframely as dy

from finance_ppm.contracts.base import Freshness, Layer, Table, TableInfo, Write, derived_from, from_notion

FRESHNESS = Freshness(warn=timedelta(hours=24), fail=timedelta(hours=48))
_RAW = "bronze/notion_raw_pages"


def _silver(name: str, *seed_names: str, departures: str = "") -> TableInfo:
    return TableInfo(
        layer=Layer.SILVER,
        name=name,
        write=Write.KEYED,
        partition_by=("created_quarter",),
        newest_by="synced_at",
        freshness=FRESHNESS,
        seed_names=seed_names,
        departures=departures,
    )


def _property_map() -> dy.String:
    return dy.String(
        nullable=True,  # rows written before there was such a column
        description="Digest of the property ids the row was read by: where these change, it is read again.",
        metadata=derived_from("bronze/notion_sync_watermarks.property_ids"),
    )


class Issue(Table):
    """A cell that could not be read as it stands: which rule it breaks, where, and the value as it came."""

    rule = dy.String(description="Name of the broken rule.")
    column = dy.String(nullable=True, description="Silver column concerned; null where the whole page is.")
    value = dy.String(nullable=True, description="The value as it came, as text, at most 200 characters.")
    message = dy.String(description="What is wrong, in one sentence.")


def _issues() -> dy.List:
    return dy.List(
        dy.Struct(
            {
                "rule": dy.String(),
                "column": dy.String(nullable=True),
                "value": dy.String(nullable=True),
                "message": dy.String(),
            }
        ),
        description="Cells of the page that could not be read as they stand; the findings quote them.",
        metadata=derived_from(f"{_RAW}.raw_payload"),
    )


class Page(Table):
    """Columns that every silver table of Notion pages has, after its own."""

    is_archived = dy.Bool(
        description="The page is in Notion's trash or gone.",
        metadata=derived_from(f"{_RAW}.is_deleted", f"{_RAW}.raw_payload"),
    )
    created_time = dy.Datetime(
        nullable=True,
        time_zone="UTC",
        description="The page's creation in Notion.",
        metadata=derived_from(f"{_RAW}.created_time"),
    )
    created_quarter = dy.String(
        description="Quarter of the creation (`2026-Q4`, or `unknown`): never changes, so a merge touches few files.",
        metadata=derived_from(f"{_RAW}.created_time"),
    )
    last_modified = dy.Datetime(
        nullable=True,
        time_zone="UTC",
        description="The page's last edit in Notion, floored to the minute.",
        metadata=derived_from(f"{_RAW}.last_edited_time"),
    )
    synced_at = dy.Datetime(
        time_zone="UTC",
        description="When this version of the page was captured.",
        metadata=derived_from(f"{_RAW}.captured_at"),
    )
    notion_url = dy.String(
        nullable=True, description="Link to the page in Notion.", metadata=derived_from(f"{_RAW}.raw_payload")
    )
    property_map = _property_map()
    issues = _issues()


def _page_key(description: str) -> dy.String:
    return dy.String(primary_key=True, description=description, metadata=derived_from(f"{_RAW}.page_id"))


def _money(name: str, description: str) -> dy.Decimal:
    return dy.Decimal(
        18, 2, nullable=True, description=description, metadata=from_notion(name, "number", "formula", "rollup")
    )


def _date(name: str, description: str, *, required: bool = True) -> dy.Date:
    return dy.Date(
        nullable=True,
        description=description,
        metadata=from_notion(name, "date", "formula", "rollup", required=required),
    )


def _choice(name: str, description: str, *, required: bool = True) -> dy.String:
    return dy.String(
        nullable=True,
        description=description,
        metadata=from_notion(name, "select", "status", "rich_text", "formula", required=required),
    )


def _text(name: str, description: str, *, required: bool = True) -> dy.String:
    return dy.String(
        nullable=True,
        description=description,
        metadata=from_notion(name, "rich_text", "select", "formula", "url", "email", "phone_number", required=required),
    )


def _title(description: str) -> dy.String:
    return dy.String(description=description, metadata=from_notion("Name", "title"))


def _person(name: str, description: str) -> dy.String:
    return dy.String(
        nullable=True,
        description=f"{description} Several people are joined by `, `; a person without a name is their id.",
        metadata=from_notion(name, "people", "rich_text", "select", "email", "created_by"),
    )


def _relation(name: str, description: str) -> dy.String:
    return dy.String(nullable=True, description=description, metadata=from_notion(name, "relation"))


class NotionPrograms(Page):
    """A program: projects that serve one aim under one owner."""

    info = _silver("notion_programs", "silver.programs")

    program_id = _page_key("The program's page id.")
    name = _title("Program name; `(untitled)` where the page has none.")
    owner = _person("Owner", "Program owner.")
    start_date = _date("Start Date", "First day of the program.")
    end_date = _date("End Date", "Last day of the program.")
    status = _choice("Status", "Active, On Hold or Completed.")
    description = _text("Description", "What the program is for.", required=False)


class NotionProjects(Page):
    """A project with its budget, in a currency of its own."""

    info = _silver(
        "notion_projects",
        "silver.projects",
        departures="`currency` has no default: a project without one is a finding, never a silent USD.",
    )

    project_id = _page_key("The project's page id.")
    program_id = _relation("Program", "Page id of the parent program: the first, where several are given.")
    name = _title("Project name; `(untitled)` where the page has none.")
    budget_total = _money("Budget Total", "Total budget, in the project's currency.")
    currency = _choice("Currency", "ISO 4217 code of the project's currency, in capitals; null where none is given.")
    start_date = _date("Start Date", "First day of the project.")
    end_date = _date("End Date", "Last day of the project.")
    status = _choice("Status", "Planning, In Progress or Completed.")
    priority = _choice("Priority", "High, Medium or Low.", required=False)
    owner = _person("Owner", "Project owner.")


class NotionBudgetLines(Page):
    """A budget line: an amount planned, and what became of it. Amounts are in the project's currency."""

    info = _silver(
        "notion_budget_lines",
        "silver.budget_lines",
        departures="`project_id` may be null: such a line counts under Unassigned, and is a finding.",
    )

    budget_line_id = _page_key("The line's page id.")
    name = _title("The line's title; `(untitled)` where the page has none.")
    project_id = _relation("Project", "Page id of the project: the first, where several are given.")
    project_ids = dy.List(
        dy.String(),
        description="Page ids of every project the line names, without repetition, in Notion's order; mostly one.",
        metadata=from_notion("Project", "relation"),
    )
    category = _choice("Category", "CapEx or OpEx.")
    vendor = _text("Vendor", "Who is paid.")
    amount = _money("Amount", "Amount planned.")
    committed_date = _date("Committed Date", "When the amount was committed.")
    invoice_date = _date("Invoice Date", "When it was invoiced.")
    paid_date = _date("Paid Date", "When it was paid.")
    actual_amount = _money("Actual Amount", "Amount spent; null is not zero.")
    notes = _text("Notes", "Free text.", required=False)


class NotionRisks(Page):
    """A risk of a project."""

    info = _silver("notion_risks", "silver.risks")

    risk_id = _page_key("The risk's page id.")
    project_id = _relation("Project", "Page id of the project: the first, where several are given.")
    title = _title("Risk title; `(untitled)` where the page has none.")
    severity = _choice("Severity", "Critical, High, Medium or Low.")
    probability = _choice("Probability", "High, Medium or Low.")
    status = _choice("Status", "Open, Mitigating or Closed.")


class NotionActions(Page):
    """Something to be done about a project."""

    info = _silver("notion_actions", "silver.actions")

    action_id = _page_key("The action's page id.")
    project_id = _relation("Project", "Page id of the project: the first, where several are given.")
    title = _title("What is to be done; `(untitled)` where the page has none.")
    assignee = _person("Assignee", "Who does it.")
    due_date = _date("Due Date", "By when.")
    source = _choice("Source", "advisor, dq or manual.")
    source_id = _text("Source ID", "Id of the recommendation or finding it comes from.", required=False)
    status = _choice("Status", "State of the action.")


class Quarantine(Table):
    """A page that a hard rule keeps out of its silver table, with the reason; it leaves when the page is mended."""

    info = TableInfo(
        layer=Layer.SILVER,
        name="quarantine",
        write=Write.KEYED,
        newest_by="synced_at",
        freshness=FRESHNESS,
        owner="team:data-platform",
    )

    database_name = dy.String(
        primary_key=True,
        description="programs, projects, budget_lines, risks or actions.",
        metadata=derived_from(f"{_RAW}.database_name"),
    )
    page_id = _page_key("The page's id.")
    rule = dy.String(description="The first hard rule it breaks.", metadata=derived_from(f"{_RAW}.raw_payload"))
    column = dy.String(
        nullable=True,
        description="Silver column concerned; null where the whole page is.",
        metadata=derived_from(f"{_RAW}.raw_payload"),
    )
    value = dy.String(
        nullable=True,
        description="The value as it came, as text, at most 200 characters.",
        metadata=derived_from(f"{_RAW}.raw_payload"),
    )
    reason = dy.String(description="What is wrong, in one sentence.", metadata=derived_from(f"{_RAW}.raw_payload"))
    name = dy.String(
        nullable=True,
        description="The page's title, where it could be read.",
        metadata=derived_from(f"{_RAW}.raw_payload"),
    )
    amount = dy.Decimal(
        18,
        2,
        nullable=True,
        description="Amount (budget lines) or Budget Total (projects), where it could be read: what the totals miss.",
        metadata=derived_from(f"{_RAW}.raw_payload"),
    )
    actual_amount = dy.Decimal(
        18,
        2,
        nullable=True,
        description="Actual Amount of a budget line, where it could be read.",
        metadata=derived_from(f"{_RAW}.raw_payload"),
    )
    is_archived = dy.Bool(
        description="The page is in Notion's trash or gone.",
        metadata=derived_from(f"{_RAW}.is_deleted", f"{_RAW}.raw_payload"),
    )
    last_modified = dy.Datetime(
        nullable=True,
        time_zone="UTC",
        description="The page's last edit in Notion.",
        metadata=derived_from(f"{_RAW}.last_edited_time"),
    )
    synced_at = dy.Datetime(
        time_zone="UTC", description="When this version was captured.", metadata=derived_from(f"{_RAW}.captured_at")
    )
    notion_url = dy.String(
        nullable=True,
        description="Link to the page in Notion, where it could be read.",
        metadata=derived_from(f"{_RAW}.raw_payload"),
    )
    property_map = _property_map()
    issues = _issues()


PAGE_TABLES: dict[str, type[Page]] = {
    "programs": NotionPrograms,
    "projects": NotionProjects,
    "budget_lines": NotionBudgetLines,
    "risks": NotionRisks,
    "actions": NotionActions,
}
"""Database name to the contract of its silver table."""

SILVER_TABLES: tuple[type[Table], ...] = (*PAGE_TABLES.values(), Quarantine)
