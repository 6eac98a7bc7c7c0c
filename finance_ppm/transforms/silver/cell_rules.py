"""The rules that reading a page's cells can find broken: names, severities, and what a user reads.

Belongs here: one row per rule. Does not belong here: finding the breaches (``cells``), nor rules over typed
rows (``quality``).
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class CellRule:
    """What may be wrong with a cell. A page that breaks a ``hard`` rule goes to quarantine instead of silver."""

    name: str
    severity: Literal["ERROR", "WARN", "INFO"]
    hard: bool
    description: str
    remedy: str


PAGE_MALFORMED = CellRule(
    name="page_malformed",
    severity="ERROR",
    hard=True,
    description="The payload is not a Notion page with an id and properties.",
    remedy="Sync the page again; if it stays malformed, report the payload kept in bronze to Notion.",
)
AMOUNT_NOT_A_NUMBER = CellRule(
    name="amount_not_a_number",
    severity="ERROR",
    hard=True,
    description="An amount is not a number: a text, or a formula or rollup without one number.",
    remedy="Make the property a number in Notion, or correct the formula or rollup.",
)
AMOUNT_OUT_OF_RANGE = CellRule(
    name="amount_out_of_range",
    severity="ERROR",
    hard=True,
    description="An amount has more than sixteen digits before the decimal point.",
    remedy="Correct the amount in Notion.",
)
PROPERTY_MISSING = CellRule(
    name="property_missing",
    severity="WARN",
    hard=False,
    description="The page lacks a property that its table reads.",
    remedy="Add the property to the Notion database, or restore it there.",
)
DATE_INVALID = CellRule(
    name="date_invalid",
    severity="ERROR",
    hard=False,
    description="A date is not one day of the calendar; it is left empty.",
    remedy="Correct the date in Notion.",
)
AMOUNT_ROUNDED = CellRule(
    name="amount_rounded",
    severity="WARN",
    hard=False,
    description="An amount has more than two decimals; it is rounded to the cent, halves away from zero.",
    remedy="Enter the amount to the cent in Notion, or round in the formula.",
)
PROPERTY_TYPE_CHANGED = CellRule(
    name="property_type_changed",
    severity="ERROR",
    hard=False,
    description="A property is of a type its column cannot be read from; the cell is left empty.",
    remedy="Change the property back to a type that fits in Notion.",
)
LAST_GOOD_VALUE_KEPT = CellRule(
    name="last_good_value_kept",
    severity="WARN",  # the schema's own drift is the error: one finding for each property, not one for each page
    hard=False,
    description="A property is gone, or of a type its column cannot be read from; the cell stays as it last was.",
    remedy="Restore the property, or its type, in Notion; until then its edits do not count.",
)

CELL_RULES: tuple[CellRule, ...] = (
    PAGE_MALFORMED,
    AMOUNT_NOT_A_NUMBER,
    AMOUNT_OUT_OF_RANGE,
    PROPERTY_MISSING,
    DATE_INVALID,
    AMOUNT_ROUNDED,
    PROPERTY_TYPE_CHANGED,
    LAST_GOOD_VALUE_KEPT,
)
