"""The dirty part: every rule has something to find, and the sound part does not feel it."""

from collections.abc import Mapping
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finance_ppm.sandbox.portfolio import DIRTY_RULES, dirty_pages, portfolio
from finance_ppm_tests.sandbox.portfolio.rulebook import FACTS_OF_LIFE, broken
from finance_ppm_tests.sandbox.portfolio.workspace_on import workspace_on

ANCHOR = date(2026, 11, 21)

seeds = st.integers(0, 10**6)


@pytest.fixture(scope="module")
def found() -> Mapping[str, set[str]]:
    """What the independent reading finds at the anchor."""
    return broken(workspace_on(portfolio(anchor=ANCHOR), ANCHOR), ANCHOR)


@pytest.fixture(scope="module")
def told() -> Mapping[str, list[str]]:
    """What the story says of itself."""
    return dirty_pages(anchor=ANCHOR)


@pytest.mark.parametrize("rule", DIRTY_RULES)
def test_pages_of_a_rule_break_it_at_the_anchor(
    rule: str, told: Mapping[str, list[str]], found: Mapping[str, set[str]]
) -> None:
    ids = told[rule]
    assert 1 <= len(ids) == len(set(ids)) <= 6
    assert set(ids) <= found[rule]


@given(anchor=st.dates(date(2020, 1, 1), date(2035, 12, 31)), seed=seeds, pages=st.integers(1, 400))
@settings(deadline=None, max_examples=20)
def test_every_rule_is_broken_whatever_the_seed_and_the_size(anchor: date, seed: int, pages: int) -> None:
    """And by the told pages alone, except for the facts of life."""
    found = broken(workspace_on(portfolio(anchor=anchor, pages=pages, seed=seed), anchor), anchor)
    told = dirty_pages(anchor=anchor, pages=pages, seed=seed)
    assert tuple(told) == DIRTY_RULES
    for rule in DIRTY_RULES:
        assert set(told[rule]) <= found[rule], rule
    for rule in found.keys() - FACTS_OF_LIFE:
        assert found[rule] <= set(told[rule]), rule


def test_a_dirty_page_breaks_one_rule_only(told: Mapping[str, list[str]], found: Mapping[str, set[str]]) -> None:
    for rule, ids in told.items():
        others = {other for other in found.keys() - FACTS_OF_LIFE - {rule} if found[other] & set(ids)}
        assert not others, rule


@given(seed=seeds, pages=st.integers(1, 400))
@settings(deadline=None, max_examples=10)
def test_the_sound_part_is_the_same_with_and_without_dirt(seed: int, pages: int) -> None:
    clean = portfolio(anchor=ANCHOR, pages=pages, seed=seed, dirty=False)
    spoilt = portfolio(anchor=ANCHOR, pages=pages, seed=seed)
    told = {edit.page_id for edit in clean.edits}
    assert tuple(edit for edit in spoilt.edits if edit.page_id in told) == clean.edits
    assert spoilt.databases == clean.databases
    assert spoilt.people == clean.people


def test_larger_portfolios_have_a_little_more_dirt() -> None:
    small, large = (sum(map(len, dirty_pages(anchor=ANCHOR, pages=pages).values())) for pages in (2_000, 20_000))
    assert small < large < 3 * small
