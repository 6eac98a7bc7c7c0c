"""Tags that lead to a project, in all the ways people write them, and the ones beside them.

Belongs here: what stands in a tag, and whether on the resource or on its group. Which project it is, is given.
"""

from collections.abc import Sequence
from enum import Enum, auto
from random import Random
from typing import Final

from finance_ppm.sandbox.estate import vocabulary
from finance_ppm.sandbox.portfolio.projects import Project

PROJECT_KEYS: Final = ("ppm-project", "PPM-Project", "ppm-project", "Ppm-Project", "PPM-PROJECT")
"""Azure keeps the case of a tag's name and compares it without:
https://learn.microsoft.com/azure/azure-resource-manager/management/tag-resources."""

NO_SUCH_PROJECTS: Final = ("Project Aurora", "ERP 2019", "tbd", "00000000-0000-4000-8000-000000000000")

Tags = dict[str, str]


class Style(Enum):
    """How a resource group and what is in it are tagged."""

    GROUP = auto()
    """The group alone."""
    RESOURCES = auto()
    """Its resources, not all of them, and not the group."""
    BOTH = auto()
    """The group, and some of its resources for another project."""
    NEITHER = auto()
    """Nothing: what the subscription says holds, or nothing does."""
    EMPTY_GROUP = auto()
    """The group's tag has no value; some resources have one."""
    EMPTY_RESOURCES = auto()
    """The group has a project; some resources have the tag without a value."""
    UNKNOWN = auto()
    """The group names a project that does not exist."""


STYLES: Final = (
    Style.GROUP, Style.RESOURCES, Style.BOTH, Style.GROUP, Style.NEITHER, Style.EMPTY_RESOURCES, Style.RESOURCES,
    Style.BOTH, Style.EMPTY_GROUP, Style.GROUP, Style.UNKNOWN,
)  # fmt: skip
"""In turn from group to group."""


def of_group(style: Style, project: Project, rng: Random) -> Tags:
    """Tags of a resource group, beside the ordinary ones."""
    if style in (Style.GROUP, Style.BOTH, Style.EMPTY_RESOURCES):
        return {rng.choice(PROJECT_KEYS): spelled(project, rng)}
    if style is Style.EMPTY_GROUP:
        return {PROJECT_KEYS[1]: ""}
    if style is Style.UNKNOWN:
        return {PROJECT_KEYS[0]: rng.choice(NO_SUCH_PROJECTS)}
    return {}


def of_resource(style: Style, project: Project, others: Sequence[Project], rng: Random) -> Tags:
    """Tags of a resource in such a group, beside the ordinary ones. ``others``: projects it may belong to instead."""
    chance, key = rng.random(), rng.choice(PROJECT_KEYS)
    if style is Style.RESOURCES and chance < 0.75:
        return {key: spelled(project, rng)}
    if style is Style.RESOURCES and chance < 0.80:
        return {key: rng.choice(NO_SUCH_PROJECTS)}
    if style is Style.BOTH and chance < 0.30:
        return {key: spelled(rng.choice(others), rng)}
    if style is Style.EMPTY_RESOURCES and chance < 0.35:
        return {key: rng.choice(("", "  "))}
    if style is Style.EMPTY_GROUP and chance < 0.5:
        return {key: spelled(project, rng)}
    return {}


def spelled(project: Project, rng: Random) -> str:
    """A project as people write it: mostly its name, often the id of its page, with or without hyphens as in a link."""
    chance = rng.random()
    if chance < 0.55:
        return project.name
    if chance < 0.80:
        return project.page_id
    if chance < 0.88:
        return project.page_id.replace("-", "")
    return project.name.lower() if chance < 0.95 else f" {project.name} "


def ordinary(environment: str, rng: Random) -> Tags:
    """The tags that everything has, or should have."""
    tags = {
        "environment": environment,
        "owner": rng.choice(vocabulary.OWNERS),
        "cost-center": f"CC-{rng.randint(10, 49)}00",
    }
    return tags if rng.random() < 0.8 else {}
