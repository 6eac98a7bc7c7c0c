"""Rules of a finance team's own: what they find, and what is said of a file that cannot be used."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from finance_ppm.errors import SettingsError
from finance_ppm.quality import evaluate, findings
from finance_ppm.quality.own_rules import own_rules, rules_in
from finance_ppm.settings import Config
from finance_ppm_tests.engines import Engine, PolarsEngine, engine, spark_session  # noqa: F401 - fixtures
from finance_ppm_tests.quality.marts import marts_of, with_marts
from finance_ppm_tests.quality.portfolios import BASE, Rows, portfolio_of

PATH = Path("rules.yaml")
HEAD = "severity: WARN, asks: Something is so., remedy: Mend it."
LINES: Rows = {
    "budget_lines": [
        {"budget_line_id": "large", "amount": Decimal("10000.00"), "vendor": None},
        {"budget_line_id": "nearly", "amount": Decimal("9999.99"), "vendor": " "},
        {"budget_line_id": "gone", "amount": Decimal("10000.00"), "vendor": None, "is_archived": True},
        {"budget_line_id": "late", "paid_date": date(2026, 3, 31), "invoice_date": date(2026, 4, 1), "vendor": "Bolt"},
        {"budget_line_id": "empty", "paid_date": None, "amount": None, "category": None, "vendor": "ACME"},
    ]
}


def rule(text: str, *, table: str = "silver/notion_budget_lines", name: str = "mine") -> str:
    return f"rules:\n  - {{name: {name}, table: {table}, {HEAD}, {text}}}\n"


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        ("where: {amount: {at_least: 10000}}, must: {vendor: {present: true}}", {"large"}),
        ("must: {paid_date: {at_least: {column: invoice_date}}}", {"late"}),
        ("must: {paid_date: {present: true}}", {"empty"}),
        ("must: {amount: {below: 10000, above: 99.99}}", {"large"}),
        ("must: {vendor: {matches: '^[A-Z][a-z]+$'}}", {"nearly", "empty"}),
        ("must: {category: {one_of: [OpEx]}}", {"L", "large", "nearly", "late"}),
        ("must: {vendor: {none_of: [Bolt]}}", {"late"}),
        ("must: {paid_date: {differs_from: 2026-03-31}}", {"late"}),
        ("where: {vendor: {equals: Acme}, amount: {at_most: 100}}, must: {name: {equals: Shelves}}", {"L"}),
    ],
)
def test_it_finds_what_breaks_it_on_every_engine(
    engine: Engine,  # noqa: F811 - the fixture
    text: str,
    broken: set[str],
) -> None:
    found = findings(portfolio_of(engine, BASE, LINES), rules_in(rule(text), PATH))
    assert set(found["row_id"]) == broken
    assert set(found["rule"]) == {"mine"}
    assert set(found["remedy"]) == {"Mend it."}


def test_it_looks_only_at_the_rows_it_asks_for() -> None:
    (own,) = rules_in(rule("where: {amount: {at_least: 10000}}, must: {vendor: {present: true}}"), PATH)
    (fared,) = evaluate(portfolio_of(PolarsEngine(), BASE, LINES), [own])
    assert (fared.rows_checked, fared.rows_failing) == (1, 1)


def test_it_may_look_at_gold() -> None:
    text = rule("must: {bac: {at_most: 500}}", table="gold/ppm_forecast")
    silver, marts = marts_of(PolarsEngine(), BASE)
    found = findings(with_marts(PolarsEngine(), silver, marts), rules_in(text, PATH))
    assert found.select("row_id", "project_id", "value").rows() == [("P | EUR", "P", "1000.00")]


def test_an_empty_file_and_no_file_are_no_rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert own_rules(Config()) == ()
    (tmp_path / "rules.yaml").write_text("# nothing yet\n")
    assert own_rules(Config()) == ()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("rules: [", "not YAML in line 1"),
        ("rule: []", "rule is nothing that a rule knows"),
        ("rules: 3", "rules is wrong"),
        ("rules: [7]", "rule 1"),
        ("rules:\n  - {name: mine}", "rule mine, table is missing"),
        (rule("must: {}"), "rule mine, must"),
        (rule("must: {amount: {}}"), "asks nothing"),
        (rule("must: {amount: {atleast: 3}}"), "rule mine, must.amount.atleast is nothing that a rule knows"),
        (rule("must: {amuont: {at_least: 3}}"), "did you mean amount?"),
        (rule("must: {amount: {at_least: 3}}", table="silver/notion_budget_line"), "silver/notion_budget_lines?"),
        (rule("must: {amount: {at_least: many}}"), "write a number"),
        (rule("must: {amount: {at_least: true}}"), "write a number"),
        (rule("must: {paid_date: {at_least: 3}}"), "write a day"),
        (rule("must: {amount: {at_least: {column: vendor}}}"), "different kinds"),
        (rule("must: {amount: {matches: x}}"), "holds no text"),
        (rule("must: {vendor: {matches: '('}}"), "no regular expression"),
        (rule("must: {vendor: {present: true}}", name="line_vendor_missing"), "there is a rule line_vendor_missing"),
        (rule("must: {vendor: {present: true}}") + rule("must: {vendor: {present: true}}")[7:], "already"),
    ],
)
def test_a_file_that_cannot_be_used_says_where_and_why(text: str, told: str) -> None:
    with pytest.raises(SettingsError) as error:
        rules_in(text, PATH)
    message = str(error.value)
    assert message.startswith("rules.yaml")
    assert told in message
    assert message.count("\n") == 0


def test_a_file_that_is_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="does not exist: write it, or remove PPM_RULES"):
        own_rules(Config(ppm_rules=tmp_path / "mine.yaml"))
