"""What a look at something found. Nothing else belongs here: it is shared by all who look."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    what: str
    well: bool
    told: str
    """What was found, and where it is not well, what to do."""
