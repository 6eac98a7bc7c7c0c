"""The file of a finance team's own health thresholds: reading it, and one to start from.

Belongs here: the file. Does not belong here: what the thresholds are (``transforms.health.thresholds``).

The file is YAML, and names only what is to differ from ours::

    cost:
      amber_beyond: 3
      red_beyond: 8
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from textwrap import wrap
from typing import Any

from pydantic import BaseModel, ValidationError

from finance_ppm.errors import SettingsError
from finance_ppm.settings import Config
from finance_ppm.transforms.health.thresholds import HealthThresholds

_HEAD = """\
Thresholds of project health (gold/ppm_project_health): those in force where this file does not say otherwise.
Save it as health.yaml, or under the name that PPM_HEALTH_THRESHOLDS tells; keep only the lines you change."""

_DEPTH = 3
"""Levels of the file: section, threshold, and the words of severity and probability."""

_WIDTH = 100

Place = tuple[str, ...]
"""Where in the file: ``("cost", "amber_beyond")``."""


def health_thresholds(config: Config) -> HealthThresholds:
    """Our thresholds, under those in the file that the settings name; there need be no ``health.yaml``.

    Raises :class:`SettingsError` with one sentence: the file, the line, and what to do.
    """
    path = config.ppm_health_thresholds
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        if path == Config.model_fields["ppm_health_thresholds"].default:
            return HealthThresholds()
        raise SettingsError(
            f"{path} does not exist: write it, or remove PPM_HEALTH_THRESHOLDS from .env to go by our thresholds."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise SettingsError(
            f"{path} cannot be read ({reason}): mend the file, or set PPM_HEALTH_THRESHOLDS to another one."
        ) from None
    return thresholds_in(text, path)


def thresholds_in(text: str, path: Path) -> HealthThresholds:
    """Our thresholds, under those that ``text`` holds; ``path`` is named in errors. Raises :class:`SettingsError`."""
    told, lines = _read(text, path)
    try:
        return HealthThresholds.model_validate(told)
    except ValidationError as error:
        found = error.errors()[0]
        place = tuple(str(step) for step in found["loc"])
        raise _wrong(path, lines, place, _reason(place, found)) from None


def default_thresholds_yaml() -> str:
    """A file with every threshold, its meaning, and our value: what a team's own may start from."""
    return "\n".join([*_comment(_HEAD, ""), *_sections(HealthThresholds(), "")]) + "\n"


def _sections(section: BaseModel, indent: str) -> Iterator[str]:
    for name, field in type(section).model_fields.items():
        value = getattr(section, name)
        if isinstance(value, BaseModel):
            yield from ("",) if not indent else ()
            yield from _comment(type(value).__doc__ or "", indent)
            yield f"{indent}{name}:"
            yield from _sections(value, f"{indent}  ")
        else:
            yield from _comment(field.description or "", indent)
            yield f"{indent}{name}: {value}"


def _comment(text: str, indent: str) -> Iterator[str]:
    for paragraph in text.splitlines():
        yield from (f"{indent}# {line}" for line in wrap(paragraph, _WIDTH - len(f"{indent}# ")))


def _read(text: str, path: Path) -> tuple[dict[str, Any], Mapping[Place, int]]:
    """The file as mappings of text, so that 0.1 is no float, and the line on which each place stands."""
    import yaml  # type: ignore[import-untyped]  # PyYAML carries no types

    try:
        root = yaml.compose(text, Loader=yaml.BaseLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        reason = getattr(error, "problem", None) or "a character is not allowed"
        raise SettingsError(f"{path}{line} is not YAML ({reason}): mend that line.") from None
    lines: dict[Place, int] = {(): 1}
    if root is None:
        return {}, lines

    def plain(node: Any, place: Place) -> Any:
        if isinstance(node, yaml.ScalarNode):
            return node.value or {}  # of a section whose every line is a comment, nothing is said
        if not isinstance(node, yaml.MappingNode) or len(place) >= _DEPTH:
            raise _wrong(path, lines, place, "write one number here, or `name: number` lines indented below it")
        found: dict[str, Any] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise _wrong(path, lines, place, "write a name before each colon")
            name = key.value
            inner = (*place, name)
            if name in found:
                raise _wrong(path, lines, inner, f"it is named again on line {key.start_mark.line + 1}; keep one")
            lines[inner] = key.start_mark.line + 1
            found[name] = plain(value, inner)
        return found

    told = plain(root, ())
    if not isinstance(told, dict):
        raise _wrong(path, lines, (), "write `section:` with `name: number` lines indented below it")
    return told, lines


def _reason(place: Place, found: Any) -> str:
    """What is wrong, in words of the file's."""
    if found["type"] == "extra_forbidden":
        section: Any = HealthThresholds
        for step in place[:-1]:
            section = section.model_fields[step].annotation
        return f"there is no such threshold; name one of {', '.join(section.model_fields)}"
    if found["type"].startswith("model_"):
        return "write `name: number` lines indented below it"
    if found["type"] == "value_error":
        return str(found["ctx"]["error"])
    if not isinstance(found["input"], str):
        return "write a number behind it"
    return f"{found['input']} is not a number that fits: {found['msg'][:1].lower()}{found['msg'][1:]}"


def _wrong(path: Path, lines: Mapping[Place, int], place: Place, reason: str) -> SettingsError:
    """What is wrong at ``place``, or at the nearest place around it that the file has."""
    known = next(place[:end] for end in range(len(place), -1, -1) if place[:end] in lines)
    entry = f" ({' > '.join(place)})" if place else ""
    return SettingsError(f"{path}, line {lines[known]}{entry}: {reason}.")
