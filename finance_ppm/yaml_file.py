"""The YAML files that a finance team writes: reading one, and saying where in it something is wrong.

Belongs here: what all of them share. What a file may hold is its reader's: ``column_mapping``, ``health_thresholds``,
``quality.own_rules`` and ``automation.alerts.thresholds``.

What YAML lets pass silently is refused: a name that stands twice (only the last would count), a second document (only
the first would be read), a colon without a blank behind it (``{at_least:5}`` is one name, of nothing) and a number with
commas (``[1,000]`` is one and nothing). Words without quotes mean what they do in the core schema of YAML 1.2
(https://yaml.org/spec/1.2.2/#103-core-schema), and days: ``no`` is a word and not false, ``010`` is ten, ``0.1`` is a
tenth and not the float beside it. Numbers are decimal ones: ``0x10`` and ``.inf`` are texts.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from finance_ppm.errors import SettingsError

Place = tuple[str | int, ...]
"""Where in a file: ``("rules", 0, "must", "amount")``."""

WHOLE_DIGITS, DECIMALS = 18, 12
"""Most digits of a number before and behind the point: beyond them engines do not compute alike, or not at all."""

NUMBER = f"a number of at most {WHOLE_DIGITS} digits before the point and {DECIMALS} behind it"

_DEEPEST = 20
"""Levels. No file of ours needs half of them."""

_LARGEST = 100_000
"""Entries, those of aliases counted wherever they are used."""

_LONGEST = 60
"""Characters of a name within a message."""

_NUMBER = re.compile(r"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]{1,3})?")
_WITH_COMMAS = re.compile(r"[-+]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]*)?(?![\w.])")
_COLON = re.compile(" *:")
_ONE_NAME = re.compile(r"\w+:\S")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NOTHING = frozenset({"", "~", "null", "Null", "NULL"})
_TRUTHS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_TAGS = {"scalar": "str", "sequence": "seq", "mapping": "map"}


def text_of(path: Path, setting: str) -> str | None:
    """The file's text; None where there is no file. ``setting`` names the file: ``PPM_RULES``.

    Raises :class:`SettingsError` where it cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise SettingsError(f"{path} cannot be read ({reason}): mend the file, or set {setting} to another.") from None


