"""Every number the rules compare with, in one place; their descriptions quote it.

Belongs here: limits that a finance team might argue about. Does not belong here: lists of words (beside the
rules that use them) and the thresholds of a project's health (``gold``).
"""

from dataclasses import dataclass, fields
from decimal import Decimal


@dataclass(frozen=True)
class Thresholds:
    """Limits of the rules; money is in the project's currency."""

    stale_after_days: int = 90
    """A running project or an open critical risk nobody edited for longer is stale."""
    read_within_hours: int = 24
    """The last complete read of a database may be this long before the end of the as-of day."""
    settled_within_hours: int = 1
    """A page that was captured may take so long until silver holds it."""
    lines_tolerance: Decimal = Decimal("1.00")
    """Budget lines may exceed Budget Total by this amount ..."""
    lines_tolerance_share: Decimal = Decimal("0.005")
    """... or by this share of it, whichever is more."""
    lines_far_over_share: Decimal = Decimal("0.10")
    """Beyond this share of Budget Total the message says so."""
    actual_over_share: Decimal = Decimal("0.10")
    """Actual Amount may exceed Amount by this share of it."""
    azure_read_within_days: int = 1
    """The newest complete snapshot of a subscription may be this many days before the as-of day."""
    azure_jump_share: Decimal = Decimal("0.30")
    """The rows of a subscription may change by this share from one complete snapshot to the next ..."""
    azure_jump_rows: int = 20
    """... and by any share while there are fewer than these."""
    azure_unlinked_share: Decimal = Decimal("0.20")
    """This share of a subscription's resources may be without a project."""
    azure_open_for_days: int = 90
    """A recommendation of high impact that is open for longer is old."""


THRESHOLDS = Thresholds()

QUOTED: dict[str, object] = {field.name: getattr(THRESHOLDS, field.name) for field in fields(THRESHOLDS)}
"""Every limit by its name, for the descriptions of rules."""
