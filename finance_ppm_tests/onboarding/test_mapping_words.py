"""The vocabulary: every word means one thing among those of a database, and our words are those of the rules."""

import pytest

from finance_ppm.column_mapping import our_properties
from finance_ppm.contracts import PAGE_TABLES
from finance_ppm.onboarding.mapping_likeness import (
    core_of,
    likeness,
    meaning,
    names_of,
    parts_of,
    plain,
    weak_names_of,
    without_noun,
)
from finance_ppm.onboarding.mapping_words import NAMES, NOUNS, WEAK, WORDS
from finance_ppm.quality.rules import actions, budget_lines, programs, projects, risks
from finance_ppm.transforms.silver.cells import UNTITLED


@pytest.mark.parametrize("database", PAGE_TABLES)
def test_a_name_means_one_property_of_a_database(database: str) -> None:
    ours = our_properties(database)
    meant: dict[str, str] = {}
    for name in ours:
        for word in {plain(name)} | names_of(name) | weak_names_of(name):
            assert meant.setdefault(word, name) == name, word
    assert UNTITLED not in meant


def test_the_vocabulary_is_of_our_properties_and_has_each_of_them() -> None:
    ours = {name for database in PAGE_TABLES for name in our_properties(database)}
    assert set(NAMES) == ours - {"Name"}
    assert set(WEAK) <= ours
    assert set(NOUNS) == set(PAGE_TABLES)
    assert all(name in our_properties(database) for database, name in WORDS)
    assert not any(names_of(name) & weak_names_of(name) for name in ours)


def test_our_words_are_those_that_the_rules_go_by() -> None:
    by_rule = {
        ("programs", "Status"): programs.STATUSES,
        ("projects", "Status"): projects.STATUSES,
        ("budget_lines", "Category"): budget_lines.CATEGORIES,
        ("risks", "Severity"): risks.SEVERITIES,
        ("risks", "Probability"): risks.PROBABILITIES,
        ("actions", "Source"): actions.SOURCES,
    }
    assert {key: tuple(WORDS[key]) for key in by_rule} == by_rule
    assert {word.lower() for word in WORDS["actions", "Status"]} <= set(actions.DONE)


def test_a_word_that_a_rule_knows_already_is_not_translated() -> None:
    assert all(meaning("actions", "Status", word) in {None, "Done", "Cancelled"} for word in actions.DONE)
    assert [meaning("actions", "Status", word) for word in ("Complete", "Completed", "Closed")] == [None] * 3


@pytest.mark.parametrize(("database", "ours"), WORDS)
def test_a_word_means_one_of_ours(database: str, ours: str) -> None:
    words = WORDS[database, ours]
    for word, others in words.items():
        for other in [word, *(name.strip() for name in others.replace(";", ",").split(",") if name.strip())]:
            assert meaning(database, ours, other) == word, other


@pytest.mark.parametrize(
    ("option", "meant"),
    [("Hoch", "High"), ("HÖHE", None), ("1 - hoch", "High"), ("🔴 Élevé", "High"), ("eleve", "High"), ("", None)],
)
def test_numbers_pictures_and_accents_of_an_option_do_not_matter(option: str, meant: str | None) -> None:
    assert meaning("risks", "Probability", option) == meant


@pytest.mark.parametrize(
    ("option", "meant"),
    [
        ("EUR", "EUR"),
        ("eur", "EUR"),
        ("€", "EUR"),
        ("Euro (EUR)", "EUR"),
        ("US-$ (USD)", "USD"),
        ("$", None),
        ("EUR/USD", None),
        ("Taler", None),
    ],
)
def test_a_currency_is_known_by_its_code(option: str, meant: str | None) -> None:
    assert meaning("projects", "Currency", option) == meant


def test_what_does_not_matter_in_a_name() -> None:
    assert plain("Date d'échéance") == plain("DATE  ECHEANCE") == plain("date-de-l'Échéance")
    assert plain("Fälligkeit") == plain("Faelligkeit") == plain("FÄLLIGKEIT")
    assert plain("Größe") == plain("Groesse")
    assert plain("📅 Start_Date") == plain("StartDate")
    assert core_of("Betrag (EUR) [netto]") == "betrag"
    assert parts_of("Début / Beginn") == ("debut", "beginn")
    assert parts_of("Beginn") == ()
    assert "status" in without_noun("projects", "Projektstatus") & without_noun("projects", "Status of project")
    assert without_noun("projects", "Projekt") == frozenset()
    assert plain("🎯") == ""


def test_a_slip_of_the_pen_is_alike_and_another_word_is_not() -> None:
    same = [("Zahlungsdatm", "Zahlungsdatum"), ("Lieferanten", "Lieferant"), ("Actual Amnt", "Actual Amount")]
    others = [("Completed Date", "Committed Date"), ("Start Date", "Status Date"), ("Mahndatum", "Zahldatum")]
    assert min(likeness(*pair) for pair in same) > 0.86 > max(likeness(*pair) for pair in others)
