from pathlib import Path

import pytest

from finance_ppm.currencies import ISO_4217
from finance_ppm.quality import RULES, Rule, rules_of
from finance_ppm.quality.catalogue import markdown
from finance_ppm.quality.rules import EVERY_RULE, actions, budget_lines, programs, projects, risks

PAGE = Path(__file__).parents[2] / "docs" / "data-quality-rules.md"


def test_the_page_of_rules_is_up_to_date() -> None:
    assert PAGE.read_text() == markdown(), "Run `python -m finance_ppm.quality.catalogue > docs/data-quality-rules.md`."


def test_names_are_unique() -> None:
    names = [rule.name for rule in EVERY_RULE]
    assert sorted(set(names)) == sorted(names)


@pytest.mark.parametrize("rule", EVERY_RULE, ids=lambda rule: rule.name)
def test_a_rule_says_what_it_asks_what_to_do_and_who_looks_after_it(rule: Rule) -> None:
    for sentence in (rule.description, rule.remedy):
        assert sentence[0].isupper()
        assert sentence.endswith(".")
        assert not set("{}|\n") & set(sentence)
    assert rule.owner.startswith("team:")
    assert rule.name.isidentifier()


def test_hard_rules_are_judged_on_the_quarantine_and_blocking_ones_are_errors() -> None:
    assert {rule.table.info.name for rule in RULES if rule.hard} == {"quarantine"}
    assert {rule.severity for rule in RULES if rule.blocking} == {"ERROR"}


def test_every_rule_is_a_check_of_one_table() -> None:
    tables = {rule.table for rule in RULES}
    assert sorted(rule.name for table in tables for rule in rules_of(table)) == sorted(rule.name for rule in RULES)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("program_status_unknown", programs.STATUSES),
        ("project_status_unknown", projects.STATUSES),
        ("line_category_unknown", budget_lines.CATEGORIES),
        ("risk_severity_unknown", risks.SEVERITIES),
        ("risk_probability_unknown", risks.PROBABILITIES),
        ("action_source_unknown", actions.SOURCES),
    ],
)
def test_the_words_a_rule_accepts_are_the_words_it_names(rule: str, words: tuple[str, ...]) -> None:
    (judged,) = (each for each in RULES if each.name == rule)
    for sentence in (judged.description, judged.remedy):
        assert all(word in sentence for word in words)


def test_currencies_are_codes_in_use() -> None:
    assert len(set(ISO_4217)) == len(ISO_4217)
    assert all(len(code) == 3 and code.isascii() and code.isupper() for code in ISO_4217)
    assert {"EUR", "USD", "PHP", "XCG", "ZWG"} < set(ISO_4217)
    assert not {"BGN", "HRK", "ANG", "XAU", "XTS", "XXX"} & set(ISO_4217)
