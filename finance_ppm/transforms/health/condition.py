"""What a condition is: something that may hold of a project, the colour that makes, and the sentence that says so.

Belongs here: the vocabulary in which ``cost``, ``schedule`` and ``conditions`` are written.
"""

from dataclasses import dataclass
from enum import StrEnum

import narwhals.stable.v2 as nw

from finance_ppm.transforms.health.figures import said


class Colour(StrEnum):
    """How a project, or one dimension of it, stands: the worst first."""

    RED = "red"
    GREY = "grey"
    """Not assessable: it may be red, so it hides what is amber, and is never taken for green."""
    AMBER = "amber"
    GREEN = "green"


class Dimension(StrEnum):
    """What a project is judged in."""

    COST = "cost"
    SCHEDULE = "schedule"
    RISK = "risk"
    DATA_QUALITY = "data_quality"


@dataclass(frozen=True)
class Condition:
    """Something that may hold of a project."""

    name: str
    dimension: Dimension
    colour: Colour
    """The dimension's where it holds; green for what is worth knowing and changes no colour."""
    holds: nw.Expr
    """True or false of the rows of ``scores.with_scores``; null is false."""
    words: nw.Expr
    """What is so, and the threshold: what follows ``Cost is red: ``. Never null where it holds."""

    @property
    def sentence(self) -> nw.Expr:
        """What a reader is told."""
        dimension = self.dimension.replace("_", " ").capitalize()
        standing = "not assessable" if self.colour is Colour.GREY else self.colour
        start = "Note: " if self.colour is Colour.GREEN else f"{dimension} is {standing}: "
        return said(start, self.words, ".")
