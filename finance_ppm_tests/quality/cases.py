"""What breaks each rule of Notion's tables, and what only nearly does. Azure's are told in ``azure_cases``."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from finance_ppm.contracts import PAGE_TABLES
from finance_ppm_tests.quality.azure_cases import AZURE_CASES
from finance_ppm_tests.quality.case import case, issue
from finance_ppm_tests.quality.portfolios import EDITED, Row


def cells(told: Row, is_archived: bool) -> Row:
    return {**told, "is_archived": is_archived}


def program(key: str, **cells: Any) -> Row:
    return {"program_id": key, "name": f"Program {key}", **cells}


def project(key: str, **cells: Any) -> Row:
    return {"project_id": key, "name": f"Project {key}", **cells}


def line(key: str, **cells: Any) -> Row:
    return {"budget_line_id": key, "vendor": f"Vendor {key}", **cells}


def risk(key: str, **cells: Any) -> Row:
    return {"risk_id": key, **cells}


def action(key: str, **cells: Any) -> Row:
    return {"action_id": key, **cells}


def refused(key: str, **cells: Any) -> Row:
    return {"page_id": key, **cells}


def captured(key: str, **cells: Any) -> Row:
    return {"page_id": key, **cells}


def watermark(key: str, database: str, **cells: Any) -> Row:
    return {"database_id": key, "database_name": database, **cells}


def drift(kind: str, name: str, found: str | None) -> Row:
    return {
        "kind": kind,
        "property": name,
        "found": found,
        "columns": ["status"],
        "message": f"{name} has drifted.",
        "since": EDITED,
    }


GONE: Row = {"is_archived": True}
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
NOVEMBER_20, NOVEMBER_21, NOVEMBER_22 = (date(2026, 11, day) for day in (20, 21, 22))
LAST_FRESH_EDIT = datetime(2026, 8, 23, tzinfo=UTC)  # 90 days before 2026-11-21
LAST_STALE_EDIT = datetime(2026, 8, 22, 23, 59, tzinfo=UTC)
NO_DATES: Row = {"committed_date": None, "invoice_date": None, "paid_date": None}


def euro(amount: str) -> Decimal:
    return Decimal(amount)


TWINS = (("twice", False), ("twice", False), ("once gone", False), ("once gone", True), ("once", False))


CASES = [
    case(
        "program_name_missing",
        [("none", "name", "(untitled)")],
        programs=[program("none", name="(untitled)"), program("gone", name="(untitled)", **GONE)],
    ),
    case(
        "program_name_duplicate",
        [("one", "name", "Cloud"), ("two", "name", " cloud")],
        programs=[
            program("one", name="Cloud"),
            program("two", name=" cloud"),
            program("near", name="Cloud 2"),
            program("gone", name="Cloud 2", **GONE),
            program("none", name="(untitled)"),
            program("neither", name="(untitled)"),
        ],
    ),
    case(
        "program_dates_reversed",
        [("back", "end_date", "2026-11-20")],
        programs=[
            program("back", start_date=NOVEMBER_21, end_date=NOVEMBER_20),
            program("day", start_date=NOVEMBER_21, end_date=NOVEMBER_21),
            program("open", start_date=NOVEMBER_21, end_date=None),
        ],
    ),
    case(
        "program_status_missing",
        [("null", "status", None), ("blank", "status", " ")],
        programs=[program("null", status=None), program("blank", status=" "), program("odd", status="?")],
    ),
    case(
        "program_status_unknown",
        [("odd", "status", "active")],
        programs=[program("odd", status="active"), program("hold", status="On Hold"), program("null", status=None)],
    ),
    case(
        "project_name_missing",
        [("none", "name", "(untitled)")],
        projects=[project("none", name="(untitled)"), project("named", name="untitled")],
    ),
    case(
        "project_name_duplicate",
        [("one", "name", "Cloud"), ("two", "name", "CLOUD ")],
        projects=[project("one", name="Cloud"), project("two", name="CLOUD "), project("gone", name="Cloud", **GONE)],
    ),
    case(
        "project_without_program",
        [("alone", "program_id", None)],
        projects=[project("alone", program_id=None), project("lost", program_id="nowhere")],
    ),
    case(
        "project_program_not_found",
        [("lost", "program_id", "nowhere"), ("kept out", "program_id", "Q")],
        programs=[program("old", **GONE)],
        projects=[
            project("lost", program_id="nowhere"),
            project("kept out", program_id="Q"),
            project("old", program_id="old"),
            project("alone", program_id=None),
            project("gone", program_id="nowhere", **GONE),
        ],
        quarantine=[refused("Q", database_name="programs")],
    ),
    case(
        "project_dates_reversed",
        [("back", "end_date", "2026-11-20")],
        projects=[
            project("back", start_date=NOVEMBER_21, end_date=NOVEMBER_20),
            project("day", start_date=NOVEMBER_21, end_date=NOVEMBER_21),
            project("open", start_date=None, end_date=NOVEMBER_21),
        ],
    ),
    case(
        "project_dates_missing",
        [("start", "start_date", None), ("both", "start_date", None), ("both", "end_date", None)],
        projects=[project("start", start_date=None), project("both", start_date=None, end_date=None)],
    ),
    case(
        "project_currency_missing",
        [("null", "currency", None), ("blank", "currency", "")],
        projects=[project("null", currency=None), project("blank", currency=""), project("odd", currency="XYZ")],
    ),
    case(
        "project_currency_unknown",
        [("odd", "currency", "EURO"), ("left", "currency", "BGN"), ("none", "currency", "XXX")],
        projects=[
            project("odd", currency="EURO"),
            project("left", currency="BGN"),
            project("none", currency="XXX"),
            project("new", currency="XCG"),
            project("null", currency=None),
        ],
    ),
    case(
        "project_budget_missing",
        [("null", "budget_total", None), ("zero", "budget_total", "0.00")],
        projects=[
            project("null", budget_total=None),
            project("zero", budget_total=euro("0.00")),
            project("cent", budget_total=euro("0.01")),
            project("minus", budget_total=euro("-1.00")),
        ],
    ),
    case(
        "project_budget_negative",
        [("minus", "budget_total", "-0.01")],
        projects=[
            project("minus", budget_total=euro("-0.01")),
            project("zero", budget_total=euro("0.00")),
            project("null", budget_total=None),
        ],
    ),
    case(
        "project_overdue",
        [("late", "end_date", "2026-11-20"), ("unsaid", "end_date", "2026-11-20")],
        projects=[
            project("late", end_date=NOVEMBER_20),
            project("unsaid", end_date=NOVEMBER_20, status=None),
            project("today", end_date=NOVEMBER_21),
            project("done", end_date=NOVEMBER_20, status="Completed"),
            project("open", end_date=None),
        ],
    ),
    case(
        "project_stale",
        [("stale", "last_modified", "2026-08-22")],
        projects=[
            project("stale", last_modified=LAST_STALE_EDIT),
            project("fresh", last_modified=LAST_FRESH_EDIT),
            project("planned", last_modified=LAST_STALE_EDIT, status="Planning"),
            project("unsaid", last_modified=LAST_STALE_EDIT, status=None),
            project("unknown", last_modified=None),
        ],
    ),
    case(
        "project_lines_over_budget",
        [("small", "budget_total", "100.00"), ("large", "budget_total", "1000.00"), ("far", "budget_total", "1000.00")],
        projects=[
            project("small", budget_total=euro("100.00")),
            project("small near", budget_total=euro("100.00")),
            project("large", budget_total=euro("1000.00")),
            project("large near", budget_total=euro("1000.00")),
            project("far", budget_total=euro("1000.00")),
            project("half", budget_total=euro("1000.00")),
            project("none", budget_total=None),
            project("zero", budget_total=euro("0.00")),
        ],
        budget_lines=[
            line("1", project_id="small", amount=euro("101.01")),
            line("2", project_id="small near", amount=euro("101.00")),
            line("3", project_id="large", amount=euro("1005.01")),
            line("4", project_id="large near", amount=euro("1005.00")),
            line("5", project_id="large near", amount=euro("500.00"), **GONE),
            line("6", project_ids=["far", "half"], amount=euro("2000.00")),
            line("7", project_id="far", amount=euro("100.01")),
            line("8", project_id="none", amount=euro("1.00")),
            line("9", project_id="zero", amount=euro("9.00")),
            line("10", project_id="half", amount=None),
        ],
    ),
    case(
        "project_status_missing",
        [("null", "status", None)],
        projects=[project("null", status=None), project("odd", status="?")],
    ),
    case(
        "project_status_unknown",
        [("odd", "status", "Doing")],
        projects=[
            project("odd", status="Doing"),
            project("null", status=None),
            project("planned", status="Planning"),
            project("done", status="Completed"),
        ],
    ),
    case(
        "line_without_project",
        [("alone", "project_id", None)],
        budget_lines=[line("alone", project_id=None), line("lost", project_id="nowhere")],
    ),
    case(
        "line_project_not_found",
        [("lost", "project_id", "nowhere"), ("half", "project_id", "nowhere"), ("kept out", "project_id", "Q")],
        projects=[project("old", **GONE)],
        budget_lines=[
            line("lost", project_id="nowhere"),
            line("half", project_ids=["P", "nowhere"]),
            line("kept out", project_id="Q"),
            line("old", project_id="old"),
            line("alone", project_id=None),
            line("gone", project_id="nowhere", **GONE),
        ],
        quarantine=[refused("Q", database_name="projects"), refused("nowhere", database_name="risks")],
    ),
    case(
        "line_project_archived",
        [("one", "project_id", "old"), ("half", "project_id", "old")],
        projects=[project("old", **GONE)],
        budget_lines=[
            line("one", project_id="old"),
            line("half", project_ids=["P", "old"]),
            line("alone", project_id=None),
            line("gone", project_id="old", **GONE),
        ],
    ),
    case(
        "line_with_several_projects",
        [("two", "project_ids", "2")],
        budget_lines=[line("two", project_ids=["P", "nowhere"]), line("alone", project_id=None)],
    ),
    case(
        "line_amount_missing",
        [("null", "amount", None)],
        budget_lines=[line("null", amount=None), line("zero", amount=euro("0.00"))],
    ),
    case(
        "line_amount_negative",
        [("credit", "amount", "-10.00"), ("credit", "actual_amount", "-9.50")],
        budget_lines=[
            line("credit", amount=euro("-10.00"), actual_amount=euro("-9.50")),
            line("zero", amount=euro("0.00"), actual_amount=euro("0.00")),
            line("null", amount=None, actual_amount=None),
        ],
    ),
    case(
        "line_dates_out_of_order",
        [
            ("invoice", "invoice_date", "2026-11-20"),
            ("early", "invoice_date", "2026-11-20"),
            ("paid", "paid_date", "2026-11-20"),
            ("unbilled", "paid_date", "2026-11-20"),
        ],
        budget_lines=[
            line("invoice", committed_date=NOVEMBER_21, invoice_date=NOVEMBER_20, paid_date=NOVEMBER_22),
            line("early", committed_date=NOVEMBER_22, invoice_date=NOVEMBER_20, paid_date=NOVEMBER_21),
            line("paid", committed_date=NOVEMBER_20, invoice_date=NOVEMBER_21, paid_date=NOVEMBER_20),
            line("unbilled", committed_date=NOVEMBER_21, invoice_date=None, paid_date=NOVEMBER_20),
            line("day", committed_date=NOVEMBER_21, invoice_date=NOVEMBER_21, paid_date=NOVEMBER_21),
            line("none", **NO_DATES),
        ],
    ),
    case(
        "line_paid_without_actual",
        [("paid", "actual_amount", None)],
        budget_lines=[
            line("paid", paid_date=NOVEMBER_21, actual_amount=None),
            line("zero", paid_date=NOVEMBER_21, actual_amount=euro("0.00")),
            line("later", paid_date=NOVEMBER_22, actual_amount=None),
            line("invoiced", paid_date=None, actual_amount=None),
        ],
    ),
    case(
        "line_actual_without_date",
        [("undated", "actual_amount", "100.00"), ("committed", "actual_amount", "100.00")],
        budget_lines=[
            line("undated", **NO_DATES),
            line("committed", invoice_date=None, paid_date=None),
            line("invoiced", paid_date=None),
            line("paid", invoice_date=None),
            line("planned", **NO_DATES, actual_amount=None),
        ],
    ),
    case(
        "line_future_actual",
        [("invoice", "actual_amount", "100.00"), ("paid", "actual_amount", "100.00")],
        budget_lines=[
            line("invoice", invoice_date=NOVEMBER_22, paid_date=None),
            line("paid", invoice_date=None, paid_date=NOVEMBER_22),
            line("today", invoice_date=NOVEMBER_21, paid_date=NOVEMBER_22),
            line("planned", invoice_date=NOVEMBER_22, actual_amount=None),
            line("undated", **NO_DATES),
        ],
    ),
    case(
        "line_duplicate",
        [("one", "amount", "100.00"), ("two", "amount", "100.00"), ("3", "amount", "7.00"), ("4", "amount", "7.00")],
        budget_lines=[
            line("one", vendor="Twin"),
            line("two", vendor="Twin"),
            line("gone", vendor="Twin", **GONE),
            line("vendor", vendor="Other"),
            line("category", vendor="Twin", category="OpEx"),
            line("amount", vendor="Twin", amount=euro("100.01")),
            line("date", vendor="Twin", committed_date=NOVEMBER_20),
            line("project", vendor="Twin", project_id="other"),
            line("3", vendor="Twin", amount=euro("7.00"), category=None),
            line("4", vendor="Twin", amount=euro("7.00"), category=None),
            *(line(f"no amount {n}", vendor="Twin", amount=None) for n in range(2)),
            *(line(f"no vendor {n}", vendor=None) for n in range(2)),
            *(line(f"no project {n}", vendor="Twin", project_id=None) for n in range(2)),
            *(line(f"no date {n}", vendor="Twin", committed_date=None) for n in range(2)),
        ],
    ),
    case(
        "line_category_missing",
        [("null", "category", None), ("blank", "category", "")],
        budget_lines=[line("null", category=None), line("blank", category=""), line("odd", category="Misc")],
    ),
    case(
        "line_category_unknown",
        [("odd", "category", "Capex")],
        budget_lines=[line("odd", category="Capex"), line("null", category=None), line("opex", category="OpEx")],
    ),
    case(
        "line_vendor_missing",
        [("null", "vendor", None), ("blank", "vendor", "  ")],
        budget_lines=[line("null", vendor=None), line("blank", vendor="  "), line("dash", vendor="-")],
    ),
    case(
        "line_actual_over_amount",
        [("over", "actual_amount", "110.01")],
        budget_lines=[
            line("over", actual_amount=euro("110.01")),
            line("near", actual_amount=euro("110.00")),
            line("free", amount=euro("0.00"), actual_amount=euro("5.00")),
            line("credit", amount=euro("-10.00"), actual_amount=euro("-5.00")),
            line("null", amount=None),
            line("unspent", actual_amount=None),
            line("huge", amount=euro("9999999999999999.99"), actual_amount=euro("9999999999999999.99")),
        ],
    ),
    case(
        "line_outside_project_dates",
        [
            ("early", "committed_date", "2026-11-20"),
            ("late", "invoice_date", "2026-11-22"),
            ("paid late", "paid_date", "2026-11-22"),
        ],
        projects=[
            project("day", start_date=NOVEMBER_21, end_date=NOVEMBER_21),
            project("open", start_date=None, end_date=None),
            project("old", start_date=NOVEMBER_21, end_date=NOVEMBER_21, **GONE),
        ],
        budget_lines=[
            line("early", project_id="day", committed_date=NOVEMBER_20),
            line("late", project_id="day", committed_date=None, invoice_date=NOVEMBER_22, paid_date=None),
            line("paid late", project_id="day", committed_date=None, invoice_date=None, paid_date=NOVEMBER_22),
            line("in", project_id="day", committed_date=NOVEMBER_21, invoice_date=NOVEMBER_22),
            line("none", project_id="day", **NO_DATES),
            line("open", project_id="open"),
            line("old", project_id="old"),
            line("alone", project_id=None),
            line("lost", project_id="nowhere"),
        ],
    ),
    case(
        "risk_without_project",
        [("alone", "project_id", None)],
        risks=[risk("alone", project_id=None), risk("lost", project_id="nowhere")],
    ),
    case(
        "risk_project_not_found",
        [("lost", "project_id", "nowhere")],
        projects=[project("old", **GONE)],
        risks=[risk("lost", project_id="nowhere"), risk("old", project_id="old"), risk("alone", project_id=None)],
    ),
    case(
        "risk_severity_missing",
        [("null", "severity", None)],
        risks=[risk("null", severity=None), risk("odd", severity="Grave"), risk("gone", severity=None, **GONE)],
    ),
    case(
        "risk_severity_unknown",
        [("odd", "severity", "Grave")],
        risks=[risk("null", severity=None), risk("odd", severity="Grave"), risk("low", severity="Low")],
    ),
    case(
        "risk_probability_missing",
        [("null", "probability", None)],
        risks=[risk("null", probability=None), risk("odd", probability="Critical")],
    ),
    case(
        "risk_probability_unknown",
        [("odd", "probability", "Critical")],
        risks=[risk("null", probability=None), risk("odd", probability="Critical"), risk("high", probability="High")],
    ),
    case(
        "risk_status_missing",
        [("null", "status", None)],
        risks=[risk("null", status=None), risk("odd", status="?")],
    ),
    case(
        "risk_critical_stale",
        [("stale", "last_modified", "2026-08-22"), ("unsaid", "last_modified", "2026-08-22")],
        risks=[
            risk("stale", last_modified=LAST_STALE_EDIT),
            risk("unsaid", last_modified=LAST_STALE_EDIT, status=None),
            risk("fresh", last_modified=LAST_FRESH_EDIT),
            risk("closed", last_modified=LAST_STALE_EDIT, status="Closed"),
            risk("high", last_modified=LAST_STALE_EDIT, severity="High"),
            risk("unrated", last_modified=LAST_STALE_EDIT, severity=None),
        ],
    ),
    case(
        "action_without_project",
        [("alone", "project_id", None)],
        actions=[action("alone", project_id=None), action("lost", project_id="nowhere")],
    ),
    case(
        "action_project_not_found",
        [("lost", "project_id", "nowhere")],
        actions=[action("lost", project_id="nowhere"), action("alone", project_id=None)],
    ),
    case(
        "action_overdue",
        [("late", "due_date", "2026-11-20"), ("unsaid", "due_date", "2026-11-20")],
        actions=[
            action("late", due_date=NOVEMBER_20),
            action("unsaid", due_date=NOVEMBER_20, status=None),
            action("today", due_date=NOVEMBER_21),
            action("done", due_date=NOVEMBER_20, status="Done"),
            action("none", due_date=None),
        ],
    ),
    case(
        "action_source_unknown",
        [("odd", "source", "mail")],
        actions=[action("odd", source="mail"), action("null", source=None), action("dq", source="dq")],
    ),
    case(
        "action_assignee_missing",
        [("nobody", "assignee", None)],
        actions=[action("nobody", assignee=None), action("done", assignee=None, status="Closed")],
    ),
    case(
        "program_text_unusual_characters",
        [("emoji", "name", "Go \N{ROCKET}"), ("tab", "name", "A\tB")],
        programs=[program("emoji", name="Go \N{ROCKET}"), program("tab", name="A\tB"), program("umlaut", name="Übung")],
    ),
    case(
        "project_text_unusual_characters",
        [("after", "name", "Cloud "), ("hidden", "name", "Clo\N{ZERO WIDTH SPACE}ud"), ("star", "name", "\u2b50 A")],
        projects=[
            project("after", name="Cloud "),
            project("hidden", name="Clo\N{ZERO WIDTH SPACE}ud"),
            project("star", name="\u2b50 A"),
            project("plain", name="Café - 日本語 (№ 5) €"),
        ],
    ),
    case(
        "line_text_unusual_characters",
        [("name", "name", "A\nB"), ("vendor", "vendor", "\N{NO-BREAK SPACE}Acme")],
        budget_lines=[
            line("name", name="A\nB"),
            line("vendor", vendor="\N{NO-BREAK SPACE}Acme"),
            line("inner", vendor="Acme\N{NO-BREAK SPACE}Inc"),
            line("null", vendor=None),
        ],
    ),
    case(
        "risk_text_unusual_characters",
        [("lost", "title", "caf\N{REPLACEMENT CHARACTER}")],
        risks=[risk("lost", title="caf\N{REPLACEMENT CHARACTER}"), risk("plain", title="?")],
    ),
    case(
        "action_text_unusual_characters",
        [("check", "title", "\N{HEAVY CHECK MARK} done")],
        actions=[action("check", title="\N{HEAVY CHECK MARK} done"), action("plain", title="[x] done")],
    ),
    *(
        case(
            f"notion_{database}_key_unique",
            [("twice", key, "twice"), ("once gone", key, "once gone")],
            **{database: [cells({key: name}, gone) for name, gone in TWINS]},
        )
        for database, table in PAGE_TABLES.items()
        for key in table.primary_key()
    ),
    case(
        "quarantine_key_unique",
        [("twice", "page_id", "twice")],
        quarantine=[
            refused("twice"),
            refused("twice"),
            refused("moved", database_name="risks"),
            refused("moved", database_name="actions"),
        ],
    ),
    case(
        "program_property_missing",
        [("cell", "status", None)],
        programs=[
            program("cell", issues=issue("property_missing", "status", None)),
            program("gone", issues=issue("property_missing", "status", None), **GONE),
            program("other", issues=issue("date_invalid", "start_date", "2024-13-01")),
        ],
    ),
    case(
        "program_date_invalid",
        [("cell", "start_date", "2024-13-01")],
        programs=[program("cell", issues=issue("date_invalid", "start_date", "2024-13-01"))],
        projects=[project("other", issues=issue("date_invalid", "start_date", "2024-13-01"))],
    ),
    case(
        "program_property_type_changed",
        [("cell", "owner", "7")],
        programs=[program("cell", issues=issue("property_type_changed", "owner", "7"))],
    ),
    case(
        "program_last_good_value_kept",
        [("cell", "owner", None)],
        programs=[program("cell", issues=issue("last_good_value_kept", "owner", None))],
    ),
    case(
        "project_property_missing",
        [("cell", "currency", None)],
        projects=[project("cell", issues=issue("property_missing", "currency", None))],
    ),
    case(
        "project_date_invalid",
        [("cell", "end_date", "soon"), ("cell", "start_date", "now")],
        projects=[
            project(
                "cell", issues=issue("date_invalid", "end_date", "soon") + issue("date_invalid", "start_date", "now")
            )
        ],
    ),
    case(
        "project_amount_rounded",
        [("cell", "budget_total", "1.005")],
        projects=[project("cell", issues=issue("amount_rounded", "budget_total", "1.005"))],
    ),
    case(
        "project_property_type_changed",
        [("cell", "currency", "true")],
        projects=[project("cell", issues=issue("property_type_changed", "currency", "true"))],
    ),
    case(
        "project_last_good_value_kept",
        [("cell", "budget_total", "about 5")],
        projects=[project("cell", issues=issue("last_good_value_kept", "budget_total", "about 5"))],
    ),
    case(
        "line_property_missing",
        [("cell", "vendor", None)],
        budget_lines=[line("cell", issues=issue("property_missing", "vendor", None))],
    ),
    case(
        "line_date_invalid",
        [("cell", "paid_date", "2026-02-30")],
        budget_lines=[line("cell", issues=issue("date_invalid", "paid_date", "2026-02-30"))],
    ),
    case(
        "line_amount_rounded",
        [("cell", "amount", "0.333"), ("cell", "actual_amount", "0.333")],
        budget_lines=[
            line(
                "cell",
                issues=issue("amount_rounded", "amount", "0.333") + issue("amount_rounded", "actual_amount", "0.333"),
            )
        ],
    ),
    case(
        "line_property_type_changed",
        [("cell", "category", "1")],
        budget_lines=[line("cell", issues=issue("property_type_changed", "category", "1"))],
    ),
    case(
        "line_last_good_value_kept",
        [("cell", "amount", "about 5")],
        budget_lines=[line("cell", issues=issue("last_good_value_kept", "amount", "about 5"))],
    ),
    case(
        "risk_property_missing",
        [("cell", "severity", None)],
        risks=[risk("cell", issues=issue("property_missing", "severity", None))],
    ),
    case(
        "risk_property_type_changed",
        [("cell", "severity", "1")],
        risks=[risk("cell", issues=issue("property_type_changed", "severity", "1"))],
    ),
    case(
        "risk_last_good_value_kept",
        [("cell", "severity", None)],
        risks=[risk("cell", issues=issue("last_good_value_kept", "severity", None))],
    ),
    case(
        "action_property_missing",
        [("cell", "due_date", None)],
        actions=[action("cell", issues=issue("property_missing", "due_date", None))],
    ),
    case(
        "action_date_invalid",
        [("cell", "due_date", "soon")],
        actions=[action("cell", issues=issue("date_invalid", "due_date", "soon"))],
    ),
    case(
        "action_property_type_changed",
        [("cell", "assignee", "1")],
        actions=[action("cell", issues=issue("property_type_changed", "assignee", "1"))],
    ),
    case(
        "action_last_good_value_kept",
        [("cell", "due_date", "soon")],
        actions=[action("cell", issues=issue("last_good_value_kept", "due_date", "soon"))],
    ),
    case(
        "page_malformed",
        [("bad", None, None)],
        quarantine=[refused("bad"), refused("gone", **GONE), refused("other", rule="amount_not_a_number")],
    ),
    case(
        "amount_not_a_number",
        [("bad", "amount", "abc"), ("both", "amount", "abc"), ("both", "actual_amount", "def")],
        quarantine=[
            refused(
                "bad",
                rule="amount_not_a_number",
                column="amount",
                value="abc",
                issues=issue("amount_not_a_number", "amount", "abc"),
            ),
            refused(
                "both",
                rule="amount_not_a_number",
                column="amount",
                value="abc",
                issues=issue("amount_not_a_number", "amount", "abc")
                + issue("amount_not_a_number", "actual_amount", "def")
                + issue("date_invalid", "paid_date", "soon"),
            ),
        ],
    ),
    case(
        "amount_out_of_range",
        [("large", "budget_total", "12345678901234567890"), ("second", "actual_amount", "1e30")],
        quarantine=[
            refused(
                "large",
                database_name="projects",
                rule="amount_out_of_range",
                column="budget_total",
                value="12345678901234567890",
            ),
            refused("second", rule="amount_not_a_number", issues=issue("amount_out_of_range", "actual_amount", "1e30")),
        ],
    ),
    case(
        "pages_accounted_for",
        [
            ("lost", "page_id", "lost"),
            ("both", "page_id", "both"),
            ("alone", "page_id", "alone"),
            ("stale", "page_id", "stale"),
            ("left behind", "page_id", "left behind"),
            ("an hour ago", "page_id", "an hour ago"),
            ("from nowhere", "page_id", "from nowhere"),
            ("refused from nowhere", "page_id", "refused from nowhere"),
        ],
        projects=[
            project("both"),
            project("mended"),
            project("gone", **GONE),
            project("stale", synced_at=EDITED - timedelta(seconds=1)),
            project("left behind"),
            project("moving", synced_at=NOON),
            project("from nowhere"),
        ],
        quarantine=[
            refused("both", database_name="projects"),
            refused("other", database_name="projects"),
            refused("mended", database_name="risks"),
            refused("left behind", database_name="projects", synced_at=EDITED - timedelta(seconds=1)),
            refused("moving", database_name="projects", synced_at=EDITED),
            refused("refused from nowhere", database_name="risks"),
        ],
        raw_pages=[
            captured("lost"),
            captured("both"),
            captured("mended"),
            captured("mended", captured_at=EDITED - timedelta(days=1)),
            captured("gone", is_deleted=True),
            captured("other"),
            captured("stale"),
            captured("stale", captured_at=EDITED - timedelta(seconds=1)),
            captured("left behind"),
            captured("moving", captured_at=EDITED),
            captured("moving", captured_at=NOON),
            captured("mended", database_name="risks"),
            captured("alone", database_name="vendors"),
            captured("just now", database_name="risks", captured_at=NOON - timedelta(minutes=59)),
            captured("just now", database_name="vendors", captured_at=NOON),
            captured("an hour ago", database_name="risks", captured_at=NOON - timedelta(minutes=60)),
        ],
        watermarks=[watermark("1", "read", last_attempt_at=NOON)],
    ),
    case(
        "deleted_pages_are_archived",
        [("counted", "page_id", "counted")],
        projects=[project("counted"), project("gone", **GONE), project("back"), project("not yet")],
        raw_pages=[
            captured("counted", is_deleted=True),
            captured("gone", is_deleted=True),
            captured("back", is_deleted=True, captured_at=EDITED - timedelta(days=1)),
            captured("back"),
            captured("not yet"),
            captured("not yet", is_deleted=True, captured_at=NOON),
            captured("counted", database_name="risks", captured_at=NOON),
        ],
    ),
    # Databases have names of their own in each case, so that the cases fit into one portfolio.
    case(
        "database_not_read",
        [("unreachable", "last_error", "Notion is away.")],
        watermarks=[
            watermark("1", "unreachable", last_error="Notion is away."),
            watermark("2", "read"),
            watermark("before", "pointed elsewhere", last_attempt_at=EDITED, last_error="Notion is away."),
            watermark("after", "pointed elsewhere", last_attempt_at=EDITED + timedelta(hours=1)),
        ],
    ),
    case(
        "deletions_held_back",
        [("empty", "sweep_note", "It came back empty.")],
        watermarks=[watermark("1", "empty", sweep_note="It came back empty."), watermark("2", "swept")],
    ),
    case(
        "database_read_stale",
        [("risks", "last_read_at", "2026-11-20 23:59"), ("new", "last_read_at", None)],
        watermarks=[
            watermark("1", "risks", last_read_at=datetime(2026, 11, 20, 23, 59, tzinfo=UTC)),
            watermark("2", "actions", last_read_at=datetime(2026, 11, 21, tzinfo=UTC)),
            watermark("old", "budget_lines", last_read_at=datetime(2025, 1, 1, tzinfo=UTC)),
            watermark("before", "new", last_attempt_at=EDITED),
            watermark("after", "new", last_read_at=None, last_attempt_at=EDITED + timedelta(hours=1)),
        ],
    ),
    *(
        case(
            rule,
            [(kind, "Status", found), (kind, "Owner", None)],
            watermarks=[
                watermark("1", kind, drift=[drift(kind, "Status", found), drift(kind, "Owner", None)]),
                watermark("2", f"not {kind}", drift=[]),
                watermark("3", f"other than {kind}", drift=[drift("another", "Status", found)]),
                watermark("before", f"mended {kind}", last_attempt_at=EDITED, drift=[drift(kind, "Status", found)]),
                watermark("after", f"mended {kind}", last_attempt_at=EDITED + timedelta(hours=1)),
            ],
        )
        for rule, kind, found in (
            ("property_renamed", "renamed", "Zustand"),
            ("property_removed", "missing", "?"),
            ("property_retyped", "retyped", "rich_text"),
            ("option_added", "option_added", "Blocked"),
            ("data_source_lost", "source_lost", "0123"),
        )
    ),
    *AZURE_CASES,
]