class YamlFile:
    """What a file holds, ``told``, and on which line each thing stands. None is told by a file without entries.

    ``told`` is mappings, lists, texts, truths, days, None, and numbers: int where they are whole, else Decimal. With
    ``words`` every one of these scalars is the text that it is in the file.

    Raises :class:`SettingsError` with one sentence: the file, the line, and what to do.
    """

    def __init__(self, text: str, path: Path, *, words: bool = False) -> None:
        self._path = path
        self._text = text
        self._words = words
        self._lines: dict[Place, int] = {(): 1}
        self._left = _LARGEST
        self.told: Any = None
        node = self._composed(text)
        self.told = None if node is None else self._plain(node, (), frozenset())

    def wrong(self, place: Place, reason: str) -> SettingsError:
        """What is wrong at ``place``, or at the nearest place around it that the file has."""
        known = next(place[:end] for end in range(len(place), -1, -1) if place[:end] in self._lines)
        entry = " > ".join(filter(None, self._names(known)))
        told = " ".join(reason.split())
        end = "" if told.endswith("?") else "."
        return SettingsError(f"{self._path}, line {self._lines[known]}{f' ({entry})' if entry else ''}: {told}{end}")

    def mistake(self, error: ValidationError, model: type[BaseModel], within: Place = ()) -> SettingsError:
        """The first thing that pydantic found wrong with the ``model`` that stands at ``within``, in plain words."""
        found = error.errors(include_url=False)[0]
        return self.wrong((*within, *found["loc"]), _in_words(found, model))

    def _composed(self, text: str) -> Any:
        import yaml  # type: ignore[import-untyped]  # PyYAML carries no types

        levels = 0
        try:
            for event in yaml.parse(text, Loader=yaml.BaseLoader):  # composing a file goes as deep as the file
                levels += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
                if levels > _DEEPEST:
                    raise self._too_deep(event.start_mark.line + 1)
            return yaml.compose(text, Loader=yaml.BaseLoader)
        except yaml.reader.ReaderError as error:
            line = text.count("\n", 0, error.position) + 1
            raise SettingsError(
                f"{self._path}, line {line} is not YAML (a sign that no text holds): mend that line."
            ) from None
        except yaml.YAMLError as error:
            line = error.problem_mark.line + 1
            if error.problem == "but found another document":
                raise SettingsError(
                    f"{self._path}, line {line}: a second document begins there; join the two, without `---`."
                ) from None
            raise SettingsError(
                f"{self._path}, line {line} is not YAML ({error.problem}): mend that line; a text with a : or # in it "
                "needs quotes."
            ) from None
        except (ValueError, OverflowError):  # of \U and a number that is no sign's, of %YAML and an endless one
            raise SettingsError(
                f"{self._path} is not YAML (a \\U or %YAML with a number that cannot be): mend it."
            ) from None

    def _too_deep(self, line: int) -> SettingsError:
        return SettingsError(f"{self._path}, line {line}: it is more than {_DEEPEST} levels deep; write it flatter.")

    def _plain(self, node: Any, place: Place, above: frozenset[int]) -> Any:
        self._lines.setdefault(place, node.start_mark.line + 1)
        self._left -= 1
        if self._left < 0:
            raise self.wrong((), f"it holds more than {_LARGEST:,} entries, aliases written out; remove some")
        if id(node) in above:
            raise self.wrong(place, "it stands within itself; write it out")
        if len(place) > _DEEPEST:  # by aliases
            raise self._too_deep(self._lines[place])
        if node.tag != f"tag:yaml.org,2002:{_TAGS[node.id]}":
            raise self.wrong(place, f"write it without `{_short(node.tag.replace('tag:yaml.org,2002:', '!!'))}`")
        if node.id == "scalar":
            return self._scalar(node, place)
        above = above | {id(node)}
        if node.id == "sequence":
            return [self._plain(item, (*place, index), above) for index, item in enumerate(node.value)]
        found: dict[str, Any] = {}
        for key, value in node.value:
            if key.id != "scalar":
                raise self.wrong(place, "write a name before each colon")
            inner = (*place, key.value)
            if key.value in found:
                raise self.wrong(inner, f"it is named again on line {key.start_mark.line + 1}; keep one")
            self._lines[inner] = key.start_mark.line + 1
            if self._is_alone(key, value) and (reason := _meant(key.value)):
                raise self.wrong(inner, reason)
            found[key.value] = self._plain(value, inner, above)
        return found

    def _is_alone(self, key: Any, value: Any) -> bool:
        """Whether no colon follows the key, which YAML takes for a name of nothing."""
        is_nothing = value.id == "scalar" and value.style is None and not value.value
        return is_nothing and key.style is None and not _COLON.match(self._text, key.end_mark.index)

    def _scalar(self, node: Any, place: Place) -> Any:
        text: str = node.value
        is_plain = node.style is None and not self._words
        found = _WITH_COMMAS.match(self._text, node.start_mark.index) if is_plain else None
        if found and found.end() >= node.end_mark.index:
            raise self.wrong(place, _with_commas(found.group(), text))
        try:
            text.encode()
            return _meaning(text) if is_plain else text
        except UnicodeEncodeError:
            raise self.wrong(place, "it holds half of a sign (\\uD800 to \\uDFFF); write the whole one") from None
        except ValueError as error:
            raise self.wrong(place, str(error)) from None

    def _names(self, place: Place) -> Iterable[str]:
        """What a reader calls each step to ``place``: an entry of a list by its name, or its number."""
        told = self.told
        for step in place:
            fits = isinstance(told, list if isinstance(step, int) else dict)
            told = told[step] if fits else None
            name = told.get("name") if isinstance(told, dict) and isinstance(step, int) else None
            yield _short(str(name or (step + 1 if isinstance(step, int) else step)))


