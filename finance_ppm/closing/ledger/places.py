"""Where an entry of the ledger counts: in which project, and in which currency.

Belongs here: reading what an entry says of them. Does not belong here: pairing (``matching``), sums
(``reconciliation``).
"""

import unicodedata
from collections import defaultdict
from dataclasses import dataclass

import narwhals.stable.v2 as nw

from finance_ppm.closing.ledger.file import Entry
from finance_ppm.sources.notion.pages import dashed_id
from finance_ppm.transforms.portfolio import Portfolio
from finance_ppm.transforms.shares import NO_CURRENCY, UNASSIGNED

UNKNOWN, AMBIGUOUS, NO_PROJECT = "unknown_project", "ambiguous_project", "no_project"
OTHER_CURRENCY = "other_currency"
_UNASSIGNED_NAMES = (UNASSIGNED, "Unassigned")


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entry counts, as far as it tells."""

    project_id: str
    """Empty where it is not known."""
    unit: str | None
    """None where it may be any."""
    reason: str | None = None
    """Why nothing can match it."""


class Projects:
    """Where entries of each project count, by its page id and by its name.

    Lines of an archived project count as unassigned, in the currency of its page. A name is a live project's first.
    """

    def __init__(self, portfolio: Portfolio) -> None:
        self._by_id: dict[str, Place] = {}
        live: dict[str, set[Place]] = defaultdict(set)
        archived: dict[str, set[Place]] = defaultdict(set)
        pages = portfolio.projects.select("project_id", "name", "currency", "is_archived")
        for project_id, name, unit, is_archived in nw.to_native(pages).collect().iter_rows():
            place = Place(UNASSIGNED if is_archived else project_id, unit or NO_CURRENCY)
            self._by_id[project_id] = place
            (archived if is_archived else live)[_folded(name)].add(place)
        nobody = {_folded(name): {Place(UNASSIGNED, None)} for name in _UNASSIGNED_NAMES}
        self._by_name = {**archived, **nobody, **live}
        self._known: dict[str, Place] = {}

    def place(self, entry: Entry) -> Place:
        """The place of an entry, in the currency that it says itself, else in its project's."""
        if entry.project not in self._known:
            self._known[entry.project] = self._found(entry.project)
        place = self._known[entry.project]
        told = entry.currency or (place.unit if place.unit in entry.currencies else next(iter(entry.currencies), None))
        if told is None or told == place.unit:
            return place
        return Place(place.project_id, told, place.reason or (OTHER_CURRENCY if place.unit else None))

    def _found(self, told: str) -> Place:
        if not told:
            return Place("", None, NO_PROJECT)
        if place := self._by_id.get(dashed_id(told) or told):
            return place
        candidates = self._by_name.get(_folded(told), set())
        if len(candidates) == 1:
            return next(iter(candidates))
        return Place("", None, AMBIGUOUS if candidates else UNKNOWN)


def _folded(name: str) -> str:
    """Names are compared without regard to case, width or the number of blanks."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
