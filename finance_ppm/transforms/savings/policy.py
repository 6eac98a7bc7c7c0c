"""What is counted among the savings: the choices that a finance team may make otherwise.

Belongs here: the choices and their defaults. The rules that no team may choose are ``verdicts``.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class SavingsPolicy:
    """The choices, from the settings ``PPM_AZURE_*``."""

    conservative_term: str = "P1Y"
    """Term of the commitments that the conservative figure counts."""
    conservative_lookback_days: int = 30
    """Days of usage behind the commitments that the conservative figure counts."""
    fresh_only: bool = False
    """Only what Advisor updated within a day before it was read, 60 hours for Security."""
    untracked_only: bool = False
    """Leave out what Advisor marks as tracked."""
    stale_after_days: int = 30
    """Savings of a subscription that was not read completely for longer than this are not counted; where it never was,
    those not seen for as long."""