def instead(told: str, known: Iterable[str]) -> str:
    """What a user may have meant who wrote ``told``: the end of a sentence."""
    names = list(known)
    likely = closest(told, names)
    return f"did you mean {likely}?" if likely else f"name one of {', '.join(names)}"


def closest(told: str, known: Iterable[str]) -> str | None:
    """Which of ``known`` is most like ``told``, whatever the capitals; None where none is."""
    folded = {name.casefold(): name for name in known}
    return next((folded[name] for name in get_close_matches(told.casefold(), folded, n=1)), None)


def _meant(name: str) -> str | None:
    """What was meant by a name that no colon follows."""
    if name[:1].isdecimal():
        return (
            f"{_short(name)} is read as a name of nothing; write a number without commas, its decimals behind a point"
        )
    return _one_name(name) if ":" in name else None


def _one_name(told: str) -> str:
    name, _, value = told.partition(":")
    return f"{_short(told)} is read as one word; write a blank behind the colon: `{_short(name)}: {_short(value)}`"


def _with_commas(told: str, read: str) -> str:
    number = told.replace(",", "")
    if read == told:
        return f"{told} is read as a text; write {number}, or a text in quotes"
    return f"{told} is read as {' and '.join(told.split(','))}; write {number}; a list needs a blank behind each comma"


def _meaning(text: str) -> Any:
    """What a scalar without quotes stands for. Raises ``ValueError`` with the end of a sentence."""
    if text in _NOTHING:
        return None
    if text in _TRUTHS:
        return _TRUTHS[text]
    if _NUMBER.fullmatch(text):
        number = Decimal(text)
        exponent = number.as_tuple().exponent
        if number and (number.adjusted() >= WHOLE_DIGITS or int(exponent) < -DECIMALS):
            raise ValueError(f"write {NUMBER}")
        return int(number) if number == number.to_integral_value() else number
    if _DAY.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise ValueError(f"{text} is no day of the calendar; correct it") from None
    return text


_IN_WORDS = {
    "dict_type": "write `name: value` lines indented below it",
    "model_type": "write `name: value` lines indented below it",
    "list_type": "write a list: [one, another]",
    "tuple_type": "write a list: [one, another]",
    "too_short": "name something below it",
    "string_type": "write a text; what looks like a number, a day, true or null needs quotes",
    "bool_type": "write true or false",
}


def _in_words(found: Any, model: type[BaseModel]) -> str:
    kind, place = found["type"], found["loc"]
    match kind:
        case "missing":
            told = f"{place[-1]} is missing; write it there"
        case "extra_forbidden":
            name = str(place[-1])
            told = f"{_short(name)} is nothing that is known here; {instead(name, _fields(model, place))}"
        case "value_error":
            told = str(found["ctx"]["error"])
        case "literal_error" | "enum":
            expected, likely = found["ctx"]["expected"], None
            if isinstance(found["input"], str):
                likely = closest(found["input"], re.findall("'(.*?)'", expected))
            told = f"write {expected.replace(chr(39), '')}" + (f"; did you mean {likely}?" if likely else "")
        case "dict_type" | "model_type" if isinstance(found["input"], str) and _ONE_NAME.match(found["input"]):
            told = _one_name(found["input"])
        case "string_pattern_mismatch":
            told = f"write {_fields(model, place)[place[-1]].description or 'something behind it'}"
        case "decimal_type" | "decimal_parsing" | "decimal_max_digits" | "decimal_max_places" | "finite_number":
            told = f"write {NUMBER}"
        case _:
            told = _IN_WORDS.get(kind) or f"{found['msg'][:1].lower()}{found['msg'][1:]}"
    return told


def _fields(model: Any, place: Sequence[str | int]) -> Any:
    """The fields of the model that the last step of ``place`` is within."""
    for step in place[:-1]:
        is_model = isinstance(model, type) and issubclass(model, BaseModel)
        model = model.model_fields[step].annotation if is_model else get_args(model)[-1]
    return model.model_fields


def _short(name: str) -> str:
    """A name of the file's on one line."""
    told = " ".join(name.split())
    return told if len(told) <= _LONGEST else f"{told[: _LONGEST - 1]}…"
