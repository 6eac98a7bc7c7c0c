from finance_ppm.contracts import PAGE_TABLES, NotionProperty, notion_properties
from finance_ppm.sources.notion.schema import DatabaseSchema, Drift, Property, resolve_properties

WANTED = {
    "name": NotionProperty("Name", ("title",)),
    "amount": NotionProperty("Amount", ("number", "formula")),
    "project_id": NotionProperty("Project", ("relation",)),
    "project_ids": NotionProperty("Project", ("relation",)),
    "notes": NotionProperty("Notes", ("rich_text",), required=False),
}
STORED = {"name": "title", "amount": "a%3Bb", "project_id": "p", "project_ids": "p", "notes": "n"}


def schema(**properties: tuple[str, str]) -> DatabaseSchema:
    """Property name to (id, type)."""
    return DatabaseSchema({name: Property(*told) for name, told in properties.items()})


def test_properties_are_found_by_name_the_first_time() -> None:
    found = resolve_properties(
        schema(
            Name=("title", "title"), Amount=("a%3Bb", "number"), Project=("p", "relation"), Notes=("n", "rich_text")
        ),
        WANTED,
        {},
    )
    assert found.ids == STORED
    assert found.drift == ()


def test_the_title_is_found_by_its_type_whatever_it_is_called() -> None:
    found = resolve_properties(schema(Bezeichnung=("title", "title")), {"name": WANTED["name"]}, {})
    assert found.ids == {"name": "title"}
    assert found.drift == ()


def test_a_renamed_property_keeps_its_id_and_is_reported_once() -> None:
    found = resolve_properties(
        schema(
            Name=("title", "title"), Betrag=("a%3Bb", "number"), Projekt=("p", "relation"), Notes=("n", "rich_text")
        ),
        WANTED,
        STORED,
    )
    assert found.ids == STORED
    assert [(drift.kind, drift.columns, drift.property_name, drift.found) for drift in found.drift] == [
        (Drift.RENAMED, ("amount",), "Amount", "Betrag"),
        (Drift.RENAMED, ("project_id", "project_ids"), "Project", "Projekt"),
    ]
    assert "'Betrag'" in found.drift[0].message


def test_a_stored_id_wins_over_another_property_that_took_the_name() -> None:
    found = resolve_properties(
        schema(Name=("title", "title"), **{"Amount old": ("a%3Bb", "number"), "Amount": ("new", "number")}),
        {"amount": WANTED["amount"]},
        STORED,
    )
    assert found.ids == {"amount": "a%3Bb"}
    assert [drift.kind for drift in found.drift] == [Drift.RENAMED]


def test_a_property_made_anew_under_its_name_is_taken_up() -> None:
    found = resolve_properties(schema(Amount=("new", "number")), {"amount": WANTED["amount"]}, STORED)
    assert found.ids == {"amount": "new"}
    assert found.drift == ()


def test_a_missing_property_is_reported_unless_it_is_optional() -> None:
    found = resolve_properties(schema(Name=("title", "title"), Project=("p", "relation")), WANTED, STORED)
    assert found.ids == {"name": "title", "project_id": "p", "project_ids": "p"}
    assert [(drift.kind, drift.columns, drift.found) for drift in found.drift] == [(Drift.MISSING, ("amount",), None)]


def test_a_retyped_property_is_reported_with_its_type_and_keeps_its_id() -> None:
    found = resolve_properties(schema(Amount=("a%3Bb", "rich_text")), {"amount": WANTED["amount"]}, STORED)
    assert found.ids == {"amount": "a%3Bb"}
    assert [(drift.kind, drift.found) for drift in found.drift] == [(Drift.RETYPED, "rich_text")]
    assert "number or formula" in found.drift[0].message


def test_a_schema_survives_its_json() -> None:
    told = DatabaseSchema({"Bet\N{EURO SIGN}rag": Property("a%3Bb", "number")}, ("one", "two"))
    assert DatabaseSchema.from_json(told.to_json()) == told


def test_every_contract_asks_for_exactly_one_title() -> None:
    """The title is found by its type: two title columns, or none, would go unnoticed."""
    for table in PAGE_TABLES.values():
        assert sum("title" in prop.types for prop in notion_properties(table).values()) == 1
