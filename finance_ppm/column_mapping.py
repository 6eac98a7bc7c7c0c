"""The mapping file: which of a team's Notion columns feeds which of ours, and which of its words mean which of ours.

Belongs here: the file's shape, reading it, and answering by it. Does not belong here: proposing a mapping from the
live databases, checking it against them, or writing the file (``onboarding.mapping``).

The file is YAML. On the left stand our names, on the right the team's::

    projects:
      Start Date: Beginn
      Status:
        property: Zustand
        values:
          Planning: Geplant
          Completed: [Fertig, Abgebrochen]

What is not named goes by its usual name. A title is found by its type, whatever it is called.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    field_validator,
    model_validator,
)

from finance_ppm.contracts import PAGE_TABLES, NotionProperty, notion_properties
from finance_ppm.settings import Config
from finance_ppm.yaml_file import Place, YamlFile, text_of

Text = Annotated[str, Field(pattern=r"\S")]
"""Anything but nothing."""

TITLE = "title"

_SHAPE = "write `our name: your name`, or `our name:` with `property:` and `values:` indented below it"


class Entry(BaseModel):
    """What a team says of one of our properties."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    property: Text | None = None
    """What it is called there; None where it bears our name."""
    values: dict[str, Annotated[list[Text], Field(min_length=1)]] = Field(default_factory=dict)
    """Our word to theirs, of which several may mean one of ours."""

    @model_validator(mode="before")
    @classmethod
    def _name_alone(cls, told: Any) -> Any:
        return {"property": told} if isinstance(told, str) else told

    @field_validator("values", mode="before")
    @classmethod
    def _word_alone(cls, told: Any) -> Any:
        if not isinstance(told, dict):
            return told
        return {ours: [theirs] if isinstance(theirs, str) else theirs for ours, theirs in told.items()}


_Database = Annotated[dict[str, Entry], BeforeValidator(lambda told: told or {})]
"""A database of which nothing is said, perhaps because every line of it is a comment, is no mistake."""

_FILE = TypeAdapter(dict[str, _Database])


@dataclass(frozen=True)
class ColumnMapping:
    """A team's names for our properties and words, by database; empty where the team uses ours."""

    entries: Mapping[str, Mapping[str, Entry]] = field(default_factory=dict)
    """Database name to our property's name to what the team says of it."""

    @classmethod
    def from_config(cls, config: Config) -> Self:
        """The mapping in the file that the settings name; an empty one where there is no such file.

        Raises :class:`SettingsError` with one sentence: the file, the line, and what to do.
        """
        path = config.ppm_notion_mapping
        return cls.from_text(read_mapping(path) or "", path)

    @classmethod
    def from_text(cls, text: str, path: Path) -> Self:
        """The mapping that ``text`` holds; ``path`` is named in errors. Raises :class:`SettingsError`."""
        # Every scalar is text: YAML would make a truth of the word `true`, and a day of `2026-01-01`.
        file = YamlFile(text, path, words=True)
        try:
            told = _FILE.validate_python(file.told or {})
        except ValidationError as error:
            raise file.wrong(error.errors()[0]["loc"], _SHAPE) from None
        entries: dict[str, dict[str, Entry]] = {}
        for database, said in told.items():
            name = fold(database)
            if name not in PAGE_TABLES:
                raise file.wrong((database,), f"there is no such database; name one of {', '.join(PAGE_TABLES)}")
            if name in entries:
                raise file.wrong((database,), "this database is named twice; join the two")
            entries[name] = _entries(file, database, said)
        return cls(entries)

    def properties(self, database_name: str) -> dict[str, NotionProperty]:
        """Column to Notion property, as the contract has it, under the team's names."""
        told = self.entries.get(database_name, {})
        wanted = notion_properties(PAGE_TABLES[database_name])
        return {column: _renamed(prop, told.get(prop.name)) for column, prop in wanted.items()}

    def words(self, database_name: str) -> dict[str, dict[str, str]]:
        """Column to the team's words, folded by :func:`fold_word`, and what each means in ours.

        Holds only the columns that have such words.
        """
        told = self.entries.get(database_name, {})
        wanted = notion_properties(PAGE_TABLES[database_name])
        meanings = {column: _meanings(told[prop.name]) for column, prop in wanted.items() if prop.name in told}
        return {column: words for column, words in meanings.items() if words}

    def value(self, database_name: str, column: str, text: str) -> str:
        """``text`` in our word, where the team has another one for it; else ``text`` as it is."""
        return self.words(database_name).get(column, {}).get(fold_word(text), text)


