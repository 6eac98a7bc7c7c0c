"""Rules of a finance team's own: what they find, and what is said of a file that cannot be used."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from finance_ppm.errors import SettingsError
from finance_ppm.quality import evaluate, findings, own_objections
from finance_ppm.quality.own_rules import own_rules, read_own_rules, rules_in
from finance_ppm.settings import Config
from finance_ppm_tests.engines import Engine, PolarsEngine, engine, spark_session  # noqa: F401 - fixtures
from finance_ppm_tests.quality.marts import marts_of, with_marts
from finance_ppm_tests.quality.portfolios import BASE, Rows, portfolio_of

PATH = Path("rules.yaml")
LINE = "silver/notion_budget_lines"
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


def rule(text: str, *, table: str = LINE, name: str = "mine") -> str:
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
        ("must: {amount: {below: 1e4}}", {"large"}),
        ("where: {is_archived: {equals: true}}, must: {vendor: {present: true}}", {"gone"}),
        ("must: {vendor: {one_of: [no, Bolt]}}", {"L", "nearly", "empty"}),
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


ODD: Rows = {
    "budget_lines": [
        {"budget_line_id": "nowhere", "project_ids": [], "vendor": "\t\u00a0\u2009"},
        {"budget_line_id": "unknown", "vendor": None},
        {"budget_line_id": "before", "last_modified": datetime(2026, 4, 30, 23, 59, 59, 999999, UTC)},
        {"budget_line_id": "midnight", "last_modified": datetime(2026, 5, 1, 0, 0, tzinfo=UTC)},
        {"budget_line_id": "evening", "last_modified": datetime(2026, 5, 1, 23, 59, 59, 999999, UTC)},
        {"budget_line_id": "after", "last_modified": datetime(2026, 5, 2, 0, 0, tzinfo=UTC)},
    ]
}
DAYS = "where: {budget_line_id: {one_of: [before, midnight, evening, after]}}, "


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        ("must: {project_ids: {present: true}}", {"nowhere"}),
        ("where: {project_ids: {present: true}}, must: {vendor: {present: true}}", {"unknown"}),
        ("where: {project_ids: {present: false}}, must: {budget_line_id: {equals: unknown}}", {"nowhere"}),
        ("must: {vendor: {present: true}}", {"nowhere", "unknown"}),
        ("where: {vendor: {present: false}}, must: {budget_line_id: {equals: unknown}}", {"nowhere"}),
        (DAYS + "must: {last_modified: {at_least: 2026-05-01}}", {"before"}),
        (DAYS + "must: {last_modified: {at_most: 2026-05-01}}", {"after"}),
        (DAYS + "must: {last_modified: {above: 2026-05-01}}", {"before", "midnight", "evening"}),
        (DAYS + "must: {last_modified: {below: 2026-05-01}}", {"midnight", "evening", "after"}),
        (DAYS + "must: {last_modified: {equals: 2026-05-01}}", {"before", "after"}),
        (DAYS + "must: {last_modified: {differs_from: 2026-05-01}}", {"midnight", "evening"}),
    ],
)
def test_lists_blanks_and_moments_are_asked_alike_on_every_engine(
    engine: Engine,  # noqa: F811 - the fixture
    text: str,
    broken: set[str],
) -> None:
    """A list without entries is not present, nor is a text of blanks; a moment is of its day in UTC."""
    found = findings(portfolio_of(engine, BASE, ODD), rules_in(rule(text), PATH))
    assert set(found["row_id"]) == broken


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("silver/notion_budget_lines", "project_ids"),
        ("silver/notion_budget_lines", "issues"),
        ("silver/azure_resources", "tags"),
        ("gold/ppm_project_health", "rag_rules"),
    ],
)
def test_of_several_values_a_finding_quotes_how_many_there_are(table: str, column: str) -> None:
    silver, marts = marts_of(PolarsEngine(), BASE)
    portfolio = with_marts(PolarsEngine(), silver, marts)
    for present in ("true", "false"):
        found = findings(portfolio, rules_in(rule(f"must: {{{column}: {{present: {present}}}}}", table=table), PATH))
        assert all((value == "0") is (present == "true") for value in found["value"].drop_nulls())


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
    for nothing in ("# nothing yet\n", "rules:\n#  - name: mine\n", "rules: []"):
        (tmp_path / "rules.yaml").write_text(nothing)
        assert own_rules(Config()) == ()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("rules: [", "line 1 is not YAML"),
        ("rule: []", "line 1 (rule): rule is nothing that is known here; did you mean rules?"),
        ("- a", "line 1: write `name: value` lines indented below it."),
        ("rules: 3", "line 1 (rules): write a list: [one, another]."),
        ("rules: [7]", "line 1 (rules > 1): write `name: value` lines indented below it."),
        ("rules:\n  - {name: mine}", "line 2 (rules > mine): table is missing; write it there."),
        (rule("must: {}"), "(rules > mine > must): name something below it."),
        (rule("must: {amount: {}}"), "(rules > mine > must > amount): it asks nothing; name one of present, one_of"),
        (rule("must: {amount: {at_least: }}"), "at_least has nothing behind it; write a value there, or remove it."),
        (rule("must: {vendor: {present: null}}"), "present has nothing behind it"),
        (rule("where: {amount: {at_least: ~}}, must: {vendor: {present: true}}"), "where > amount): at_least has not"),
        (rule("must: {amount: 3}"), "write `name: value` lines indented below it."),
        (rule("must: {amount: {atleast: 3}}"), "atleast is nothing that is known here; did you mean at_least?"),
        (rule("must: {amount: {at_least: [3]}}"), "write one value, or {column: NAME} for another column of the row"),
        (rule("must: {amount: {at_least: {colum: vendor}}}"), "write one value, or {column: NAME}"),
        (rule("must: {amount: {at_least: .inf}}"), "amount cannot be compared with '.inf'; write a number"),
        (rule("must: {vendor: {one_of: [1]}}"), "write a text; what looks like a number, a day, true or null needs qu"),
        (rule("must: {vendor: {one_of: Acme}}"), "write a list: [one, another]."),
        (rule("must: {vendor: {one_of: []}}"), "name something below it."),
        (rule("must: {vendor: {present: 1}}"), "write true or false."),
        (rule("must: {vendor: {present: true}}", name="Mine"), "write 3 to 61 signs of a-z, 0-9 and _"),
        (rule("must: {vendor: {present: true}}", name='"mine\\n"'), "write 3 to 61 signs of a-z, 0-9 and _"),
        (rule("must: {vendor: {present: true}}, owner: bob"), "write an e-mail address, or team:NAME."),
        (
            rule("must: {vendor: {present: true}}").replace("WARN", "warn"),
            "write ERROR, WARN or INFO; did you mean WARN?",
        ),
        (rule("must: {vendor: {present: true}}").replace("WARN", "Error"), "ERROR, WARN or INFO; did you mean ERROR?"),
        (rule("must: {vendor: {present: true}}").replace("WARN", "grave"), "write ERROR, WARN or INFO."),
        (rule("must: {vendor: {present: true}}").replace("Mend it.", "''"), "(rules > mine > remedy): write something"),
        (rule("must: {vendor: {present: true}}, must: {name: {present: true}}"), "it is named again on line 2"),
        (rule("must: {amuont: {at_least: 3}}"), "has no column amuont; did you mean amount?"),
        (rule("must: {amount: {at_least: {column: amuont}}}"), "has no column amuont; did you mean amount?"),
        (rule("must: {amount: {at_least: 3}}", table="silver/notion_budget_line"), "silver/notion_budget_lines?"),
        (
            rule("must: {rate: {above: 0}}", table="bronze/fx_rates"),
            "rules of your own cannot look at bronze/fx_rates; ",
        ),
        (
            rule("must: {a: {above: 0}}", table="gold/ppm_forecast_accuracy"),
            "they can look at silver/notion_programs, ",
        ),
        (rule("must: {amount: {at_least: 1%s}}" % ("0" * 39)), "write a number of at most 18 digits"),
        (rule("must: {project_ids: {at_least: {column: project_ids}}}"), "only present can be asked of it"),
        (rule("must: {project_ids: {equals: P}}"), "project_ids holds several values, and only present can be asked"),
        (rule("must: {issues: {equals: {column: issues}}}"), "only present can be asked of it"),
        (rule("must: {paid_date: {at_least: 2026-02-30}}"), "2026-02-30 is no day of the calendar; correct it."),
        (rule("must: {last_modified: {at_least: 3}}"), "last_modified cannot be compared with 3; write a day"),
        ("rules: " + "[" * 3000, "write it flatter"),
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
    assert "?." not in message
    assert not re.search("Input|OtherColumn|Condition|OwnRule|_File|instance", message)


HEALTH, SAVING = "gold/ppm_project_health", "gold/azure_advisor_recs"


@pytest.mark.parametrize(
    ("table", "text", "told"),
    [
        (
            HEALTH,
            "must: {rag: {equals: Green}}",
            "must > rag > equals): rag is red, grey, amber or green, and never Green; ",
        ),
        (HEALTH, "must: {rag: {differs_from: RED}}", "and never RED; did you mean red?"),
        (
            HEALTH,
            "where: {rag: {one_of: [red, Amber]}}, must: {score: {above: 1}}",
            "where > rag > one_of > 2): rag is re",
        ),
        (
            HEALTH,
            "must: {cost_rag: {none_of: [blue]}}",
            "cost_rag is red, grey, amber or green, and never blue; correct",
        ),
        (
            HEALTH,
            "must: {rag: {matches: '^(Red|Amber)$'}}",
            "and '^(Red|Amber)$' is found in none of them; correct it.",
        ),
        (HEALTH, "must: {trend: {equals: rising}}", "trend is up, down or flat, and never rising; correct it."),
        (SAVING, "must: {state: {one_of: [New]}}", "suppressed or resolved, and never New; did you mean new?"),
    ],
)
def test_a_word_that_a_column_never_holds_is_refused_with_those_there_are(table: str, text: str, told: str) -> None:
    with pytest.raises(SettingsError, match=r"^rules\.yaml, line 2 ") as error:
        rules_in(rule(text, table=table), PATH)
    assert told in str(error.value)


@pytest.mark.parametrize(
    "text", ["rag: {one_of: [red, amber]}", "rag: {matches: '^gre'}", "status: {equals: Anything}"]
)
def test_words_that_a_column_may_hold_are_taken(text: str) -> None:
    assert rules_in(rule(f"must: {{{text}}}", table=HEALTH), PATH)


@pytest.mark.parametrize(
    ("table", "text", "told"),
    [
        (LINE, "amount: {at_least: 5, at_most: 3}", "no amount meets at_least: 5 and at_most: 3 together; correct it."),
        (LINE, "amount: {above: 5, below: 3}", "no amount meets above: 5 and below: 3 together"),
        (LINE, "amount: {at_least: 5, below: 5, present: true}", "at_least: 5 and below: 5"),
        (LINE, "amount: {equals: 3.5, above: 4}", "equals: 3.5 and above: 4"),
        (
            LINE,
            "amount: {above: {column: actual_amount}, at_most: {column: actual_amount}}",
            "{column: actual_amount} and",
        ),
        (LINE, "amount: {above: {column: amount}}", "amount is compared with itself; name another column."),
        (LINE, "paid_date: {above: 2026-03-31, below: 2026-04-01}", "above: 2026-03-31 and below: 2026-04-01"),
        (
            LINE,
            "vendor: {one_of: [Acme, Bolt], none_of: [Bolt, Acme]}",
            "one_of: [Acme, Bolt] and none_of: [Bolt, Acme]",
        ),
        (LINE, "vendor: {equals: Acme, one_of: [Bolt]}", "no vendor meets equals: 'Acme' and one_of: [Bolt] together"),
        (LINE, "is_archived: {equals: true, differs_from: true}", "equals: true and differs_from: true"),
        (
            LINE,
            "amount: {present: false, above: 3}",
            "must > amount > present): of an empty amount nothing else can be as",
        ),
        (
            LINE,
            "amount: {equals: 9.995}",
            "amount is never 9.995; write a number of at most 2 digits behind the point.",
        ),
        (
            LINE,
            "amount: {at_least:10000}",
            "must > amount > at_least:10000): at_least:10000 is read as one word; write a",
        ),
        (LINE, "amount: {at_least: 10,000}", "must > amount > at_least): 10,000 is read as 10 and 000; write 10000;"),
        (HEALTH, "open_risks: {above: 3, below: 4}", "no open_risks meets above: 3 and below: 4 together"),
        (HEALTH, "open_risks: {equals: 1.5}", "open_risks cannot be compared with 1.5; write a whole number"),
        (
            HEALTH,
            "rag: {none_of: [red, grey, amber, green]}",
            "no rag meets none_of: [red, grey, amber, green]; correct",
        ),
    ],
)
def test_what_no_cell_can_meet_is_refused_with_what_was_read(table: str, text: str, told: str) -> None:
    with pytest.raises(SettingsError, match=r"^rules\.yaml, line 2 ") as error:
        rules_in(rule(f"must: {{{text}}}", table=table), PATH)
    assert told in str(error.value)


@pytest.mark.parametrize(
    "text",
    [
        "amount: {at_least: 3, at_most: 3}",
        "amount: {above: 3, below: 3.01}",
        "amount: {above: 3, below: {column: actual_amount}}",
        "amount: {at_least: {column: actual_amount}, at_most: {column: actual_amount}}",
        "amount: {at_least: 9.995}",
        "vendor: {present: false, differs_from: ''}",
        "vendor: {one_of: [Acme, Bolt], none_of: [Bolt]}",
        "paid_date: {above: 2026-03-31, below: 2026-04-02}",
    ],
)
def test_what_some_cell_can_meet_is_taken(text: str) -> None:
    assert rules_in(rule(f"must: {{{text}}}"), PATH)


def test_a_file_that_is_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="does not exist: write it, or remove PPM_RULES"):
        own_rules(Config(ppm_rules=tmp_path / "mine.yaml"))


def test_what_engines_cannot_compute_is_refused_at_load_whatever_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else it would take every other rule with it."""
    monkeypatch.setattr(own_objections, "_is_pattern", lambda told: True)
    with pytest.raises(SettingsError, match=r"\(rules > mine\): it cannot be computed \(regex.*ask it in another way"):
        rules_in(rule("must: {vendor: {matches: '('}}"), PATH)


