"""What a write of a schema must look like; what is wrong is refused as Notion refuses it.

Belongs here: checking requests, and nothing else; a history is trusted and never comes here.
"""

from typing import Any

from finance_ppm.sandbox.notion.errors import UNDEFINED, ApiError, invalid, invalid_value, not_found
from finance_ppm.sandbox.notion.formulas import FormulaError, parse
from finance_ppm.sandbox.notion.reading import AGGREGATES, ARRAY_FUNCTIONS
from finance_ppm.sandbox.notion.schema import COLORS, OPTION_TYPES, PROPERTY_TYPES, DataSource
from finance_ppm.sandbox.notion.schema_edits import requested_type
from finance_ppm.sandbox.notion.validation import as_array, as_object, as_string, as_uuid
from finance_ppm.sandbox.notion.workspace import Workspace


class Schemas:
    """Checks the properties of a schema in a write request."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def checked_new(self, wanted: Any, path: str) -> dict[str, dict[str, Any]]:
        """The properties of a new data source: exactly one title, and each well formed."""
        properties = as_object(wanted, path)
        for name, config in properties.items():
            self.check(config, f"{path}.{name}", None)
        titles = sum(requested_type(config) == "title" for config in properties.values())
        if titles != 1:
            found = "missing" if not titles else "given more than once"
            raise invalid(f"Title is not provided: the title property is {found}.")
        return properties

    def check(self, config: Any, path: str, source: DataSource | None) -> None:
        """Raises ApiError for a property configuration that Notion would refuse."""
        kind = requested_type(as_object(config, path))
        if kind not in PROPERTY_TYPES:
            raise invalid_value(f"{path}.title", "defined")
        inner = config.get(kind)
        if inner is None:
            raise invalid_value(f"{path}.{kind}", "defined")
        where = f"{path}.{kind}"
        check = {
            "relation": self._relation,
            "formula": lambda told, at: _formula(told, at, source),
            "rollup": _rollup,
            **dict.fromkeys(OPTION_TYPES, _options),
        }.get(kind)
        if check:
            check(as_object(inner, where), where)

    def _relation(self, config: dict[str, Any], path: str) -> None:
        key = "data_source_id" if "data_source_id" in config else "database_id"
        identifier = as_uuid(config.get(key, UNDEFINED), f"{path}.{key}")
        config[key] = identifier
        target = self._workspace.target_of(config)
        if target is None or not target.visible:
            raise not_found("database", identifier, self._workspace.bot_id)


def _options(config: dict[str, Any], path: str) -> None:
    options = as_array(config.get("options", []), f"{path}.options")
    names = set()
    for at, told in enumerate(options):
        option = as_object(told, f"{path}.options[{at}]")
        if "name" not in option and "id" in option:
            continue
        name = as_string(option.get("name", UNDEFINED), f"{path}.options[{at}].name", 100)
        if "," in name:
            raise invalid(f"Invalid select option, commas not allowed: {name}")
        if name in names:
            raise invalid(f"Select option names must be unique: {name}")
        names.add(name)
        if option.get("color", "default") not in COLORS:
            raise invalid_value(f"{path}.options[{at}].color", "a color", option["color"])


def _formula(config: dict[str, Any], path: str, source: DataSource | None) -> None:
    expression = as_string(config.get("expression", UNDEFINED), f"{path}.expression")
    try:
        parse(expression, lambda name: "string" if source is None or source.named(name) else None)
    except FormulaError as error:
        raise invalid(f"Type error with formula: {error}.") from None


def _rollup(config: dict[str, Any], path: str) -> None:
    function = config.get("function", UNDEFINED)
    if function not in AGGREGATES.keys() | ARRAY_FUNCTIONS:
        raise invalid_value(f"{path}.function", "a rollup function", function)


def refused(error: ValueError) -> ApiError:
    """A schema change that led nowhere, as an answer."""
    return invalid(str(error))