def read_mapping(path: Path) -> str | None:
    """The file's text; None where there is no file. Raises :class:`SettingsError` where it cannot be read."""
    return text_of(path, "PPM_NOTION_MAPPING")


def our_properties(database_name: str) -> dict[str, NotionProperty]:
    """The properties a database is read from, under our names and without repetition."""
    return {prop.name: prop for prop in notion_properties(PAGE_TABLES[database_name]).values()}


def our_name(database_name: str, key: str) -> str | None:
    """The property of ours that ``key`` means: its name or a silver column's, however written."""
    wanted = notion_properties(PAGE_TABLES[database_name])
    columns = {fold(column): prop.name for column, prop in wanted.items()}
    return {**columns, **{fold(prop.name): prop.name for prop in wanted.values()}}.get(fold(key))


def fold(name: str) -> str:
    """A name of ours however it is written: ``Budget Lines``, ``budget-lines`` and ``budget_lines`` are one."""
    return "_".join(name.casefold().replace("-", " ").replace("_", " ").split())


def fold_word(word: str) -> str:
    """A team's word without its capitals and the blanks around it."""
    return word.strip().casefold()


def _entries(file: YamlFile, database: str, told: Mapping[str, Entry]) -> dict[str, Entry]:
    """What the file says of ``database``, under our properties' names. Raises :class:`SettingsError`."""
    wanted = our_properties(fold(database))
    keys: dict[str, str] = {}
    for key, entry in told.items():
        place, name = (database, key), our_name(fold(database), key)
        if name is None:
            raise file.wrong(place, f"there is no such column; name one of {', '.join(wanted)}")
        if name in keys:
            raise file.wrong(place, f"it is the same as {keys[name]}; keep one")
        keys[name] = key
        if entry.values and "select" not in wanted[name].types:
            raise file.wrong(place, "this column holds no choice of words; remove its values")
        _check_words(file, (*place, "values"), entry)
    entries = {name: told[key] for name, key in keys.items()}
    readers: dict[str, str] = {}
    for name, prop in wanted.items():
        if TITLE in prop.types:  # found by its type: what it is called is nobody's loss
            continue
        theirs = _renamed(prop, entries.get(name)).name
        other = readers.setdefault(theirs, name)
        if other != name:
            place = (database, keys[name] if name in keys else keys[other])
            raise file.wrong(
                place, f"{other} and {name} would both be read from {theirs!r}; name a property of its own for each"
            )
    return entries


def _check_words(file: YamlFile, place: Place, entry: Entry) -> None:
    meant: dict[str, str] = {}
    for ours, word in _pairs(entry):
        if not ours.strip():
            raise file.wrong((*place, ours), f"on the left stands nothing; write our word for {word!r} there")
        if meant.setdefault(fold_word(word), ours) != ours:
            raise file.wrong((*place, ours), f"{word!r} stands for {meant[fold_word(word)]} already; keep it in one")


def _meanings(entry: Entry) -> dict[str, str]:
    return {fold_word(word): ours for ours, word in _pairs(entry)}


def _pairs(entry: Entry) -> Iterable[tuple[str, str]]:
    return ((ours, word) for ours, theirs in entry.values.items() for word in theirs)


def _renamed(prop: NotionProperty, entry: Entry | None) -> NotionProperty:
    return replace(prop, name=entry.property) if entry and entry.property else prop
