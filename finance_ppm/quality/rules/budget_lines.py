"""Rules of budget lines."""

import narwhals.stable.v2 as nw

from finance_ppm.contracts.silver import NotionBudgetLines
from finance_ppm.quality.rule import Rulebook, Severity, page_identity
from finance_ppm.quality.thresholds import THRESHOLDS
from finance_ppm.quality.vocabulary import (
    any_of,
    broken,
    either,
    live,
    missing,
    not_found,
    share,
    text,
    unlisted,
)
from finance_ppm.transforms.portfolio import Frame, Portfolio

CATEGORIES = ("CapEx", "OpEx")
RECOGNISED = nw.coalesce("invoice_date", "paid_date")
"""The day an actual amount counts from."""


def _lines(portfolio: Portfolio) -> Frame:
    return live(portfolio.budget_lines)


def _named_projects(portfolio: Portfolio) -> Frame:
    """One row per line and project it names, in ``named_project``."""
    lines = _lines(portfolio).filter(nw.col("project_ids").list.len() > 0)
    return lines.with_columns(named_project=nw.col("project_ids")).explode("named_project")


book = Rulebook(NotionBudgetLines, identity=page_identity(NotionBudgetLines), checked=_lines)


@book.rule(Severity.WARN, remedy="Choose the line's Project in Notion; until then it counts under Unassigned.")
def line_without_project(portfolio: Portfolio) -> Frame:
    """A budget line belongs to a project."""
    return broken(_lines(portfolio).filter(missing("project_id")), "project_id", "The line belongs to no project.")


@book.rule(
    Severity.ERROR, remedy="Choose another Project in Notion, restore the project, or mend it if it is in quarantine."
)
def line_project_not_found(portfolio: Portfolio) -> Frame:
    """Every project a budget line names is in the projects database."""
    return not_found(portfolio, _named_projects(portfolio), "project_id", "projects", reference="named_project")


@book.rule(Severity.WARN, remedy="Move the line to another Project in Notion, archive it too, or restore the project.")
def line_project_archived(portfolio: Portfolio) -> Frame:
    """No project a budget line names is archived."""
    archived = portfolio.projects.filter(nw.col("is_archived")).select(named_project="project_id", project_name="name")
    lines = _named_projects(portfolio).join(archived, on="named_project")
    return broken(lines, "project_id", "The line's project {project_name} is archived.", value=text("named_project"))


@book.rule(
    Severity.WARN,
    remedy="Leave one Project in Notion and give the others lines of their own; until then the line is split equally.",
)
def line_with_several_projects(portfolio: Portfolio) -> Frame:
    """A budget line belongs to one project only."""
    lines = _lines(portfolio).with_columns(named=nw.col("project_ids").list.len()).filter(nw.col("named") > 1)
    return broken(lines, "project_ids", "The line names {named} projects.", value=text("named"))


@book.rule(Severity.WARN, remedy="Fill in Amount in Notion.")
def line_amount_missing(portfolio: Portfolio) -> Frame:
    """A budget line has an amount."""
    return broken(_lines(portfolio).filter(nw.col("amount").is_null()), "amount", "The line has no amount.")


@book.rule(Severity.INFO, remedy="Nothing, if the line is a credit; else correct the amount in Notion.")
def line_amount_negative(portfolio: Portfolio) -> Frame:
    """A budget line's amounts are not negative, unless it is a credit."""
    lines = _lines(portfolio)
    return any_of(
        broken(lines.filter(nw.col("amount") < 0), "amount", "Amount is negative: {amount}."),
        broken(
            lines.filter(nw.col("actual_amount") < 0), "actual_amount", "Actual Amount is negative: {actual_amount}."
        ),
    )


@book.rule(Severity.WARN, remedy="Correct Committed Date, Invoice Date or Paid Date in Notion.")
def line_dates_out_of_order(portfolio: Portfolio) -> Frame:
    """A budget line is committed, then invoiced, then paid."""
    committed, invoiced, paid = nw.col("committed_date"), nw.col("invoice_date"), nw.col("paid_date")
    lines = _lines(portfolio)
    return any_of(
        broken(
            lines.filter(invoiced < committed),
            "invoice_date",
            "The line was invoiced on {invoice_date}, before it was committed on {committed_date}.",
        ),
        broken(
            lines.filter(paid < invoiced),
            "paid_date",
            "The line was paid on {paid_date}, before it was invoiced on {invoice_date}.",
        ),
        broken(
            lines.filter(paid < committed, invoiced.is_null()),
            "paid_date",
            "The line was paid on {paid_date}, before it was committed on {committed_date}.",
        ),
    )


@book.rule(Severity.WARN, remedy="Fill in Actual Amount in Notion; until then nothing counts as spent.")
def line_paid_without_actual(portfolio: Portfolio) -> Frame:
    """A paid budget line has an actual amount."""
    lines = _lines(portfolio).filter(nw.col("paid_date") <= portfolio.as_of, nw.col("actual_amount").is_null())
    return broken(lines, "actual_amount", "The line was paid on {paid_date}, but has no actual amount.")


