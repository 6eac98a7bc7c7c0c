"""Which of a team's properties each of ours is read from, as far as names, types and structure tell.

Belongs here: weighing what speaks for a property, and choosing for a whole database at once; pure functions of the
schema, whatever the order of its properties. Does not belong here: Notion, or the mapping file.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from finance_ppm.column_mapping import TITLE
from finance_ppm.contracts import NotionProperty
from finance_ppm.onboarding.mapping_likeness import (
    core_of,
    is_scaled,
    likeness,
    meaning,
    names_of,
    parts_of,
    plain,
    weak_names_of,
    without_noun,
    without_words,
)
from finance_ppm.onboarding.mapping_words import ANY_WORD, WORDS

ELSEWHERE = "elsewhere"

_EXACT, _WRITTEN_OTHERWISE, _CALLED, _ABRIDGED, _ONLY_RELATION, _OPTIONS, _WEAK, _RELATION, _LONGER, _ONLY, _ALIKE = (
    100, 95, 85, 82, 75, 72, 65, 60, 58, 55, 50,
)  # fmt: skip
"""What each cue weighs. Only their order and the distances named below have a meaning."""

_CERTAIN, _LIKELY = _WRITTEN_OTHERWISE, 70
_RIVAL = 10
"""A second choice that weighs nearly as much makes the first one doubtful."""
_WRONG_TARGET = 35
"""What a relation loses that leads to another database than it should."""
_ALIKE_ENOUGH, _OVERLAP_ENOUGH = 0.86, 0.6


class Confidence(StrEnum):
    """How sure a match is."""

    YOURS = "yours"
    """Decided by the mapping file."""
    CERTAIN = "certain"
    LIKELY = "likely"
    DOUBTFUL = "doubtful"


@dataclass(frozen=True)
class TheirProperty:
    """A property as the team has it."""

    name: str
    type: str
    options: tuple[str, ...] = ()
    leads_to: str | None = None
    """The database of ours that a relation leads to, or :data:`ELSEWHERE`."""
    is_money: bool = False
    """A number that is shown in a currency."""


@dataclass(frozen=True)
class Match:
    """A property of ours and the one of theirs that it is read from, with the reason."""

    ours: str
    theirs: str
    confidence: Confidence
    reason: str


@dataclass(frozen=True)
class Unfit:
    """A property that is named like the one wanted, and is of a type that cannot be read as such.

    Another one may have been matched in its place, if that is no mere guess.
    """

    ours: str
    theirs: str
    type: str
    fitting: tuple[str, ...]


@dataclass(frozen=True)
class Matches:
    """What was found for a database, and what was not."""

    matches: tuple[Match, ...]
    unfit: tuple[Unfit, ...]
    missing: tuple[str, ...]
    """Our properties for which nothing was found, not even of an unfit type."""
    unread: tuple[str, ...]
    """Their properties that nothing is read from."""


@dataclass(frozen=True)
class _Candidate:
    weight: int
    reason: str
    prop: NotionProperty
    theirs: TheirProperty
    place: int

    @property
    def order(self) -> tuple[int, int, int, str]:
        return -self.weight, self.prop.types.index(self.theirs.type), self.place, self.theirs.name


def match_properties(
    database: str, wanted: Mapping[str, NotionProperty], theirs: Sequence[TheirProperty], decided: Mapping[str, str]
) -> Matches:
    """Find the property of each of ours in ``wanted``, name to what is wanted; ``decided`` gives those that are set.

    A decided property is taken as it is, there or not. No two of ours get one of theirs.
    """
    by_name = {found.name: found for found in theirs}
    titles = [found.name for found in theirs if found.type == TITLE]
    chosen = {ours: Match(ours, name, Confidence.YOURS, "as the file says") for ours, name in decided.items()}
    for ours, prop in wanted.items():
        if TITLE in prop.types and ours not in chosen and titles:
            chosen[ours] = Match(ours, titles[0], Confidence.CERTAIN, "the title is found by its type")
    free = [found for found in theirs if found.type != TITLE and found.name not in decided.values()]
    open_ = {ours: prop for ours, prop in wanted.items() if ours not in chosen and TITLE not in prop.types}
    candidates = sorted(_candidates(database, wanted, open_, free, theirs), key=lambda candidate: candidate.order)
    taken: dict[str, _Candidate] = {}
    for candidate in candidates:
        if candidate.prop.name not in taken and all(candidate.theirs != other.theirs for other in taken.values()):
            taken[candidate.prop.name] = candidate
    chosen |= {ours: _match(candidate, taken, candidates) for ours, candidate in taken.items()}

    used = {match.theirs for match in chosen.values()}
    unfit = _unfit(database, open_, chosen, by_name, used)
    for found in unfit:  # who has one of the right name is asked, and not given a guess
        if found.ours in chosen and chosen[found.ours].confidence is Confidence.DOUBTFUL:
            del chosen[found.ours]
    used = {match.theirs for match in chosen.values()} | {found.theirs for found in unfit}
    return Matches(
        tuple(chosen[ours] for ours in wanted if ours in chosen),
        unfit,
        tuple(ours for ours in wanted if ours not in chosen and all(found.ours != ours for found in unfit)),
        tuple(sorted(set(by_name) - used - set(titles))),
    )


def _candidates(
    database: str,
    wanted: Mapping[str, NotionProperty],
    open_: Mapping[str, NotionProperty],
    free: Sequence[TheirProperty],
    all_of_them: Sequence[TheirProperty],
) -> Iterator[_Candidate]:
    for place, (ours, prop) in enumerate(wanted.items()):
        for theirs in free if ours in open_ else ():
            # What bears the name of another of ours is that one's by default: no guess may take it.
            if theirs.type not in prop.types or (theirs.name in wanted and theirs.name != ours):
                continue
            named = _named(database, ours, theirs.name)
            cues = [*named, *_structure(database, prop, theirs, wanted, all_of_them)]
            if not cues:
                cues = _alike(prop, theirs)
            if cues:
                weight, reason = max(cues, key=lambda cue: cue[0])
                if theirs.leads_to not in (None, target_of(ours)):
                    weight, reason = weight - _WRONG_TARGET, f"{reason}, though it leads to another database"
                yield _Candidate(weight + len(cues) - 1, reason, prop, theirs, place)


def _match(candidate: _Candidate, taken: Mapping[str, _Candidate], candidates: Sequence[_Candidate]) -> Match:
    """The match, made doubtful by another choice that speaks for itself nearly as loudly and came to nothing."""
    ours, theirs = candidate.prop.name, candidate.theirs
    used = {other.theirs.name for other in taken.values()}
    doubts = []
    for other in candidates:
        if other.weight > candidate.weight - _RIVAL:
            if other.prop.name == ours and other.theirs.name not in used:
                doubts.append(f"{other.theirs.name!r} may be it as well")
            if other.theirs == theirs and other.prop.name not in taken:
                doubts.append(f"it may be {other.prop.name} as well")
    if candidate.weight >= _CERTAIN:
        return Match(ours, theirs.name, Confidence.CERTAIN, candidate.reason)
    if theirs.type == "number" and is_scaled(theirs.name):
        doubts.append("amounts count as they are written, thousands or not")
    sure = Confidence.LIKELY if candidate.weight >= _LIKELY and not doubts else Confidence.DOUBTFUL
    return Match(ours, theirs.name, sure, "; ".join([candidate.reason, *doubts]))


def _unfit(
    database: str,
    open_: Mapping[str, NotionProperty],
    chosen: Mapping[str, Match],
    by_name: Mapping[str, TheirProperty],
    used: set[str],
) -> tuple[Unfit, ...]:
    """For each of ours the free one that bears its name and cannot be read as such.

    Where another one is chosen, only one that bears the name as clearly is worth a word.
    """
    found: dict[str, Unfit] = {}
    for ours, prop in open_.items():
        names = [weight for weight, _ in _named(database, ours, chosen[ours].theirs)] if ours in chosen else []
        least = max([_CALLED, *names]) if ours in chosen else _ABRIDGED
        free = [theirs for name, theirs in sorted(by_name.items()) if name not in used and theirs.type != TITLE]
        named = [
            (weight, theirs)
            for theirs in free
            for weight, _ in _named(database, ours, theirs.name)
            if weight >= least
            and theirs.type not in prop.types
            and theirs.name not in (other.theirs for other in found.values())
        ]
        if named:
            _, theirs = max(named, key=lambda pair: pair[0])
            found[ours] = Unfit(ours, theirs.name, theirs.type, prop.types)
    return tuple(found.values())


def _named(database: str, ours: str, name: str) -> list[tuple[int, str]]:
    """What the name says: at most one cue."""
    names, parts, core = names_of(ours) | {plain(ours)}, parts_of(name), core_of(name)
    added = core in names or (parts and names.issuperset(parts)) or without_noun(database, name) & names
    cues = (
        (_EXACT, "the same name", name == ours),
        (_WRITTEN_OTHERWISE, "the same name, written otherwise", plain(name) == plain(ours)),
        (_CALLED, "a usual name for it", plain(name) in names),
        (_ABRIDGED, "a usual name for it, with something added", added),
        (_WEAK, "its name may mean it", {plain(name), core} & weak_names_of(ours)),
        (_LONGER, "a usual name for it is part of its name", without_words(name) & names),
    )
    return [(weight, reason) for weight, reason, holds in cues if holds][:1]


def _structure(
    database: str,
    prop: NotionProperty,
    theirs: TheirProperty,
    wanted: Mapping[str, NotionProperty],
    all_of_them: Sequence[TheirProperty],
) -> Iterator[tuple[int, str]]:
    """What type, target, options and number say, whatever the name."""
    kind = prop.types[0]
    alone = sum(other.types[0] == kind for other in wanted.values()) == 1
    peers = [found for found in all_of_them if found.type == theirs.type]
    if theirs.leads_to is not None:
        if theirs.leads_to == target_of(prop.name):
            if sum(found.leads_to == theirs.leads_to for found in peers) == 1:
                yield _ONLY_RELATION, f"the only relation to {theirs.leads_to}"
            else:
                yield _RELATION, f"a relation to {theirs.leads_to}"
    elif theirs.type == kind and kind in {"people", "date"} and alone and len(peers) == 1:
        yield _ONLY, f"the only property of type {kind}"
    elif theirs.is_money and alone and sum(found.is_money for found in peers) == 1:
        yield _ONLY, "the only number in a currency"
    elif theirs.type == "status" and prop.name == "Status" and len(peers) == 1:
        yield _ONLY, "the only property of type status"
    overlap = _overlap(database, prop.name, theirs.options)
    if overlap >= _OVERLAP_ENOUGH:
        yield round(_OPTIONS * overlap), f"its options ({', '.join(theirs.options[:5])}) are what it holds"


def _overlap(database: str, ours: str, options: Sequence[str]) -> float:
    """The part that our words and a property's options have in common; of a column that may hold any, of the options.

    One word alone is common by chance.
    """
    words = WORDS.get((database, ours), {})
    meant = [meaning(database, ours, option) for option in options]
    common, unknown = set(meant) - {None}, meant.count(None)
    if (database, ours) in ANY_WORD:
        return len(common) / (len(common) + unknown) if common else 0
    return len(common) / (len(words) + unknown) if len(common) > 1 else 0


def _alike(prop: NotionProperty, theirs: TheirProperty) -> list[tuple[int, str]]:
    """How much the name is written like one of the usual names."""
    ratio = max(likeness(theirs.name, name) for name in (prop.name, *names_of(prop.name)))
    return [(round(_ALIKE * ratio), "written much like a usual name for it")] if ratio >= _ALIKE_ENOUGH else []


def target_of(ours: str) -> str:
    """The database a relation of ours leads to: ``Project`` leads to ``projects``."""
    return f"{ours.lower()}s"
