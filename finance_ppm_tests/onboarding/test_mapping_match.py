"""Which property is read as which column, told from schemas alone."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finance_ppm.column_mapping import our_properties
from finance_ppm.contracts import PAGE_TABLES
from finance_ppm.onboarding.mapping_match import (
    ELSEWHERE,
    Confidence,
    Match,
    Matches,
    TheirProperty,
    match_properties,
)
from finance_ppm_tests.onboarding.mapping_teams import TEAMS, databases_of, schemas_of

KINDS = ("number", "rich_text", "select", "status", "date", "people", "relation", "formula", "rollup", "checkbox")


def matched(database: str, *theirs: TheirProperty, decided: dict[str, str] | None = None) -> Matches:
    return match_properties(database, our_properties(database), theirs, decided or {})


def found(database: str, ours: str, *theirs: TheirProperty) -> Match | None:
    return next((match for match in matched(database, *theirs).matches if match.ours == ours), None)


def prop(name: str, kind: str, *options: str, leads_to: str | None = None, is_money: bool = False) -> TheirProperty:
    return TheirProperty(name, kind, options, leads_to, is_money)


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ("Start Date", "start-date"),
        ("start-date", "Beginn"),
        ("Beginn", "Projektstart"),
        ("Startdatum (geplant)", "Kick-off"),
        ("Kick-off", "Beginn der Phase 1"),
        ("Beginn der Phase 1", "Startdatun"),
    ],
)
def test_the_clearer_name_wins(better: str, worse: str) -> None:
    match = found("projects", "Start Date", prop(worse, "date"), prop(better, "date"))
    assert match is not None
    assert match.theirs == better


@pytest.mark.parametrize("name", ["Amount", "amount", "Plankosten"])
def test_a_fitting_type_wins_over_a_name_and_the_name_is_told_all_the_same(name: str) -> None:
    result = matched("budget_lines", prop(name, "rich_text"), prop("Betrag", "number"))
    assert [(match.ours, match.theirs, match.confidence) for match in result.matches] == [
        ("Amount", "Betrag", Confidence.LIKELY)
    ]
    assert [(bad.ours, bad.theirs) for bad in result.unfit] == [("Amount", name)]
    assert result.unread == ()


@pytest.mark.parametrize(
    ("database", "ours", "unfit", "guess"),
    [
        ("budget_lines", "Category", prop("Category", "multi_select", "CapEx", "OpEx"), prop("Type", "select")),
        ("projects", "Status", prop("status", "checkbox"), prop("Phase", "select", "Planning", "Completed")),
        ("projects", "Owner", prop("Owner", "relation", leads_to=ELSEWHERE), prop("Watchers", "people")),
        ("projects", "Owner", prop("Verantwortlich", "relation", leads_to=ELSEWHERE), prop("Watchers", "people")),
        ("budget_lines", "Amount", prop("Amount", "rich_text"), prop("Betrag (k€)", "number")),
    ],
)
def test_a_guess_does_not_hide_that_the_property_of_that_name_is_unfit(
    database: str, ours: str, unfit: TheirProperty, guess: TheirProperty
) -> None:
    guessed = found(database, ours, guess)
    assert guessed is not None
    assert guessed.confidence is Confidence.DOUBTFUL
    result = matched(database, unfit, guess)
    assert [(bad.ours, bad.theirs) for bad in result.unfit] == [(ours, unfit.name)]
    assert result.matches == ()
    assert result.unread == (guess.name,)


def test_what_is_named_less_clearly_than_the_one_that_fits_is_told_nowhere() -> None:
    theirs = (prop("Start Date", "date"), prop("Beginn", "rich_text"), prop("status", "select"), prop("Stand", "date"))
    result = matched("projects", *theirs)
    assert {match.ours for match in result.matches} == {"Start Date", "Status"}
    assert result.unfit == ()


def test_a_doubtful_property_of_our_very_name_is_read_as_by_default() -> None:
    theirs = (prop("Project", "relation", leads_to=ELSEWHERE), prop("Projekt", "rich_text"))
    result = matched("risks", *theirs)
    assert [(match.ours, match.confidence) for match in result.matches] == [("Project", Confidence.DOUBTFUL)]
    assert result.unfit == ()


def test_an_unfit_property_is_told_only_where_its_name_leaves_no_doubt() -> None:
    (unfit,) = matched("budget_lines", prop("Bezahlt am", "rich_text")).unfit
    assert (unfit.ours, unfit.theirs, unfit.type) == ("Paid Date", "Bezahlt am", "rich_text")
    assert unfit.fitting == ("date", "formula", "rollup")
    assert matched("budget_lines", prop("Bezahlt", "checkbox")).unfit == ()


def test_two_names_that_say_the_same_are_doubtful_and_both_are_named() -> None:
    match = found("budget_lines", "Amount", prop("Plankosten", "number"), prop("Betrag", "number"))
    assert match is not None
    assert (match.theirs, match.confidence) == ("Betrag", Confidence.DOUBTFUL)
    assert "'Plankosten' may be it as well" in match.reason


@pytest.mark.parametrize(
    "name", ["Budget (k€)", "Budget T€", "Budget (TEUR)", "Budget in thousands", "Budget (Mio. €)"]
)
def test_amounts_in_thousands_are_doubtful(name: str) -> None:
    match = found("projects", "Budget Total", prop(name, "number"))
    assert match is not None
    assert match.confidence is Confidence.DOUBTFUL
    assert "thousands" in match.reason


@pytest.mark.parametrize("name", ["Budget", "Budget (€)", "Budget (EUR)", "Budget (MEX$)", "Budget Amount"])
def test_amounts_in_whole_units_are_not(name: str) -> None:
    match = found("projects", "Budget Total", prop(name, "number"))
    assert match is not None
    assert "thousands" not in match.reason


def test_a_name_with_more_words_is_doubtful_and_names_its_rival() -> None:
    match = found("projects", "End Date", prop("Fecha fin real", "date"), prop("Fecha fin prevista", "date"))
    assert match is not None
    assert match.confidence is Confidence.DOUBTFUL
    assert "'Fecha fin real' may be it as well" in match.reason


def test_the_main_type_decides_between_two_names() -> None:
    match = found("budget_lines", "Amount", prop("Betrag", "rollup"), prop("Plankosten", "number"))
    assert match is not None
    assert match.theirs == "Plankosten"


def test_options_tell_severity_from_probability() -> None:
    theirs = (prop("A", "select", "Hoch", "Mittel", "Niedrig"), prop("B", "select", "Kritisch", "Hoch", "Mittel"))
    severity, probability = found("risks", "Severity", *theirs), found("risks", "Probability", *theirs)
    assert severity is not None
    assert probability is not None
    assert (severity.theirs, probability.theirs) == ("B", "A")


def test_options_that_two_columns_hold_alike_are_doubtful() -> None:
    match = found("risks", "Severity", prop("A", "select", "Critical", "High", "Medium"))
    assert match is not None
    assert match.confidence is Confidence.DOUBTFUL


def test_a_relation_is_told_by_where_it_leads() -> None:
    theirs = (prop("Projekt", "relation", leads_to=ELSEWHERE), prop("Link", "relation", leads_to="projects"))
    match = found("risks", "Project", *theirs)
    assert match is not None
    assert (match.theirs, match.confidence) == ("Link", Confidence.LIKELY)
    wrong = found("risks", "Project", theirs[0])
    assert wrong is not None
    assert wrong.confidence is Confidence.DOUBTFUL
    assert "leads to another database" in wrong.reason


def test_the_only_one_of_its_kind_is_taken_and_one_of_two_is_not() -> None:
    who, when, what = prop("Wer", "people"), prop("Wann", "date"), prop("Summe X", "number", is_money=True)
    assert found("actions", "Assignee", who) is not None
    assert found("actions", "Assignee", who, prop("Gast", "people")) is None
    assert found("actions", "Due Date", when) is not None
    assert found("programs", "Start Date", when) is None, "two dates are wanted"
    assert found("projects", "Budget Total", what) is not None
    assert found("projects", "Budget Total", prop("Summe X", "number")) is None
    assert found("budget_lines", "Amount", what) is None, "two amounts are wanted"


def test_a_property_with_the_name_of_another_column_is_left_to_it() -> None:
    """Vendor is read from Vendor by default: taking it for another column would read it twice."""
    result = matched("actions", prop("Source ID", "people"))
    assert "Assignee" not in {match.ours for match in result.matches}


def test_a_decision_stands_and_its_property_is_given_to_no_other() -> None:
    theirs = (prop("Amount", "number"), prop("Betrag", "number"), prop("Ist", "number"))
    result = matched("budget_lines", *theirs, decided={"Actual Amount": "Betrag"})
    assert {match.ours: match.theirs for match in result.matches} == {"Amount": "Amount", "Actual Amount": "Betrag"}
    assert result.unread == ("Ist",)
    (match,) = matched("budget_lines", prop("Betrag", "number"), decided={"Actual Amount": "Betrag"}).matches
    assert (match.ours, match.confidence) == ("Actual Amount", Confidence.YOURS)


@st.composite
def databases(draw: st.DrawFn) -> tuple[str, list[TheirProperty]]:
    """A database of ours with any properties: names from all teams, ours, and slips of both."""
    database = draw(st.sampled_from(list(PAGE_TABLES)))
    known = {name for team in TEAMS.values() for theirs in team.get(database, {}).values() for name in [theirs]}
    names = st.one_of(
        st.sampled_from(sorted(known | set(our_properties(database)))),
        st.sampled_from(sorted(known)).map(lambda name: name[:-1]),
        st.text(alphabet="abc ", min_size=1, max_size=3),
    )
    options = st.lists(st.sampled_from(["Hoch", "Low", "Medium", "Kritisch", "EUR", "CapEx", "x"]), unique=True)
    properties = draw(
        st.lists(
            st.builds(
                TheirProperty,
                names,
                st.sampled_from(KINDS),
                options.map(tuple),
                st.none(),
                st.booleans(),
            ),
            unique_by=lambda theirs: theirs.name,
            max_size=14,
        )
    )
    targets = st.sampled_from([ELSEWHERE, "programs", "projects"])
    return database, [
        TheirProperty(each.name, each.type, each.options, draw(targets) if each.type == "relation" else None)
        for each in properties
    ]


@settings(deadline=None, max_examples=60)
@given(databases(), st.data())
def test_the_order_of_the_properties_changes_nothing(
    given_database: tuple[str, list[TheirProperty]], data: st.DataObject
) -> None:
    database, theirs = given_database
    shuffled = data.draw(st.permutations(theirs))
    assert matched(database, *shuffled) == matched(database, *theirs)


@settings(deadline=None, max_examples=60)
@given(databases())
def test_what_is_matched_fits_and_is_matched_once(given_database: tuple[str, list[TheirProperty]]) -> None:
    database, theirs = given_database
    result = matched(database, *theirs)
    wanted, by_name = our_properties(database), {each.name: each for each in theirs}
    read = [match.theirs for match in result.matches]
    assert len(read) == len(set(read))
    assert all(by_name[match.theirs].type in wanted[match.ours].types for match in result.matches)
    taken = {match.ours for match in result.matches} | {bad.ours for bad in result.unfit} | set(result.missing)
    assert taken == set(wanted)
    assert {*read, *(bad.theirs for bad in result.unfit), *result.unread} == set(by_name)
    assert {name for name in wanted if name in by_name and by_name[name].type in wanted[name].types} <= {
        match.ours for match in result.matches
    }


@pytest.mark.parametrize("language", TEAMS)
def test_a_team_s_mapping_needs_no_second_look(language: str) -> None:
    """Ordinary names are no guesses."""
    for database, theirs in schemas_of(databases_of(TEAMS[language])).items():
        doubtful = [match for match in matched(database, *theirs).matches if match.confidence is Confidence.DOUBTFUL]
        assert doubtful == [], language


def test_a_name_in_two_languages_is_one_name() -> None:
    result = matched("programs", prop("Début / Beginn", "date"), prop("Fin / Ende", "date"), prop("X / Ende", "date"))
    named = {"Start Date": "Début / Beginn", "End Date": "Fin / Ende"}
    assert {match.ours: match.theirs for match in result.matches} == named
