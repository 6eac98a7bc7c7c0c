"""The pages that break a data-quality rule, a few for every rule: each row of ``ROWS`` says how.

Every row takes a sound page (``drafts``) and spoils one thing about it (``spoils``), so that a page mostly breaks
one rule only.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from finance_ppm.sandbox.portfolio import spoils
from finance_ppm.sandbox.portfolio.databases import ACTIONS, BUDGET_LINES, PROGRAMS, PROJECTS, RISKS
from finance_ppm.sandbox.portfolio.drafts import Scene, draft
from finance_ppm.sandbox.portfolio.spoils import Spoil, choice, elsewhere, impossible_day, instead
from finance_ppm.sandbox.portfolio.timeline import Diary, dice


@dataclass(frozen=True)
class Row:
    """A rule, a database in which pages break it, how they are spoilt, and how many of them there are."""

    rule: str
    database: str
    spoil: Spoil
    copies: int


@dataclass(frozen=True)
class Dirt:
    """What the rows come to in one portfolio: the edits, and by rule the ids of the pages that break it."""

    diaries: Sequence[Diary]
    pages: dict[str, list[str]]


ROWS: tuple[Row, ...] = (
    Row("page_malformed", BUDGET_LINES, spoils.without_properties, 2),
    Row("page_malformed", RISKS, spoils.partial, 1),
    Row("amount_not_a_number", BUDGET_LINES, spoils.amount_as_text, 3),
    Row("amount_out_of_range", BUDGET_LINES, spoils.twenty_digits, 2),
    Row("property_missing", BUDGET_LINES, spoils.without_vendor, 3),
    Row("property_type_changed", BUDGET_LINES, spoils.vendor_as_checkbox, 2),
    Row("date_invalid", BUDGET_LINES, impossible_day("Committed Date"), 2),
    Row("date_invalid", ACTIONS, impossible_day("Due Date"), 1),
    Row("amount_rounded", BUDGET_LINES, spoils.three_decimals, 3),
    Row("text_unusual_characters", PROJECTS, spoils.decorated, 1),
    Row("text_unusual_characters", BUDGET_LINES, spoils.padded_vendor, 3),
    Row("text_unusual_characters", RISKS, spoils.with_a_bell, 1),
    Row("program_name_missing", PROGRAMS, instead(Name={"title": []}), 2),
    Row("program_name_duplicate", PROGRAMS, spoils.program_name_taken, 1),
    Row("program_dates_reversed", PROGRAMS, spoils.dates_reversed, 2),
    Row("program_status_missing", PROGRAMS, choice("Status", None), 1),
    Row("program_status_unknown", PROGRAMS, choice("Status", "Paused"), 1),
    Row("project_name_missing", PROJECTS, instead(Name={"title": []}), 2),
    Row("project_name_duplicate", PROJECTS, spoils.project_name_taken, 2),
    Row("project_without_program", PROJECTS, instead(Program={"relation": []}), 2),
    Row("project_program_not_found", PROJECTS, elsewhere("Program"), 2),
    Row("project_dates_reversed", PROJECTS, spoils.project_dates_reversed, 2),
    Row("project_dates_missing", PROJECTS, spoils.project_date_missing, 2),
    Row("project_currency_missing", PROJECTS, choice("Currency", None), 2),
    Row("project_currency_unknown", PROJECTS, choice("Currency", "EURO", "Peso"), 2),
    Row("project_budget_missing", PROJECTS, spoils.without_budget, 2),
    Row("project_budget_negative", PROJECTS, spoils.negative_budget, 2),
    Row("project_overdue", PROJECTS, spoils.overdue, 2),
    Row("project_stale", PROJECTS, spoils.forgotten, 2),
    Row("project_lines_over_budget", PROJECTS, spoils.lines_over_budget, 2),
    Row("project_status_missing", PROJECTS, choice("Status", None), 1),
    Row("project_status_unknown", PROJECTS, choice("Status", "Blocked", "Ongoing"), 2),
    Row("line_without_project", BUDGET_LINES, instead(Project={"relation": []}), 3),
    Row("line_project_not_found", BUDGET_LINES, elsewhere("Project"), 3),
    Row("line_project_archived", BUDGET_LINES, spoils.in_trashed_project, 2),
    Row("line_with_several_projects", BUDGET_LINES, spoils.in_two_projects, 3),
    Row("line_amount_missing", BUDGET_LINES, instead(Amount={"number": None}), 3),
    Row("line_amount_negative", BUDGET_LINES, spoils.credit, 3),
    Row("line_dates_out_of_order", BUDGET_LINES, spoils.invoiced_first, 3),
    Row("line_paid_without_actual", BUDGET_LINES, spoils.settled, 3),
    Row("line_actual_without_date", BUDGET_LINES, spoils.spent, 3),
    Row("line_future_actual", BUDGET_LINES, spoils.yet_to_come, 3),
    Row("line_duplicate", BUDGET_LINES, spoils.entered_twice, 2),
    Row("line_category_missing", BUDGET_LINES, choice("Category", None), 3),
    Row("line_category_unknown", BUDGET_LINES, choice("Category", "Capital", "opex", "Services"), 3),
    Row("line_actual_over_amount", BUDGET_LINES, spoils.far_above, 3),
    Row("line_outside_project_dates", BUDGET_LINES, spoils.before_the_project, 3),
    Row("line_vendor_missing", BUDGET_LINES, instead(Vendor={"rich_text": []}), 3),
    Row("risk_without_project", RISKS, instead(Project={"relation": []}), 2),
    Row("risk_project_not_found", RISKS, elsewhere("Project"), 2),
    Row("risk_severity_missing", RISKS, choice("Severity", None), 2),
    Row("risk_severity_unknown", RISKS, choice("Severity", "Very high", "Red"), 2),
    Row("risk_probability_missing", RISKS, choice("Probability", None), 2),
    Row("risk_probability_unknown", RISKS, choice("Probability", "50 %", "Likely"), 2),
    Row("risk_status_missing", RISKS, choice("Status", None), 2),
    Row("risk_critical_stale", RISKS, spoils.critical_and_forgotten, 3),
    Row("action_without_project", ACTIONS, instead(Project={"relation": []}), 2),
    Row("action_project_not_found", ACTIONS, elsewhere("Project"), 2),
    Row("action_overdue", ACTIONS, spoils.past_due, 3),
    Row("action_source_unknown", ACTIONS, choice("Source", "email", "steering committee"), 2),
    Row("action_assignee_missing", ACTIONS, instead(Assignee={"people": []}), 2),
)

DIRTY_RULES: tuple[str, ...] = tuple(dict.fromkeys(row.rule for row in ROWS))
"""Every rule that has pages breaking it. The rules that all databases share go by their common name here."""


def dirt(scene: Scene, *, pages: int, seed: int) -> Dirt:
    """Spoilt pages for every rule; a portfolio of tens of thousands of ``pages`` has one or two more of each."""
    diaries: list[Diary] = []
    found: dict[str, list[str]] = {rule: [] for rule in DIRTY_RULES}
    drawn: Counter[str] = Counter()
    for place, row in enumerate(ROWS):
        for copy in range(row.copies + min(2, pages // 10_000)):
            page = draft(row.database, scene, dice(seed, "dirt", place, copy), drawn[row.database])
            drawn[row.database] += 1
            page.properties |= row.spoil(page)
            diaries += page.diaries()
            found[row.rule] += [page.page_id, *page.alike]
    return Dirt(diaries, {rule: list(dict.fromkeys(ids)) for rule, ids in found.items()})