@book.rule(
    Severity.WARN, remedy="Fill in Invoice Date or Paid Date in Notion; until then the amount belongs to no month."
)
def line_actual_without_date(portfolio: Portfolio) -> Frame:
    """An actual amount has an invoice date or a paid date."""
    lines = _lines(portfolio).filter(~nw.col("actual_amount").is_null(), RECOGNISED.is_null())
    return broken(lines, "actual_amount", "Actual Amount {actual_amount} has neither an invoice date nor a paid date.")


@book.rule(
    Severity.WARN, remedy="Correct Invoice Date or Paid Date in Notion, or remove Actual Amount until it is spent."
)
def line_future_actual(portfolio: Portfolio) -> Frame:
    """An actual amount does not lie in the future."""
    lines = _lines(portfolio).with_columns(recognised=RECOGNISED)
    return broken(
        lines.filter(~nw.col("actual_amount").is_null(), nw.col("recognised") > portfolio.as_of),
        "actual_amount",
        "Actual Amount {actual_amount} is dated {recognised}, which is still to come; it does not count yet.",
    )


@book.rule(
    Severity.WARN, remedy="Move the repeated line to the trash in Notion, or tell the two apart by date or vendor."
)
def line_duplicate(portfolio: Portfolio) -> Frame:
    """No two budget lines share project, vendor, category, amount and committed date."""
    same = ("project_id", "vendor", "category", "amount", "committed_date")
    told = ~(
        missing("project_id") | missing("vendor") | nw.col("amount").is_null() | nw.col("committed_date").is_null()
    )
    # Few lines share amount and day, which are quicker told apart than names are.
    near = _lines(portfolio).filter(told).with_columns(near=nw.len().over(*same[-2:])).filter(nw.col("near") > 1)
    lines = near.with_columns(alike=nw.len().over(*same))
    return broken(
        lines.filter(nw.col("alike") > 1),
        "amount",
        "{alike} lines of this project are for {amount}, from {vendor}, committed on {committed_date}.",
    )


@book.rule(Severity.WARN, remedy="Choose CapEx or OpEx as Category in Notion.")
def line_category_missing(portfolio: Portfolio) -> Frame:
    """A budget line has a category."""
    return broken(_lines(portfolio).filter(missing("category")), "category", "The line has no category.")


@book.rule(Severity.WARN, remedy="Choose CapEx or OpEx as Category in Notion.")
def line_category_unknown(portfolio: Portfolio) -> Frame:
    """A budget line's category is CapEx or OpEx."""
    unknown = _lines(portfolio).filter(unlisted("category", CATEGORIES))
    return broken(unknown, "category", f"The line's category {{category}} is neither {' nor '.join(CATEGORIES)}.")


@book.rule(Severity.INFO, remedy="Fill in Vendor in Notion.")
def line_vendor_missing(portfolio: Portfolio) -> Frame:
    """A budget line names its vendor."""
    return broken(_lines(portfolio).filter(missing("vendor")), "vendor", "The line names no vendor.")


@book.rule(Severity.WARN, remedy="Check Actual Amount against the invoice, and raise Amount in Notion if it stands.")
def line_actual_over_amount(portfolio: Portfolio) -> Frame:
    """A budget line's actual amount is at most {actual_over_share:.0%} above its amount."""
    amount, actual = nw.col("amount"), nw.col("actual_amount")
    lines = _lines(portfolio).filter(amount > 0, actual - amount > share(amount, THRESHOLDS.actual_over_share))
    return broken(
        lines,
        "actual_amount",
        f"Actual Amount {{actual_amount}} is more than {THRESHOLDS.actual_over_share:.0%} above Amount {{amount}}.",
    )


@book.rule(Severity.WARN, remedy="Correct the line's dates or the project's Start Date and End Date in Notion.")
def line_outside_project_dates(portfolio: Portfolio) -> Frame:
    """A budget line falls (by committed, else invoice, else paid date) between its project's start and end."""
    projects = live(portfolio.projects).select("project_id", starts="start_date", ends="end_date")
    committed, invoiced = nw.col("committed_date"), nw.col("invoice_date")
    lines = (
        _lines(portfolio)
        .join(projects, on="project_id")
        .with_columns(
            falls=nw.coalesce("committed_date", "invoice_date", "paid_date"),
            by=nw.when(~committed.is_null())
            .then(nw.lit("committed_date"))
            .otherwise(nw.when(~invoiced.is_null()).then(nw.lit("invoice_date")).otherwise(nw.lit("paid_date"))),
        )
    )
    early, late = nw.col("falls") < nw.col("starts"), nw.col("falls") > nw.col("ends")
    return broken(
        lines.filter(early | late),
        nw.col("by"),
        either(
            early,
            "The line falls on {falls}, before its project starts on {starts}.",
            "The line falls on {falls}, after its project ends on {ends}.",
        ),
        value=text("falls"),
    )
