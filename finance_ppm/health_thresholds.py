"""The file of a finance team's own health thresholds: reading it, one to start from, and what is in force.

Belongs here: the file. Does not belong here: what the thresholds are (``transforms.health.thresholds``).

The file is YAML, and names only what is to differ from ours::

    cost:
      amber_beyond: 3
      red_beyond: 8
"""

from collections.abc import Iterator
from pathlib import Path
from textwrap import wrap
from typing import Any

from pydantic import BaseModel, ValidationError

from finance_ppm.errors import SettingsError
from finance_ppm.settings import Config
from finance_ppm.transforms.health.thresholds import HealthThresholds
from finance_ppm.yaml_file import Place, YamlFile, text_of

_HEAD = """\
Thresholds of project health (gold/ppm_project_health): those in force where this file does not say otherwise.
Save it as health.yaml, or under the name that PPM_HEALTH_THRESHOLDS tells; keep only the lines you change."""

_IN_FORCE = """\
Thresholds of project health (gold/ppm_project_health) in force: {whose}.
`finance-ppm thresholds --default` prints a file to start from."""

_DEPTH = 3
"""Levels of the file: section, threshold, and the words of severity and probability."""

_WIDTH = 100


def health_thresholds(config: Config) -> HealthThresholds:
    """Our thresholds, under those in the file that the settings name; there need be no ``health.yaml``.

    Raises :class:`SettingsError` with one sentence: the file, the line, and what to do.
    """
    path = config.ppm_health_thresholds
    text = text_of(path, "PPM_HEALTH_THRESHOLDS")
    if text is not None:
        return thresholds_in(text, path)
    if path == Config.model_fields["ppm_health_thresholds"].default:
        return HealthThresholds()
    raise SettingsError(
        f"{path} does not exist: write it, or remove PPM_HEALTH_THRESHOLDS from .env to go by our thresholds."
    )


def thresholds_in(text: str, path: Path) -> HealthThresholds:
    """Our thresholds, under those that ``text`` holds; ``path`` is named in errors. Raises :class:`SettingsError`."""
    file = YamlFile(text, path, words=True)  # every scalar is text, so that 0.1 is no float
    if file.told is not None and not isinstance(file.told, dict):
        raise file.wrong((), "write `section:` with `name: number` lines indented below it")
    try:
        return HealthThresholds.model_validate(_told(file, file.told or {}, ()))
    except ValidationError as error:
        found = error.errors()[0]
        raise file.wrong(found["loc"], _reason(found["loc"], found)) from None


def default_thresholds_yaml() -> str:
    """A file with every threshold, its meaning, and our value: what a team's own may start from."""
    return _yaml(_HEAD, HealthThresholds())


def thresholds_in_force_yaml(config: Config) -> str:
    """Every threshold that a project is judged by, its meaning, and beside it ours where the team's own is another.

    Raises as :func:`health_thresholds`.
    """
    path, own = config.ppm_health_thresholds, health_thresholds(config)
    whose = f"those in {path}, and ours where it says nothing" if path.exists() else f"ours, as there is no {path}"
    return _yaml(_IN_FORCE.format(whose=whose), own)


def _yaml(head: str, thresholds: HealthThresholds) -> str:
    return "\n".join([*_comment(head, ""), *_sections(thresholds, HealthThresholds(), "")]) + "\n"


def _sections(section: BaseModel, ours: BaseModel, indent: str) -> Iterator[str]:
    for name, field in type(section).model_fields.items():
        value, default = getattr(section, name), getattr(ours, name)
        if isinstance(value, BaseModel):
            yield from ("",) if not indent else ()
            yield from _comment(type(value).__doc__ or "", indent)
            yield f"{indent}{name}:"
            yield from _sections(value, default, f"{indent}  ")
        else:
            yield from _comment(field.description or "", indent)
            yield f"{indent}{name}: {value}" + (f"  # ours: {default}" if value != default else "")


def _comment(text: str, indent: str) -> Iterator[str]:
    for paragraph in text.splitlines():
        lines = wrap(paragraph, _WIDTH - len(f"{indent}# "), break_long_words=False, break_on_hyphens=False)
        yield from (f"{indent}# {line}" for line in lines)


def _told(file: YamlFile, told: Any, place: Place) -> Any:
    """What the file tells at ``place``; of a section whose every line is a comment, nothing is said."""
    if isinstance(told, str):
        return told or {}
    if not isinstance(told, dict) or len(place) >= _DEPTH:
        raise file.wrong(place, "write one number here, or `name: number` lines indented below it")
    return {name: _told(file, inner, (*place, name)) for name, inner in told.items()}


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