def test_rules_that_cannot_be_used_are_told_and_the_others_are_asked(tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    bad = "must: {amuont: {at_least: 3}}", "must: {amount: {at_least: }}"
    entries = [rule("must: {vendor: {present: true}}", name="good"), rule(bad[0], name="one"), rule(bad[1], name="two")]
    file.write_text("rules:\n" + "".join(entry.removeprefix("rules:\n") for entry in entries))
    found = read_own_rules(Config(ppm_rules=file))
    assert [own.name for own in found.rules] == ["good"]
    first, second = found.mistakes
    assert first.startswith(f"{file}, line 3 (rules > one > must > amuont): ")
    assert second.startswith(f"{file}, line 4 (rules > two > must > amount): ")
    with pytest.raises(SettingsError, match=r"has no column amuont; did you mean amount\?$"):
        own_rules(Config(ppm_rules=file))


@pytest.mark.parametrize("content", ["rules: [", b"\xff\xfe", None])
def test_of_a_file_that_is_none_no_rule_is_asked_and_it_is_told(tmp_path: Path, content: str | bytes | None) -> None:
    file = tmp_path / "mine.yaml"
    if content is not None:
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    found = read_own_rules(Config(ppm_rules=file))
    assert found.rules == ()
    (mistake,) = found.mistakes
    assert mistake.startswith(str(file))
