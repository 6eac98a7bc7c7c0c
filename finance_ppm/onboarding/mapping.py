"""A mapping for a team's own names: proposed from the live databases, added to the file, and checked against them.

Belongs here: what to say of each column. Which property fits is ``mapping_match``'s business, the file's text
``mapping_file``'s, asking Notion ``mapping_schema``'s.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import anyio

from finance_ppm.column_mapping import TITLE, ColumnMapping, Entry, fold_word, our_properties, read_mapping
from finance_ppm.contracts import NotionProperty
from finance_ppm.onboarding import mapping_sentences as say
from finance_ppm.onboarding.mapping_file import Addition, save, with_additions
from finance_ppm.onboarding.mapping_likeness import meaning
from finance_ppm.onboarding.mapping_match import Confidence, Match, TheirProperty, Unfit, match_properties, target_of
from finance_ppm.onboarding.mapping_schema import read_schemas
from finance_ppm.onboarding.mapping_words import ANY_WORD, WORDS
from finance_ppm.settings import Config

Schemas = Mapping[str, Sequence[TheirProperty]]
"""Database name to its properties."""


@dataclass(frozen=True)
class MappedColumn:
    """One of our properties, the one of theirs that it is read from, and why."""

    database: str
    ours: str
    theirs: str
    confidence: Confidence
    reason: str
    words: dict[str, tuple[str, ...]]
    """Our words, and what is to be added to the file as theirs."""
    unknown_words: tuple[str, ...]
    """Options for which no word of ours is known; such pages get a finding."""


@dataclass(frozen=True)
class Remark:
    """Something to know of a column, in one sentence."""

    database: str
    column: str
    told: str


@dataclass(frozen=True)
class Proposal:
    """What the live databases suggest, beside what the file has decided."""

    path: str
    columns: tuple[MappedColumn, ...]
    unfit: tuple[Remark, ...]
    """Columns whose property is of a type that cannot be read."""
    missing: tuple[Remark, ...]
    """Columns for which there is no property."""
    unread: tuple[Remark, ...]
    """Properties of theirs that nothing is read from."""
    additions: tuple[Addition, ...]
    text: str
    """The file with the additions; empty where the team uses our names and words."""


@dataclass(frozen=True)
class MappingCheck:
    """Whether the file fits the live databases."""

    path: str
    entries: int
    problems: tuple[Remark, ...]
    """What keeps a column from being read as the file says."""
    notes: tuple[Remark, ...]
    """What is odd and keeps nothing from being read."""

    @property
    def well(self) -> bool:
        """Every column can be read as the file says."""
        return not self.problems


def propose(config: Config) -> Proposal:
    """A mapping for the configured databases; what the file decides stands.

    Raises :class:`SettingsError` for wrong settings or a wrong file, and :class:`NotionError`.
    """
    path = config.ppm_notion_mapping
    text = read_mapping(path) or ""
    mapping = ColumnMapping.from_text(text, path)
    return proposal(mapping, text, path, anyio.run(read_schemas, config))


def check(config: Config) -> MappingCheck:
    """The file against the live databases. Raises as :func:`propose` does."""
    mapping = ColumnMapping.from_config(config)
    return checked(mapping, config.ppm_notion_mapping, anyio.run(read_schemas, config))


def write(found: Proposal) -> None:
    """Write the file with the additions, whole or not at all. Raises :class:`SettingsError` where it cannot be."""
    if found.additions:
        save(Path(found.path), found.text)


def proposal(mapping: ColumnMapping, text: str, path: Path, schemas: Schemas) -> Proposal:
    """What ``schemas`` suggest beside ``mapping``, which is what ``text`` says."""
    columns: list[MappedColumn] = []
    unfit: list[Remark] = []
    missing: list[Remark] = []
    unread: list[Remark] = []
    for database, theirs in schemas.items():
        wanted, entries = our_properties(database), mapping.entries.get(database, {})
        decided = {ours: entry.property or ours for ours, entry in entries.items()}
        found = match_properties(database, wanted, theirs, decided)
        by_name = {prop.name: prop for prop in theirs}
        free = [by_name[name] for name in found.unread]
        for match in found.matches:
            prop = by_name.get(match.theirs)
            columns.append(_column(database, match, prop, entries.get(match.ours)))
            if prop is None:
                missing.append(Remark(database, match.ours, say.no_such(match.theirs, by_name)))
            elif prop.type not in wanted[match.ours].types:
                unfit.append(Remark(database, match.ours, say.unfit(prop.name, prop.type, wanted[match.ours], free)))
        instead = {match.ours: match.theirs for match in found.matches}
        unfit += (
            Remark(database, bad.ours, _unfit(bad, wanted[bad.ours], instead.get(bad.ours), free))
            for bad in found.unfit
        )
        missing += (Remark(database, ours, say.not_found(wanted[ours], free)) for ours in found.missing)
        unread += (Remark(database, prop.name, f"Nothing is read from it (type {prop.type}).") for prop in free)
    additions = tuple(_addition(column) for column in columns if _is_news(column))
    added = with_additions(text, additions, path)
    return Proposal(str(path), tuple(columns), tuple(unfit), tuple(missing), tuple(unread), additions, added)


def checked(mapping: ColumnMapping, path: Path, schemas: Schemas) -> MappingCheck:
    """``mapping``, which the file at ``path`` holds, against ``schemas``: every column, named in the file or not."""
    problems = list(wrong_words(mapping))
    notes = [
        Remark(database, "", f"What is said of it counts once NOTION_{database.upper()}_DB_ID is set.")
        for database in mapping.entries
        if database not in schemas
    ]
    for database, theirs in schemas.items():
        entries, read = mapping.entries.get(database, {}), {prop.name for prop in mapping.properties(database).values()}
        by_name = {prop.name: prop for prop in theirs}
        free = [prop for prop in theirs if prop.type != TITLE and prop.name not in read]
        for ours, wanted in our_properties(database).items():
            entry = entries.get(ours, Entry())
            found = _source(wanted, entry, by_name)
            if found is None and entry.property:
                problems.append(Remark(database, ours, say.no_such(entry.property, by_name)))
            elif found is None and wanted.required:
                problems.append(Remark(database, ours, say.absent(wanted, free)))
            elif found and found.type not in wanted.types:
                problems.append(Remark(database, ours, say.unfit(found.name, found.type, wanted, free)))
            elif found:
                notes += (Remark(database, ours, told) for told in _notes(ours, entry, found))
    return MappingCheck(str(path), sum(map(len, mapping.entries.values())), tuple(problems), tuple(notes))


def wrong_words(mapping: ColumnMapping) -> tuple[Remark, ...]:
    """The words on the left of the file that are none of ours: silver would hold them as they are."""
    return tuple(
        Remark(database, ours, told)
        for database, entries in mapping.entries.items()
        for ours, entry in entries.items()
        for told in say.wrong_words(database, ours, entry)
    )


def _column(database: str, match: Match, found: TheirProperty | None, entry: Entry | None) -> MappedColumn:
    told = {fold_word(word) for theirs in entry.values.values() for word in theirs} if entry else set()
    words: dict[str, list[str]] = {}
    unknown: list[str] = []
    key = (database, match.ours)
    for option in found.options if found and key in WORDS else ():
        ours = meaning(*key, option)
        if fold_word(option) in told or ours == option:
            continue
        if ours is None:
            unknown += [] if key in ANY_WORD else [option]
        elif key in ANY_WORD and fold_word(ours) == fold_word(option):
            continue
        elif told:  # what the file says of a column's words is all there is to say
            unknown.append(option)
        else:
            words.setdefault(ours, []).append(option)
    told_words = {ours: tuple(theirs) for ours, theirs in words.items()}
    return MappedColumn(database, match.ours, match.theirs, match.confidence, match.reason, told_words, tuple(unknown))


def _is_news(column: MappedColumn) -> bool:
    renamed = column.ours != column.theirs and column.confidence is not Confidence.YOURS
    return bool(column.words) or (renamed and TITLE not in our_properties(column.database)[column.ours].types)


def _addition(column: MappedColumn) -> Addition:
    theirs = column.theirs if column.theirs != column.ours else None
    comments = [f"Doubtful, please look: {column.reason}."] if column.confidence is Confidence.DOUBTFUL else []
    if column.unknown_words:
        comments.append(f"No word of ours is known for: {', '.join(column.unknown_words)}.")
    return Addition(column.database, column.ours, theirs, column.words, tuple(comments))


def _source(wanted: NotionProperty, entry: Entry, by_name: Mapping[str, TheirProperty]) -> TheirProperty | None:
    """What a column is read from; a title that the file does not name is found by its type."""
    if TITLE in wanted.types and not entry.property:
        return next((prop for prop in by_name.values() if prop.type == TITLE), None)
    return by_name.get(entry.property or wanted.name)


def _unfit(bad: Unfit, wanted: NotionProperty, instead: str | None, free: Sequence[TheirProperty]) -> str:
    return say.superseded(bad, instead) if instead else say.unfit(bad.theirs, bad.type, wanted, free)


def _notes(ours: str, entry: Entry, found: TheirProperty) -> Iterator[str]:
    options = {fold_word(option) for option in found.options}
    for word in (word for theirs in entry.values.values() for word in theirs):
        if options and fold_word(word) not in options:
            yield f"{found.name!r} has no option {word!r}: correct it, or leave it for what was chosen before."
    if found.leads_to not in (None, target_of(ours)):
        yield f"{found.name!r} leads to another database than {target_of(ours)}: look whether it is the right one."
